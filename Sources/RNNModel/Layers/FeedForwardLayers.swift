import Kernels

/// h(t) is 1 at the token's index: only where the next layer cannot take tokens itself.
final class OneHotLayer: NetworkLayer {
  init(_ layer: Architecture.OneHot, capacity: Window, trains: Bool) {
    super.init(width: layer.size, leadingSlots: 0, capacity: capacity, trains: trains)
  }

  override func forward(_ input: LayerInput, _ window: Window, parameters: [Float]) {
    guard case .tokens(let tokens) = input else { return }
    for index in outputs.indices { outputs[index] = 0 }
    for row in 0..<window.rows { outputs[row * width + Int(tokens[row])] = 1 }
  }
}

/// h(t) is the token's index times a constant.
final class ScalarLayer: NetworkLayer {
  private let scale: Float

  init(_ layer: Architecture.Scalar, capacity: Window, trains: Bool) {
    scale = Float(layer.scale)
    super.init(width: 1, leadingSlots: 0, capacity: capacity, trains: trains)
  }

  override func forward(_ input: LayerInput, _ window: Window, parameters: [Float]) {
    guard case .tokens(let tokens) = input else { return }
    for row in 0..<window.rows { outputs[row] = Float(tokens[row]) * scale }
  }
}

/// h(t) = g(x(t)), unit by unit.
final class ActivationLayer: NetworkLayer {
  private let activation: Activation

  init(_ layer: Architecture.Activated, width: Int, capacity: Window, trains: Bool) {
    activation = layer.activation
    super.init(width: width, leadingSlots: 0, capacity: capacity, trains: trains)
  }

  override func forward(_ input: LayerInput, _ window: Window, parameters: [Float]) {
    guard case .layer(let below) = input else { return }
    let source = below.outputs
    var values = outputs.taken()
    defer { outputs = values }
    var span = values.mutableSpan
    span.withSlice(range(window)) { rows in
      VectorOperations.copy(source.span.extracting(below.range(window)), to: &rows)
      activation.apply(to: &rows)
    }
  }

  override func backward(_ input: LayerInput, _ window: Window, parameters: [Float], gradient: inout [Float]) {
    guard case .layer(let below) = input else { return }
    let values = outputs
    var deltas = outputGradients.taken()
    defer { outputGradients = deltas }
    var span = deltas.mutableSpan
    span.withSlice(range(window)) {
      activation.multiplyByDerivative(atOutputs: values.span.extracting(range(window)), gradients: &$0)
    }
    below.receiveGradient(window) { rows, adds in
      VectorOperations.write(deltas.span.extracting(range(window)), to: &rows, adds: adds)
    }
  }
}

/// h(t) is the token's row of the weights.
final class EmbeddingLayer: NetworkLayer {
  private let weights: Range<Int>
  /// What each token's row is multiplied with on its way out, `[token]`; empty for nothing.
  var factors: [Float] = []

  init(_ layer: Architecture.Embedding, _ table: ParameterTable, capacity: Window, trains: Bool) {
    weights = table.range(layer.name, "weights")
    super.init(width: layer.outputs, leadingSlots: 0, capacity: capacity, trains: trains)
  }

  override func forward(_ input: LayerInput, _ window: Window, parameters: [Float]) {
    guard case .tokens(let tokens) = input else { return }
    var values = outputs.taken()
    defer { outputs = values }
    var span = values.mutableSpan
    span.withSlice(range(window)) { rows in
      VectorOperations.gatherRows(
        of: parameters.span.extracting(weights), ids: tokens.span.extracting(0..<window.rows), into: &rows,
        columns: width)
    }
    multiplyByFactors(&span, tokens, window)
  }

  override func backward(_ input: LayerInput, _ window: Window, parameters: [Float], gradient: inout [Float]) {
    guard case .tokens(let tokens) = input else { return }
    if !factors.isEmpty {
      var values = outputGradients.taken()
      defer { outputGradients = values }
      var span = values.mutableSpan
      multiplyByFactors(&span, tokens, window)
    }
    let outputGradients = outputGradients
    var span = gradient.mutableSpan
    span.withSlice(weights) { table in
      VectorOperations.scatterAddRows(
        outputGradients.span.extracting(range(window)), to: &table, ids: tokens.span.extracting(0..<window.rows),
        columns: width)
    }
  }

