import RNNFormat
import RNNModel

/// A model read from a file of another framework: what it computes, how each parameter is made of the file's arrays, and what had to be assumed.
///
/// The parameters are read when they are asked for.
public struct ImportedModel: TensorSource {
  /// Everything but the parameters.
  public let document: ModelDocument
  /// What the file does not say.
  public let assumptions: [Assumption]
  /// What in the file does not become a part of the model.
  public let left: [LeftBehind]
  /// The parameters, in the order of the architecture's table.
  public let tensors: [TensorDescription]
  /// How each of them is made, in the same order.
  public let formulas: [TensorFormula]
  private let source: any ArraySource

  init(
    document: ModelDocument, source: any ArraySource, formulas: [TensorFormula], assumptions: [Assumption],
    left: [LeftBehind]
  ) {
    self.document = document
    self.source = source
    self.formulas = formulas
    self.assumptions = assumptions
    self.left = left
    tensors = zip(ParameterTable(document.architecture).entries, formulas).map { entry, formula in
      // The assembly has refused all other types.
      TensorDescription(path: entry.path, type: formula.type.tensorType ?? .float64, shape: entry.shape)
    }
  }

  /// The values of a parameter.
  public func bytes(of tensor: TensorDescription) throws -> [UInt8] {
    guard let index = tensors.firstIndex(where: { $0.path == tensor.path }) else { return [] }
    return try formulas[index].bytes { try source.bytes(of: $0) }
  }

  /// Gives the values of a parameter in pieces, where it is one of the file's arrays.
  public func forEachBlock(of tensor: TensorDescription, _ body: ([UInt8]) throws -> Void) throws {
    guard let index = tensors.firstIndex(where: { $0.path == tensor.path }), let array = formulas[index].unchanged
    else {
      return try body(try bytes(of: tensor))
    }
    try source.forEachBlock(of: array, body)
  }
}
