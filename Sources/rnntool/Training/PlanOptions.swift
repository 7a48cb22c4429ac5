import ArgumentParser
import Kernels
import RNNTraining

/// How long a training lasts, and what it reads at a time.
struct LengthOptions: ParsableArguments {
  @Option(
    help:
      "How often to read the text, from the very beginning also with --resume. Default: 10, or no end with --minutes or --steps."
  )
  var epochs: Int?

  @Option(help: "Stop after so many updates, counted likewise.")
  var steps: Int?

  @Option(
    help:
      "Stop after so many minutes, counted likewise. The schedule then follows the clock, so that no two runs are the same."
  )
  var minutes: Double?

  @Option(help: "Streams read side by side. Default: 32.")
  var batch: Int?

  @Option(help: "Symbols of each stream that gradients flow back through (k2). Default: 64.")
  var length: Int?

  @Option(help: "Symbols of each stream between two updates (k1). Default: --length.")
  var updateEvery: Int?

  @Flag(inversion: .prefixedNo, help: "Windows of random length around --length, as AWD-LSTM has them.")
  var randomLengths: Bool?

  @Flag(inversion: .prefixedNo, help: "Each epoch begins with the state that the last one ended with, as in char-rnn.")
  var carryState: Bool?

  @Option(
    help:
      "Updates between two validations. Default: one epoch, but at most 500, or a tenth of --steps; with a preset, one epoch."
  )
  var validateEvery: Int?

  @Option(help: "The seed of all chance: initial parameters and dropout. Default: 1.")
  var seed: UInt64?

  @Option(help: "Threads; they change the speed, not the result. Default: one for each processor.")
  var threads: Int?
}

/// How the gradient changes the parameters.
struct OptimizerOptions: ParsableArguments {
  @Option(help: "sgd, rmsprop, adagrad, adam, adamw or averaged-sgd. Default: adam.")
  var optimizer: Optimizer?

  @Option(help: "The step size. Default: 0.005 for adam, else the optimizer's usual one.")
  var learningRate: Double?

  @Option(help: "Momentum of sgd and rmsprop.")
  var momentum: Double?

  @Flag(inversion: .prefixedNo, help: "Nesterov's momentum, for sgd.")
  var nesterov: Bool?

  @Option(help: "rmsprop: how long squares are remembered. Default: 0.99.")
  var alpha: Double?

  @Option(help: "adam: how long gradients are remembered. Default: 0.9.")
  var beta1: Double?

  @Option(help: "adam: how long their squares are remembered. Default: 0.999.")
  var beta2: Double?

  @Option(help: "What is added to roots of squares. Default: the optimizer's usual one.")
  var epsilon: Double?

  @Option(
    help: "averaged-sgd: averaging begins when a validation is worse than the best before the last so many. Default: 5."
  )
  var nonMonotone: Int?

  @Option(help: "Weight decay. Default: 0, for adamw 0.01.")
  var weightDecay: Double?

  @Option(help: "The largest norm of the gradient; 0 for no clipping. Default: 5.")
  var clip: Double?

  @Option(help: "The largest magnitude of each element of the gradient, in place of --clip.")
  var clipValue: Double?

  @Option(help: "constant, step, exponential, cosine, plateau or halving. Default: cosine, down to --final-rate.")
  var schedule: ScheduleName?

  @Option(
    help:
      "step, exponential, halving, plateau: what the rate is multiplied with. Default: 0.1 (step, plateau), 0.97 (exponential), 0.5 (halving)."
  )
  var decay: Double?

  @Option(help: "exponential, halving: the first epoch after which the rate falls. Default: 1.")
  var decayFrom: Int?

  @Option(help: "step: epochs between two falls. Default: 1.")
  var decayEvery: Int?

  @Option(help: "plateau: how many validations without improvement are borne. Default: 0.")
  var patience: Int?

  @Option(help: "cosine: the part of the rate that is left at the end. Default: 0.1.")
  var finalRate: Double?

  @Option(help: "Updates in which the rate rises from zero to its value.")
  var warmUp: Int?

  enum ScheduleName: String, ExpressibleByArgument, CaseIterable {
    case constant, step, exponential, cosine, plateau, halving
  }
}

/// What keeps the model from learning the text by heart, beside dropout.
struct RegularisationOptions: ParsableArguments {
  @Option(help: "Dropout of whole rows of the embedding.")
  var embeddingDropout: Double?

  @Option(help: "Dropout of recurrent weights (AWD-LSTM).")
  var weightDrop: Double?

