import Kernels
import RNNModel

/// Trains a model on a text by truncated back-propagation through time with carried state, and says which parameters are the best.
///
/// A trainer is a machine that stands between two updates. Its ``state`` can be taken out there, and a new trainer that
/// takes it up goes on with the same bits, times excepted.
public final class Trainer {
  private let plan: TrainingPlan
  private let network: Network
  private let validation: Validation
  private let source: any WindowSource
  private let recurrentWeights: [Range<Int>]
  private let clock = ContinuousClock()

  private var optimizer: OptimizerState
  private var weightDrop: WeightDrop
  /// `[token]`: the mask of embedding dropout; empty without it.
  private var embeddingMask: [Float]
  private var generator: RandomGenerator
  private var carried: CarriedStates
  /// The position at which the network's own state stands; nil when it is none of this epoch.
  private var networkPosition: Int?
  private var progress: TrainingState.Progress
  private var bestParameters: [Float]
  private var fallback: TrainingState?
  /// The validation at the end of a run that the plan did not ask for there: it is no part of the state.
  private var closing: (record: ValidationRecord, parameters: [Float])?

  private var inputs: [Int32] = []
  private var targets: [Int32] = []
  private var warmUpResults: [Double] = []

  /// Prepares a training.
  ///
  /// - Parameters:
  ///   - model: the model to start from.
  ///   - plan: how to train it.
  ///   - training: the text to learn, as `plan.batch` streams.
  ///   - validation: the text held out.
  /// - Throws: ``TrainingError/invalidPlan(_:)``, ``TrainingError/notLanguageModel(_:)``, ``TrainingError/unknownTensor(_:)``,
  ///   ``TrainingError/wrongBatch(streams:plan:)``, ``ArchitectureError``.
  public convenience init(
    _ model: Model, plan: TrainingPlan, training: any WindowSource, validation: any WindowSource
  ) throws {
    try self.init(model, plan: plan, state: nil, training: training, validation: validation)
  }

  /// Prepares a training of tokens in memory, cut into contiguous streams.
  ///
  /// - Parameters:
  ///   - model: the model to start from.
  ///   - plan: how to train it.
  ///   - training: the tokens to learn.
  ///   - validation: the tokens held out.
  /// - Throws: ``TrainingError/invalidPlan(_:)``, ``TrainingError/tooShort(what:_:)`` if a text does not fill the streams,
  ///   ``TrainingError/unknownTensor(_:)``, ``ArchitectureError``.
  public convenience init(
    _ model: Model, plan: TrainingPlan, training: [Int32], validation: [Int32]
  ) throws {
    try plan.check()
    try self.init(
      model, plan: plan, state: nil, training: try Self.streams(training, plan.batch, "training part"),
      validation: try Self.streams(
        validation, plan.validation.streams ?? Validation.streams(tokens: validation.count), "validation part"))
  }

  /// Takes up a training where it stood.
  ///
  /// - Parameters:
  ///   - state: what ``state`` gave.
  ///   - model: a model of the same architecture; its parameters do not matter.
  ///   - plan: the plan to go on with, if it is to be another one, for example with more epochs; the sizes must be the same.
  ///   - training: the same text as before.
  ///   - validation: the same text as before.
  /// - Throws: ``TrainingError/invalidState(_:)`` if the state does not fit the model, the plan or the text, and all that
  ///   ``init(_:plan:training:validation:)-(_,_,WindowSource,_)`` throws.
  public convenience init(
    resuming state: TrainingState, model: Model, plan: TrainingPlan? = nil, training: any WindowSource,
    validation: any WindowSource
  ) throws {
    try self.init(model, plan: plan ?? state.plan, state: state, training: training, validation: validation)
  }

