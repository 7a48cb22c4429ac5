import Kernels
import RNNFormat
import RNNModel

/// Finds out what a file of weights alone is about, from the shapes and names of its arrays.
struct KerasInference {
  /// What the layers must be.
  let model: KerasModel
  /// How a preset sees a text.
  let context: Architecture.Context?
  /// Notes what was assumed.
  let settle: (inout ModelAssembly) -> Void

  /// The name of the one architecture that is known by its layers' names.
  static let textgenrnn = "textgenrnn"

  /// One layer's arrays, wherever in the layer they are.
  private struct Part {
    let name: String
    let path: String
    let shapes: [[Int]]
  }

  /// - Throws: ``ConversionError`` for arrays that could be of several architectures: the user has to say then which.
  init(_ file: KerasFile, choices: ImportChoices) throws {
    func malformed(_ place: String, _ reason: String) -> ConversionError {
      .malformed(
        file: file.path, place: place, reason: "\(reason); give the model's own description with --architecture")
    }
    guard let version = file.layout == .paths && file.versionText == nil ? .three : KerasVersion(file.versionText)
    else {
      throw malformed("keras_version", "'\(file.versionText ?? "")' is no version from 1 to 3")
    }
    let parts = try Self.parts(of: file, malformed)
    let names = Set(file.groups.map(\.name))
    let isTextgen = names.isSuperset(of: ["embedding", "rnn_1", "attention", "output"])
    if let preset = choices.preset, preset != Self.textgenrnn || !isTextgen {
      throw malformed("the preset '\(preset)'", "the arrays of the file are not those of it")
    }
    let gates: Activation = isTextgen || version.hasNewDefaults ? .sigmoid : .hardSigmoid
    let units = KerasUnits(
      activation: choices.activation ?? .tanh, recurrentActivation: choices.recurrentActivation ?? gates,
      reset: choices.reset ?? (version.hasNewDefaults ? .after : .before))
    if isTextgen {
      model = try Self.textgenrnn(parts, units, malformed)
      context = .window(length: 40, padding: 0)
    } else {
      model = try Self.sequence(parts, units, output: choices.output ?? .softmax, malformed)
      context = nil
    }
    let layers = model.layers
    settle = { assembly in
      let reason = "a file of weights does not say it"
      if isTextgen {
        _ = assembly.settle(
          choices.preset, else: Self.textgenrnn, "preset", flag: "--preset",
          because: "the layers have the names that textgenrnn gives them")
      } else {
        let classes = layers.map(\.className).joined(separator: " - ")
        _ = assembly.settle(
          nil, else: classes, "architecture", flag: "--architecture", because: "from the arrays' shapes")
        _ = assembly.settle(choices.output, else: .softmax, "output", flag: "--output", because: reason)
      }
      _ = assembly.settle(
        choices.activation, else: units.activation, "activation", flag: "--activation", because: reason)
      let kinds = layers.flatMap(\.cells).map(\.kind)
      if kinds.contains(where: { $0 != .simple }) {
        _ = assembly.settle(
          choices.recurrentActivation, else: units.recurrentActivation, "recurrent activation",
          flag: "--recurrent-activation", because: "the default of \(version)")
      }
    }
  }

  /// The layers that have arrays, in order.
  private static func parts(
    of file: KerasFile, _ malformed: (String, String) -> ConversionError
  ) throws -> [Part] {
    if file.layout == .names {
      return file.groups.filter { !$0.arrays.isEmpty }.map {
        Part(name: $0.name, path: "", shapes: $0.arrays.map(\.shape))
      }
    }
    // Paths are sorted, so forward comes behind backward.
    var shapes: [String: [String: [[Int]]]] = [:]
    for group in file.groups where !group.arrays.isEmpty {
      let steps = group.name.split(separator: "/")
      let top = steps.prefix(2).joined(separator: "/")
      shapes[top, default: [:]][steps.dropFirst(2).joined(separator: "/")] = group.arrays.map(\.shape)
    }
    var ordered: [(rank: Int, number: Int, part: Part)] = []
    for (top, places) in shapes {
      let last = top.split(separator: "/").last.map(String.init) ?? top
      let number = last.split(separator: "_").last.flatMap { Int($0) } ?? 0
      let forward = places.filter { $0.key.hasPrefix("forward_layer") }.values.flatMap(\.self)
      let own = forward.isEmpty ? places.values.flatMap(\.self) : forward + forward
      let rank = last.hasPrefix("embedding") ? 0 : last.hasPrefix("dense") || last.hasPrefix("time_distributed") ? 2 : 1
      let path = last.hasPrefix("time_distributed") ? "\(top)/layer" : top
      ordered.append((rank, number, Part(name: last, path: path, shapes: own)))
    }
    let recurrent = Set(
      ordered.filter { $0.rank == 1 }.map { String($0.part.name.prefix { !$0.isNumber }.trimmingSuffix("_")) })
    guard recurrent.count <= 1 else {
      throw malformed("the file", "the order of its layers \(recurrent.sorted().joined(separator: ", ")) is not in it")
    }
    return ordered.sorted { ($0.rank, $0.number) < ($1.rank, $1.number) }.map(\.part)
  }

