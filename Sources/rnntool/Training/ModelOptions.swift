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

  @Option(help: "The recurrent cell: lstm, gru, elman, or echo-state (fixed random recurrence). Default: lstm.")
  var cell: Cell?

  @Option(help: "Hidden units in each recurrent layer. Default: 256.")
  var hidden: Int?

  @Option(help: "Recurrent layers. Default: 1.")
  var layers: Int?

  @Option(help: "The width of the token embedding; 0 for one-hot input. Default: 0 for up to 512 tokens, else 128.")
  var embedding: Int?

  @Flag(inversion: .prefixedNo, help: "Share the weights of embedding and output.")
  var tied: Bool?

  @Option(help: "Dropout after each recurrent layer.")
  var dropout: Double?

  @Option(help: "Dropout of the embedding's outputs.")
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

  @Option(help: "A JSON file with the whole architecture (docs/FORMAT.md, section 4), in place of the flags above.")
  var architecture: String?

  @Option(
    help: "How parameters are drawn: customary, uniform, glorot-orthogonal or word-language-model. Default: customary.")
  var initialisation: InitialisationName?

  @Option(help: "The range of --initialisation uniform. Default: 0.1.")
  var initialRange: Double?

  @Option(help: "What an LSTM's forget gate starts at. Default: 1.")
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
  /// Changes what was said.
  func apply(to recipe: inout Recipe) throws {
    apply(to: &recipe.model)
    if let path = architecture { recipe.architecture = try Self.architecture(at: path) }
    applyInitialisation(to: &recipe)
  }

  private func apply(to model: inout Architecture.Stack) {
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
  }

  private func applyInitialisation(to recipe: inout Recipe) {
    switch initialisation {
    case .customary: recipe.initialisation = .customary
    case .uniform: recipe.initialisation = .uniform(initialRange ?? 0.1)
    case .glorotOrthogonal: recipe.initialisation = .glorotOrthogonal
    case .wordLanguageModel: recipe.initialisation = .wordLanguageModel
    case nil: break
    }
    if let forgetBias { recipe.initialisation.forgetBias = forgetBias }
    if cell == .echoState {
      var reservoir = Reservoir()
      if let spectralRadius { reservoir.spectralRadius = spectralRadius }
      if let connectivity { reservoir.connectivity = connectivity }
      if let inputScaling { reservoir.inputScaling = inputScaling }
      recipe.initialisation.reservoir = reservoir
    }
  }

  private static func architecture(at path: String) throws -> Architecture {
    let bytes = try Input.text(path)
    do {
      return try Architecture(json: try JSONValue(parsing: bytes))
    } catch {
      throw Failure("'\(path.printable)' is no architecture: \(error)", code: Failure.refused)
    }
  }

  /// Flags that contradict each other or say nothing.
  func check(preset: Preset?) throws {
    func require(_ condition: Bool, _ message: String) throws {
      if !condition { throw ValidationError(message) }
    }
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
    try require(leak.map { $0 > 0 && $0 <= 1 } ?? true, "--leak has to be above 0 and at most 1.")
    for (name, clip) in [("--cell-clip", cellClip), ("--projection-clip", projectionClip)] {
      try require(clip.map { $0 > 0 && $0.isFinite } ?? true, "\(name) has to be positive and finite.")
    }
    try require(
      initialRange.map { $0 >= 0 && $0.isFinite } ?? true, "--initial-range has to be at least 0 and finite.")
    try require(
      initialRange == nil || initialisation == .uniform, "--initial-range is for --initialisation uniform.")
    try require(initialState != .given, "--initial-state is zero or learned: training is given no state.")
    try require(projectionClip == nil || projection != nil, "--projection-clip is for --projection.")
    let isTied = tied ?? preset?.model.tied ?? false
    try require(!isTied || embedding != 0, "--tied needs an embedding: --embedding has to be positive.")
    try checkCell(cell ?? preset.flatMap { Cell(rawValue: $0.model.cell.rawValue) } ?? .lstm, require)
  }

  private func checkCell(_ cell: Cell, _ require: (Bool, String) throws -> Void) throws {
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
    let isShaped = hidden != nil || layers != nil || self.cell != nil || embedding != nil || tied != nil
    try require(
      architecture == nil || !isShaped,
      "--architecture says all of the model: no --cell, --hidden, --layers, --embedding, --tied.")
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