  /// Multiplies the row of each token with the token's factor.
  private func multiplyByFactors(_ rows: inout MutableSpan<Float>, _ tokens: [Int32], _ window: Window) {
    guard !factors.isEmpty else { return }
    for (row, token) in tokens.prefix(window.rows).enumerated() where factors[Int(token)] != 1 {
      rows.withSlice((row * width)..<((row + 1) * width)) { VectorOperations.scale(&$0, by: factors[Int(token)]) }
    }
  }
}

/// h(t) = x(t) times a mask that is drawn for each training window; x(t) when the network is only read.
final class DropoutLayer: NetworkLayer {
  private let rate: Double
  private let isLocked: Bool
  /// Whether the mask counts.
  var isActive = false
  /// `[rows, width]`: 0 or 1 / (1 - rate).
  private(set) var mask: [Float]

  init(_ layer: Architecture.Dropout, width: Int, capacity: Window) {
    rate = layer.rate
    isLocked = layer.locked
    mask = [Float](repeating: 1, count: capacity.rows * width)
    super.init(width: width, leadingSlots: 0, capacity: capacity, trains: true)
  }

  func draw(_ window: Window, using generator: inout RandomGenerator) {
    var values = mask.taken()
    defer { mask = values }
    var span = values.mutableSpan
    let drawn = (isLocked ? window.batch : window.rows) * width
    span.withSlice(0..<drawn) { generator.fillDropoutMask(&$0, probability: rate) }
    for index in drawn..<max(drawn, window.rows * width) { span[index] = span[index - drawn] }
  }

  override func forward(_ input: LayerInput, _ window: Window, parameters: [Float]) {
    guard case .layer(let below) = input else { return }
    let (source, mask) = (below.outputs, mask)
    var values = outputs.taken()
    defer { outputs = values }
    var span = values.mutableSpan
    span.withSlice(range(window)) { rows in
      VectorOperations.copy(source.span.extracting(below.range(window)), to: &rows)
      if isActive { VectorOperations.multiply(&rows, by: mask.span.extracting(0..<rows.count)) }
    }
  }

  override func backward(_ input: LayerInput, _ window: Window, parameters: [Float], gradient: inout [Float]) {
    guard case .layer(let below) = input else { return }
    let mask = mask
    var deltas = outputGradients.taken()
    defer { outputGradients = deltas }
    if isActive {
      var span = deltas.mutableSpan
      span.withSlice(range(window)) { VectorOperations.multiply(&$0, by: mask.span.extracting(0..<$0.count)) }
    }
    below.receiveGradient(window) { rows, adds in
      VectorOperations.write(deltas.span.extracting(range(window)), to: &rows, adds: adds)
    }
  }
}

/// h(t) = W x(t) + b, before the last layer.
final class LinearLayer: NetworkLayer {
  private var map: AffineMap

  init(_ layer: Architecture.Linear, _ table: ParameterTable, takesTokens: Bool, capacity: Window, trains: Bool) {
    map = AffineMap(
      weights: table.range(layer.name, "weights"), bias: table.range(layer.name, "bias"), inputs: layer.inputs,
      outputs: layer.outputs, takesTokens: takesTokens, trains: trains)
    super.init(width: layer.outputs, leadingSlots: 0, capacity: capacity, trains: trains)
  }

  override func prepare(_ parameters: [Float]) { map.prepare(parameters) }

  override func forward(_ input: LayerInput, _ window: Window, parameters: [Float]) {
    var values = outputs.taken()
    var span = values.mutableSpan
    map.forward(input, window, parameters: parameters, into: &span)
    outputs = values
  }

  override func backward(_ input: LayerInput, _ window: Window, parameters: [Float], gradient: inout [Float]) {
    let deltas = outputGradients
    map.backward(
      deltas.span.extracting(range(window)), input, window, parameters: parameters, gradient: &gradient)
  }
}