  private init(
    _ model: Model, plan: TrainingPlan, state: TrainingState?, training: any WindowSource,
    validation: any WindowSource
  ) throws {
    try plan.check()
    guard training.batch == plan.batch else {
      throw TrainingError.wrongBatch(streams: training.batch, plan: plan.batch)
    }
    try Self.requireLanguageModel(model.architecture)
    self.plan = plan
    source = training
    let table = model.parameters.table
    let ranges = try plan.learningRanges(table)
    recurrentWeights = table.entries.filter {
      $0.name == "recurrent_weights" && !plan.frozen.contains($0.path)
    }.map(\.range)
    weightDrop = WeightDrop(recurrentWeights, rate: plan.regularisation.weightDrop)
    network = try Network(
      model.architecture, parameters: model.parameters.values, purpose: .training, batch: plan.batch,
      steps: min(plan.longestWindow, training.length))
    self.validation = try Validation(
      model.architecture, parameters: model.parameters.values, plan: plan.validation, source: validation)
    let regularisation = plan.regularisation
    if regularisation.embeddingDropout > 0, !network.hasEmbedding {
      throw TrainingError.invalidPlan("it asks for embedding dropout, but the model has no embedding")
    }
    if regularisation.weightDrop > 0, recurrentWeights.isEmpty {
      throw TrainingError.invalidPlan("it asks for weight drop, but no recurrent weights are learned")
    }
    embeddingMask = [Float](repeating: 1, count: regularisation.embeddingDropout > 0 ? model.architecture.size : 0)
    network.penalties = Network.Penalties(
      activation: regularisation.activationPenalty, temporal: regularisation.temporalPenalty)
    optimizer = OptimizerState(plan.optimizer, count: table.count, ranges: ranges)
    generator = RandomGenerator(seed: plan.seed)
    carried = CarriedStates()
    progress = TrainingState.Progress(plan)
    bestParameters = []
    if let state { try restore(state, ranges: ranges) }
  }

  private static func requireLanguageModel(_ architecture: Architecture) throws(TrainingError) {
    if architecture.input != .tokens { throw .notLanguageModel("it takes vectors, and not tokens") }
    if architecture.output != .softmax { throw .notLanguageModel("its outputs are independent bits") }
    guard let outputs = architecture.layers.last?.outputs, outputs == architecture.size else {
      throw .notLanguageModel("it has not one output for each of its \(architecture.size) tokens")
    }
  }

  private static func streams(_ tokens: [Int32], _ batch: Int, _ what: String) throws(TrainingError) -> TextStreams {
    do {
      return try TextStreams(tokens, batch: batch)
    } catch {
      throw .tooShort(what: what, error)
    }
  }

  // MARK: What can be asked for

  /// The whole training between two updates.
  public var state: TrainingState {
    var progress = progress
    progress.optimizerStep = optimizer.step
    progress.averagedSteps = optimizer.averagedSteps
    progress.carriedPositions = carried.entries.map(\.position)
    progress.fallback = fallback.map { [$0.progress] } ?? []
    return TrainingState(
      progress: progress, parameters: network.parameters, slots: optimizer.slots, bestParameters: bestParameters,
      carried: carried.entries.map { $0.state?.flat ?? [] }, generator: generator,
      fallback: fallback.map { [$0] } ?? [])
  }

  /// All validations, that at the end of the last run included.
  public var history: [ValidationRecord] { progress.history + (closing.map { [$0.record] } ?? []) }

  /// Where the training stands; nil before the first update.
  public var lastProgress: TrainingProgress? { progress.last }

  /// The mean of -ln p, in nats per token, of any parameters on another text, read as the held-out text is.
  ///
  /// - Throws: ``ArchitectureError``, and what the text throws.
  public func loss(of parameters: [Float], on source: any WindowSource) throws -> Double {
    try Validation(network.architecture, parameters: parameters, plan: plan.validation, source: source).loss(parameters)
  }

  /// All times that the training went back after a divergence.
  public var recoveries: [RecoveryRecord] { progress.recoveries }

  /// The lowest validation loss so far, in nats per token.
  public var bestLoss: Double? { best?.loss }

  /// The parameters of the lowest validation loss so far, which may be averaged ones; nil before the first validation.
  public var best: (parameters: [Float], loss: Double, step: Int)? {
    if let closing, isBest(closing.record.validLoss) {
      return (closing.parameters, closing.record.validLoss, closing.record.progress.step)
    }
    guard let loss = progress.bestLoss, let step = progress.bestStep else { return nil }
    return (bestParameters, loss, step)
  }

