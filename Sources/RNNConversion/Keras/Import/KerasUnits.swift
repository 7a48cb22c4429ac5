import Kernels
import RNNModel

/// What recurrent units are taken to be where nothing says it.
struct KerasUnits {
  let activation: Activation
  let recurrentActivation: Activation
  let reset: Architecture.GRU.Reset

  /// The layer whose arrays have these shapes, if there is one.
  func recurrent(_ shapes: [[Int]]) -> KerasRecurrent? {
    if let cell = perGate(shapes) { return layer(cell) }
    guard (2...3).contains(shapes.count), shapes[0].count == 2, shapes[1].count == 2, shapes[1][0] > 0,
      shapes[0][1] == shapes[1][1], shapes[1][1] % shapes[1][0] == 0
    else { return nil }
    let hidden = shapes[1][0]
    let kinds: [Int: KerasCell.Kind] = [4: .lstm, 3: .gru, 1: .simple]
    guard let kind = kinds[shapes[1][1] / hidden] else { return nil }
    let bias = shapes.count == 3 ? shapes[2] : nil
    let resetsAfter = kind == .gru && (bias.map { $0 != [3 * hidden] } ?? (reset == .after))
    return layer(cell(kind, hidden, hasBias: bias != nil, resetsAfter: resetsAfter))
  }

  /// Twelve arrays or nine: those of each gate, as Keras 1 has them.
  private func perGate(_ shapes: [[Int]]) -> KerasCell? {
    guard shapes.count == 12 || shapes.count == 9, shapes[1].count == 2, shapes[1][0] == shapes[1][1] else {
      return nil
    }
    return cell(shapes.count == 12 ? .lstm : .gru, shapes[1][0], hasBias: true, resetsAfter: false)
  }

  private func cell(_ kind: KerasCell.Kind, _ units: Int, hasBias: Bool, resetsAfter: Bool) -> KerasCell {
    KerasCell(
      kind: kind, units: units, activation: .function(activation), recurrentActivation: .function(recurrentActivation),
      hasBias: hasBias, resetsAfter: resetsAfter, isCuDNN: false, path: "cell")
  }

  private func layer(_ cell: KerasCell) -> KerasRecurrent {
    KerasRecurrent(cells: [cell], returnsSequences: true, goesBackwards: false, isStateful: false)
  }
}
