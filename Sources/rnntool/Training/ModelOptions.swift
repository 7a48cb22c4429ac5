import ArgumentParser
import Kernels
import RNNFormat
import RNNModel
import RNNTraining

/// Which model is trained. What is not said is as in the preset, or as usual.
struct ModelOptions: ParsableArguments {
  enum Cell: String, ExpressibleByArgument, CaseIterable {
    case lstm, gru, elman
    case echoState = "echo-state"
  }

  @Option(
    name: .customLong("model"),
    help:
      "The kind of model: rnn (recurrent layers), fixed-window (Bengio et al. 2003: it sees the last symbols only), ngram (counted n-grams), tagger (a label for each word) or classifier (a label for each line). Default: rnn."
  )
  var family: ModelFamily?

  @Flag(inversion: .prefixedNo, help: "Tagger, classifier: beside each recurrent layer one that reads backward.")
  var bidirectional: Bool?

  @Option(help: "Fixed-window: how many symbols the model sees. Default: 4.")
  var window: Int?

  @Flag(inversion: .prefixedNo, help: "Fixed-window: the embeddings reach the output directly too.")
  var direct: Bool?

  @Option(help: "The recurrent cell: lstm, gru, elman, or echo-state (fixed random recurrence). Default: lstm.")
  var cell: Cell?

  @Option(
    help:
      "Hidden units in each recurrent layer; with --tied the last one is as wide as the embedding instead. Default: 256; fixed-window: 100."
  )
  var hidden: Int?

  @Option(help: "Recurrent layers. Default: 1.")
  var layers: Int?

  @Option(
    help:
      "The width of the token embedding; 0 for one-hot input. Default: 0 for up to 512 tokens, else 128; with --tied, --hidden; fixed-window: 60."
  )
  var embedding: Int?

  @Flag(
    inversion: .prefixedNo,
    help: "Share the weights of embedding and output; the last recurrent layer is then as wide as the embedding.")
  var tied: Bool?

  @Option(help: "Dropout after each recurrent layer, or of the hidden units of a fixed window.")
  var dropout: Double?

  @Option(help: "Dropout of the embedding's outputs; with one-hot input, of whole symbols.")
  var dropoutInput: Double?

  @Option(help: "Dropout after the last recurrent layer, if it is another rate there.")
  var dropoutOutput: Double?

  @Flag(inversion: .prefixedNo, help: "One dropout mask for all steps of a window (variational dropout).")
  var lockedDropout: Bool?

  @Option(help: "The activation of an elman cell: tanh, sigmoid, relu, softsign, ... Default: tanh.")
  var activation: Activation?

  @Option(help: "How much of an elman unit is renewed at each step (leaky units). Default: 1.")
  var leak: Double?

  @Flag(inversion: .prefixedNo, help: "Gates of an LSTM see its cells.")
  var peepholes: Bool?

  @Flag(inversion: .prefixedNo, help: "An LSTM forgets what it does not take in: f = 1 - i.")
  var coupledGates: Bool?

  @Option(help: "The largest magnitude of an LSTM's cell.")
  var cellClip: Double?

  @Option(help: "Project an LSTM's cells to so many outputs.")
  var projection: Int?

  @Option(help: "The largest magnitude of a projected output.")
  var projectionClip: Double?

  @Option(help: "Where a GRU's reset gate acts: after or before the product. Default: after.")
  var reset: Architecture.GRU.Reset?

  @Option(help: "The state before the first symbol: zero or learned. Default: zero.")
  var initialState: Architecture.InitialState?

  @Flag(inversion: .prefixedNo, help: "Normalise each recurrent layer's output.")
  var layerNorm: Bool?

  @Flag(inversion: .prefixedNo, help: "Add each recurrent layer's input to its output, where the widths allow it.")
  var residual: Bool?

  @Flag(inversion: .prefixedNo, help: "The output sees all recurrent layers, not only the last.")
  var concatenate: Bool?

  @Option(
    help:
      "A JSON file with the whole architecture (docs/FORMAT.md, section 4), in place of the flags above and of a preset's model."
  )
  var architecture: String?

  @Option(
    help:
      "How parameters are drawn: customary (weights uniform in ± 1 / sqrt(inputs), the embedding in ± 0.1, biases zero), uniform, glorot-orthogonal or word-language-model. Default: customary."
  )
  var initialisation: InitialisationName?

  @Option(help: "The range where all is drawn uniformly, by --initialisation uniform or a preset. Default: 0.1.")
  var initialRange: Double?

  @Option(
    help:
      "What an LSTM's forget gate starts at. Default: 1 for customary and glorot-orthogonal; drawn like the rest for uniform and word-language-model."
  )
  var forgetBias: Double?

  @Option(help: "Echo-state: the largest magnitude of an eigenvalue of the recurrent weights. Default: 0.9.")
  var spectralRadius: Double?

