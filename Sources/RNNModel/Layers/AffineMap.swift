import Kernels

/// y = W x + b for all rows of a window in one matrix product: the linear layers, and the input side of the recurrent ones.
struct AffineMap {
  /// W `[outputs, inputs]` in the flat parameters.
  let weights: Range<Int>
  /// b `[outputs]`, or empty.
  let bias: Range<Int>
  let inputs: Int
  let outputs: Int
  /// Transposed W `[inputs, outputs]`, kept for input that comes as tokens: a product with a one-hot vector is a row of it.
  private var packed: [Float] = []
  private let trains: Bool
  private var packedGradient: [Float] = []
  /// `packedGradient` the other way round: dL/dW `[outputs, inputs]`.
  private var weightGradient: [Float] = []

  init(weights: Range<Int>, bias: Range<Int>, inputs: Int, outputs: Int, takesTokens: Bool, trains: Bool) {
    self.weights = weights
    self.bias = bias
    self.inputs = inputs
    self.outputs = outputs
    self.trains = trains
    if takesTokens {
      packed = [Float](repeating: 0, count: weights.count)
      if trains {
        packedGradient = packed
        weightGradient = packed
      }
    }
  }

  mutating func prepare(_ parameters: [Float]) {
    guard !packed.isEmpty else { return }
    var target = packed.taken()
    var span = target.mutableSpan
    VectorOperations.transpose(parameters.span.extracting(weights), rows: outputs, columns: inputs, into: &span)
    packed = target
  }

  /// Writes W x + b `[rows, outputs]` to `target` from element `offset` on.
  func forward(
    _ input: LayerInput, _ window: Window, parameters: [Float], into target: inout MutableSpan<Float>, offset: Int = 0
  ) {
    switch input {
    case .tokens(let tokens):
      target.withSlice(offset..<(offset + window.rows * outputs)) { rows in
        VectorOperations.gatherRows(
          of: packed.span, ids: tokens.span.extracting(0..<window.rows), into: &rows, columns: outputs)
        if !bias.isEmpty {
          VectorOperations.addToRows(parameters.span.extracting(bias), of: &rows, rows: window.rows)
        }
      }
    case .layer(let layer):
      let x = layer.outputs
      MatrixProduct.multiply(
        x.span.extracting(layer.range(window)), parameters.span.extracting(weights), transposeB: true, into: &target,
        rows: window.rows, columns: outputs, inner: inputs,
        bias: bias.isEmpty ? nil : parameters.span.extracting(bias), offsetC: offset,
        rowByRow: !trains && window.isOfOneStep)
    }
  }

  /// Adds dL/dW and dL/db to `gradient`, and gives dL/dx to the layer below, from dL/dy `deltas` `[rows, outputs]`.
  mutating func backward(
    _ deltas: Span<Float>, _ input: LayerInput, _ window: Window, parameters: [Float], gradient: inout [Float]
  ) {
    switch input {
    case .tokens(let tokens):
      accumulate(deltas, tokens: tokens, rows: window.rows)
      let weightGradient = weightGradient
      var span = gradient.mutableSpan
      span.withSlice(weights) { VectorOperations.add(weightGradient.span, to: &$0) }
      addBiasGradient(deltas, rows: window.rows, gradient: &gradient)
    case .layer(let layer):
      let x = layer.outputs
      accumulate(deltas, x.span.extracting(layer.range(window)), rows: window.rows, gradient: &gradient)
      layer.receiveGradient(window) { rows, adds in
        // dL/dx = deltas W.
        MatrixProduct.multiply(
          deltas, parameters.span.extracting(weights), into: &rows, rows: window.rows, columns: inputs,
          inner: outputs, beta: adds ? 1 : 0)
      }
    }
  }

  /// Leaves dL/dW in `weightGradient`, for inputs that are one-hot vectors.
  private mutating func accumulate(_ deltas: Span<Float>, tokens: [Int32], rows: Int) {
    var (packed, target) = (packedGradient.taken(), weightGradient.taken())
    var packedSpan = packed.mutableSpan
    VectorOperations.clear(&packedSpan)
    VectorOperations.scatterAddRows(deltas, to: &packedSpan, ids: tokens.span.extracting(0..<rows), columns: outputs)
    var targetSpan = target.mutableSpan
    VectorOperations.transpose(packed.span, rows: inputs, columns: outputs, into: &targetSpan)
    (packedGradient, weightGradient) = (packed, target)
  }

  /// dL/dW += deltas^T x, dL/db += the sum of the deltas' rows.
  func accumulate(_ deltas: Span<Float>, _ x: Span<Float>, rows: Int, gradient: inout [Float]) {
    var span = gradient.mutableSpan
    MatrixProduct.multiply(
      deltas, transposeA: true, x, into: &span, rows: outputs, columns: inputs, inner: rows, beta: 1,
      offsetC: weights.lowerBound)
    addBiasGradient(deltas, rows: rows, gradient: &gradient)
  }

  private func addBiasGradient(_ deltas: Span<Float>, rows: Int, gradient: inout [Float]) {
    guard !bias.isEmpty else { return }
    var span = gradient.mutableSpan
    span.withSlice(bias) { VectorOperations.addRows(of: deltas, rows: rows, to: &$0) }
  }
}
