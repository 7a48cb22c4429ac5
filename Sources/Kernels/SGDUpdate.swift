import CKernels

/// One step of stochastic gradient descent over a flat buffer of parameters, with momentum in the form of PyTorch
/// (Sutskever et al. 2013) and averaging (Polyak and Juditsky 1992).
///
/// With `g` the scaled gradient plus `weightDecay p`,
///
///     v = momentum v + (1 - dampening) g       with a velocity, else v = g
///     p = p - learningRate v                   with Nesterov's: p - learningRate (g + momentum v)
///     a = a + averageWeight (p - a)            with an average
public struct SGDUpdate: Equatable, Sendable {
  /// The step size.
  public var learningRate: Float
  /// What a step keeps of the last one.
  public var momentum: Float
  /// What the velocity does not take of the gradient.
  public var dampening: Float
  /// Whether the step looks ahead (Nesterov 1983).
  public var nesterov: Bool
  /// The factor of the weight decay, which is part of the gradient.
  public var weightDecay: Float
  /// What the average takes of the new parameters: 1 / n for the mean of n.
  public var averageWeight: Float

  /// An update; without the other arguments, plain gradient descent.
  public init(
    learningRate: Float, momentum: Float = 0, dampening: Float = 0, nesterov: Bool = false, weightDecay: Float = 0,
    averageWeight: Float = 1
  ) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.dampening = dampening
    self.nesterov = nesterov
    self.weightDecay = weightDecay
    self.averageWeight = averageWeight
  }

  /// Updates parameters and slots in one pass. All buffers are `[n]`.
  ///
  /// - Parameters:
  ///   - parameters: what is learned.
  ///   - velocity: v, zero before the first step; empty for no momentum.
  ///   - average: a; empty for no averaging.
  ///   - gradients: left alone.
  ///   - gradientScale: multiplies every gradient on the fly; this is where norm clipping goes.
  public func apply(
    to parameters: inout MutableSpan<Float>, velocity: inout MutableSpan<Float>, average: inout MutableSpan<Float>,
    gradients: Span<Float>, gradientScale: Float = 1
  ) {
    let count = parameters.count
    requireCount(gradients.count, count, "gradients")
    requireSlotCount(velocity.count, count, "velocity")
    requireSlotCount(average.count, count, "average")
    let settings = kernels_sgd(
      learning_rate: learningRate, momentum: momentum, dampening: dampening, weight_decay: weightDecay,
      gradient_scale: gradientScale, average_weight: averageWeight, nesterov: nesterov)
    // Safe: every buffer holds `count` elements, of which the shares are ranges, or is empty and then handed over as null.
    unsafe parameters.withUnsafeMutableBufferPointer { parameters in
      unsafe velocity.withUnsafeMutableBufferPointer { velocity in
        unsafe average.withUnsafeMutableBufferPointer { average in
          unsafe gradients.withUnsafeBufferPointer { gradients in
            nonisolated(unsafe) let (parameters, gradients) = unsafe (parameters, gradients)
            nonisolated(unsafe) let (velocity, average) = unsafe (velocity, average)
            ThreadTeam.forEachShare(of: count) { range in
              let start = range.lowerBound
              unsafe kernels_sgd_update(
                settings, range.count, parameters.slot(1, start), velocity.optionalAddress(of: start),
                average.optionalAddress(of: start), gradients.slot(1, start))
            }
          }
        }
      }
    }
  }
}
