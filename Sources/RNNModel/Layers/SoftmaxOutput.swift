import Kernels

/// The last linear layer with softmax and cross-entropy.
///
/// Works on blocks of rows that stay in the cache: there is never a `[steps, batch, vocabulary]` tensor, except where tokens come straight in
/// (a bigram model).
final class SoftmaxOutput {
  private var map: AffineMap
  private let blockRows: Int
  /// `[blockRows, vocabulary]`: logits, then their gradient.
  private var block: [Float]
  /// `[blockRows]`.
  private var losses: [Double]

  init(_ layer: Architecture.Linear, _ table: ParameterTable, takesTokens: Bool, capacity: Window, trains: Bool) {
    map = AffineMap(
      weights: table.range(layer.weightsOf ?? layer.name, "weights"), bias: table.range(layer.name, "bias"),
      inputs: layer.inputs,
      outputs: layer.outputs, takesTokens: takesTokens, trains: trains)
    // About four megabytes of logits; tokens come as a whole window.
    let rows = max(32, (1 << 20) / layer.outputs)
    blockRows = takesTokens ? max(1, capacity.rows) : max(1, min(capacity.rows, rows))
    block = [Float](repeating: 0, count: blockRows * layer.outputs)
    losses = [Double](repeating: 0, count: blockRows)
  }

  private var classes: Int { map.outputs }

  func prepare(_ parameters: [Float]) { map.prepare(parameters) }

  /// Calls `body` with the rows of each block, after its logits have been computed.
  private func forEachBlock(
    _ input: LayerInput, _ window: Window, parameters: [Float], _ body: (Range<Int>) -> Void
  ) {
    var start = 0
    while start < window.rows {
      let rows = start..<min(start + blockRows, window.rows)
      computeLogits(rows, input, window, parameters: parameters)
      body(rows)
      start = rows.upperBound
    }
  }

  /// Fills the block with the logits of some rows. When this returns nobody but `block` holds the buffer, so that working on it in place
  /// copies nothing.
  private func computeLogits(_ rows: Range<Int>, _ input: LayerInput, _ window: Window, parameters: [Float]) {
    var values = block.taken()
    var logits = values.mutableSpan
    switch input {
    case .tokens: map.forward(input, window, parameters: parameters, into: &logits)
    case .layer(let layer):
      let first = layer.start(window) + rows.lowerBound * layer.width
      let x = layer.outputs
      map.multiply(
        x.span.extracting(first..<(first + rows.count * layer.width)), rows: rows.count,
        parameters: parameters, into: &logits)
      map.addBias(rows: rows.count, parameters: parameters, to: &logits)
    }
    block = values
  }

  /// The loss of a window and its derivatives.
  ///
  /// - Parameters:
  ///   - scale: what the gradients are multiplied by.
  /// - Returns: -ln p, summed over the targets that are not negative.
  func backpropagate(
    _ input: LayerInput, _ window: Window, targets: [Int32], scale: Float, parameters: [Float],
    gradient: inout [Float]
  ) -> Double {
    var total = 0.0
    forEachBlock(input, window, parameters: parameters) { rows in
      differentiate(rows.count, targets: targets.span.extracting(rows), scale: scale)
      for row in 0..<rows.count { total += losses[row] }
      let block = block
      let deltas = block.span.extracting(0..<(rows.count * classes))
      switch input {
      case .tokens: map.backward(deltas, input, window, parameters: parameters, gradient: &gradient)
      case .layer(let layer):
        let first = layer.start(window) + rows.lowerBound * layer.width
        let x = layer.outputs
        map.accumulate(
          deltas, x.span.extracting(first..<(first + rows.count * layer.width)), rows: rows.count, gradient: &gradient)
        var below = layer.outputGradients.taken()
        var span = below.mutableSpan
        map.propagate(deltas, rows: rows.count, parameters: parameters, into: &span, offset: first)
        layer.outputGradients = below
      }
    }
    return total
  }

  /// Turns the logits of the block into their gradient, and fills `losses`.
  private func differentiate(_ rows: Int, targets: Span<Int32>, scale: Float) {
    var (logitValues, lossValues) = (block.taken(), losses.taken())
    defer { (block, losses) = (logitValues, lossValues) }
    var logits = logitValues.mutableSpan
    var losses = lossValues.mutableSpan
    logits.withSlice(0..<(rows * classes)) { logits in
      losses.withSlice(0..<rows) { losses in
        CrossEntropy.gradient(
          logits: &logits, targets: targets, negativeLogLikelihoods: &losses, classes: classes, scale: scale)
      }
    }
  }

  /// ln p of each target `[rows]`, 0 for negative targets.
  func score(
    _ input: LayerInput, _ window: Window, targets: [Int32], parameters: [Float], into results: inout [Double]
  ) {
    forEachBlock(input, window, parameters: parameters) { rows in
      let block = block
      var results = results.mutableSpan
      results.withSlice(rows) { results in
        CrossEntropy.logProbabilities(
          logits: block.span.extracting(0..<(rows.count * classes)), targets: targets.span.extracting(rows),
          into: &results, classes: classes)
      }
    }
  }

  /// The logits `[rows, vocabulary]`.
  func logits(_ input: LayerInput, _ window: Window, parameters: [Float], into results: inout [Float]) {
    forEachBlock(input, window, parameters: parameters) { rows in
      let block = block
      var results = results.mutableSpan
      results.withSlice((rows.lowerBound * classes)..<(rows.upperBound * classes)) { results in
        VectorOperations.copy(block.span.extracting(0..<(rows.count * classes)), to: &results)
      }
    }
  }
}