  @Option(help: "Penalty on the square of the last layer's outputs.")
  var activationPenalty: Double?

  @Option(help: "Penalty on the square of their change from step to step.")
  var temporalPenalty: Double?
}

extension LengthOptions {
  /// Changes what was said.
  func apply(to recipe: inout Recipe) {
    recipe.seed = seed ?? recipe.seed
    if epochs != nil || steps != nil || minutes != nil { recipe.plan.epochs = nil }
    applyLimits(to: &recipe.plan)
    if let batch { recipe.plan.batch = batch }
    if let length { recipe.plan.length = length }
    if let updateEvery { recipe.plan.updateInterval = updateEvery }
    if let randomLengths { recipe.plan.randomLengths = randomLengths ? .init() : nil }
    if let carryState { recipe.plan.carriesStateOverEpochs = carryState }
    if let validateEvery { recipe.plan.validation.interval = validateEvery }
  }

  /// When to stop: what may change when a training is resumed.
  func applyLimits(to plan: inout TrainingPlan) {
    if let epochs { plan.epochs = epochs }
    if let steps { plan.maximumSteps = steps }
    if let minutes { plan.maximumSeconds = minutes * 60 }
  }

  /// What the plan itself does not check.
  func check() throws {
    let counts = 1...1_000_000_000
    try require(counts.contains(epochs ?? 1), "--epochs has to be between 1 and 1,000,000,000.")
    try require(counts.contains(steps ?? 1), "--steps has to be between 1 and 1,000,000,000.")
    try require(
      minutes.map { $0 > 0 && $0 <= 1_000_000_000 } ?? true, "--minutes has to be above 0 and at most 1,000,000,000.")
    let sizes = 1...1_000_000
    for (name, size) in [("--batch", batch), ("--length", length), ("--update-every", updateEvery)] {
      try require(sizes.contains(size ?? 1), "\(name) has to be between 1 and 1,000,000.")
    }
    try require(seed ?? 0 < 1 << 53, "--seed has to be below 2^53.")
    try require(
      (1...ThreadTeam.mostThreads).contains(threads ?? 1),
      "--threads has to be between 1 and \(ThreadTeam.mostThreads).")
  }
}

extension OptimizerOptions {
  /// Changes what was said; the numbers are checked by the plan itself. A name that says what is so already changes nothing.
  func apply(to plan: inout TrainingPlan) {
    if let named = optimizer, named.name != plan.optimizer.name {
      plan.optimizer = named
      plan.learningRate = named == .adam ? TrainingPlan().learningRate : named.defaultLearningRate
    }
    plan.optimizer = changed(plan.optimizer)
    if let learningRate { plan.learningRate = learningRate }
    if let weightDecay { plan.weightDecay = weightDecay }
    if let clip { plan.clipping = clip > 0 ? .norm(clip) : nil }
    if let clipValue { plan.clipping = .value(clipValue) }
    applySchedule(to: &plan.schedule)
  }

  private func changed(_ optimizer: Optimizer) -> Optimizer {
    switch optimizer {
    case .sgd(let oldMomentum, let dampening, let oldNesterov):
      .sgd(momentum: momentum ?? oldMomentum, dampening: dampening, nesterov: nesterov ?? oldNesterov)
    case .rmsprop(let oldAlpha, let oldEpsilon, let oldMomentum, let centred):
      .rmsprop(
        alpha: alpha ?? oldAlpha, epsilon: epsilon ?? oldEpsilon, momentum: momentum ?? oldMomentum, centred: centred)
    case .adagrad(let rateDecay, let sum, let oldEpsilon):
      .adagrad(rateDecay: rateDecay, initialSum: sum, epsilon: epsilon ?? oldEpsilon)
    case .adam(let old1, let old2, let oldEpsilon):
      .adam(beta1: beta1 ?? old1, beta2: beta2 ?? old2, epsilon: epsilon ?? oldEpsilon)
    case .adamW(let old1, let old2, let oldEpsilon):
      .adamW(beta1: beta1 ?? old1, beta2: beta2 ?? old2, epsilon: epsilon ?? oldEpsilon)
    case .averagedSGD(let old): .averagedSGD(nonMonotone: nonMonotone ?? old)
    }
  }

