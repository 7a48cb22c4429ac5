import RNNFormat
import RNNModel

/// Reads the recurrent layers of ELMo (Peters et al. 2018): LSTMs with projections that read forward, and others that read backward.
///
/// The character CNN below them makes vectors of words; it is no recurrent layer and stays behind, so that the model takes these vectors. Weights are
/// those of TensorFlow's `LSTMCell`: one matrix for the input and the last output, gates i j f o, and 1 that is added to the forget gate at run time.
enum ELMoImport: ModelImport {
  /// The groups of the two directions, and what their layers are called here.
  private static let directions: [(group: String, name: String, direction: Architecture.Direction)] = [
    ("RNN_0", "forward", .forward), ("RNN_1", "backward", .backward),
  ]
  /// What else such a file holds: the character CNN, and the softmax over words of its training.
  private static let others: [(beginning: String, reason: String)] = [
    ("char_embed", "the character CNN, which makes the vectors that come in"),
    ("CNN", "the character CNN, which makes the vectors that come in"),
    ("softmax", "the output over words, which only training needs"),
    ("global_step", "the state of the training"),
  ]
  private static let gates = ["input", "candidate", "forget", "output"]

  static func read(_ path: String, choices: ImportChoices) throws -> ImportedModel {
    let source = try HDF5Arrays(opening: path, through: choices.quarantine)
    var assembly = ModelAssembly(of: source, choices: choices)
    let options = try ELMoOptions(choices, path, &assembly)
    for name in source.arrays.keys.sorted() {
      if let other = others.first(where: { name.hasPrefix($0.beginning) }) {
        assembly.leave(name, because: other.reason)
      }
    }
    // Both directions take the input itself, which has no name: an identity gives it one.
    assembly.add(.dropout(.init(name: "input", rate: 0)))
    var (ends, width): ([String], Int?) = ([], nil)
    for (group, name, direction) in directions {
      let cells = try cells(of: source, group)
      guard !cells.isEmpty else { continue }
      if !ends.isEmpty { assembly.add(.sum(.init(name: "\(name)_input", of: ["input"]))) }
      var last = assembly.layers.last?.name ?? "input"
      for (index, cell) in cells.enumerated() {
        let inputs: Int
        do throws(TensorFormulaError) {
          inputs = try add(cell, named: "\(name)_\(index + 1)", direction, options, source, &assembly)
        } catch {
          throw ConversionError.malformed(file: path, place: cell, reason: error.description)
        }
        if index == 0, let width, width != inputs {
          throw ConversionError.malformed(
            file: path, place: cell, reason: "it takes vectors of \(inputs), but the other direction \(width)")
        }
        if index == 0 { width = inputs }
        let own = assembly.layers.last?.name ?? ""
        if options.skips, index > 0 {
          assembly.add(.sum(.init(name: "\(name)_\(index + 1)_skip", of: [own, last])))
        }
        last = assembly.layers.last?.name ?? ""
      }
      ends.append(last)
    }
    guard let width else {
      throw ConversionError.incomplete(file: path, missing: "RNN_0/RNN/MultiRNNCell/Cell0/LSTMCell/W_0")
    }
    if ends.count > 1 { assembly.add(.concatenation(.init(name: "both", of: ends))) }
    let context = assembly.settle(
      choices.context, else: .sequence, "context", flag: "--context",
      because: ends.count > 1
        ? "layers that read backward need the whole sequence" : "the file does not say whether the state is carried on")
    return try assembly.finish(
      size: width, context: context, input: .features, output: choices.output ?? .values)
  }

  /// The paths of a direction's cells, from below.
  private static func cells(of source: HDF5Arrays, _ group: String) throws(ConversionError) -> [String] {
    let stem = "\(group)/RNN/MultiRNNCell/Cell"
    var cells: [String] = []
    // Each turn finds an array, so this ends.
    while source.arrays["\(stem)\(cells.count)/LSTMCell/W_0"] != nil { cells.append("\(stem)\(cells.count)/LSTMCell") }
    return cells
  }

