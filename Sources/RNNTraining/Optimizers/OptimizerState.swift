import Kernels
import RealModule

/// An optimizer at work: what it remembers from step to step.
///
/// The slots are flat arrays, one number for each parameter, in the order of the parameter table. They and the counters
/// are all that decides about the next step: a copy goes on with the same bits.
public struct OptimizerState: Hashable, Sendable {
  /// Which optimizer.
  public let optimizer: Optimizer
  /// The arrays of one number for each parameter, by name: `momentum`, `square_average`, `gradient_average`, `sum`,
  /// `first_moment`, `second_moment`, and `average` from the trigger of averaging on.
  public private(set) var slots: [String: [Float]]
  /// The number of updates so far.
  public private(set) var step: Int
  /// The number of updates since averaging began.
  public private(set) var averagedSteps: Int

  private let count: Int
  /// The parameters that learn; the others, the frozen ones, are not touched, and have no part in the norm.
  private let ranges: [Range<Int>]

  /// Prepares an optimizer that has done nothing yet.
  ///
  /// - Parameters:
  ///   - optimizer: which one.
  ///   - count: the number of parameters.
  ///   - ranges: the parameters that learn, in order, without overlaps; nil for all.
  public init(_ optimizer: Optimizer, count: Int, ranges: [Range<Int>]? = nil) {
    self.optimizer = optimizer
    self.count = count
    self.ranges = ranges ?? [0..<count]
    step = 0
    averagedSteps = 0
    var initial: Float = 0
    if case .adagrad(_, let sum, _) = optimizer { initial = Float(sum) }
    slots = Dictionary(
      uniqueKeysWithValues: optimizer.slotNames.map { ($0, [Float](repeating: initial, count: count)) })
  }

  /// Takes up an optimizer where it stood.
  ///
  /// - Throws: ``TrainingError/invalidState(_:)`` if the slots are not those of the optimizer, or not of this size.
  init(
    _ optimizer: Optimizer, count: Int, ranges: [Range<Int>], slots: [String: [Float]], step: Int, averagedSteps: Int
  ) throws(TrainingError) {
    guard step >= 0, averagedSteps >= 0 else { throw .invalidState("the optimizer's steps are negative") }
    var names = Set(optimizer.slotNames)
    if averagedSteps > 0 || slots["average"] != nil { names.insert("average") }
    guard Set(slots.keys) == names else {
      throw .invalidState(
        "the optimizer \(optimizer.name) remembers \(names.sorted()), but the state has \(slots.keys.sorted())")
    }
    for (name, slot) in slots where slot.count != count {
      throw .invalidState("the optimizer's '\(name)' has \(slot.count) numbers for \(count) parameters")
    }
    self.optimizer = optimizer
    self.count = count
    self.ranges = ranges
    self.slots = slots
    self.step = step
    self.averagedSteps = averagedSteps
  }

  /// Whether the mean of the parameters is being taken.
  public var isAveraging: Bool { slots["average"] != nil }

  /// Begins to take the mean of the parameters of all later steps.
  mutating func startAveraging(from parameters: [Float]) {
    guard !isAveraging else { return }
    slots["average"] = parameters
    averagedSteps = 0
  }

  /// The parameters to validate and keep: the averaged ones if there are any.
  func evaluated(_ parameters: [Float]) -> [Float] { slots["average"] ?? parameters }

  /// Changes the parameters against the gradient.
  ///
  /// Nothing changes if the gradient is not finite.
  ///
  /// - Parameters:
  ///   - parameters: what is learned.
  ///   - gradient: dL/d parameters; clipping by value changes it in place.
  ///   - learningRate: the step size.
  ///   - weightDecay: the factor of the weight decay.
  ///   - factor: multiplies the gradient, before clipping.
  ///   - clipping: how the gradient is limited; nil to leave it alone.
  /// - Returns: the norm of the gradient before clipping, of the parameters that learn.
  public mutating func update(
    _ parameters: inout [Float], gradient: inout [Float], learningRate: Double, weightDecay: Double = 0,
    factor: Double = 1, clipping: Clipping? = nil
  ) -> Double {
    var square = 0.0
    for range in ranges { square += VectorOperations.sumOfSquares(gradient.span.extracting(range)) }
    let norm = square.squareRoot() * factor
    guard norm.isFinite else { return norm }
    var scale = Float((clipping?.factor(norm: norm) ?? 1) * factor)
    if case .value(let limit)? = clipping {
      var span = gradient.mutableSpan
      for range in ranges { span.withSlice(range) { VectorOperations.scaleAndClip(&$0, by: scale, to: Float(limit)) } }
      scale = 1
    }
    step += 1
    apply(&parameters, gradient, rate: learningRate, decay: weightDecay, scale: scale)
    return norm
  }