  private func applySchedule(to schedule: inout Schedule) {
    if let warmUp { schedule.warmUp = warmUp }
    guard self.schedule?.names(schedule.decay) != true else {
      schedule.decay = changed(schedule.decay)
      return
    }
    switch self.schedule {
    case .constant: schedule.decay = .constant
    case .step: schedule.decay = .step(every: decayEvery ?? 1, factor: decay ?? 0.1)
    case .exponential: schedule.decay = .exponential(factor: decay ?? 0.97, from: decayFrom ?? 1)
    case .halving: schedule.decay = .exponential(factor: decay ?? 0.5, from: decayFrom ?? 1)
    case .cosine: schedule.decay = .cosine(final: finalRate ?? 0.1)
    case .plateau:
      schedule.decay = .plateau(factor: decay ?? 0.1, patience: patience ?? 0, threshold: 0, minimum: 0)
    case nil: schedule.decay = changed(schedule.decay)
    }
  }

  /// A preset's schedule with other numbers.
  private func changed(_ schedule: Schedule.Decay) -> Schedule.Decay {
    switch schedule {
    case .constant: .constant
    case .step(let every, let factor): .step(every: decayEvery ?? every, factor: decay ?? factor)
    case .exponential(let factor, let from): .exponential(factor: decay ?? factor, from: decayFrom ?? from)
    case .cosine(let final): .cosine(final: finalRate ?? final)
    case .plateau(let factor, let oldPatience, let threshold, let minimum):
      .plateau(factor: decay ?? factor, patience: patience ?? oldPatience, threshold: threshold, minimum: minimum)
    }
  }

  /// Flags that contradict each other or say nothing.
  ///
  /// - Parameter base: what they change.
  func check(base: TrainingPlan) throws {
    try require(
      learningRate.map { $0 > 0 && $0 <= 1e15 } ?? true, "--learning-rate has to be above 0 and at most 1e15.")
    try require(
      clip.map { $0 >= 0 && $0 <= 1e15 } ?? true, "--clip has to be between 0, for no clipping, and 1e15.")
    try require(clip == nil || clipValue == nil, "--clip and --clip-value contradict each other: give one of them.")
    try checkOptimizer((optimizer ?? base.optimizer).name)
    try checkSchedule(base.schedule.decay)
  }

  private func checkOptimizer(_ name: String) throws {
    let flags: [(flag: String, isGiven: Bool, optimizers: [String])] = [
      ("--momentum", momentum != nil, ["sgd", "rmsprop"]), ("--nesterov", nesterov == true, ["sgd"]),
      ("--alpha", alpha != nil, ["rmsprop"]), ("--beta1", beta1 != nil, ["adam", "adamw"]),
      ("--beta2", beta2 != nil, ["adam", "adamw"]),
      ("--epsilon", epsilon != nil, ["rmsprop", "adagrad", "adam", "adamw"]),
      ("--non-monotone", nonMonotone != nil, ["averaged-sgd"]),
    ]
    for (flag, isGiven, optimizers) in flags {
      try require(
        !isGiven || optimizers.contains(name), "\(flag) is for --optimizer \(optimizers.joined(separator: " or "))."
      )
    }
  }

  private func checkSchedule(_ decay: Schedule.Decay) throws {
    let flags: [(flag: String, isGiven: Bool, schedules: [ScheduleName])] = [
      ("--decay", self.decay != nil, [.step, .exponential, .plateau, .halving]),
      ("--decay-from", decayFrom != nil, [.exponential, .halving]), ("--decay-every", decayEvery != nil, [.step]),
      ("--patience", patience != nil, [.plateau]), ("--final-rate", finalRate != nil, [.cosine]),
    ]
    for (flag, isGiven, schedules) in flags {
      try require(
        !isGiven || schedules.contains { name in schedule.map { $0 == name } ?? name.names(decay) },
        "\(flag) is for --schedule \(schedules.map(\.rawValue).joined(separator: " or ")).")
    }
  }
}

extension OptimizerOptions.ScheduleName {
  /// Whether a schedule is called so.
  fileprivate func names(_ decay: Schedule.Decay) -> Bool {
    switch (self, decay) {
    case (.constant, .constant), (.step, .step), (.exponential, .exponential), (.cosine, .cosine),
      (.plateau, .plateau):
      true
    case (.halving, .exponential(let factor, _)): factor == 0.5
    default: false
    }
  }
}

extension RegularisationOptions {
  /// Changes what was said; the numbers are checked by the plan itself.
  func apply(to regularisation: inout Regularisation) {
    if let embeddingDropout { regularisation.embeddingDropout = embeddingDropout }
    if let weightDrop { regularisation.weightDrop = weightDrop }
    if let activationPenalty { regularisation.activationPenalty = activationPenalty }
    if let temporalPenalty { regularisation.temporalPenalty = temporalPenalty }
  }
}