  @Option(help: "Echo-state: the probability that two units are connected. Default: 0.1.")
  var connectivity: Double?

  @Option(help: "Echo-state: the range of the input weights. Default: 1.")
  var inputScaling: Double?

  enum InitialisationName: String, ExpressibleByArgument, CaseIterable {
    case customary, uniform
    case glorotOrthogonal = "glorot-orthogonal"
    case wordLanguageModel = "word-language-model"
  }
}

extension Activation: ExpressibleByArgument {}
extension Architecture.GRU.Reset: ExpressibleByArgument {}
extension Architecture.InitialState: ExpressibleByArgument {}

extension ModelOptions {
  /// Changes what was said, but for a file with the architecture, which is not read here.
  func apply(to recipe: inout Recipe) {
    applyLabels(to: &recipe)
    if let family { recipe.fixedWindow = family == .fixedWindow ? recipe.fixedWindow ?? .init() : nil }
    if var fixedWindow = recipe.fixedWindow {
      apply(to: &fixedWindow)
      recipe.fixedWindow = fixedWindow
    } else {
      apply(to: &recipe.model)
    }
    apply(to: &recipe.initialisation)
  }

  /// Reads the file with the architecture, if one was named.
  func readArchitecture() throws -> Architecture? { try architecture.map(Self.architecture) }

  func apply(to model: inout Architecture.Stack) {
    func set<Value>(_ place: WritableKeyPath<Architecture.Stack, Value>, _ value: Value?) {
      if let value { model[keyPath: place] = value }
    }
    set(\.cell, cell?.kind)
    set(\.hidden, hidden)
    set(\.layers, layers)
    if let embedding { model.embedding = embedding }
    set(\.tied, tied)
    set(\.dropouts.hidden, dropout)
    set(\.dropouts.output, dropoutOutput ?? dropout)
    set(\.dropouts.input, dropoutInput)
    set(\.dropouts.locked, lockedDropout)
    set(\.activation, activation)
    set(\.leak, leak)
    set(\.peepholes, peepholes)
    set(\.coupledGates, coupledGates)
    if let cellClip { model.cellClip = cellClip }
    if let projection { model.projection = projection }
    if let projectionClip { model.projectionClip = projectionClip }
    set(\.reset, reset)
    set(\.initialState, initialState)
    set(\.layerNorm, layerNorm)
    set(\.residual, residual)
    set(\.concatenated, concatenate)
    set(\.bidirectional, bidirectional)
  }

  private func apply(to initialisation: inout Initialisation) {
    let range = initialisation.uniformRange
    var named: Initialisation?
    switch self.initialisation {
    case .customary: named = .customary
    case .uniform: named = .uniform(initialRange ?? range ?? 0.1)
    case .glorotOrthogonal: named = .glorotOrthogonal
    case .wordLanguageModel: named = .wordLanguageModel
    case nil: named = range == nil ? nil : initialRange.map { .uniform($0) }
    }
    // A name that says what is so already changes nothing, the forget bias neither.
    if var named, !named.isLike(initialisation) {
      named.reservoir = initialisation.reservoir
      if range != nil, named.uniformRange != nil { named.forgetBias = initialisation.forgetBias }
      initialisation = named
    }
    if let forgetBias { initialisation.forgetBias = forgetBias }
    if let cell {
      initialisation.reservoir = cell == .echoState ? initialisation.reservoir ?? Reservoir() : nil
    }
    if let spectralRadius { initialisation.reservoir?.spectralRadius = spectralRadius }
    if let connectivity { initialisation.reservoir?.connectivity = connectivity }
    if let inputScaling { initialisation.reservoir?.inputScaling = inputScaling }
  }

  private static func architecture(at path: String) throws -> Architecture {
    let bytes = try Input.text(path)
    func refusal(_ why: String) -> Failure {
      Failure("'\(path.printable)' is no architecture: \(why)", code: Failure.refused)
    }
    do {
      return try Architecture(json: try JSONValue(parsing: bytes))
    } catch let error as DecodingError {
      throw refusal(error.sentence)
    } catch {
      throw refusal("\(error)")
    }
  }