  /// A layer after the other, as most models are.
  private static func sequence(
    _ parts: [Part], _ units: KerasUnits, output: Architecture.Output, _ malformed: (String, String) -> ConversionError
  ) throws -> KerasModel {
    var layers: [KerasLayer] = []
    for (index, part) in parts.enumerated() {
      guard
        let kind = kind(
          part, units, next: index + 1 < parts.count ? parts[index + 1] : nil, isLast: index == parts.count - 1, output)
      else {
        throw malformed("layer '\(part.name)'", "arrays of the shapes \(part.shapes) are those of no known layer")
      }
      if layers.isEmpty {
        let shape: [Int?] = if case .embedding = kind { [nil] } else { [nil, part.shapes.first?.first] }
        layers.append(
          KerasLayer(
            name: "input", className: "InputLayer", kind: .input(shape: shape), sources: []))
      }
      layers.append(
        KerasLayer(
          name: part.name, className: kind.text, kind: kind, sources: [layers.last?.name ?? ""], path: part.path,
          remarks: []))
    }
    guard !layers.isEmpty else { throw malformed("the file", "it has no arrays") }
    return KerasModel(layers: layers)
  }

  private static func kind(
    _ part: Part, _ units: KerasUnits, next: Part?, isLast: Bool, _ output: Architecture.Output
  ) -> KerasLayer.Kind? {
    let shapes = part.shapes
    if shapes.count == 1, shapes[0].count == 2, !isLast { return .embedding(tokens: shapes[0][0], width: shapes[0][1]) }
    if let layer = units.recurrent(shapes) { return .recurrent(layer) }
    if shapes.count % 2 == 0, shapes.count >= 4, let one = units.recurrent(Array(shapes[..<(shapes.count / 2)])) {
      let backward = KerasRecurrent(cells: one.cells, returnsSequences: true, goesBackwards: true, isStateful: false)
      let isSum = next?.shapes.first?.first == one.cells[0].units
      return .bidirectional(forward: one, backward: backward, merge: isSum ? .sum : .concatenation)
    }
    if shapes.count == 2, shapes[0].count == 1, shapes[0] == shapes[1] {
      return .layerNormalization(epsilon: 1e-3, scale: true, center: true)
    }
    guard (1...2).contains(shapes.count), shapes[0].count == 2, shapes.count == 1 || shapes[1] == [shapes[0][1]] else {
      return nil
    }
    let activation: KerasActivation =
      !isLast || output == .values ? .function(.linear) : output == .softmax ? .softmax : .function(.sigmoid)
    return .dense(units: shapes[0][1], activation: activation, bias: shapes.count == 2)
  }

  /// Embedding, layers on top of each other, all of these side by side, attention, probabilities.
  private static func textgenrnn(
    _ parts: [Part], _ units: KerasUnits, _ malformed: (String, String) -> ConversionError
  ) throws -> KerasModel {
    var layers = [
      KerasLayer(name: "input", className: "InputLayer", kind: .input(shape: [nil]), sources: [])
    ]
    func add(_ part: Part, _ kind: KerasLayer.Kind, from sources: [String]? = nil) {
      layers.append(
        KerasLayer(
          name: part.name, className: kind.text, kind: kind, sources: sources ?? [layers.last?.name ?? ""],
          remarks: []))
    }
    let recurrent = parts.filter { $0.name.hasPrefix("rnn_") }
    for part in parts where part.name == "embedding" || part.name.hasPrefix("rnn_") {
      guard let kind = kind(part, units, next: nil, isLast: false, .softmax) else {
        throw malformed("layer '\(part.name)'", "arrays of the shapes \(part.shapes) are those of no known layer")
      }
      add(part, kind)
    }
    let joint = Part(name: "rnn_concat", path: "", shapes: [])
    if recurrent.count > 0 { add(joint, .concatenation, from: ["embedding"] + recurrent.map(\.name)) }
    for part in parts where part.name == "attention" { add(part, .attention) }
    for part in parts where part.name == "output" {
      guard let shape = part.shapes.first, shape.count == 2 else {
        throw malformed("layer 'output'", "arrays of the shapes \(part.shapes) are those of no known layer")
      }
      add(part, .dense(units: shape[1], activation: .softmax, bias: part.shapes.count == 2))
    }
    return KerasModel(layers: layers)
  }
}

extension StringProtocol {
  fileprivate func trimmingSuffix(_ suffix: String) -> SubSequence {
    hasSuffix(suffix) ? dropLast(suffix.count) : self[...]
  }
}
