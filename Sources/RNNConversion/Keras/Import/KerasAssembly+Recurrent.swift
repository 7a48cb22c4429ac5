import Kernels
import RNNFormat
import RNNModel

extension KerasAssembly {
  /// Adds the cells of a layer on top of each other, and the choice of the last step where that is all Keras gives.
  mutating func chain(
    _ recurrent: KerasRecurrent, _ arrays: [[ArrayDescription]], _ layer: KerasLayer, name: String, inputs: Int,
    isReversed: Bool? = nil
  ) throws -> Node {
    let before = layer.sources.first.flatMap { flow.outputs[$0] }?.isReversed ?? false
    let direction: Architecture.Direction =
      (isReversed ?? (before != recurrent.goesBackwards)) ? .backward : .forward
    var width = inputs
    var own = name
    for (index, cell) in recurrent.cells.enumerated() {
      if index > 0 { own = assembly.freeName(for: "\(name)_\(index + 1)") }
      let formulas = try arrays[index].map { try assembly.take($0.name) }
      let parameters = try KerasFormulas.parameters(formulas, of: cell)
      assembly.add(try make(cell, own, inputs: width, direction, parameters, layer), parameters)
      width = cell.units
    }
    if poolsExplicitly, !recurrent.returnsSequences {
      let final = assembly.freeName(for: "\(name)_final")
      assembly.add(.final(.init(name: final, of: own)))
      own = final
    }
    return Node(layer: own, width: width)
  }

  func make(
    _ cell: KerasCell, _ name: String, inputs: Int, _ direction: Architecture.Direction,
    _ parameters: [String: TensorFormula], _ layer: KerasLayer
  ) throws -> Architecture.Layer {
    func function(_ activation: KerasActivation) throws -> Activation {
      guard case .function(let function) = activation else {
        throw malformed(layer.name, "its units have a softmax, which recurrent units cannot have here")
      }
      return function
    }
    let (bias, recurrentBias) = (parameters["bias"] != nil, parameters["recurrent_bias"] != nil)
    let activation = try function(cell.activation)
    switch cell.kind {
    case .simple:
      return .elman(
        .init(
          name: name, inputs: inputs, outputs: cell.units, activation: activation, bias: bias,
          recurrentBias: recurrentBias, direction: direction))
    case .lstm:
      return .lstm(
        .init(
          name: name, inputs: inputs, outputs: cell.units, recurrentActivation: try function(cell.recurrentActivation),
          activation: activation, cellActivation: activation, bias: bias, recurrentBias: recurrentBias,
          direction: direction))
    case .gru:
      return .gru(
        .init(
          name: name, inputs: inputs, outputs: cell.units, recurrentActivation: try function(cell.recurrentActivation),
          activation: activation, reset: cell.resetsAfter ? .after : .before, bias: bias, recurrentBias: recurrentBias,
          direction: direction))
    }
  }

  /// Adds both directions and what joins them.
  mutating func both(
    _ forward: KerasRecurrent, _ backward: KerasRecurrent, _ merge: KerasLayer.Merge, _ layer: KerasLayer, name: String
  ) throws -> Node {
    let source = try entered(layer)
    let arrays = try weights.arrays(
      of: layer, cells: forward.places("forward_layer") + backward.places("backward_layer"))
    let isReversed = (layer.sources.first.flatMap { flow.outputs[$0] }?.isReversed ?? false) != forward.goesBackwards
    let first = try chain(
      forward, Array(arrays[..<forward.cells.count]), layer, name: assembly.freeName(for: "\(name)_forward"),
      inputs: source.width, isReversed: isReversed)
    enter(source, for: "\(layer.name)_backward")
    let second = try chain(
      backward, Array(arrays[forward.cells.count...]), layer, name: assembly.freeName(for: "\(name)_backward"),
      inputs: source.width, isReversed: !isReversed)
    let names = [first.layer, second.layer].compactMap(\.self)
    switch merge {
    case .concatenation:
      assembly.add(.concatenation(.init(name: name, of: names)))
      return Node(layer: name, width: first.width + second.width)
    case .sum:
      assembly.add(.sum(.init(name: name, of: names)))
      return Node(layer: name, width: first.width)
    case .average, .product:
      throw malformed(layer.name, "its directions are joined by '\(merge.rawValue)', which no layer here does")
    }
  }
}

extension KerasRecurrent {
  /// The cells, and where Keras 3 keeps them below their layer.
  var places: [(cell: KerasCell, place: String)] { cells.map { ($0, $0.path) } }

  /// The same below a wrapper.
  func places(_ wrapper: String) -> [(cell: KerasCell, place: String)] { cells.map { ($0, "\(wrapper)/\($0.path)") } }
}
