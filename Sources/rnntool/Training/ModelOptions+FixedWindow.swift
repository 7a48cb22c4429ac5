import RNNModel

extension ModelOptions {
  /// Changes what was said of a model with a fixed window.
  func apply(to model: inout Architecture.FixedWindow) {
    if let window { model.window = window }
    if let embedding { model.embedding = embedding }
    if let hidden { model.hidden = hidden }
    if let direct { model.direct = direct }
    if let dropout { model.dropout = dropout }
  }

  /// Flags that say nothing about the kind of model.
  ///
  /// - Parameter base: what they change.
  func checkFamily(base: Recipe) throws {
    let family = family ?? base.family
    guard family == .fixedWindow else {
      try require(window == nil && direct == nil, "--window and --direct are for --model fixed-window.")
      return
    }
    try require(
      (1...Architecture.longestDelay).contains(window ?? 1),
      "--window has to be between 1 and \(Architecture.longestDelay).")
    try require((embedding ?? 1) > 0, "--model fixed-window needs an embedding: --embedding has to be positive.")
    try require(
      architecture == nil, "--architecture says all of the model: --model fixed-window cannot stand beside it.")
    var stack = base.model
    apply(to: &stack)
    (stack.hidden, stack.embedding, stack.dropouts) = (base.model.hidden, base.model.embedding, base.model.dropouts)
    let others = [dropoutInput, dropoutOutput, forgetBias, spectralRadius, connectivity, inputScaling]
    try require(
      stack == base.model && cell == nil && lockedDropout == nil && others.allSatisfy { $0 == nil },
      "--model fixed-window has --window, --embedding, --hidden, --direct and --dropout: no other flag can change its layers."
    )
  }
}