  // MARK: Running

  /// Trains to the end of the plan.
  ///
  /// - Returns: why it ended.
  /// - Throws: ``TrainingError/diverged(_:)``, what the text or the observer throws. What was validated before stays valid, and
  ///   so does the last checkpoint.
  public func run(_ observer: Observer = Observer()) throws -> TrainingEnd {
    let start = clock.now
    let before = progress.seconds
    func seconds() -> Double { before + (clock.now - start) / .seconds(1) }
    var lastCheckpoint = before
    var checkpointStep: Int?
    closing = nil
    if plan.recovery != nil, fallback == nil { fallback = state }

    var end: TrainingEnd?
    while end == nil {
      if isComplete {
        end = .finished
        break
      }
      // What counts is the time of the last update, so that a resumed training ends where it ended.
      if let limit = plan.maximumSeconds, progress.step > 0, progress.seconds >= limit {
        end = .timeUp
        break
      }
      do {
        try advance(seconds)
        observer.progressed(progress.last ?? Self.nothing)
        if isValidationDue { try validate(seconds, observer) }
        if observer.checkpointInterval.isDue(step: progress.step, secondsSinceLast: seconds() - lastCheckpoint)
          || observer.isCheckpointWanted()
        {
          try checkpoint(observer)
          checkpointStep = progress.step
          lastCheckpoint = seconds()
        }
      } catch TrainingError.diverged(let divergence) {
        progress.seconds = seconds()
        observer.recovered(try recover(divergence))
      }
      if !isComplete, observer.shouldStop() { end = .stopped }
    }
    if checkpointStep != progress.step { try checkpoint(observer) }
    try close(seconds, observer)
    return end ?? .finished
  }

  /// Whether the plan has been carried out.
  private var isComplete: Bool {
    progress.step >= plan.maximumSteps ?? .max || progress.epoch >= plan.epochs ?? .max
  }

  private var isValidationDue: Bool {
    plan.validation.interval.map { progress.step.isMultiple(of: $0) } ?? (progress.window == 0)
  }

  private func fraction(_ seconds: Double) -> Double {
    var fraction = 0.0
    if let steps = plan.maximumSteps, steps > 0 { fraction = max(fraction, Double(progress.step) / Double(steps)) }
    if let epochs = plan.epochs, epochs > 0 { fraction = max(fraction, epochsRead / Double(epochs)) }
    if let limit = plan.maximumSeconds { fraction = max(fraction, limit > 0 ? seconds / limit : 1) }
    return min(1, fraction)
  }

  private var epochsRead: Double { Double(progress.epoch) + Double(progress.position) / Double(source.length) }

  // MARK: One update

  /// One update, or nothing but an error.
  private func advance(_ seconds: () -> Double) throws {
    let before = generator
    do {
      try update(seconds, before)
    } catch {
      generator = before
      throw error
    }
  }