  private mutating func apply(
    _ parameters: inout [Float], _ gradient: [Float], rate: Double, decay: Double, scale: Float
  ) {
    switch optimizer {
    case .sgd(let momentum, let dampening, let nesterov):
      // The first velocity is the gradient itself, as in PyTorch.
      let update = SGDUpdate(
        learningRate: Float(rate), momentum: Float(momentum), dampening: step == 1 ? 0 : Float(dampening),
        nesterov: nesterov, weightDecay: Float(decay))
      apply(update, &parameters, gradient, scale)
    case .averagedSGD:
      if isAveraging { averagedSteps += 1 }
      // As in PyTorch, the mean begins with the parameters after the second step.
      let update = SGDUpdate(
        learningRate: Float(rate), weightDecay: Float(decay), averageWeight: 1 / Float(max(1, averagedSteps - 1)))
      apply(update, &parameters, gradient, scale)
    case .rmsprop(let alpha, let epsilon, let momentum, _):
      let update = RMSpropUpdate(
        learningRate: Float(rate), alpha: Float(alpha), epsilon: Float(epsilon), momentum: Float(momentum),
        weightDecay: Float(decay))
      apply(update, &parameters, gradient, scale)
    case .adagrad(let rateDecay, _, let epsilon):
      let update = AdagradUpdate(
        learningRate: Float(rate / (1 + Double(step - 1) * rateDecay)), epsilon: Float(epsilon),
        weightDecay: Float(decay))
      apply(update, &parameters, gradient, scale)
    case .adam(let beta1, let beta2, let epsilon):
      adam(false, beta1, beta2, epsilon, &parameters, gradient, rate: rate, decay: decay, scale: scale)
    case .adamW(let beta1, let beta2, let epsilon):
      adam(true, beta1, beta2, epsilon, &parameters, gradient, rate: rate, decay: decay, scale: scale)
    }
  }

  private mutating func adam(
    _ decoupled: Bool, _ beta1: Double, _ beta2: Double, _ epsilon: Double, _ parameters: inout [Float],
    _ gradient: [Float], rate: Double, decay: Double, scale: Float
  ) {
    let update = AdamUpdate(
      learningRate: Float(rate), beta1: Float(beta1), beta2: Float(beta2), epsilon: Float(epsilon),
      weightDecay: Float(decay), decoupledDecay: decoupled)
    let first = Float(1 - Double.pow(beta1, step))
    let second = Float(1 - Double.pow(beta2, step))
    var moments = take("first_moment")
    var squares = take("second_moment")
    Self.forEach(ranges, &parameters, &moments, &squares, gradient) { parameters, moments, squares, gradient in
      update.apply(
        to: &parameters, firstMoments: &moments, secondMoments: &squares, gradients: gradient, gradientScale: scale,
        firstCorrection: first, secondCorrection: second)
    }
    slots["first_moment"] = moments
    slots["second_moment"] = squares
  }

  private mutating func apply(_ update: SGDUpdate, _ parameters: inout [Float], _ gradient: [Float], _ scale: Float) {
    var velocity = take("momentum")
    var average = take("average")
    Self.forEach(ranges, &parameters, &velocity, &average, gradient) { parameters, velocity, average, gradient in
      update.apply(
        to: &parameters, velocity: &velocity, average: &average, gradients: gradient, gradientScale: scale)
    }
    put(velocity, "momentum")
    put(average, "average")
  }

  private mutating func apply(
    _ update: RMSpropUpdate, _ parameters: inout [Float], _ gradient: [Float], _ scale: Float
  ) {
    var squares = take("square_average")
    var mean = take("gradient_average")
    var velocity = take("momentum")
    var values = parameters.mutableSpan
    var first = squares.mutableSpan
    var second = mean.mutableSpan
    var third = velocity.mutableSpan
    for range in ranges {
      values.withSlice(range) { values in
        first.withSlice(range) { first in
          second.withSlice(range.clamped(to: 0..<second.count)) { second in
            third.withSlice(range.clamped(to: 0..<third.count)) { third in
              update.apply(
                to: &values, squares: &first, mean: &second, velocity: &third,
                gradients: gradient.span.extracting(range), gradientScale: scale)
            }
          }
        }
      }
    }
    put(squares, "square_average")
    put(mean, "gradient_average")
    put(velocity, "momentum")
  }

  private mutating func apply(
    _ update: AdagradUpdate, _ parameters: inout [Float], _ gradient: [Float], _ scale: Float
  ) {
    var sums = take("sum")
    var none: [Float] = []
    Self.forEach(ranges, &parameters, &sums, &none, gradient) { parameters, sums, _, gradient in
      update.apply(to: &parameters, sums: &sums, gradients: gradient, gradientScale: scale)
    }
    put(sums, "sum")
  }

  /// Moves a slot out, so that it can be changed in place; empty if there is none.
  private mutating func take(_ name: String) -> [Float] {
    guard let index = slots.index(forKey: name) else { return [] }
    var slot: [Float] = []
    swap(&slots.values[index], &slot)
    return slot
  }

  private mutating func put(_ slot: [Float], _ name: String) {
    if let index = slots.index(forKey: name) { slots.values[index] = slot }
  }

  /// Lends the parts of parameters, two slots (which may be empty) and the gradient in each range.
  private static func forEach(
    _ ranges: [Range<Int>], _ parameters: inout [Float], _ first: inout [Float], _ second: inout [Float],
    _ gradient: [Float],
    _ body: (inout MutableSpan<Float>, inout MutableSpan<Float>, inout MutableSpan<Float>, Span<Float>) -> Void
  ) {
    var values = parameters.mutableSpan
    var firstSlot = first.mutableSpan
    var secondSlot = second.mutableSpan
    for range in ranges {
      values.withSlice(range) { values in
        firstSlot.withSlice(range.clamped(to: 0..<firstSlot.count)) { first in
          secondSlot.withSlice(range.clamped(to: 0..<secondSlot.count)) { second in
            body(&values, &first, &second, gradient.span.extracting(range))
          }
        }
      }
    }
  }
}
