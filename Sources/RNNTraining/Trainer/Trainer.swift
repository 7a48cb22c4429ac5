import Kernels
import RNNModel
import RNNText

/// Trains a model on a text by truncated back-propagation through time with carried state, and says which parameters are the best.
///
/// A trainer is a machine that stands between two updates. Its ``state`` can be taken out there, and a new trainer that
/// takes it up goes on with the same bits, times excepted.
public final class Trainer {
  let plan: TrainingPlan
  let network: Network
  let validation: Validation
  let source: any WindowSource
  let recurrentWeights: [Range<Int>]
  let clock = ContinuousClock()

  var optimizer: OptimizerState
  var weightDrop: WeightDrop
  var embeddingDropout: EmbeddingDropout
  var generator: RandomGenerator
  var carried: CarriedStates
  /// The position at which the network's own state stands; nil when it is none of this epoch.
  var networkPosition: Int?
  var progress: TrainingState.Progress
  var bestParameters: [Float]
  var fallback: TrainingState?
  /// The validation at the end of a run that the plan did not ask for there: it is no part of the state.
  var closing: (record: ValidationRecord, parameters: [Float])?

  var inputs: [Int32] = []
  var targets: [Int32] = []
  var warmUpResults: [Double] = []

  /// Prepares a training.
  ///
  /// - Parameters:
  ///   - model: the model to start from.
  ///   - plan: how to train it.
  ///   - training: the text to learn, as `plan.batch` streams.
  ///   - validation: the text held out.
  /// - Throws: ``TrainingError/invalidPlan(_:)``, ``TrainingError/unknownTensor(_:)``,
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
        validation, plan.validation.streams ?? TextStreams.usualCount(tokens: validation.count), "validation part"))
  }

  /// Takes up a training where it stood.
  ///
  /// - Parameters:
  ///   - state: what ``state`` gave.
  ///   - model: a model of the same architecture; its parameters do not matter.
  ///   - plan: the same plan as before, or one that differs in what may change, for example with more epochs; the sizes must be the same.
  ///   - training: the same text as before.
  ///   - validation: the same text as before.
  /// - Throws: ``TrainingError/invalidState(_:)`` if the state does not fit the model, the plan or the text, and all that
  ///   ``init(_:plan:training:validation:)-(_,_,WindowSource,_)`` throws.
  public convenience init(
    resuming state: TrainingState, model: Model, plan: TrainingPlan, training: any WindowSource,
    validation: any WindowSource
  ) throws {
    try self.init(model, plan: plan, state: state, training: training, validation: validation)
  }

  private init(
    _ model: Model, plan: TrainingPlan, state: TrainingState?, training: any WindowSource,
    validation: any WindowSource
  ) throws {
    try plan.check()
    guard training.batch == plan.batch else {
      throw TrainingError.wrongBatch(streams: training.batch, plan: plan.batch)
    }
    try Self.check(model.architecture, reads: training, plan)
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
      steps: training.longestSteps(positions: plan.longestWindow))
    self.validation = try Validation(
      model.architecture, parameters: model.parameters.values, plan: plan.validation, source: validation)
    let regularisation = plan.regularisation
    if regularisation.embeddingDropout > 0, !network.hasEmbedding {
      throw TrainingError.invalidPlan("it asks for embedding dropout, but the model has no embedding")
    }
    if regularisation.weightDrop > 0, recurrentWeights.isEmpty {
      throw TrainingError.invalidPlan("it asks for weight drop, but no recurrent weights are learned")
    }
    embeddingDropout = EmbeddingDropout(tokens: model.architecture.size, rate: regularisation.embeddingDropout)
    network.penalties = Network.Penalties(
      activation: regularisation.activationPenalty, temporal: regularisation.temporalPenalty)
    optimizer = OptimizerState(plan.optimizer, count: table.count, ranges: ranges)
    generator = RandomGenerator(seed: plan.seed)
    carried = CarriedStates()
    progress = TrainingState.Progress()
    bestParameters = []
    if let state { try restore(state, ranges: ranges) }
  }

  /// Refuses a network that does not learn from what it is given.
  private static func check(
    _ architecture: Architecture, reads source: any WindowSource, _ plan: TrainingPlan
  ) throws {
    guard source.holdsSequences else { return try architecture.requireLanguageModel() }
    guard plan.longestWindow == 1 else {
      throw TrainingError.invalidPlan("windows of \(plan.longestWindow) batches of whole sequences are not possible")
    }
    guard architecture.context == .sequence, architecture.input == .tokens, architecture.output == .softmax else {
      throw ArchitectureError.notTrainable(reason: "it does not choose labels for whole sequences of tokens")
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
}
