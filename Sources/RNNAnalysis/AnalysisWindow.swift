import RNNModel

/// The stretch of a text that gradients are computed on, and what the network has read before it.
public struct AnalysisWindow: Hashable, Sendable {
  /// What is read before the first step; it decides about the state there, and gets no gradient.
  public let history: [Int32]
  /// What is fed at each step.
  public let inputs: [Int32]
  /// What follows each of them.
  public let targets: [Int32]

  /// The number of steps, T.
  public var count: Int { inputs.count }

  /// Takes a window out of a text.
  ///
  /// - Parameters:
  ///   - tokens: the text.
  ///   - start: the first token that is fed, counted from 0.
  ///   - length: how many are fed.
  /// - Throws: ``AnalysisError/tooShort(tokens:needed:)``.
  public init(_ tokens: [Int32], start: Int, length: Int) throws(AnalysisError) {
    let (end, overflow) = start.addingReportingOverflow(length)
    guard !overflow, start >= 0, length > 0, end < tokens.count else {
      throw .tooShort(tokens: tokens.count, needed: overflow || end == .max ? .max : end + 1)
    }
    history = Array(tokens[..<start])
    inputs = Array(tokens[start..<end])
    targets = Array(tokens[(start + 1)...end])
  }

  /// The state of a network that has read the history.
  func state(of model: Model) throws -> Network.State {
    let network = try Network(
      model.architecture, parameters: model.parameters.values, purpose: .inference, batch: 1, steps: 64)
    var logits = [Float](repeating: 0, count: 64 * model.architecture.outputSize)
    for begin in stride(from: 0, to: history.count, by: 64) {
      network.logits(inputs: Array(history[begin..<min(begin + 64, history.count)]), into: &logits)
    }
    return network.state
  }

  /// The same state as the reference has it.
  func referenceState(_ reference: Reference<Double>, of model: Model) throws -> [Reference<Double>.LayerState] {
    guard !history.isEmpty else { return reference.initialState }
    let values = try state(of: model).values
    return zip(model.architecture.layers, reference.initialState).map { layer, initial in
      guard let hidden = values["\(layer.name)/hidden"] else { return initial }
      return .init(hidden: hidden.map(Double.init), cell: values["\(layer.name)/cell"]?.map(Double.init) ?? [])
    }
  }
}

extension Model {
  /// Refuses what has no state that is carried through a text.
  func requireStream() throws(AnalysisError) {
    guard architecture.isLanguageModel, architecture.windowLength == nil else { throw .notStream }
    guard architecture.layers.contains(where: { $0.direction != nil }) else { throw .noRecurrentLayer }
  }

  /// The network as it is read: with dropout that does nothing.
  var withoutDropout: Architecture {
    var architecture = architecture
    architecture.layers = architecture.layers.map { layer in
      guard case .dropout(var dropout) = layer else { return layer }
      dropout.rate = 0
      return .dropout(dropout)
    }
    return architecture
  }
}
