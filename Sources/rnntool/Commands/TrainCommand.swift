import ArgumentParser
import Foundation
import Kernels
import RNNConversion
import RNNFormat
import RNNModel
import RNNTraining

/// `rnntool train`
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a model on text.",
    discussion: """
      The text is cut into streams that are read side by side; its last part is held out to decide which parameters are kept: those with the
      lowest loss there. The model file holds them from the first validation on, together with all that is needed to go on: after Ctrl-C, a crash
      or a power cut, 'rnntool train --resume MODEL' continues as if nothing had happened, to the same numbers. The same text, flags, seed
      and number of threads give the same parameters; with SOURCE_DATE_EPOCH set, which leaves the measured times out of the history, the same
      file.

      Presets are published experiments, each of whose numbers can be overridden by a flag:
      \(Preset.all.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n"))

      Examples:
        rnntool train book.txt -o book.h5 --minutes 2
        rnntool train --resume book.h5 --minutes 10
        rnntool train a.txt b.txt.gz -o model.h5 --cell gru --hidden 512 --layers 2 --dropout 0.3 --epochs 20
        rnntool train shakespeare.txt -o s.h5 --preset char-rnn --epochs 30
        rnntool train wiki.train.txt --validation wiki.valid.txt --test wiki.test.txt -o w.h5 --preset word-language-model --tied
        rnntool train words.txt -o words.h5 --vocabulary bpe --vocabulary-size 8000 --optimizer adamw --learning-rate 1e-3
        cat book.txt | rnntool train - -o book.h5 --vocabulary bytes
      """)

  enum PresetName: String, ExpressibleByArgument, CaseIterable {
    case charRNN = "char-rnn"
    case zarembaSmall = "zaremba-small"
    case zarembaMedium = "zaremba-medium"
    case wordLanguageModel = "word-language-model"
    case awdLSTM = "awd-lstm"
  }

  @Argument(help: "The texts to learn, one after another, plain or gzip; '-' for standard input.")
  var texts: [String] = []

  @Option(name: .shortAndLong, help: "The model file to write. With --resume, default: the file that is resumed.")
  var output: String?

  @Flag(help: "Replace the model file if it exists.")
  var force = false

  @Option(help: "Begin with the numbers of a published experiment.")
  var preset: PresetName?

  @Option(help: "Go on with the unfinished training in a model file.")
  var resume: String?

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Text") var text: TextOptions
  @OptionGroup(title: "Length") var length: LengthOptions
  @OptionGroup(title: "Optimizer") var optimizer: OptimizerOptions
  @OptionGroup(title: "Regularisation") var regularisation: RegularisationOptions
  @OptionGroup(title: "Safety") var safety: SafetyOptions
  @OptionGroup(title: "Output") var speech: OutputOptions

  struct SafetyOptions: ParsableArguments {
    @Option(
      help:
        "Minutes between two checkpoints, which are also made at each better validation and at the end. Default: 10.")
    var checkpointMinutes: Double?

    @Option(help: "Updates between two checkpoints.")
    var checkpointEvery: Int?

    @Flag(help: "Keep the state in the file when the training is done, to go on later.")
    var keepState = false

    @Option(help: "When the training diverges, go back and halve the rate, at most so many times. Default: 0.")
    var recover: Int?
  }

  func validate() throws {
    func require(_ condition: Bool, _ message: String) throws {
      if !condition { throw ValidationError(message) }
    }
    if resume == nil {
      try require(!texts.isEmpty, "Missing expected argument '<texts> ...'")
      try require(output != nil, "Missing expected argument '--output <output>'")
    } else {
      try require(
        !changesWhatIsResumed,
        "--resume goes on with what the file says: only --epochs, --steps, --minutes, --learning-rate, --threads, --checkpoint-minutes, --checkpoint-every, --keep-state and --recover can change."
      )
    }
    let ending = output.flatMap { ModelFormat(fileName: $0) }
    try require(
      ending == nil || ending == .rnnH5, "--output is always an rnn-h5 file: name it .h5, and convert it afterwards.")
    let named = preset.flatMap { Preset.named($0.rawValue) }
    try model.check(preset: named)
    try text.check(preset: named)
    try length.check()
    try optimizer.check(preset: named)
    try require(safety.checkpointEvery ?? 1 > 0, "--checkpoint-every has to be positive.")
    try require(
      safety.checkpointMinutes.map { $0 > 0 && $0.isFinite } ?? true,
      "--checkpoint-minutes has to be positive and finite.")
    try require((0...1000).contains(safety.recover ?? 0), "--recover has to be between 0 and 1000.")
    try require(Set(texts).count == texts.count, "a text is named twice.")
    let inputs = texts + [text.validation, text.test].compactMap(\.self)
    try require(inputs.count { $0 == "-" } <= 1, "standard input cannot be read as two texts.")
  }

  /// Whether flags would change what a training that is resumed has begun with.
  private var changesWhatIsResumed: Bool {
    var recipe = Recipe(texts)
    let before = recipe
    do { try model.apply(to: &recipe) } catch { return true }
    text.apply(to: &recipe.text)
    regularisation.apply(to: &recipe.plan.regularisation)
    var changed = optimizer
    changed.learningRate = nil
    changed.apply(to: &recipe.plan)
    var length = length
    (length.epochs, length.steps, length.minutes) = (nil, nil, nil)
    length.apply(to: &recipe)
    return recipe != before || preset != nil
  }

  func run() throws {
    ThreadTeam.threadCount = length.threads ?? ThreadTeam.threadCount
    if let resume { try continueTraining(in: resume) } else { try begin(writing: output ?? "") }
  }

  // MARK: A new training

  private func begin(writing output: String) throws {
    let recipe = try recipe()
    let others = [recipe.text.validation, recipe.text.test, model.architecture].compactMap(\.self)
    try Input.check(output, isNoneOf: texts + others)
    try Input.check(output, mayReplace: force)
    try AtomicFile.checkWritable(output)
    let created = try Self.creationTime()
    let corpus = try TrainingCorpus(recipe)
    let architecture = try recipe.architecture(size: corpus.vocabulary.count)
    guard architecture.size > 1 else {
      throw Failure("the vocabulary has only one token: there is nothing to learn", code: Failure.refused)
    }
    try Memory.check(architecture, batch: recipe.plan.batch, steps: recipe.plan.length, trains: true)
    var planned = recipe
    planned.plan = plan(recipe, corpus, architecture)
    var generator = RandomGenerator(seed: recipe.seed)
    let start = try Model(
      architecture: architecture, parameters: recipe.initialisation.parameters(of: architecture, using: &generator),
      vocabulary: corpus.vocabulary)
    planned.plan.seed = generator.next() >> 11
    let trainer = try Trainer(
      start, plan: planned.plan, training: corpus.parts.training, validation: corpus.parts.validation)
    let metadata = try metadata(planned, corpus, created: created)
    try train(
      trainer, start, corpus,
      TrainingSession.Frame(
        recipe: planned, corpus: corpus.sha256, metadata: metadata,
        lineage: [["event": "trained", "by": .string(Generator.text)]]), output: output)
  }

  /// Preset, flags and defaults together.
  private func recipe() throws -> Recipe {
    var recipe = preset.flatMap { Preset.named($0.rawValue) }.map { Recipe(texts, preset: $0) } ?? Recipe(texts)
    try model.apply(to: &recipe)
    text.apply(to: &recipe.text)
    length.apply(to: &recipe)
    optimizer.apply(to: &recipe.plan)
    regularisation.apply(to: &recipe.plan.regularisation)
    if let attempts = safety.recover { recipe.plan.recovery = attempts > 0 ? .init(attempts: attempts) : nil }
    return recipe
  }

  /// The plan with what depends on the text.
  private func plan(_ recipe: Recipe, _ corpus: TrainingCorpus, _ architecture: Architecture) -> TrainingPlan {
    var plan = recipe.plan
    if recipe.initialisation.reservoir != nil { plan.frozen += Reservoir.frozenPaths(of: architecture) }
    // Long epochs and short runs are validated more often, so that a run that is cut keeps most of its work; a preset says itself when.
    if plan.validation.interval == nil, recipe.preset == nil {
      let windows = max(1, corpus.parts.training.windowCount(steps: plan.updateInterval ?? plan.length))
      plan.validation.interval = max(1, min(windows, (plan.maximumSteps ?? 5000) / 10))
    }
    return plan
  }

  // MARK: An unfinished training

  private func continueTraining(in path: String) throws {
    let file = try Input.model(path)
    let output = output ?? path
    var checkpoint = try Checkpoint(file, path: path)
    if !texts.isEmpty { checkpoint.recipe.text.files = texts }
    let recipe = checkpoint.recipe
    let read = recipe.text.files + [recipe.text.validation, recipe.text.test].compactMap(\.self)
    try Input.check(output, isNoneOf: read)
    if output != path { try Input.check(output, mayReplace: force) }
    try AtomicFile.checkWritable(output)
    let document = file.document
    let start = try file.loadModel()
    let corpus = try TrainingCorpus(recipe, vocabulary: document.vocabulary)
    guard corpus.sha256 == checkpoint.corpus else {
      throw Failure(
        "the text is not the one that '\(path.printable)' has been trained on: name that one (\(recipe.text.files.joined(separator: ", ").printable))",
        code: Failure.refused)
    }
    try Memory.check(start.architecture, batch: recipe.plan.batch, steps: recipe.plan.length, trains: true)
    var plan = recipe.plan
    length.applyLimits(to: &plan)
    if let rate = optimizer.learningRate { plan.learningRate = rate }
    if let attempts = safety.recover { plan.recovery = attempts > 0 ? .init(attempts: attempts) : nil }
    checkpoint.recipe.plan = plan
    let trainer = try Trainer(
      resuming: checkpoint.state, model: start, plan: plan, training: corpus.parts.training,
      validation: corpus.parts.validation)
    try train(
      trainer, start, corpus,
      TrainingSession.Frame(
        recipe: checkpoint.recipe, corpus: corpus.sha256, metadata: document.metadata, lineage: document.lineage),
      output: output)
  }

  // MARK: Both

  private func train(
    _ trainer: Trainer, _ start: Model, _ corpus: TrainingCorpus, _ frame: TrainingSession.Frame, output: String
  ) throws {
    if !speech.quiet { announce(start, corpus, frame.recipe) }
    let session = TrainingSession(
      model: start, output: output, frame: frame,
      interval: .init(steps: safety.checkpointEvery, seconds: (safety.checkpointMinutes ?? 10) * 60),
      keepsState: safety.keepState, isQuiet: speech.quiet, isJSON: speech.json)
    try session.run(trainer, test: corpus.parts.test)
  }

  /// The time in SOURCE_DATE_EPOCH, for files that are to be the same bytes each time; nil without one.
  private static func creationTime() throws -> String? {
    guard let text = ProcessInfo.processInfo.environment["SOURCE_DATE_EPOCH"], !text.isEmpty else { return nil }
    guard let seconds = Int(text), (0..<253_402_300_800).contains(seconds) else {
      throw Failure("SOURCE_DATE_EPOCH has to be a number of seconds since 1970, but is '\(text)'", code: 64)
    }
    return ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: Double(seconds)))
  }

  private func announce(_ model: Model, _ corpus: TrainingCorpus, _ recipe: Recipe) {
    let sizes = [
      "\(Format.count(corpus.parts.trainingCount)) \(recipe.text.vocabulary.rawValue) to learn",
      "\(Format.count(corpus.parts.validationCount)) held out", "\(Format.count(corpus.vocabulary.count)) tokens",
      "\(Format.count(model.parameters.values.count)) parameters",
    ]
    Terminal.note(sizes.joined(separator: ", "))
    for note in corpus.notes { Terminal.note(note) }
  }

  private func metadata(_ recipe: Recipe, _ corpus: TrainingCorpus, created: String?) throws -> JSONValue {
    return .object(omittingNil: [
      "created": created.map { .string($0) },
      "corpus": corpus.metadata,
      "command_line": .array(CommandLine.arguments.dropFirst().map { .string($0.printable) }),
      "hyper_parameters": .object(omittingNil: [
        "preset": recipe.preset.map { .string($0) }, "layout": .string(recipe.text.layout.rawValue),
        "initialisation": try JSONValue(encoding: recipe.initialisation), "plan": try JSONValue(encoding: recipe.plan),
      ]),
      "seed": .integer(Int(recipe.seed)),
      "software": ["name": .string(Generator.name), "version": .string(Generator.version)],
      "machine": [
        "matrix_product": .string(MatrixProduct.name), "kernels": .string(KernelLevel.active.rawValue),
        "threads": .integer(ThreadTeam.threadCount),
      ],
      "evaluation": ["protocol": ["name": "stream"]],
    ])
  }
}
