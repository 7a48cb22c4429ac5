import RNNFormat
import RNNModel

/// A foreign model while it is being read: the layers found so far, with the formula of each parameter.
///
/// An importer adds layers in the order of computation, notes what it had to assume and what it leaves behind, and finishes; arrays that nobody took
/// and parameters that nobody made are found then, all at once.
public struct ModelAssembly {
  private let source: any ArraySource
  /// What the user says.
  public let choices: ImportChoices
  /// The layers so far.
  public private(set) var layers: [Architecture.Layer] = []
  private var formulas: [String: TensorFormula] = [:]
  private var taken: Set<String> = []
  private var left: [LeftBehind] = []
  private var assumptions: [Assumption] = []

  /// Begins with no layer.
  public init(of source: any ArraySource, choices: ImportChoices) {
    self.source = source
    self.choices = choices
  }

  /// An array of the file, which counts as used from now on.
  ///
  /// - Throws: ``ConversionError/incomplete(file:missing:)``.
  public mutating func take(_ name: String) throws(ConversionError) -> TensorFormula {
    guard let array = source.arrays[name] else { throw .incomplete(file: source.path, missing: name) }
    taken.insert(name)
    return .array(array)
  }

  /// Adds a layer above those that are there.
  ///
  /// - Parameters:
  ///   - layer: its name is one that ``freeName(for:)`` gave.
  ///   - parameters: the formula of each of its tensors, by the tensor's name.
  public mutating func add(_ layer: Architecture.Layer, _ parameters: [String: TensorFormula] = [:]) {
    layers.append(layer)
    for (name, formula) in parameters { formulas["\(layer.name)/\(name)"] = formula }
  }

  /// A name for a layer that the format allows and no other layer has, as near as possible to a foreign one.
  public func freeName(for foreign: String) -> String {
    var name = String(
      foreign.lowercased().unicodeScalars.map { scalar in
        ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) ? Character(scalar) : "_"
      }.prefix(48))
    if !("a"..."z").contains(name.first ?? "_") { name = "layer_" + name }
    guard layers.contains(where: { $0.name == name }) else { return name }
    // As many tries as layers always suffice.
    return (2...(layers.count + 2)).lazy.map { "\(name)_\($0)" }
      .first { candidate in !layers.contains { $0.name == candidate } } ?? name
  }

  /// Notes that an array belongs to nothing that a model file keeps.
  public mutating func leave(_ name: String, because reason: String) {
    taken.insert(name)
    left.append(LeftBehind(name: name, reason: reason))
  }

  /// Settles what the file does not say: by what the user says, else by what is usual, noting either.
  ///
  /// - Parameters:
  ///   - given: what the user says, if anything.
  ///   - usual: what is taken else.
  ///   - subject: what it is about.
  ///   - flag: how the user can say it.
  ///   - reason: why the file leaves it open.
  public mutating func settle<Value: Hashable>(
    _ given: Value?, else usual: Value, _ subject: String, flag: String, because reason: String
  ) -> Value {
    let assumption = Assumption(
      subject, "\(given ?? usual)", because: reason, flag: flag, isGiven: given != nil)
    if !assumptions.contains(assumption) { assumptions.append(assumption) }
    return given ?? usual
  }

  /// Puts the rows that belong to tokens in the order of a vocabulary's own ids.
  private static func reorder(
    _ formulas: inout [String: TensorFormula], of architecture: Architecture, _ order: [Int], in file: String
  ) throws {
    for layer in architecture.layers {
      switch layer {
      case .oneHot, .scalar, .ngram:
        throw ConversionError.malformed(
          file: file, place: "the vocabulary",
          reason: "its ids have to be put in another order, which only a model with an embedding can follow")
      case .embedding(let layer): try reorder(&formulas, "\(layer.name)/weights", order)
      case .linear(let layer) where layer.name == architecture.layers.last?.name && architecture.isLanguageModel:
        try reorder(&formulas, "\(layer.name)/weights", order)
        try reorder(&formulas, "\(layer.name)/bias", order)
      default: break
      }
    }
  }

  private static func reorder(_ formulas: inout [String: TensorFormula], _ path: String, _ order: [Int]) throws {
    guard let formula = formulas[path] else { return }
    formulas[path] = try formula.rows(order)
  }

  /// Puts the model together.
  ///
  /// - Parameters:
  ///   - size: the number of tokens, or the width of a vector of features.
  ///   - vocabulary: the tokens, if the file has them; the user's choice goes before it.
  ///   - metadata: an object that satisfies `schemas/metadata.schema.json`.
  /// - Throws: ``ConversionError`` with everything that is missing, left over or of the wrong shape.
  public func finish(
    size: Int, context: Architecture.Context, input: Architecture.Input, output: Architecture.Output,
    vocabulary: VocabularyWithOrder? = nil, metadata: JSONValue = .object([:])
  ) throws -> ImportedModel {
    let architecture = Architecture(size: size, layers: layers, context: context, input: input, output: output)
    if let problem = architecture.problems().first {
      throw ConversionError.malformed(file: source.path, place: "the model", reason: "\(problem)")
    }
    var (formulas, assumptions) = (formulas, assumptions)
    var found = choices.vocabulary.map { VocabularyWithOrder($0) } ?? vocabulary
    if input == .tokens, let file = choices.vocabularyFile {
      found = try file.vocabulary(size: size, choices: choices.vocabularyChoices)
    }
    assumptions += found?.assumptions ?? []
    if let order = found?.order { try Self.reorder(&formulas, of: architecture, order, in: source.path) }
    let vocabulary = found?.vocabulary
    if let vocabulary, input != .tokens || vocabulary.count != size {
      throw ConversionError.malformed(
        file: source.path, place: "the vocabulary",
        reason: input == .tokens
          ? "it has \(vocabulary.count) tokens, but the model takes \(size)"
          : "the model takes no tokens, but vectors")
    }
    let expected = ParameterTable(architecture).entries
    var wrong: [String] = []
    for entry in expected {
      if let formula = formulas[entry.path] {
        if formula.shape != entry.shape {
          wrong.append(
            "\(entry.path) (from \(formula)) has the shape \(formula.shape), but the architecture gives it \(entry.shape)"
          )
        } else if formula.type.tensorType?.canHold(entry.numbers) != true {
          wrong.append(
            "\(entry.path) (from \(formula)) is \(formula.type.rawValue), not \(entry.numbers == .real ? "a float" : entry.numbers.rawValue)"
          )
        }
      } else {
        wrong.append("nothing in the file is \(entry.path)")
      }
    }
    let over = source.arrays.keys.filter { !taken.contains($0) }.sorted()
    wrong += over.filter { !choices.ignores($0) }.map { "\($0) belongs to nothing that is known" }
    guard wrong.isEmpty else { throw ConversionError.notMapped(file: source.path, problems: wrong) }
    let ignored = over.map { LeftBehind(name: $0, reason: "ignored as asked") }
    return ImportedModel(
      document: ModelDocument(architecture: architecture, vocabulary: vocabulary, metadata: metadata), source: source,
      formulas: expected.compactMap { formulas[$0.path] }, assumptions: assumptions, left: left + ignored)
  }
}

/// Something in a file that does not become a part of the model.
public struct LeftBehind: Hashable, Sendable {
  /// Its name in the file.
  public let name: String
  /// Why it is not needed.
  public let reason: String
}
