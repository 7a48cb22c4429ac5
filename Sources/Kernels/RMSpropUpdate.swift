import CKernels

/// One step of RMSprop (Tieleman and Hinton 2012; centred: Graves 2013) over a flat buffer of parameters.
///
/// With `g` the scaled gradient plus `weightDecay p`,
///
///     s = alpha s + (1 - alpha) g²
///     m = m + (1 - alpha) (g - m)              if centred
///     d = g / (sqrt(s - m²) + epsilon)         m = 0 unless centred
///     v = momentum v + d                       with a velocity, else v = d
///     p = p - learningRate v
///
/// Torch 7 and PyTorch both add epsilon after the root.
public struct RMSpropUpdate: Equatable, Sendable {
  /// The step size.
  public var learningRate: Float
  /// The decay of the mean square.
  public var alpha: Float
  /// Added to the root.
  public var epsilon: Float
  /// What a step keeps of the last one.
  public var momentum: Float
  /// The factor of the weight decay, which is part of the gradient.
  public var weightDecay: Float

  /// An update; the default constants are those of PyTorch.
  public init(
    learningRate: Float, alpha: Float = 0.99, epsilon: Float = 1e-8, momentum: Float = 0, weightDecay: Float = 0
  ) {
    self.learningRate = learningRate
    self.alpha = alpha
    self.epsilon = epsilon
    self.momentum = momentum
    self.weightDecay = weightDecay
  }

  /// Updates parameters and slots in one pass. All buffers are `[n]`.
  ///
  /// - Parameters:
  ///   - parameters: what is learned.
  ///   - squares: s, zero before the first step.
  ///   - mean: m, zero before the first step; empty for the form that is not centred.
  ///   - velocity: v, zero before the first step; empty for no momentum.
  ///   - gradients: left alone.
  ///   - gradientScale: multiplies every gradient on the fly; this is where norm clipping goes.
  public func apply(
    to parameters: inout MutableSpan<Float>, squares: inout MutableSpan<Float>, mean: inout MutableSpan<Float>,
    velocity: inout MutableSpan<Float>, gradients: Span<Float>, gradientScale: Float = 1
  ) {
    let count = parameters.count
    requireCount(gradients.count, count, "gradients")
    requireCount(squares.count, count, "squares")
    requireSlotCount(mean.count, count, "mean")
    requireSlotCount(velocity.count, count, "velocity")
    let settings = kernels_rmsprop(
      learning_rate: learningRate, alpha: alpha, epsilon: epsilon, momentum: momentum, weight_decay: weightDecay,
      gradient_scale: gradientScale)
    // Safe: every buffer holds `count` elements, of which the shares are ranges, or is empty and then handed over as null.
    unsafe parameters.withUnsafeMutableBufferPointer { parameters in
      unsafe squares.withUnsafeMutableBufferPointer { squares in
        unsafe mean.withUnsafeMutableBufferPointer { mean in
          unsafe velocity.withUnsafeMutableBufferPointer { velocity in
            unsafe gradients.withUnsafeBufferPointer { gradients in
              nonisolated(unsafe) let (parameters, gradients) = unsafe (parameters, gradients)
              nonisolated(unsafe) let (squares, mean, velocity) = unsafe (squares, mean, velocity)
              ThreadTeam.forEachShare(of: count) { range in
                let start = range.lowerBound
                unsafe kernels_rmsprop_update(
                  settings, range.count, parameters.slot(1, start), squares.slot(1, start),
                  mean.optionalAddress(of: start), velocity.optionalAddress(of: start), gradients.slot(1, start))
              }
            }
          }
        }
      }
    }
  }
}
