import RNNFormat
import RNNInspection
import RNNModel

extension Inspection {
  /// The tensors: what their axes mean, how they are stored, where they come from.
  func tensorTable(isUntrusted: Bool) -> String {
    let entries = ParameterTable(model.document.architecture).entries
    let isForeign = !model.isWhole
    var rows = [
      ["tensor", "type", "shape", "axes", isForeign ? "made of" : "offset", "bytes", "sha256"]
    ]
    for (index, (tensor, entry)) in zip(model.tensors, entries).enumerated() {
      let place = model.places[index]
      let origin =
        isForeign
        ? place.formula?.printable ?? ""
        : place.offset.map { "\($0)" } ?? (isUntrusted || model.header == nil ? "-" : "chunked")
      rows.append([
        tensor.path, tensor.type.rawValue, Self.shape(tensor.shape), Self.axes(of: entry), origin,
        Format.count(tensor.byteCount), String(sha256(of: index)?.prefix(16) ?? "-"),
      ])
    }
    return Format.table(rows, right: isForeign ? [5] : [4, 5])
  }

  /// The figures of the numbers, tensor by tensor, or gate by gate where there are gates.
  var statisticsTable: String {
    guard let statistics else { return "" }
    var rows = [["tensor", "mean", "deviation", "min", "max", "zeros", "not finite", "norm", "histogram"]]
    func add(_ name: String, _ figures: TensorStatistics, norm: String) {
      rows.append([
        name, Format.short(figures.mean), Format.short(figures.deviation), Format.short(figures.minimum),
        Format.short(figures.maximum), "\(Format.number(100 * figures.zeroShare, 1))%",
        Format.count(figures.nonFinite), norm, "▕\(Sparkline.counts(figures.histogram.counts))▏",
      ])
    }
    for (tensor, figures) in zip(model.tensors, statistics) {
      if figures.gates.count < 2 {
        add(tensor.path, figures.whole, norm: (figures.gates.first?.spectralNorm).map(Format.short) ?? "")
        continue
      }
      for gate in figures.gates {
        add("\(tensor.path) \(gate.name)", gate.statistics, norm: gate.spectralNorm.map(Format.short) ?? "")
      }
    }
    return Format.table(rows, right: [1, 2, 3, 4, 5, 6, 7])
  }

  private static func shape(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: " x ") }

  /// `gate (input, forget, candidate, output), hidden, input`
  private static func axes(of entry: ParameterTable.Entry) -> String {
    entry.axes.map { axis in
      axis == .gate && entry.gates.count > 1 ? "gate (\(entry.gates.joined(separator: ", ")))" : axis.rawValue
    }.joined(separator: ", ")
  }
}
