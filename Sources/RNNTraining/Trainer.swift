import Kernels
import RNNModel
import RealModule

/// Trains a model on a text by truncated back-propagation through time with carried state, and says which parameters are the best.
public final class Trainer {
  /// What the training has to say, and what it asks.
  public struct Observer {
    /// Called after every update.
    public var progressed: (TrainingProgress) -> Void
    /// Called after each validation; `isBest` says that these parameters are the best so far.
    public var validated: (ValidationRecord, _ isBest: Bool, _ parameters: [Float]) throws -> Void
    /// Asked after every update: whether to stop.
    public var shouldStop: () -> Bool

    /// Makes an observer.
    public init(
      progressed: @escaping (TrainingProgress) -> Void = { _ in },
      validated: @escaping (ValidationRecord, _ isBest: Bool, _ parameters: [Float]) throws -> Void = { _, _, _ in },
      shouldStop: @escaping () -> Bool = { false }
    ) {
      self.progressed = progressed
      self.validated = validated
      self.shouldStop = shouldStop
    }
  }

  private let plan: TrainingPlan
  private let network: Network
  private let validation: Validation
  private let streams: TextStreams
  private var optimizer: Adam
  private var generator: RandomGenerator
  private let clock = ContinuousClock()

  /// Prepares a training.
  ///
  /// - Parameters:
  ///   - model: the model to start from.
  ///   - plan: how to train it.
  ///   - training: the tokens to learn.
  ///   - validation: the tokens held out.
  /// - Throws: ``TrainingError/invalidPlan(_:)``, ``TrainingError/tooShort(what:_:)`` if a text does not fill the streams, ``ArchitectureError``.
  public init(_ model: Model, plan: TrainingPlan, training: [Int32], validation: [Int32]) throws {
    try plan.check()
    self.plan = plan
    do {
      streams = try TextStreams(training, batch: plan.batch)
    } catch {
      throw TrainingError.tooShort(what: "training part", error)
    }
    self.validation = try Validation(model, tokens: validation)
    network = try Network(
      model.architecture, parameters: model.parameters.values, purpose: .training, batch: plan.batch,
      steps: min(plan.length, streams.length))
    optimizer = Adam(count: network.table.count, clip: plan.clip)
    generator = RandomGenerator(seed: plan.seed)
  }

  /// The lowest validation loss so far, in nats per token.
  public private(set) var bestLoss: Double?

  /// Trains to the end of the plan.
  ///
  /// - Throws: ``TrainingError/diverged(step:learningRate:)``, or what the observer throws. What was validated before stays valid.
  public func run(_ observer: Observer) throws -> TrainingEnd {
    let start = clock.now
    func seconds() -> Double { (clock.now - start) / .seconds(1) }
    let steps = min(plan.length, streams.length)
    let windows = streams.windowCount(steps: steps)
    let epochSteps =
      plan.epochs.map { epochs in
        let (steps, overflow) = epochs.multipliedReportingOverflow(by: windows)
        return overflow ? .max : steps
      } ?? .max
    let lastStep = min(epochSteps, plan.maximumSteps ?? .max)
    let interval = plan.validationInterval ?? windows
    var (inputs, targets): ([Int32], [Int32]) = ([], [])
    var recent = RunningMean()
    var sinceValidation = (loss: 0.0, tokens: 0)
    var tokens = 0
    var step = 0
    var validSeconds = 0.0
    var validLoss: Double?
    var end = TrainingEnd.finished

    while step < lastStep {
      if step % windows == 0 { network.resetState() }
      try streams.fill(window: step % windows, steps: steps, inputs: &inputs, targets: &targets)
      let fraction = max(
        lastStep == .max ? 0 : Double(step) / Double(lastStep),
        plan.maximumSeconds.map { $0 > 0 ? seconds() / $0 : 1 } ?? 0)
      let rate = learningRate(at: min(1, fraction))
      let loss = network.backpropagate(inputs: inputs, targets: targets, using: &generator)
      var norm = 0.0
      network.update { parameters, gradient in
        norm = optimizer.update(&parameters, gradient: gradient, learningRate: rate)
      }
      step += 1
      guard loss.isFinite, norm.isFinite else { throw TrainingError.diverged(step: step, learningRate: rate) }
      tokens += targets.count
      recent.add(loss / Double(targets.count))
      sinceValidation = (sinceValidation.loss + loss, sinceValidation.tokens + targets.count)
      let elapsed = seconds()
      var progress = TrainingProgress(
        step: step, epoch: Double(step) / Double(windows), fraction: min(1, fraction), trainLoss: recent.value,
        validLoss: validLoss, learningRate: rate, gradientNorm: norm,
        tokensPerSecond: Double(tokens) / max(elapsed - validSeconds, 1e-9), seconds: elapsed)
      observer.progressed(progress)
      if observer.shouldStop() { end = .stopped }
      if let limit = plan.maximumSeconds, elapsed >= limit { end = .timeUp }
      guard end != .finished || step == lastStep || step % interval == 0 else { continue }
      let loss2 = try validation.loss(network.parameters)
      validSeconds += seconds() - elapsed
      validLoss = loss2
      progress.validLoss = loss2
      let isBest = loss2.isFinite && loss2 < bestLoss ?? .infinity
      if isBest { bestLoss = loss2 }
      let record = ValidationRecord(
        progress: progress, trainLoss: sinceValidation.loss / Double(max(1, sinceValidation.tokens)),
        validLoss: loss2)
      try observer.validated(record, isBest, network.parameters)
      sinceValidation = (0, 0)
      guard loss2.isFinite else { throw TrainingError.diverged(step: step, learningRate: rate) }
      if end != .finished { break }
    }
    return end
  }

  /// Half a cosine from the learning rate to its final fraction (Loshchilov & Hutter 2017, without restarts).
  private func learningRate(at fraction: Double) -> Double {
    let final = plan.finalLearningRateFraction
    return plan.learningRate * (final + (1 - final) * 0.5 * (1 + Double.cos(.pi * fraction)))
  }
}

/// An exponential mean that forgets over about a hundred values.
private struct RunningMean {
  private var sum = 0.0
  private var weight = 0.0

  mutating func add(_ value: Double) {
    sum = 0.99 * sum + 0.01 * value
    weight = 0.99 * weight + 0.01
  }

  var value: Double { weight > 0 ? sum / weight : 0 }
}