  private func update(_ seconds: () -> Double, _ before: RandomGenerator) throws {
    let drawn = plan.randomLengths.map { draw($0) } ?? plan.stride
    let start = progress.position
    let end = start + min(drawn, source.length - start)
    try enter(windowStart(start), countingFrom: start, to: end)
    let counted = targets.count { $0 >= 0 }
    let rate = learningRate(seconds(), length: drawn)

    dropParameters()
    let sum = network.backpropagate(.tokens(inputs), targets: .classes(targets), using: &generator)
    undropParameters()
    let loss = sum / Double(max(1, counted))
    if let problem = divergence(loss: loss) {
      throw TrainingError.diverged(found(problem, rate: rate, loss: loss))
    }
    keepFallback(before)
    var norm = 0.0
    network.updateWithGradient { parameters, gradient in
      norm = optimizer.update(
        &parameters, gradient: &gradient, learningRate: rate,
        weightDecay: plan.weightDecay ?? plan.optimizer.defaultWeightDecay,
        factor: plan.loss == .mean ? 1 : Double(counted) / Double(plan.batch), clipping: plan.clipping)
    }
    guard norm.isFinite else { throw TrainingError.diverged(found(.gradient, rate: rate, loss: loss)) }

    carried.append(network.state, at: end)
    carried.forget(before: windowStart(end))
    networkPosition = end
    progress.tokens += counted
    progress.recent.add(loss)
    progress.lossSinceValidation += sum
    progress.tokensSinceValidation += counted
    progress.step += 1
    progress.window += 1
    progress.position = end
    progress.seconds = seconds()
    let trained = max(progress.seconds - progress.validSeconds, 1e-9)
    progress.last = TrainingProgress(
      step: progress.step, epoch: epochsRead, fraction: fraction(progress.seconds),
      trainLoss: progress.recent.value, validLoss: progress.last?.validLoss, learningRate: rate, gradientNorm: norm,
      tokensPerSecond: Double(progress.tokens) / trained, seconds: progress.seconds)
    if end == source.length { endEpoch() }
  }

  /// Draws the masks of embedding dropout and weight drop for one window.
  private func dropParameters() {
    if !embeddingMask.isEmpty {
      var mask = embeddingMask
      do {
        var span = mask.mutableSpan
        generator.fillDropoutMask(&span, probability: plan.regularisation.embeddingDropout)
      }
      network.setEmbeddingFactors(mask)
    }
    if !weightDrop.isEmpty {
      network.update { parameters, _ in weightDrop.apply(to: &parameters, using: &generator) }
    }
  }

  /// Puts the raw weights back, and masks their gradient.
  private func undropParameters() {
    network.setEmbeddingFactors([])
    if !weightDrop.isEmpty {
      network.updateWithGradient { parameters, gradient in
        weightDrop.restore(&parameters, gradient: &gradient)
      }
    }
  }

  private func endEpoch() {
    progress.epoch += 1
    progress.window = 0
    progress.position = 0
    carried = CarriedStates(plan.carriesStateOverEpochs ? network.state : nil)
    networkPosition = nil
  }

  /// Where the window begins whose first target that counts is at a position.
  private func windowStart(_ position: Int) -> Int { max(0, position - (plan.length - plan.stride)) }

  /// Fills the window of the positions `start ..< end`, of which those from `first` on count, and puts the network in the state
  /// at its start.
  private func enter(_ start: Int, countingFrom first: Int, to end: Int) throws {
    let entry = carried.first
    if let state = entry.state {
      if networkPosition != entry.position { network.state = state }
    } else {
      network.resetState()
    }
    networkPosition = nil
    if entry.position < start {
      // The state was kept some steps before: read on to the start, without dropout.
      try source.fill(position: entry.position, steps: start - entry.position, inputs: &inputs, targets: &targets)
      if warmUpResults.count < targets.count { warmUpResults = [Double](repeating: 0, count: targets.count) }
      for index in targets.indices { targets[index] = -1 }
      network.score(inputs: inputs, targets: targets, into: &warmUpResults)
    }
    try source.fill(position: start, steps: end - start, inputs: &inputs, targets: &targets)
    for index in 0..<((first - start) * plan.batch) { targets[index] = -1 }
  }

  private func draw(_ lengths: TrainingPlan.RandomLengths) -> Int {
    let half = generator.uniform() < lengths.halfProbability
    let mean = half ? Double(plan.length) / 2 : Double(plan.length)
    let length = Int(mean + lengths.deviation * generator.normal())
    return max(lengths.minimum, min(plan.longestWindow, length))
  }

  private func learningRate(_ seconds: Double, length: Int) -> Double {
    let moment = Schedule.Moment(step: progress.step, epoch: progress.epoch, fraction: fraction(seconds))
    let share = plan.randomLengths == nil ? 1 : Double(length) / Double(plan.length)
    return plan.learningRate * plan.schedule.factor(at: moment, progress.schedule) * progress.rateFactor * share
  }

  // MARK: Validation