  /// Adds a cell and gives the width of its input.
  private static func add(
    _ cell: String, named name: String, _ direction: Architecture.Direction, _ options: ELMoOptions,
    _ source: HDF5Arrays, _ assembly: inout ModelAssembly
  ) throws(TensorFormulaError) -> Int {
    func array(_ name: String, _ assembly: inout ModelAssembly) throws(TensorFormulaError) -> TensorFormula {
      do { return try assembly.take("\(cell)/\(name)") } catch { throw TensorFormulaError("\(error)") }
    }
    let matrix = try array("W_0", &assembly)
    let bias = try array("B", &assembly)
    let projection = source.arrays["\(cell)/W_P_0"] == nil ? nil : try array("W_P_0", &assembly)
    let cells = bias.count / gates.count
    let outputs = projection.map { $0.shape.last ?? 0 } ?? cells
    guard outputs > 0, cells > 0,
      matrix.shape.count == 2, matrix.shape[1] == gates.count * cells, matrix.shape[0] > outputs,
      bias.shape == [gates.count * cells], projection.map({ $0.shape == [cells, outputs] }) ?? true
    else {
      throw TensorFormulaError(
        "its arrays have the shapes \(matrix.shape), \(bias.shape) and \(projection?.shape ?? []), which do not fit")
    }
    let inputs = matrix.shape[0] - outputs
    func part(_ rows: Range<Int>) throws(TensorFormulaError) -> TensorFormula {
      try matrix.slice(axis: 0, rows).transposed().reshaped([gates.count, cells, rows.count])
        .gates(gates, as: Architecture.LSTM.gates)
    }
    var parameters = [
      "input_weights": try part(0..<inputs), "recurrent_weights": try part(inputs..<(inputs + outputs)),
      "bias": try bias.reshaped([gates.count, cells]).gates(gates, as: Architecture.LSTM.gates),
    ]
    if let projection { parameters["projection_weights"] = try projection.transposed() }
    assembly.add(
      .lstm(
        .init(
          name: name, inputs: inputs, outputs: outputs, forgetBias: options.forgetBias, cellClip: options.cellClip,
          projection: projection.map { _ in .init(cells: cells, clip: options.projectionClip) }, direction: direction)),
      parameters)
    return inputs
  }
}

/// What the weights of ELMo do not say: in `options.json` beside them, under `lstm`.
struct ELMoOptions {
  /// What is added to the forget gate at run time.
  let forgetBias: Double
  /// The largest magnitudes of cells and of projected outputs; nil for none.
  let cellClip: Double?
  let projectionClip: Double?
  /// Whether each layer but the first adds its input to its output.
  let skips: Bool

  init(_ choices: ImportChoices, _ path: String, _ assembly: inout ModelAssembly) throws(ConversionError) {
    let given = choices.architecture.map { $0["lstm"] ?? $0 }
    if let given, given.object == nil {
      throw .malformed(file: path, place: "the architecture", reason: "it is not the options.json of ELMo")
    }
    func settle<Value: Hashable>(
      _ key: String, _ value: (JSONValue) -> Value?, else usual: Value
    ) throws(ConversionError) -> Value {
      var stated: Value?
      if let json = given?[key] {
        guard let found = value(json) else {
          throw .malformed(file: path, place: "the architecture", reason: "its '\(key)' is not understood")
        }
        stated = found
      }
      return assembly.settle(
        stated, else: usual, key, flag: "--architecture",
        because: "weights do not say it; this is that of the published models")
    }
    func limit(_ json: JSONValue) -> Double? {
      // No limit is written as null; none is larger than any number.
      json == .null ? .infinity : json.number.flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
    }
    let cell = try settle("cell_clip", limit, else: 3)
    let projection = try settle("proj_clip", limit, else: 3)
    cellClip = cell.isFinite ? cell : nil
    projectionClip = projection.isFinite ? projection : nil
    skips = try settle("use_skip_connections", \.bool, else: true)
    forgetBias = assembly.settle(
      choices.forgetBias, else: 1, "forget bias", flag: "--forget-bias",
      because: "weights do not say it; TensorFlow's cells add 1 unless they are told not to")
  }
}