  /// Flags that contradict each other or say nothing.
  ///
  /// - Parameter base: what they change.
  func check(base: Recipe) throws {
    let sizes = 1...1_000_000
    try require(sizes.contains(hidden ?? 1), "--hidden has to be between 1 and 1,000,000.")
    try require((1...100).contains(layers ?? 1), "--layers has to be between 1 and 100.")
    try require((0...1_000_000).contains(embedding ?? 0), "--embedding has to be between 0 and 1,000,000.")
    try require(sizes.contains(projection ?? 1), "--projection has to be between 1 and 1,000,000.")
    for (name, rate) in [
      ("--dropout", dropout), ("--dropout-input", dropoutInput), ("--dropout-output", dropoutOutput),
    ] {
      try require(rate.map { $0 >= 0 && $0 < 1 } ?? true, "\(name) has to be at least 0 and below 1.")
    }
    // What float32 rounds to zero is none.
    try require(
      leak.map { Float($0) > 0 && $0 <= 1 } ?? true, "--leak has to be above 0, in float32 too, and at most 1.")
    for (name, clip) in [("--cell-clip", cellClip), ("--projection-clip", projectionClip)] {
      try require(
        clip.map { Float($0) > 0 && $0 <= 1e15 } ?? true,
        "\(name) has to be above 0, in float32 too, and at most 1e15.")
    }
    try require(
      initialRange == nil || initialisation == .uniform
        || (initialisation == nil && base.initialisation.uniformRange != nil),
      "--initial-range is for --initialisation uniform.")
    try require(initialState != .given, "--initial-state is zero or learned: training is given no state.")
    try require(
      projectionClip == nil || projection ?? base.model.projection != nil, "--projection-clip is for --projection.")
    try checkFamily(base: base)
    if (family ?? base.family) == .fixedWindow { return }
    try checkCell(cell ?? base.cell)
    var stack = base.model
    apply(to: &stack)
    try require(
      architecture == nil || stack == base.model,
      "--architecture says all of the model: no flag beside it can change its cells, sizes, connections or dropout.")
    if architecture == nil, base.architecture == nil { try check(stack) }
  }

  private func checkCell(_ cell: Cell) throws {
    let isElman = cell == .elman || cell == .echoState
    try require(activation == nil || isElman, "--activation is for --cell elman; the \(cell.rawValue) has its own.")
    try require(leak == nil || isElman, "--leak is for --cell elman and echo-state.")
    try require(reset == nil || cell == .gru, "--reset is for --cell gru.")
    for (name, isGiven) in [
      ("--peepholes", peepholes == true), ("--coupled-gates", coupledGates == true), ("--cell-clip", cellClip != nil),
      ("--projection", projection != nil), ("--forget-bias", forgetBias != nil),
    ] {
      try require(!isGiven || cell == .lstm, "\(name) is for --cell lstm.")
    }
    for (name, isGiven) in [
      ("--spectral-radius", spectralRadius != nil), ("--connectivity", connectivity != nil),
      ("--input-scaling", inputScaling != nil),
    ] {
      try require(!isGiven || cell == .echoState, "\(name) is for --cell echo-state.")
    }
  }

  /// What the stack of layers makes of the flags.
  private func check(_ stack: Architecture.Stack) throws {
    try require(concatenate != true || stack.layers > 1, "--concatenate is for more than one of --layers.")
    let rates = [stack.dropouts.input, stack.dropouts.hidden, stack.dropouts.output]
    try require(
      lockedDropout != true || rates.contains { $0 > 0 },
      "--locked-dropout is for --dropout, --dropout-input or --dropout-output.")
    guard stack.tied else { return }
    try require(stack.embedding != 0, "--tied needs an embedding: --embedding has to be positive.")
    try require(
      !stack.concatenated || stack.layers == 1,
      "--tied and --concatenate contradict each other: the output takes more than the embedding has.")
    // Of several layers only the last one gives way to the embedding.
    guard stack.layers == 1 else { return }
    let width = stack.embedding ?? stack.hidden
    let source = stack.embedding == nil ? "like --hidden" : "like --embedding"
    if let projection = stack.projection {
      try require(
        projection == width || self.projection == nil,
        "--tied makes the only recurrent layer \(width) wide, \(source), but --projection asks for \(projection).")
    } else {
      try require(
        stack.hidden == width || hidden == nil,
        "--tied makes the only recurrent layer \(width) wide, \(source), but --hidden asks for \(stack.hidden).")
    }
  }

  /// Refuses flags that have turned out to change nothing about the layers.
  func check(_ recipe: Recipe, made architecture: Architecture) throws {
    guard residual == true, recipe.architecture == nil else { return }
    var stack = recipe.model
    stack.residual = false
    try require(
      Architecture(stack, size: architecture.size) != architecture,
      "--residual adds nothing: no recurrent layer is as wide as what it takes.")
  }
}

extension Recipe {
  /// The cell as a flag names it.
  var cell: ModelOptions.Cell {
    if initialisation.reservoir != nil { return .echoState }
    switch model.cell {
    case .lstm: return .lstm
    case .gru: return .gru
    case .elman: return .elman
    }
  }
}

extension ModelOptions.Cell {
  /// The kind of layer.
  var kind: Architecture.Stack.Cell {
    switch self {
    case .lstm: .lstm
    case .gru: .gru
    case .elman, .echoState: .elman
    }
  }
}
