import RNNModel

/// Everything in a model file but the numbers of its parameters.
///
/// Each file format that can hold a whole model reads and writes one of these beside a ``TensorSource``.
public struct ModelDocument: Sendable {
  /// What the model computes.
  public var architecture: Architecture
  /// Its tokens; nil where they are not known.
  public var vocabulary: Vocabulary?
  /// The names of its outputs; nil where they have none.
  public var labels: Labels?
  /// An object that satisfies `schemas/metadata.schema.json`.
  public var metadata: JSONValue
  /// Events that satisfy `schemas/lineage.schema.json`, oldest first.
  public var lineage: [JSONValue]
  /// How the training went.
  public var history: History
  /// Numbers that a reader has to get.
  public var proof: Proof?

  /// Makes a document.
  public init(
    architecture: Architecture, vocabulary: Vocabulary?, labels: Labels? = nil, metadata: JSONValue = .object([:]),
    lineage: [JSONValue] = [], history: History = History(), proof: Proof? = nil
  ) {
    self.architecture = architecture
    self.vocabulary = vocabulary
    self.labels = labels
    self.metadata = metadata
    self.lineage = lineage
    self.history = history
    self.proof = proof
  }
}