  private func isBest(_ loss: Double) -> Bool { loss.isFinite && loss < progress.bestLoss ?? .infinity }

  /// The validation of the present parameters, as a row of the history.
  private func validationRecord(
    _ parameters: [Float], _ seconds: () -> Double
  ) throws -> (record: ValidationRecord, seconds: Double) {
    let before = seconds()
    let loss = try validation.loss(parameters)
    var shown = progress.last ?? Self.nothing
    shown.validLoss = loss
    let trainLoss = progress.lossSinceValidation / Double(max(1, progress.tokensSinceValidation))
    let record = ValidationRecord(progress: shown, trainLoss: trainLoss, validLoss: loss)
    guard loss.isFinite else {
      throw TrainingError.diverged(found(.validation, rate: shown.learningRate, loss: nil))
    }
    return (record, seconds() - before)
  }

  private func validate(_ seconds: () -> Double, _ observer: Observer) throws {
    let parameters = optimizer.evaluated(network.parameters)
    let (record, duration) = try validationRecord(parameters, seconds)
    let isBest = isBest(record.validLoss)
    if isBest {
      progress.bestLoss = record.validLoss
      progress.bestStep = progress.step
      bestParameters = parameters
    }
    triggerAveraging(record.validLoss)
    progress.history.append(record)
    progress.last?.validLoss = record.validLoss
    progress.lossSinceValidation = 0
    progress.tokensSinceValidation = 0
    progress.validSeconds += duration
    progress.seconds = seconds()
    plan.schedule.observe(record.validLoss, &progress.schedule)
    try observer.validated(record, isBest, parameters)
  }

  /// Begins to average when a validation is worse than the best of all but the last few before it (Merity et al. 2018,
  /// algorithm 1).
  private func triggerAveraging(_ loss: Double) {
    guard case .averagedSGD(let nonMonotone) = plan.optimizer, !optimizer.isAveraging else { return }
    if let best = progress.history.dropLast(nonMonotone).map(\.validLoss).min(), loss > best {
      optimizer.startAveraging(from: network.parameters)
    }
  }

  /// The last word of a run: validates what the plan has not, beside the state, so that a resumed training does not notice.
  private func close(_ seconds: () -> Double, _ observer: Observer) throws {
    guard progress.history.last?.progress.step != progress.step || progress.step == 0 else { return }
    let parameters = optimizer.evaluated(network.parameters)
    let record = try validationRecord(parameters, seconds).record
    closing = (record, parameters)
    try observer.validated(record, isBest(record.validLoss), parameters)
  }

  /// Before the first update.
  private static let nothing = TrainingProgress(
    step: 0, epoch: 0, fraction: 0, trainLoss: 0, validLoss: nil, learningRate: 0, gradientNorm: 0, tokensPerSecond: 0,
    seconds: 0)

  // MARK: Checkpoints and divergence

  private func checkpoint(_ observer: Observer) throws {
    try requireFiniteParameters()
    try observer.checkpoint(state)
  }

  private func requireFiniteParameters() throws(TrainingError) {
    let parameters = network.parameters
    guard VectorOperations.sumOfSquares(parameters.span).isFinite else {
      throw .diverged(found(.parameters, rate: progress.last?.learningRate ?? 0, loss: nil))
    }
  }

  /// What is wrong with the loss of a window, if anything is.
  private func divergence(loss: Double) -> Divergence.Cause? {
    guard loss.isFinite else { return .loss }
    guard let multiple = plan.explosion, progress.step > 0 else { return nil }
    return loss > multiple * max(1, progress.recent.value) ? .explosion : nil
  }

  private func found(_ cause: Divergence.Cause, rate: Double, loss: Double?) -> Divergence {
    // A fault that is found between two updates is that of the last one.
    let isBetween = cause == .validation || cause == .parameters
    return Divergence(
      cause: cause, step: progress.step + (isBetween ? 0 : 1), epoch: progress.epoch + 1, window: progress.window + 1,
      position: progress.position, learningRate: rate, loss: loss.flatMap { $0.isFinite ? $0 : nil })
  }

