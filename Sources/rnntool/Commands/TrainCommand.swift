import ArgumentParser
import Foundation
import Kernels
import RNNConversion
import RNNEvaluation
import RNNFormat
import RNNModel
import RNNText
import RNNTraining

/// `rnntool train`
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a model on text, or on text with labels.",
    discussion: """
      The text is cut into streams that are read side by side; its last part is held out to decide which parameters are kept: those with the
      lowest loss there. The model file holds them from the first validation on, together with all that is needed to go on: after Ctrl-C, a crash
      or a power cut, 'rnntool train --resume MODEL' continues as if nothing had happened, to the same numbers. --epochs, --steps and --minutes
      are counted from the very beginning, so that a training that is done goes on, if --keep-state has kept its state, with a larger one.

      The same text, flags and seed give the same parameters, with any number of threads, on the same kind of machine; with SOURCE_DATE_EPOCH
      set, which leaves measured times and the number of threads out of the file, the same file. With --minutes the schedule follows the clock: then
      no two runs are the same.

      Presets are published experiments, each of whose numbers can be overridden by a flag:
      \(Preset.all.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n"))

      Examples:
        rnntool train book.txt -o book.h5 --minutes 2 --keep-state
        rnntool train --resume book.h5 --minutes 10
        rnntool train a.txt b.txt.gz -o model.h5 --cell gru --hidden 512 --layers 2 --dropout 0.3 --epochs 20
        rnntool train shakespeare.txt -o s.h5 --preset char-rnn --epochs 30
        rnntool train wiki.train.txt --validation wiki.valid.txt --test wiki.test.txt -o w.h5 --preset word-language-model --tied
        rnntool train words.txt -o words.h5 --vocabulary bpe --vocabulary-size 8000 --optimizer adamw --learning-rate 1e-3
        rnntool train wiki.train.txt -o ngrams.h5 --model ngram --order 5 --vocabulary words --test wiki.test.txt
        rnntool train words.txt -o window.h5 --model fixed-window --window 5 --vocabulary words --direct
        rnntool train names.tsv -o tagger.h5 --model tagger --bidirectional --dropout 0.5
        rnntool train reviews.tsv -o classifier.h5 --model classifier --bidirectional --test others.tsv
        rnntool train book.txt -o book.h5 --epochs 20 --tensorboard runs/first --csv book.csv
        cat book.txt | rnntool train - -o bytes.h5 --vocabulary bytes
      """)

  @Argument(help: "The texts to learn, one after another, plain or gzip; '-' for standard input.")
  var texts: [String] = []

  @Option(name: .shortAndLong, help: "The model file to write. With --resume, default: the file that is resumed.")
  var output: String?

  @Flag(help: "Replace the model file if it exists.")
  var force = false

  @Option(help: "Begin with the numbers of a published experiment.")
  var preset: Preset?

  @Option(help: "Go on with the unfinished training in a model file.")
  var resume: String?

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "N-grams") var ngrams: NGramOptions
  @OptionGroup(title: "Text") var text: TextOptions
  @OptionGroup(title: "Length") var length: LengthOptions
  @OptionGroup(title: "Optimizer") var optimizer: OptimizerOptions
  @OptionGroup(title: "Regularisation") var regularisation: RegularisationOptions
  @OptionGroup(title: "Safety") var safety: SafetyOptions
  @OptionGroup(title: "Watching") var watching: WatchOptions
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

    /// Changes what was said.
    func apply(to plan: inout TrainingPlan) {
      if let recover { plan.recovery = recover > 0 ? .init(attempts: recover) : nil }
    }
  }

  func validate() throws {
    if resume == nil {
      try require(!texts.isEmpty, "Missing expected argument '<texts> ...'")
      try require(output != nil, "Missing expected argument '--output <output>'")
    }
    let ending = output.flatMap { ModelFormat(fileName: $0) }
    try require(
      ending == nil || ending == .rnnH5, "--output is always an rnn-h5 file: name it .h5, and convert it afterwards.")
    try length.check()
    try require(safety.checkpointEvery ?? 1 > 0, "--checkpoint-every has to be positive.")
    try require(
      safety.checkpointMinutes.map { $0 > 0 && $0.isFinite } ?? true,
      "--checkpoint-minutes has to be positive and finite.")
    try require((0...1000).contains(safety.recover ?? 0), "--recover has to be between 0 and 1000.")
    try require(Set(texts).count == texts.count, "a text is named twice.")
    try require(
      watching.csv == nil || watching.csv != output ?? resume, "--csv and --output have to be different files.")
    let inputs = texts + [text.validation, text.test].compactMap(\.self)
    try require(inputs.count { $0 == "-" } <= 1, "standard input cannot be read as two texts.")
    try require(ngrams.isEmpty || model.family == .ngram, "--order, --smoothing and the like are for --model ngram.")
    if model.family == .ngram {
      _ = try ngramText()
    } else if resume == nil {
      _ = try recipe()
    }
  }

  func run() throws {
    ThreadTeam.threadCount = length.threads ?? ThreadTeam.threadCount
    if let resume {
      try continueTraining(in: resume)
    } else if model.family == .ngram {
      try countNGrams(writing: output ?? "")
    } else {
      try begin(writing: output ?? "")
    }
  }

  // MARK: N-grams

  /// The texts of an n-gram model, whose words are sentences by lines unless something else is said.
  ///
  /// - Throws: `ValidationError` for flags that say nothing of n-grams.
  private func ngramText() throws -> Recipe.Text {
    try ngrams.check()
    try require(resume == nil, "--model ngram has nothing to resume.")
    try require(preset == nil, "--preset is a recurrent network, not --model ngram.")
    try require(
      text.layout == nil && text.validationFraction == nil,
      "--layout and --validation-fraction are for networks: all of the text is counted. Name a text with --validation.")
    var plain = Recipe(texts)
    if text.vocabulary == .words { plain.text.normalisation = .whitespace }
    try text.check(base: plain)
    var wanted = try changed(plain)
    text.apply(to: &plain.text)
    wanted.text = plain.text
    if let difference = try wanted.difference(from: plain) {
      throw ValidationError("--model ngram counts n-grams, and has no use for a network's flags: \(difference).")
    }
    return plain.text
  }

  private func countNGrams(writing output: String) throws {
    let text = try ngramText()
    try Input.check(output, isNoneOf: text.files + [text.validation, text.test].compactMap(\.self))
    try Input.check(output, mayReplace: force)
    try AtomicFile.checkWritable(output)
    try NGramTraining(
      text: text, options: ngrams, output: output, created: Self.creationTime(), speech: speech
    ).run()
  }

  /// Preset, flags and defaults together, but for a file with the architecture.
  private func recipe() throws -> Recipe {
    try changed(preset.map { Recipe(texts, preset: $0) } ?? Recipe(texts))
  }

  /// A recipe with what the flags change, but for a file with the architecture.
  ///
  /// - Throws: `ValidationError` for flags that contradict it or each other, that say nothing, or are out of range.
  private func changed(_ base: Recipe) throws -> Recipe {
    try model.check(base: base)
    try model.checkLabels(base: base, presetName: preset?.name)
    try text.check(base: base)
    try optimizer.check(base: base.plan)
    var recipe = base
    model.apply(to: &recipe)
    text.apply(to: &recipe.text)
    length.apply(to: &recipe)
    optimizer.apply(to: &recipe.plan)
    regularisation.apply(to: &recipe.plan.regularisation)
    safety.apply(to: &recipe.plan)
    if let problem = recipe.labellingProblem { throw ValidationError(problem) }
    if let problem = recipe.plan.problem ?? recipe.initialisation.problem { throw ValidationError(problem.usage) }
    return recipe
  }

  // MARK: A new training

  private func begin(writing output: String) throws {
    var recipe = try recipe()
    recipe.architecture = try model.readArchitecture()
    try Input.check(output, isNoneOf: recipe.inputs + [model.architecture].compactMap(\.self))
    try Input.check(output, mayReplace: force)
    try AtomicFile.checkWritable(output)
    let created = try Self.creationTime()
    let corpus = try recipe.material(isQuiet: speech.quiet)
    let architecture = try recipe.architecture(size: corpus.vocabulary.count, labels: corpus.labels)
    try model.check(recipe, made: architecture)
    guard architecture.size > 1 else {
      throw Failure("the vocabulary has only one token: there is nothing to learn", code: Failure.refused)
    }
    try Memory.check(architecture, training: recipe.plan, reading: corpus.training)
    recipe.plan = plan(recipe, corpus, architecture)
    var generator = RandomGenerator(seed: recipe.seed)
    let start = try Model(
      architecture: architecture, parameters: recipe.initialisation.parameters(of: architecture, using: &generator),
      vocabulary: corpus.vocabulary, labels: corpus.labels)
    recipe.plan.seed = generator.next() >> 11
    let trainer = try Trainer(
      start, plan: recipe.plan, training: corpus.training, validation: corpus.validation)
    let metadata = try metadata(recipe, corpus, created: created)
    try train(
      trainer, start, corpus,
      TrainingSession.Frame(
        recipe: recipe, hashes: corpus.hashes, metadata: metadata,
        lineage: [["event": "trained", "by": .string(Generator.text)]]), output: output, resumedAt: nil)
  }

  /// The plan with what depends on the text.
  private func plan(_ recipe: Recipe, _ corpus: any TrainingMaterial, _ architecture: Architecture) -> TrainingPlan {
    var plan = recipe.plan
    if recipe.initialisation.reservoir != nil { plan.frozen += Reservoir.frozenPaths(of: architecture) }
    // Long epochs and short runs are validated more often, so that a run that is cut keeps most of its work; a preset says itself when.
    if plan.validation.interval == nil, recipe.preset == nil {
      let windows = max(1, corpus.training.windowCount(steps: plan.updateInterval ?? plan.length))
      plan.validation.interval = max(1, min(windows, (plan.maximumSteps ?? 5000) / 10))
    }
    return plan
  }

  // MARK: An unfinished training

  private func continueTraining(in path: String) throws {
    let file = try Input.model(path)
    let output = output ?? path
    // What is written gets hashes of its own: then nobody could see any more that something has been changed.
    try file.checkContent()
    if output == path, !file.unnamed.isEmpty {
      throw Failure(
        "'\(path.printable)' holds what the format does not name and the training would not keep: \(file.unnamed.joined(separator: ", ").printable); name another --output",
        code: Failure.refused)
    }
    let stored = try StoredTraining(file, path: path)
    let lastValidation = file.document.history.columns["step"]?.values.last.flatMap { Int(exactly: $0) }
    let recipe = try resumed(stored, of: path, lastValidation: lastValidation)
    try checkTexts(of: recipe, namedBy: path)
    try Input.check(output, isNoneOf: recipe.inputs)
    if output != path { try Input.check(output, mayReplace: force) }
    try AtomicFile.checkWritable(output)
    let document = file.document
    guard let vocabulary = document.vocabulary else {
      throw Failure("'\(path.printable)' does not say what its tokens are", code: Failure.refused)
    }
    let start = stored.model
    let corpus = try recipe.material(resuming: (vocabulary, start.labels), isQuiet: speech.quiet)
    try Memory.check(start.architecture, training: recipe.plan, reading: corpus.training)
    try Self.check(corpus, stored, of: path)
    let trainer = try Trainer(
      resuming: stored.state, model: start, plan: recipe.plan, training: corpus.training,
      validation: corpus.validation)
    let metadata = try metadata(recipe, corpus, created: document.metadata["created"]?.string)
    let before = document.metadata.object ?? [:]
    try train(
      trainer, start, corpus,
      TrainingSession.Frame(
        recipe: recipe, hashes: corpus.hashes,
        metadata: .object(before.merging(metadata.object ?? [:], uniquingKeysWith: { $1 })),
        lineage: document.lineage + [["event": "resumed", "by": .string(Generator.text)]]),
      output: output, resumedAt: stored.state.progress.step)
  }

  /// The recipe of a stored training with what the flags may change: when to stop, the rate, and where the texts are.
  ///
  /// - Parameter lastValidation: the update of the last row of the file's history.
  private func resumed(_ stored: StoredTraining, of path: String, lastValidation: Int?) throws -> Recipe {
    let old = stored.recipe
    var recipe = old
    length.applyLimits(to: &recipe.plan)
    if let rate = optimizer.learningRate { recipe.plan.learningRate = rate }
    safety.apply(to: &recipe.plan)
    if !texts.isEmpty { recipe.text.files = texts }
    if old.text.validation != nil, let moved = text.validation { recipe.text.validation = moved }
    if old.text.test != nil, let moved = text.test { recipe.text.test = moved }

    var wanted = try changed(recipe)
    // A name that is refused itself brings its usual rate with it.
    (wanted.plan.epochs, wanted.plan.learningRate) = (recipe.plan.epochs, recipe.plan.learningRate)
    wanted.preset = preset?.name ?? old.preset
    if let architecture = try model.readArchitecture() { wanted.architecture = architecture }
    if let difference = try wanted.difference(from: recipe) {
      throw Failure(
        "--resume goes on with what '\(path.printable)' says: \(difference); only the limits, --learning-rate, --recover, what concerns checkpoints, and the places of the texts can change",
        code: 64)
    }
    let progress = stored.state.progress
    // A training that was cut after its last update, before its last validation was in the file, has that to do.
    let isUnfinished = old.plan.limit(reachedBy: progress) != nil && lastValidation != progress.step
    if recipe.plan.limit(reachedBy: progress) != nil, !isUnfinished {
      throw Failure(
        "there is nothing left to do in '\(path.printable)' after \(Format.count(progress.step, "step")), "
          + "\(Format.count(progress.epoch, "whole epoch")) and \(Format.duration(progress.seconds)): --steps, --epochs and --minutes "
          + "are counted from the very beginning, and have to be more than that",
        code: Failure.refused)
    }
    return recipe
  }

  /// Refuses to open what a file names as a text and is none, but a device, a pipe or standard input.
  private func checkTexts(of recipe: Recipe, namedBy path: String) throws {
    let named = texts + [text.validation, text.test].compactMap(\.self)
    for text in recipe.inputs where !named.contains(text) {
      let target = URL(fileURLWithPath: text).resolvingSymlinksInPath().path
      let kind = try? FileManager.default.attributesOfItem(atPath: target)[.type] as? FileAttributeType
      // What is missing is said when it is opened.
      guard text == "-" || kind.map({ $0 != .typeRegular }) ?? false else { continue }
      throw Failure(
        "'\(path.printable)' was trained on '\(text.printable)', which is not an ordinary file: name the texts again",
        code: Failure.refused)
    }
  }

  /// Refuses texts that are not those of a stored training.
  private static func check(_ corpus: any TrainingMaterial, _ stored: StoredTraining, of path: String) throws {
    let (now, before, names) = (corpus.hashes, stored.hashes, stored.recipe.text)
    for (part, now, before, old) in [
      ("text", now.training, before.training, names.files.joined(separator: ", ")),
      ("validation text", now.validation, before.validation, names.validation ?? ""),
      ("test text", now.test, before.test, names.test ?? ""),
    ] where now != before {
      throw Failure(
        "the \(part) is not the one that '\(path.printable)' has begun with, which was called '\(old.printable)': name that one",
        code: Failure.refused)
    }
  }

  // MARK: Both

  private func train(
    _ trainer: Trainer, _ start: Model, _ corpus: any TrainingMaterial, _ frame: TrainingSession.Frame, output: String,
    resumedAt step: Int?
  ) throws {
    if let table = watching.csv { try Input.check(table, isNoneOf: frame.recipe.inputs + [output]) }
    let log = try TrainingLog(watching, model: start, resumedAt: step, mayReplace: force)
    if !speech.quiet { announce(start, corpus, frame.recipe) }
    let session = TrainingSession(
      model: start, output: output, frame: frame,
      interval: .init(steps: safety.checkpointEvery, seconds: (safety.checkpointMinutes ?? 10) * 60),
      keepsState: safety.keepState, log: watching.isEmpty ? nil : log, isQuiet: speech.quiet, isJSON: speech.json)
    try session.run(trainer, test: corpus.test)
  }

  /// The time in SOURCE_DATE_EPOCH, for files that are to be the same bytes each time; nil without one.
  private static func creationTime() throws -> String? {
    guard let text = ProcessInfo.processInfo.environment["SOURCE_DATE_EPOCH"], !text.isEmpty else { return nil }
    guard let seconds = Int(text), (0..<253_402_300_800).contains(seconds) else {
      throw Failure("SOURCE_DATE_EPOCH has to be a number of seconds since 1970, but is '\(text)'", code: 64)
    }
    return ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: Double(seconds)))
  }

  private func announce(_ model: Model, _ corpus: any TrainingMaterial, _ recipe: Recipe) {
    let symbol =
      recipe.labelled != nil ? "labels" : recipe.text.vocabulary == .bpe ? "tokens" : recipe.text.vocabulary.rawValue
    let sizes = [
      "\(Format.count(corpus.trainingCount)) \(symbol) to learn",
      "\(Format.count(corpus.validationCount)) held out", Format.count(corpus.vocabulary.count, "token"),
      Format.count(model.parameters.values.count, "parameter"),
    ]
    Terminal.note(sizes.joined(separator: ", "))
    for note in corpus.notes + [recipe.tyingNote].compactMap(\.self) { Terminal.note(note) }
  }

  private func metadata(_ recipe: Recipe, _ corpus: any TrainingMaterial, created: String?) throws -> JSONValue {
    let words = Array(CommandLine.arguments.dropFirst())
    let commandLine = created == nil ? words : Self.withoutThreads(words)
    return .object(omittingNil: [
      "created": created.map { .string($0) },
      "corpus": corpus.metadata,
      "command_line": .array(commandLine.map { .string($0.printable) }),
      "hyper_parameters": .object(omittingNil: [
        "preset": recipe.preset.map { .string($0) }, "layout": .string(recipe.text.layout.rawValue),
        "initialisation": try JSONValue(encoding: recipe.initialisation), "plan": try JSONValue(encoding: recipe.plan),
      ]),
      "seed": .integer(Int(recipe.seed)),
      "software": ["name": .string(Generator.name), "version": .string(Generator.version)],
      "machine": .object(omittingNil: [
        "matrix_product": .string(MatrixProduct.name), "kernels": .string(KernelLevel.active.rawValue),
        // It changes no number, and so is left out where the same bytes are wanted.
        "threads": created == nil ? .integer(ThreadTeam.threadCount) : nil,
      ]),
      "evaluation": ["protocol": try Self.evaluationProtocol(recipe)],
      "extra": corpus.unknownSymbols.map { ["unknown_symbols": $0] },
    ])
  }

  /// The words of a command line but for `--threads N` and `--threads=N`.
  private static func withoutThreads(_ words: [String]) -> [String] {
    var kept: [String] = []
    var isValue = false
    for word in words {
      if !isValue, word != "--threads", !word.hasPrefix("--threads=") { kept.append(word) }
      isValue = word == "--threads"
    }
    return kept
  }

  /// The protocol that the model's losses compare under: that of the preset, or of the layout of its text.
  private static func evaluationProtocol(_ recipe: Recipe) throws -> JSONValue {
    if recipe.labelled != nil { return ["name": "labels"] }
    let ofLayout = EvaluationProtocol(
      layout: recipe.text.layout, batch: recipe.plan.batch, length: recipe.plan.length)
    // AWD-LSTM has word_language_model's streams, and a test of its own.
    let named = recipe.preset.flatMap { EvaluationProtocol.named($0) }
    let isNamed = recipe.text.layout == .wordLanguageModel && named?.layout == .wordLanguageModel
    return try JSONValue(encoding: isNamed ? named ?? ofLayout : ofLayout)
  }
}
