import Kernels

/// What the last layers with a loss have in common: where the logits come from, and where their gradients go.
///
/// From a layer below, all is one operation that never holds a `[steps, batch, vocabulary]` tensor of a large window. Only
/// where tokens come straight in (a bigram model), the logits of the window are computed first.
class LossOutput {
  final let operation: LinearCrossEntropy
  private var tokenMap: AffineMap?
  /// `[rows, outputs]`, for tokens.
  private var block: [Float] = []
  /// `[rows]`.
  private var losses: [Double] = []

  init(_ layer: Architecture.Linear, _ table: ParameterTable, takesTokens: Bool, capacity: Window, trains: Bool) {
    operation = LinearCrossEntropy(
      inputs: layer.inputs, outputs: layer.outputs, weights: table.range(layer.weightsOf ?? layer.name, "weights"),
      bias: table.range(layer.name, "bias"))
    if takesTokens {
      tokenMap = AffineMap(
        weights: operation.weights, bias: operation.bias, inputs: layer.inputs, outputs: layer.outputs,
        takesTokens: true, trains: trains)
      block = [Float](repeating: 0, count: capacity.rows * layer.outputs)
      losses = [Double](repeating: 0, count: capacity.rows)
    }
  }

  final func prepare(_ parameters: [Float]) { tokenMap?.prepare(parameters) }

  /// The logits `[rows, outputs]`.
  final func logits(_ input: LayerInput, _ window: Window, parameters: [Float], into results: inout [Float]) {
    var span = results.mutableSpan
    span.withSlice(0..<(window.rows * operation.outputs)) { results in
      switch input {
      case .tokens: tokenMap?.forward(input, window, parameters: parameters, into: &results)
      case .layer(let layer):
        let h = layer.outputs
        operation.logits(
          h.span.extracting(layer.range(window)), rows: window.rows, parameters: parameters.span, into: &results,
          rowByRow: window.isOfOneStep)
      }
    }
  }

  /// The loss of a window, and its gradients.
  ///
  /// - Parameters:
  ///   - fused: for a layer below; takes h and writes or adds dL/dh.
  ///   - plain: for tokens; turns logits into their gradient and fills the losses of the rows.
  final func backpropagate(
    _ input: LayerInput, _ window: Window, parameters: [Float], gradient: inout [Float],
    fused: (
      _ h: Span<Float>, _ gradient: inout MutableSpan<Float>, _ below: inout MutableSpan<Float>, _ adds: Bool
    ) -> Double,
    plain: (_ logits: inout MutableSpan<Float>, _ losses: inout MutableSpan<Double>) -> Void
  ) -> Double {
    switch input {
    case .layer(let layer):
      let h = layer.outputs
      var gradient = gradient.mutableSpan
      return layer.receiveGradient(window) { rows, adds in
        fused(h.span.extracting(layer.range(window)), &gradient, &rows, adds)
      }
    case .tokens:
      var (blockValues, lossValues) = (block.taken(), losses.taken())
      defer { (block, losses) = (blockValues, lossValues) }
      var logits = blockValues.mutableSpan
      tokenMap?.forward(input, window, parameters: parameters, into: &logits)
      var losses = lossValues.mutableSpan
      logits.withSlice(0..<(window.rows * operation.outputs)) { logits in
        losses.withSlice(0..<window.rows) { plain(&logits, &$0) }
      }
      tokenMap?.backward(
        blockValues.span.extracting(0..<(window.rows * operation.outputs)), input, window, parameters: parameters,
        gradient: &gradient)
      return lossValues.prefix(window.rows).reduce(0, +)
    }
  }

  /// Fills one result for each row.
  final func score(
    _ input: LayerInput, _ window: Window, parameters: [Float], into results: inout [Double],
    fused: (_ h: Span<Float>, _ results: inout MutableSpan<Double>) -> Void,
    plain: (_ logits: Span<Float>, _ results: inout MutableSpan<Double>) -> Void
  ) {
    var span = results.mutableSpan
    span.withSlice(0..<window.rows) { results in
      switch input {
      case .layer(let layer):
        let h = layer.outputs
        fused(h.span.extracting(layer.range(window)), &results)
      case .tokens:
        var values = block.taken()
        defer { block = values }
        var logits = values.mutableSpan
        tokenMap?.forward(input, window, parameters: parameters, into: &logits)
        plain(values.span.extracting(0..<(window.rows * operation.outputs)), &results)
      }
    }
  }
}
