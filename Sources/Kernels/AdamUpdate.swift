import CKernels

/// One step of Adam (Kingma and Ba 2015) or AdamW (Loshchilov and Hutter 2019) over a flat buffer of parameters.
///
/// With `g` the scaled gradient,
///
///     m = beta1 m + (1 - beta1) g
///     v = beta2 v + (1 - beta2) g²
///     p = p - learningRate (m / firstCorrection) / (sqrt(v / secondCorrection) + epsilon)
///
/// Weight decay is either coupled (`g + weightDecay p` takes the place of `g`, as in L2 regularisation) or decoupled
/// (`p` also loses `learningRate weightDecay p`, which is AdamW).
public struct AdamUpdate: Equatable, Sendable {
  /// The step size.
  public var learningRate: Float
  /// The decay of the first moment.
  public var beta1: Float
  /// The decay of the second moment.
  public var beta2: Float
  /// Added to the root of the second moment.
  public var epsilon: Float
  /// The factor of the weight decay.
  public var weightDecay: Float
  /// Whether the weight decay bypasses the moments (AdamW).
  public var decoupledDecay: Bool

  /// An update with the published default constants.
  public init(
    learningRate: Float, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0,
    decoupledDecay: Bool = false
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.decoupledDecay = decoupledDecay
  }

  /// Updates parameters and moments in one pass. All buffers are `[n]`.
  ///
  /// - Parameters:
  ///   - parameters: what is learned.
  ///   - firstMoments: m, zero before the first step.
  ///   - secondMoments: v, zero before the first step.
  ///   - gradients: left alone.
  ///   - gradientScale: multiplies every gradient on the fly; this is where norm clipping goes.
  ///   - firstCorrection: `1 - beta1^t`, or 1 for none.
  ///   - secondCorrection: `1 - beta2^t`, or 1 for none.
  public func apply(
    to parameters: inout MutableSpan<Float>, firstMoments: inout MutableSpan<Float>,
    secondMoments: inout MutableSpan<Float>, gradients: Span<Float>, gradientScale: Float = 1, firstCorrection: Float,
    secondCorrection: Float
  ) {
    let count = parameters.count
    requireCount(firstMoments.count, count, "firstMoments")
    requireCount(secondMoments.count, count, "secondMoments")
    requireCount(gradients.count, count, "gradients")
    let settings = kernels_adam(
      learning_rate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weight_decay: weightDecay,
      gradient_scale: gradientScale, first_correction: firstCorrection, second_correction: secondCorrection,
      decoupled_decay: decoupledDecay)
    // Safe: the four buffers hold the same number of elements, checked above, and the shares are ranges of them.
    unsafe parameters.withUnsafeMutableBufferPointer { parameters in
      unsafe firstMoments.withUnsafeMutableBufferPointer { firstMoments in
        unsafe secondMoments.withUnsafeMutableBufferPointer { secondMoments in
          unsafe gradients.withUnsafeBufferPointer { gradients in
            nonisolated(unsafe) let (parameters, gradients) = unsafe (parameters, gradients)
            nonisolated(unsafe) let (firstMoments, secondMoments) = unsafe (firstMoments, secondMoments)
            ThreadTeam.forEachShare(of: count) { range in
              let start = range.lowerBound
              unsafe kernels_adam_update(
                settings, range.count, parameters.slot(1, start), firstMoments.slot(1, start),
                secondMoments.slot(1, start), gradients.slot(1, start))
            }
          }
        }
      }
    }
  }
}
