import RNNConversion
import RNNFormat
import RNNInspection
import RNNModel

extension Inspection {
  /// Everything for programs.
  ///
  /// - Parameter tokens: the ids to list; nil for none.
  func json(tokens: [Int32]?) -> JSONValue {
    let document = model.document
    let listing = tokens.flatMap { ids in document.vocabulary.map { VocabularyListing($0).json(ids) } }
    return .object([
      "file": .string(model.path), "format": .string(model.format.rawValue), "bytes": .integer(model.size),
      "model_id": Self.text(identity), "content_id": Self.text(model.header?.contentID),
      "format_version": Self.text(model.header?.formatVersion), "generator": Self.text(model.header?.generator),
      "architecture": document.architecture.json, "parameters": .integer(model.parameterCount),
      "vocabulary": document.vocabulary.map { Self.json($0, listing) } ?? .null,
      "labels": document.labels.map { labels in
        .array(labels.names.map { .string(String(decoding: $0, as: UTF8.self)) })
      } ?? .null,
      "metadata": document.metadata, "lineage": .array(document.lineage),
      "history": .object(document.history.columns.mapValues { .array($0.values.map { .number($0) }) }),
      "proof": document.proof.map { proof in
        [
          "steps": .integer(proof.inputs.count), "tokens": .integer(proof.tokens.count),
          "computed_by": .string(proof.computedBy), "tolerance": .number(proof.tolerance),
        ]
      } ?? .null,
      "tensors": .array(tensors), "unfinished": Unfinished(model.trainingProgress)?.json ?? .null,
      "assumed": .array(model.assumptions.map { .string($0.text) }),
      "left_behind": .array(model.left.map { .string("\($0.name) (\($0.reason))") }),
    ])
  }

  private var tensors: [JSONValue] {
    let entries = ParameterTable(model.document.architecture).entries
    return zip(model.tensors, entries).enumerated().map { index, pair in
      let (tensor, entry) = pair
      let place = model.places[index]
      var members: [String: JSONValue] = [
        "path": .string(tensor.path), "type": .string(tensor.type.rawValue),
        "shape": .array(tensor.shape.map { .integer($0) }),
        "axes": .array(entry.axes.map { .string($0.rawValue) }), "gates": .array(entry.gates.map { .string($0) }),
        "offset": place.offset.map { .integer($0) } ?? .null, "bytes": .integer(tensor.byteCount),
        "stored_bytes": place.storedBytes.map { .integer($0) } ?? .null, "sha256": Self.text(sha256(of: index)),
        "source": Self.text(place.formula),
      ]
      if let figures = statistics?[index] {
        var whole = Self.json(figures.whole, norm: nil)
        whole["gates"] = .object(
          Dictionary(
            figures.gates.map { ($0.name, .object(Self.json($0.statistics, norm: $0.spectralNorm))) },
            uniquingKeysWith: { first, _ in first }))
        members["statistics"] = .object(whole)
      }
      return .object(members)
    }
  }

  private static func json(_ figures: TensorStatistics, norm: Double?) -> [String: JSONValue] {
    [
      "count": .integer(figures.count), "mean": number(figures.mean), "deviation": number(figures.deviation),
      "minimum": number(figures.minimum), "maximum": number(figures.maximum), "zeros": .integer(figures.zeros),
      "non_finite": .integer(figures.nonFinite), "spectral_norm": norm.map(number) ?? .null,
      "histogram": [
        "edges": .array(figures.histogram.edges.map(number)),
        "counts": .array(figures.histogram.counts.map { .integer($0) }),
      ],
    ]
  }

  private static func json(_ vocabulary: Vocabulary, _ listing: JSONValue?) -> JSONValue {
    .object(omittingNil: [
      "kind": .string(vocabulary.kind.rawValue), "normalisation": .string(vocabulary.normalisation.rawValue),
      "tokens": .integer(vocabulary.count), "unknown_id": .integer(vocabulary.unknown ?? -1),
      "line_end_id": .integer(vocabulary.lineEnd ?? -1),
      "specials": .array(vocabulary.specials.map { .integer($0) }), "listing": listing,
    ])
  }

  private static func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }

  /// JSON has no numbers that are not finite.
  private static func number(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
}
