import RNNModel

/// What each layer's output is like, found before anything is built: it decides how the whole model sees a text.
struct KerasFlow {
  /// One layer's output.
  struct Output {
    /// Whether its first step is the last one of the text, as a layer that goes backwards gives it.
    var isReversed = false
    /// Whether only one step is left.
    var isPooled = false
  }

  /// By the layer's name.
  private(set) var outputs: [String: Output] = [:]
  /// Whether some step other than the last one of the text is kept, or all of them are mixed.
  private(set) var needsPooling = false
  /// Whether some layer reads from the end.
  private(set) var readsBackward = false
  /// Whether some layer carries its state on.
  private(set) var isStateful = false
  /// Why the layers cannot be computed here, if they cannot.
  private(set) var problem: (layer: String, reason: String)?

  /// Follows the layers from the input on.
  init(_ model: KerasModel) {
    for layer in model.layers {
      let sources = layer.sources.map { outputs[$0] ?? Output() }
      var output = sources.first ?? Output()
      if sources.contains(where: { $0.isPooled != output.isPooled || $0.isReversed != output.isReversed }) {
        problem = (layer.name, "it joins what goes forward with what goes backward, or one step with many")
      }
      if layer.needsSteps, output.isPooled { problem = (layer.name, "it reads a sequence, but only one step is left") }
      switch layer.kind {
      case .recurrent(let recurrent):
        output.isReversed = output.isReversed != recurrent.goesBackwards
        readsBackward = readsBackward || output.isReversed
        isStateful = isStateful || recurrent.isStateful
        if !recurrent.returnsSequences {
          needsPooling = needsPooling || output.isReversed
          output = Output(isReversed: false, isPooled: true)
        }
      case .bidirectional(let forward, _, _):
        output.isReversed = output.isReversed != forward.goesBackwards
        readsBackward = true
        isStateful = isStateful || forward.isStateful
        if !forward.returnsSequences {
          needsPooling = true
          output = Output(isReversed: false, isPooled: true)
        }
      case .attention:
        needsPooling = true
        output = Output(isReversed: false, isPooled: true)
      default: break
      }
      outputs[layer.name] = output
    }
    if let last = model.layers.last, outputs[last.name]?.isReversed == true {
      problem = (last.name, "the model's output runs from the end of the text to its beginning")
    }
  }

  /// Whether the model has one output for a whole text.
  func isPooled(_ model: KerasModel) -> Bool { model.layers.last.flatMap { outputs[$0.name] }?.isPooled ?? false }
}

extension KerasLayer {
  fileprivate var needsSteps: Bool {
    switch kind {
    case .recurrent, .bidirectional, .attention, .embedding: true
    default: false
    }
  }
}
