import RNNFormat

/// A model laid out as another framework has it.
public struct ExportedArray: Hashable, Sendable {
  /// The name in the framework's file.
  public let name: String
  /// How it is made of the model's tensors, whose names are their paths.
  public let formula: TensorFormula

  /// Describes an array.
  public init(_ name: String, _ formula: TensorFormula) {
    self.name = name
    self.formula = formula
  }
}

/// Writes the models of another framework.
///
/// Making one decides whether the framework can compute the model at all; nothing is read or written then.
protocol ModelExport {
  /// Lays a model out.
  ///
  /// - Throws: ``ConversionError/inexpressible(_:reasons:)`` for a model that the framework cannot compute.
  init(_ document: ModelDocument, _ tensors: [TensorDescription]) throws

  /// All arrays, in the order of the file.
  var arrays: [ExportedArray] { get }

  /// What the file cannot hold, of what this model has: "the vocabulary", "the second bias of lstm_1, added to the first".
  var lost: [String] { get }

  /// A description of the architecture that has to be given beside the file to read it again; nil where the file says it itself.
  var companion: JSONValue? { get }

  /// A program in the framework's language that loads the file; nil where the framework does so by itself.
  var program: String? { get }

  /// Writes the file, array by array.
  ///
  /// - Parameters:
  ///   - source: the model's tensors.
  ///   - path: a file that does not exist yet.
  func write<Source: TensorSource & ~Copyable>(_ source: borrowing Source, creating path: String) throws
}

extension ModelExport {
  var companion: JSONValue? { nil }
  var program: String? { nil }
}

extension TensorSource where Self: ~Copyable {
  /// Makes an exported array of these tensors.
  func bytes(of formula: TensorFormula) throws -> [UInt8] {
    try formula.bytes { array in
      guard let tensor = tensors.first(where: { $0.path == array.name }) else { return [] }
      return try bytes(of: tensor)
    }
  }

  /// Gives an exported array in pieces, where it is one of these tensors.
  func forEachBlock(of formula: TensorFormula, _ body: ([UInt8]) throws -> Void) throws {
    if let array = formula.unchanged, let tensor = tensors.first(where: { $0.path == array.name }) {
      try forEachBlock(of: tensor, body)
    } else {
      try body(try bytes(of: formula))
    }
  }
}

/// Reads the models of another framework.
protocol ModelImport {
  /// Reads everything but the values.
  ///
  /// - Throws: ``ConversionError``.
  static func read(_ path: String, choices: ImportChoices) throws -> ImportedModel
}
