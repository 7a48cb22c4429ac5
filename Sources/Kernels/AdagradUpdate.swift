import CKernels

/// One step of Adagrad (Duchi, Hazan and Singer 2011) over a flat buffer of parameters.
///
/// With `g` the scaled gradient plus `weightDecay p`,
///
///     s = s + g²
///     p = p - learningRate g / (sqrt(s) + epsilon)
public struct AdagradUpdate: Equatable, Sendable {
  /// The step size.
  public var learningRate: Float
  /// Added to the root.
  public var epsilon: Float
  /// The factor of the weight decay, which is part of the gradient.
  public var weightDecay: Float

  /// An update; the default constants are those of PyTorch.
  public init(learningRate: Float, epsilon: Float = 1e-10, weightDecay: Float = 0) {
    self.learningRate = learningRate
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  /// Updates parameters and sums in one pass. All buffers are `[n]`.
  ///
  /// - Parameters:
  ///   - parameters: what is learned.
  ///   - sums: s.
  ///   - gradients: left alone.
  ///   - gradientScale: multiplies every gradient on the fly; this is where norm clipping goes.
  public func apply(
    to parameters: inout MutableSpan<Float>, sums: inout MutableSpan<Float>, gradients: Span<Float>,
    gradientScale: Float = 1
  ) {
    let count = parameters.count
    requireCount(gradients.count, count, "gradients")
    requireCount(sums.count, count, "sums")
    let settings = kernels_adagrad(
      learning_rate: learningRate, epsilon: epsilon, weight_decay: weightDecay, gradient_scale: gradientScale)
    // Safe: the three buffers hold the same number of elements, checked above, and the shares are ranges of them.
    unsafe parameters.withUnsafeMutableBufferPointer { parameters in
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        unsafe gradients.withUnsafeBufferPointer { gradients in
          nonisolated(unsafe) let (parameters, sums, gradients) = unsafe (parameters, sums, gradients)
          ThreadTeam.forEachShare(of: count) { range in
            let start = range.lowerBound
            unsafe kernels_adagrad_update(
              settings, range.count, parameters.slot(1, start), sums.slot(1, start), gradients.slot(1, start))
          }
        }
      }
    }
  }
}
