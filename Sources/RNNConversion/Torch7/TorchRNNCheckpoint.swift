import Foundation
import RNNFormat
import RNNModel

/// A checkpoint of torch-rnn: a table with the module `model`.
struct TorchRNNCheckpoint {
  private let file: Torch7File
  private let model: Torch7Value

  /// - Returns: nil for a file of another program.
  init?(_ file: Torch7File) throws(ConversionError) {
    guard let model = file.field("model", of: file.root), file.className(model) == "nn.LanguageModel" else {
      return nil
    }
    self.file = file
    self.model = model
  }

  func imported(_ choices: ImportChoices) throws -> ImportedModel {
    var assembly = Torch7Assembly(file)
    func malformed(_ place: String, _ reason: String) -> ConversionError { assembly.malformed(place, reason) }
    guard let modules = file.list(file.field("modules", of: file.field("net", of: model))) else {
      throw malformed("model.net", "it has no list of modules")
    }
    for module in modules {
      let place = "model.net, \(file.className(module) ?? "a module")"
      switch file.className(module) {
      case "nn.LookupTable":
        let weights = try assembly.tensor("weight", of: module, named: "embedding.weight", rank: 2)
        let shape = weights.shape
        assembly.add(
          .embedding(.init(name: "embedding", inputs: shape[0], outputs: shape[1])), ["weights": weights])
      case "nn.LSTM": try addLSTM(module, &assembly)
      case "nn.VanillaRNN": try addElman(module, &assembly)
      case "nn.Linear": try assembly.addLinear(module, named: "output")
      case "nn.Dropout":
        guard case .number(let rate)? = file.field("p", of: module), rate >= 0, rate < 1 else {
          throw malformed(place, "its rate is not known")
        }
        if rate > 0 { assembly.add(.dropout(.init(name: "dropout_\(assembly.layers.count)", rate: rate))) }
      case "nn.View": break
      case let name: throw malformed(place, "the module '\(name ?? "without a class")' is not supported")
      }
    }
    guard let size = assembly.layers.first?.layer.inputs, assembly.layers[0].layer.takesTokens else {
      throw malformed("model.net", "the first module does not take tokens")
    }
    return try assembly.finish(
      choices, size: size, vocabulary: choices.hasVocabulary ? nil : try vocabulary(choices.vocabularyChoices))
  }

  /// Rows 0 to D of the one matrix take the input, those after them the last output; columns are gates.
  private func split(
    _ matrix: TensorFormula, _ gates: [String], as wanted: [String], units: Int, _ assembly: Torch7Assembly,
    _ name: String
  ) throws(ConversionError) -> (input: TensorFormula, recurrent: TensorFormula) {
    guard units > 0, matrix.shape[1] == gates.count * units, matrix.shape[0] > units else {
      throw assembly.malformed(name, "its matrix has the sizes \(matrix.shape)")
    }
    let inputs = matrix.shape[0] - units
    return try assembly.formula(name) { () throws(TensorFormulaError) in
      func part(_ rows: Range<Int>) throws(TensorFormulaError) -> TensorFormula {
        try matrix.slice(axis: 0, rows).transposed().reshaped([gates.count, units, rows.count])
          .gates(gates, as: wanted)
      }
      return (try part(0..<inputs), try part(inputs..<(inputs + units)))
    }
  }

  private func addLSTM(_ module: Torch7Value, _ assembly: inout Torch7Assembly) throws(ConversionError) {
    let gates = ["input", "forget", "output", "candidate"]
    let name = "lstm_\(assembly.layers.filter { $0.layer.kind == "lstm" }.count + 1)"
    let matrix = try assembly.tensor("weight", of: module, named: "\(name).weight", rank: 2)
    let bias = try assembly.tensor("bias", of: module, named: "\(name).bias", rank: 1)
    let units = bias.count / gates.count
    let wanted = Architecture.LSTM.gates
    let (input, recurrent) = try split(matrix, gates, as: wanted, units: units, assembly, name)
    let ours = try assembly.formula(name) { () throws(TensorFormulaError) in
      try bias.reshaped([gates.count, units]).gates(gates, as: wanted)
    }
    assembly.add(
      .lstm(.init(name: name, inputs: input.shape[2], outputs: units)),
      ["input_weights": input, "recurrent_weights": recurrent, "bias": ours])
  }

  private func addElman(_ module: Torch7Value, _ assembly: inout Torch7Assembly) throws(ConversionError) {
    let name = "rnn_\(assembly.layers.filter { $0.layer.kind == "elman" }.count + 1)"
    let matrix = try assembly.tensor("weight", of: module, named: "\(name).weight", rank: 2)
    let bias = try assembly.tensor("bias", of: module, named: "\(name).bias", rank: 1)
    let gates = Architecture.Elman.gates
    let (input, recurrent) = try split(matrix, gates, as: gates, units: bias.count, assembly, name)
    let ours = try assembly.formula(name) { () throws(TensorFormulaError) in try bias.reshaped([1, bias.count]) }
    assembly.add(
      .elman(.init(name: name, inputs: input.shape[2], outputs: bias.count)),
      ["input_weights": input, "recurrent_weights": recurrent, "bias": ours])
  }

  // MARK: - Vocabulary

  /// The tokens in the checkpoint, which torch-rnn has in all of them.
  private func vocabulary(_ choices: VocabularyChoices) throws -> VocabularyWithOrder? {
    guard let value = file.field("idx_to_token", of: model) else { return try besideCheckpoint(choices) }
    guard
      let tokens = file.list(value)?.map({ token -> [UInt8]? in
        if case .string(let bytes) = token { bytes } else { nil }
      }),
      !tokens.contains(nil)
    else { return try besideCheckpoint(choices) }
    var list = TokenList(tokens.compactMap(\.self))
    list.place = "model.idx_to_token"
    return try list.vocabulary(size: nil, choices, file: file.path)
  }

  /// torch-rnn's preprocessing leaves a JSON file with the tokens; where there is just one beside the checkpoint, it is that.
  private func besideCheckpoint(_ choices: VocabularyChoices) throws -> VocabularyWithOrder? {
    let name = file.field("input_json", of: file.field("opt", of: file.root))?.text ?? ""
    let folder = URL(filePath: file.path).deletingLastPathComponent()
    // Only the name: the path is one of another machine.
    let beside = folder.appending(path: URL(filePath: name).lastPathComponent).path
    guard name.hasSuffix(".json"), FileManager.default.fileExists(atPath: beside) else { return nil }
    let bytes = try InputFile(opening: beside).read(at: 0, count: 64 << 20, orFewer: true)
    func malformed(_ reason: String) -> ConversionError {
      .malformed(file: beside, place: "idx_to_token", reason: reason)
    }
    do {
      guard let entries = try JSONValue(parsing: bytes)["idx_to_token"]?.object else { throw malformed("it is absent") }
      let tokens = try (0..<entries.count).map { index -> [UInt8] in
        guard let token = entries["\(index + 1)"]?.string else { throw malformed("token \(index + 1) is absent") }
        return Array(token.utf8)
      }
      var list = TokenList(tokens)
      list.place = "idx_to_token"
      return try list.vocabulary(size: nil, choices, file: beside)
    } catch let error as ConversionError { throw error } catch { throw malformed("\(error)") }
  }
}
