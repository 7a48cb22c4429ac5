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
      The text is read as one stream; its last part is held out to decide which parameters are kept: those with the lowest loss there.
      The model file is replaced each time that loss improves, so that nothing is lost if the training is ended early; Ctrl-C ends it
      cleanly. The same text, flags and seed give the same parameters; with SOURCE_DATE_EPOCH set, which leaves the measured times out of the
      history, the same file.

      Examples:
        rnntool train book.txt -o book.h5 --minutes 2
        rnntool train a.txt b.txt -o model.h5 --cell gru --hidden 512 --layers 2 --dropout 0.3 --epochs 20
        rnntool train words.txt -o words.h5 --vocabulary words --minimum-count 2 --embedding 200
        cat book.txt | rnntool train - -o book.h5 --vocabulary bytes
      """)

  enum Cell: String, ExpressibleByArgument, CaseIterable { case lstm, gru, elman }

  @Argument(help: "The texts to learn, one after another; '-' for standard input.")
  var texts: [String]

  @Option(name: .shortAndLong, help: "The model file to write.")
  var output: String

  @Flag(help: "Replace the model file if it exists.")
  var force = false

  @OptionGroup(title: "Model") var shape: ShapeOptions
  @OptionGroup(title: "Text") var text: TextOptions
  @OptionGroup(title: "Training") var training: TrainingOptions
  @OptionGroup(title: "Output") var speech: OutputOptions

  struct ShapeOptions: ParsableArguments {
    @Option(help: "The recurrent cell: lstm, gru or elman.")
    var cell = Cell.lstm

    @Option(help: "Hidden units in each recurrent layer.")
    var hidden = 256

    @Option(help: "Recurrent layers.")
    var layers = 1

    @Option(help: "The width of the token embedding; 0 for one-hot input. Default: 0 for up to 512 tokens, else 128.")
    var embedding: Int?

    @Option(help: "The activation of an elman cell: tanh, sigmoid, relu, softsign, ... Default: tanh.")
    var activation: String?

    @Option(help: "Dropout after each recurrent layer.")
    var dropout = 0.0
  }

  struct TextOptions: ParsableArguments {
    @Option(help: "What a token is: bytes, characters or words.")
    var vocabulary = Vocabulary.Kind.characters

    @Option(help: "For words, where none is the default: 'none' keeps all white space, 'whitespace' only line ends.")
    var normalisation: Vocabulary.Normalisation?

    @Option(help: "Symbols that occur less often get no token. Default: 1; 0 for bytes, so that all 256 are tokens.")
    var minimumCount: Int?

    @Option(help: "At most so many tokens.")
    var vocabularySize: Int?

    @Option(help: "A text held out for validation. Default: the last part of the training text.")
    var validation: String?

    @Option(help: "The part of the text held out for validation. Default: 0.05.")
    var validationFraction: Double?
  }

  struct TrainingOptions: ParsableArguments {
    @Option(help: "How often to read the text. Default: 10, or no end with --minutes or --steps.")
    var epochs: Int?

    @Option(help: "Stop after so many updates.")
    var steps: Int?

    @Option(help: "Stop after so many minutes.")
    var minutes: Double?

    @Option(help: "Streams read side by side.")
    var batch = 32

    @Option(help: "Symbols of each stream between two updates: gradients flow back so far.")
    var length = 64

    @Option(help: "Adam's step size at the beginning; it falls along a cosine to a tenth.")
    var learningRate = 0.005

    @Option(help: "The largest norm of the gradient; 0 for no clipping.")
    var clip = 5.0

    @Option(help: "Updates between two validations. Default: one epoch, but at most 500, or a tenth of --steps.")
    var validateEvery: Int?

    @Option(help: "The seed of all chance: initial parameters and dropout.")
    var seed: UInt64 = 1

    @Option(help: "Threads to compute with. Default: as many as there are processors.")
    var threads: Int?
  }

  func validate() throws {
    func require(_ condition: Bool, _ message: String) throws {
      if !condition { throw ValidationError(message) }
    }
    let ending = ModelFormat(fileName: output)
    try require(
      ending == nil || ending == .rnnH5,
      "--output is always an rnn-h5 file: name it .h5, and convert it afterwards.")
    try require((1...1_000_000).contains(shape.hidden), "--hidden has to be between 1 and 1,000,000.")
    try require((1...100).contains(shape.layers), "--layers has to be between 1 and 100.")
    try require((0...1_000_000).contains(shape.embedding ?? 0), "--embedding has to be between 0 and 1,000,000.")
    try require(shape.dropout >= 0 && shape.dropout < 1, "--dropout has to be at least 0 and below 1.")
    if let name = shape.activation {
      try require(shape.cell == .elman, "--activation is for --cell elman; the \(shape.cell.rawValue) has its own.")
      let names = Activation.allCases.map(\.rawValue).joined(separator: ", ")
      try require(Activation(rawValue: name) != nil, "--activation has to be one of \(names).")
    }
    if text.normalisation == .whitespace {
      try require(text.vocabulary == .words, "--normalisation whitespace is for --vocabulary words.")
    }
    try require(text.minimumCount ?? 0 >= 0, "--minimum-count cannot be negative.")
    try require(text.vocabularySize ?? 1 > 0, "--vocabulary-size has to be positive.")
    try require(
      text.validation == nil || text.validationFraction == nil,
      "--validation and --validation-fraction contradict each other: give one of them.")
    if let fraction = text.validationFraction {
      try require(fraction > 0 && fraction < 1, "--validation-fraction has to be between 0 and 1.")
    }
    let counts = 1...1_000_000_000
    try require(counts.contains(training.epochs ?? 1), "--epochs has to be between 1 and 1,000,000,000.")
    try require(counts.contains(training.steps ?? 1), "--steps has to be between 1 and 1,000,000,000.")
    try require(
      training.minutes ?? 1 > 0 && (training.minutes ?? 1).isFinite, "--minutes has to be positive and finite.")
    let sizes = 1...1_000_000
    try require(
      sizes.contains(training.batch) && sizes.contains(training.length),
      "--batch and --length have to be between 1 and 1,000,000.")
    try require(
      training.learningRate > 0 && training.learningRate.isFinite, "--learning-rate has to be positive and finite.")
    try require(training.clip >= 0 && training.clip.isFinite, "--clip has to be finite and at least 0.")
    try require(training.validateEvery ?? 1 > 0, "--validate-every has to be positive.")
    try require(training.seed < 1 << 53, "--seed has to be below 2^53.")
    try require((1...1024).contains(training.threads ?? 1), "--threads has to be between 1 and 1024.")
    try require(Set(texts).count == texts.count, "a text is named twice.")
  }

  func run() throws {
    try Input.check(output, isNoneOf: texts + [text.validation ?? "-"])
    try Input.check(output, mayReplace: force)
    try AtomicFile.checkWritable(output)
    let created = try Self.creationTime()
    if let threads = training.threads { ThreadTeam.threadCount = threads }
    let bytes = try Input.texts(texts)
    let corpus = try TrainingCorpus(bytes, text)
    let architecture = architecture(size: corpus.vocabulary.count)
    try architecture.check()
    guard architecture.size > 1 else {
      throw Failure("the vocabulary has only one token: there is nothing to learn", code: Failure.refused)
    }
    try Memory.check(architecture, batch: training.batch, steps: training.length, trains: true)
    var generator = RandomGenerator(seed: training.seed)
    let model = try Model(
      architecture: architecture, parameters: Parameters(drawing: architecture, using: &generator),
      vocabulary: corpus.vocabulary)
    let trainer = try Trainer(
      model, plan: plan(corpus, seed: generator.next()), training: corpus.training, validation: corpus.validation)
    if !speech.quiet { announce(model, corpus) }
    try TrainingSession(
      model: model, output: output, metadata: metadata(corpus, bytes, created: created), isQuiet: speech.quiet,
      isJSON: speech.json
    ).run(trainer)
  }

  /// The time in SOURCE_DATE_EPOCH, for files that are to be the same bytes each time; nil without one.
  private static func creationTime() throws -> String? {
    guard let text = ProcessInfo.processInfo.environment["SOURCE_DATE_EPOCH"], !text.isEmpty else { return nil }
    guard let seconds = Int(text), (0..<253_402_300_800).contains(seconds) else {
      throw Failure("SOURCE_DATE_EPOCH has to be a number of seconds since 1970, but is '\(text)'", code: 64)
    }
    return ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: Double(seconds)))
  }

  private func architecture(size: Int) -> Architecture {
    let embedding = shape.embedding ?? (size <= 512 ? 0 : 128)
    var layers: [Architecture.Layer] = [
      embedding == 0
        ? .oneHot(.init(name: "input", size: size))
        : .embedding(.init(name: "embedding", inputs: size, outputs: embedding))
    ]
    var width = embedding == 0 ? size : embedding
    for index in 1...shape.layers {
      let name = "\(shape.cell.rawValue)_\(index)"
      switch shape.cell {
      case .lstm: layers.append(.lstm(.init(name: name, inputs: width, outputs: shape.hidden)))
      case .gru: layers.append(.gru(.init(name: name, inputs: width, outputs: shape.hidden)))
      case .elman:
        let activation = shape.activation.flatMap(Activation.init(rawValue:)) ?? .tanh
        layers.append(.elman(.init(name: name, inputs: width, outputs: shape.hidden, activation: activation)))
      }
      if shape.dropout > 0 { layers.append(.dropout(.init(name: "dropout_\(index)", rate: shape.dropout))) }
      width = shape.hidden
    }
    layers.append(.linear(.init(name: "output", inputs: width, outputs: size)))
    return Architecture(size: size, layers: layers)
  }

  private func plan(_ corpus: TrainingCorpus, seed: UInt64) -> TrainingPlan {
    let isBounded = training.minutes != nil || training.steps != nil
    let windows = max(1, (corpus.training.count - 1) / training.batch / training.length)
    // Long epochs and short runs are validated more often, so that a run that is cut keeps most of its work.
    let interval = training.validateEvery ?? max(1, min(windows, (training.steps ?? 5000) / 10))
    return TrainingPlan(
      epochs: training.epochs ?? (isBounded ? nil : 10), maximumSteps: training.steps,
      maximumSeconds: training.minutes.map { $0 * 60 }, batch: training.batch, length: training.length,
      learningRate: training.learningRate, clip: training.clip > 0 ? training.clip : nil,
      validationInterval: interval, seed: seed)
  }

  private func announce(_ model: Model, _ corpus: TrainingCorpus) {
    let sizes = [
      "\(Format.count(corpus.training.count)) \(text.vocabulary.rawValue) to learn",
      "\(Format.count(corpus.validation.count)) held out", "\(Format.count(corpus.vocabulary.count)) tokens",
      "\(Format.count(model.parameters.values.count)) parameters",
    ]
    Terminal.note(sizes.joined(separator: ", "))
    if corpus.validationUnknown > 0 {
      Terminal.note("\(Format.count(corpus.validationUnknown)) symbols of the validation text have no token")
    }
  }

  private func metadata(_ corpus: TrainingCorpus, _ bytes: [UInt8], created: String?) -> JSONValue {
    let names = texts.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
    return .object(omittingNil: [
      "created": created.map { .string($0) },
      "corpus": [
        "name": .string(names.joined(separator: " + ")), "sha256": .string(Hash.sha256(bytes)),
        "bytes": .integer(bytes.count), "tokens": .integer(corpus.training.count + corpus.validation.count),
        "training_tokens": .integer(corpus.training.count), "validation_tokens": .integer(corpus.validation.count),
      ],
      "command_line": .array(CommandLine.arguments.dropFirst().map { .string($0.printable) }),
      "hyper_parameters": .object(omittingNil: [
        "optimizer": "adam", "learning_rate": .number(training.learningRate), "schedule": "cosine",
        "final_learning_rate_fraction": 0.1, "clip": training.clip > 0 ? .number(training.clip) : nil,
        "batch": .integer(training.batch), "length": .integer(training.length),
        "dropout": .number(shape.dropout), "epochs": training.epochs.map { .integer($0) },
        "steps": training.steps.map { .integer($0) }, "minutes": training.minutes.map { .number($0) },
      ]),
      "seed": .integer(training.seed),
      "software": ["name": .string(Generator.name), "version": .string(Generator.version)],
      "machine": [
        "matrix_product": .string(MatrixProduct.name), "kernels": .string(KernelLevel.active.rawValue),
        "threads": .integer(ThreadTeam.threadCount),
      ],
      "evaluation": ["protocol": ["name": "stream"]],
    ])
  }
}
