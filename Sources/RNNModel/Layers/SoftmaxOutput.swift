import Kernels

/// The last linear layer with softmax and cross-entropy.
final class SoftmaxOutput: LossOutput {
  /// The loss of a window and its derivatives.
  ///
  /// - Parameters:
  ///   - scale: what the gradients are multiplied by.
  /// - Returns: -ln p, summed over the targets that are not negative.
  func backpropagate(
    _ input: LayerInput, _ window: Window, targets: [Int32], scale: Float, parameters: [Float],
    gradient: inout [Float]
  ) -> Double {
    let targets = targets.span
    return backpropagate(input, window, parameters: parameters, gradient: &gradient) { h, gradient, below, adds in
      operation.softmaxGradient(
        h, targets: targets, scale: scale, parameters: parameters.span, gradient: &gradient, inputGradient: &below,
        adds: adds)
    } plain: { logits, losses in
      CrossEntropy.gradient(
        logits: &logits, targets: targets, negativeLogLikelihoods: &losses, classes: operation.outputs, scale: scale)
    }
  }

  /// ln p of each target `[rows]`, 0 for negative targets.
  func score(
    _ input: LayerInput, _ window: Window, targets: [Int32], parameters: [Float], into results: inout [Double]
  ) {
    let targets = targets.span
    score(input, window, parameters: parameters, into: &results) { h, results in
      operation.logProbabilities(h, targets: targets, parameters: parameters.span, into: &results)
    } plain: { logits, results in
      CrossEntropy.logProbabilities(logits: logits, targets: targets, into: &results, classes: operation.outputs)
    }
  }
}
