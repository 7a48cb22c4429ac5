import RNNConversion
import RNNFormat
import RNNModel

/// What two models do not have in common, but for what they say about a text.
public struct ModelDifference: Sendable {
  /// What they compute.
  public let architecture: ArchitectureDifference
  /// Their tokens; nil if at least one of them does not say what they are.
  public let vocabulary: VocabularyDifference?
  /// Whether only one of them has a vocabulary.
  public let hasVocabularyOnce: Bool
  /// Their parameters, in the order of the first model; those that only the second one has come last.
  public let tensors: [TensorDifference]
  /// Keys of `metadata`, `lineage`, `history` and `proof` that are not the same; none where a format of the two has no place for them.
  public let documents: [JSONDifference]
  /// Whether the documents were compared.
  public let comparesDocuments: Bool

  /// Compares two models. Tensors whose bits are the same by the hashes in both files are not read; else two tensors are in memory at a time.
  ///
  /// - Parameters:
  ///   - first: a model.
  ///   - second: another one.
  ///   - progress: called before each tensor with the part of the values that is done.
  /// - Throws: what reading the tensors throws.
  public init(_ first: OpenedModel, _ second: OpenedModel, progress: (Double) -> Void = { _ in }) throws {
    architecture = ArchitectureDifference(first.document.architecture, second.document.architecture)
    if let left = first.document.vocabulary, let right = second.document.vocabulary {
      vocabulary = VocabularyDifference(left, right)
    } else {
      vocabulary = nil
    }
    hasVocabularyOnce = (first.document.vocabulary == nil) != (second.document.vocabulary == nil)
    comparesDocuments = first.isWhole && second.isWhole
    documents = comparesDocuments ? Self.documents(first.document, second.document) : []
    tensors = try Self.tensors(first, second, architecture.alignment, progress)
  }

  private static func documents(_ first: ModelDocument, _ second: ModelDocument) -> [JSONDifference] {
    func json(_ document: ModelDocument) -> JSONValue {
      .object(omittingNil: [
        "metadata": document.metadata, "lineage": .array(document.lineage),
        "history": .object(document.history.columns.mapValues { .array($0.values.map { .number($0) }) }),
        "proof": document.proof.map { proof in
          [
            "steps": .integer(proof.inputs.count), "tokens": .integer(proof.tokens.count),
            "computed_by": .string(proof.computedBy), "tolerance": .number(proof.tolerance),
          ]
        },
      ])
    }
    return JSONDifference.all(json(first), json(second))
  }

  private static func tensors(
    _ first: OpenedModel, _ second: OpenedModel, _ alignment: LayerAlignment, _ progress: (Double) -> Void
  ) throws -> [TensorDifference] {
    let places = Dictionary(
      zip(second.tensors, second.places).map { ($0.path, ($0, $1)) }, uniquingKeysWith: { first, _ in first })
    var taken: Set<String> = []
    var result: [TensorDifference] = []
    var done = 0
    for (tensor, place) in zip(first.tensors, first.places) {
      progress(Double(done) / Double(max(1, first.parameterCount)))
      done += tensor.count
      let path = otherPath(tensor.path, alignment)
      guard let (other, otherPlace) = places[path] else {
        result.append(
          TensorDifference(
            path: tensor.path, otherPath: nil, firstType: tensor.type, secondType: nil, outcome: .onlyFirst))
        continue
      }
      taken.insert(path)
      let outcome: TensorDifference.Outcome
      if tensor.shape != other.shape {
        outcome = .shapes(tensor.shape, other.shape)
      } else if tensor.type == other.type, let hash = place.sha256, hash == otherPlace.sha256 {
        outcome = .identical
      } else {
        let (left, right) = (try first.bytes(of: tensor), try second.bytes(of: other))
        if tensor.type == other.type && left == right {
          outcome = .identical
        } else {
          outcome = .numbers(TensorDifference.numbers(left, tensor.type, right, other.type))
        }
      }
      result.append(
        TensorDifference(
          path: tensor.path, otherPath: path == tensor.path ? nil : path, firstType: tensor.type,
          secondType: other.type, outcome: outcome))
    }
    for other in second.tensors where !taken.contains(other.path) {
      result.append(
        TensorDifference(
          path: other.path, otherPath: nil, firstType: nil, secondType: other.type, outcome: .onlySecond))
    }
    return result
  }

  private static func otherPath(_ path: String, _ alignment: LayerAlignment) -> String {
    let parts = path.split(separator: "/", maxSplits: 1)
    guard parts.count == 2, let layer = alignment[String(parts[0])] else { return path }
    return "\(layer)/\(parts[1])"
  }
}