  /// Goes back to the last state that was kept, with a lower rate.
  ///
  /// - Throws: ``TrainingError/diverged(_:)`` if the plan has no attempts left.
  private func recover(_ divergence: Divergence) throws(TrainingError) -> RecoveryRecord {
    guard let recovery = plan.recovery, let state = fallback, progress.recoveries.count < recovery.attempts else {
      throw .diverged(divergence)
    }
    let (seconds, recoveries) = (progress.seconds, progress.recoveries)
    let rateFactor = progress.rateFactor * recovery.factor
    try restore(state, ranges: plan.learningRanges(network.table))
    progress.seconds = seconds
    progress.rateFactor = rateFactor
    let record = RecoveryRecord(divergence: divergence, step: state.progress.step, rateFactor: rateFactor)
    progress.recoveries = recoveries + [record]
    fallback = state
    return record
  }

  /// Keeps a state to go back to when one is due: the one before an update whose window has shown that the loss of its parameters
  /// is sound. After an update nobody knows yet.
  private func keepFallback(_ generator: RandomGenerator) {
    guard let recovery = plan.recovery, progress.step.isMultiple(of: recovery.interval) else { return }
    fallback = nil
    var state = state
    state.generator = generator
    fallback = state
  }

  private func restore(_ state: TrainingState, ranges: [Range<Int>]) throws(TrainingError) {
    for other in state.fallback { _ = try decode(other, ranges: ranges) }
    (optimizer, carried) = try decode(state, ranges: ranges)
    network.update { parameters, _ in parameters = state.parameters }
    networkPosition = nil
    progress = state.progress
    progress.plan = plan
    progress.fallback = []
    generator = state.generator
    bestParameters = state.bestParameters
    fallback = state.fallback.first
  }

  /// Checks that a state fits the model, the plan and the text.
  private func decode(
    _ state: TrainingState, ranges: [Range<Int>]
  ) throws(TrainingError) -> (OptimizerState, CarriedStates) {
    let count = network.table.count
    let progress = state.progress
    guard state.parameters.count == count else {
      throw .invalidState("it has \(state.parameters.count) parameters, the model \(count)")
    }
    let hasBest = progress.bestLoss != nil
    guard state.bestParameters.count == (hasBest ? count : 0), (progress.bestStep != nil) == hasBest else {
      throw .invalidState("its best parameters are not those of the model")
    }
    let counters = [progress.step, progress.epoch, progress.window, progress.tokens, progress.tokensSinceValidation]
    guard counters.allSatisfy({ $0 >= 0 }), (0..<source.length).contains(progress.position),
      progress.seconds >= 0, progress.rateFactor.isFinite
    else {
      throw .invalidState("its counters are out of range, or belong to another text")
    }
    let optimizer = try OptimizerState(
      plan.optimizer, count: count, ranges: ranges, slots: state.slots, step: progress.optimizerStep,
      averagedSteps: progress.averagedSteps)
    return (optimizer, try decodeCarried(state))
  }

  private func decodeCarried(_ state: TrainingState) throws(TrainingError) -> CarriedStates {
    let positions = state.progress.carriedPositions
    guard state.carried.count == positions.count else {
      throw .invalidState("the carried states have not as many positions")
    }
    var entries: [CarriedStates.Entry] = []
    for (values, position) in zip(state.carried, positions) {
      var carried: Network.State?
      if !values.isEmpty {
        carried = network.state.replacing(flat: values)
        guard carried != nil else {
          throw .invalidState("a carried state has \(values.count) numbers, which is not what the model needs")
        }
      }
      entries.append(CarriedStates.Entry(position: position, state: carried))
    }
    // The first one is at most one update before the next window, the last one where the next targets are.
    let start = windowStart(state.progress.position)
    guard let carried = CarriedStates(entries), let first = entries.first, let last = entries.last,
      first.position <= start, start - first.position < plan.stride, last.position == state.progress.position
    else {
      throw .invalidState("the carried states do not stand where the next window begins")
    }
    return carried
  }
}
