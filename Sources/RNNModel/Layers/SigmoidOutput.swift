import Kernels

/// The last linear layer with a sigmoid for each output, independent bits, and their cross-entropy.
final class SigmoidOutput: LossOutput {
  /// The loss of a window and its derivatives.
  ///
  /// - Parameters:
  ///   - targets: `[rows, outputs]`: 0 or 1; any other value means that the bit does not count.
  ///   - scale: what the gradients are multiplied by.
  /// - Returns: the binary cross-entropy, summed over bits and rows.
  func backpropagate(
    _ input: LayerInput, _ window: Window, targets: [UInt8], scale: Float, parameters: [Float],
    gradient: inout [Float]
  ) -> Double {
    let targets = targets.span
    return backpropagate(input, window, parameters: parameters, gradient: &gradient) { h, gradient, below, adds in
      operation.sigmoidGradient(
        h, targets: targets, rows: window.rows, scale: scale, parameters: parameters.span, gradient: &gradient,
        inputGradient: &below, adds: adds)
    } plain: { logits, losses in
      BinaryCrossEntropy.gradient(logits: &logits, targets: targets, losses: &losses, scale: scale)
    }
  }

  /// ln p of all bits of each row, `[rows]`.
  func score(
    _ input: LayerInput, _ window: Window, targets: [UInt8], parameters: [Float], into results: inout [Double]
  ) {
    let targets = targets.span
    score(input, window, parameters: parameters, into: &results) { h, results in
      operation.binaryLosses(h, targets: targets, parameters: parameters.span, into: &results)
    } plain: { logits, results in
      BinaryCrossEntropy.losses(logits: logits, targets: targets, into: &results)
    }
    for row in 0..<window.rows { results[row] = -results[row] }
  }
}
