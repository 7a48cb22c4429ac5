import RNNConversion
import RNNFormat
import RNNInspection
import RNNModel

extension DifferenceReport {
  /// Everything for programs.
  var json: JSONValue {
    .object([
      "same": .bool(isSame), "tolerance": .number(tolerance), "model_only": .bool(isModelOnly),
      "first": Self.json(first), "second": Self.json(second),
      "architecture": [
        "only_first": .array(difference.architecture.alignment.onlyFirst.map { .string($0) }),
        "only_second": .array(difference.architecture.alignment.onlySecond.map { .string($0) }),
        "reordered": .bool(difference.architecture.isReordered),
        "keys": .array(difference.architecture.keys.map(Self.json)),
      ],
      "vocabulary": vocabulary, "tensors": .array(difference.tensors.map(Self.json)),
      "documents": difference.comparesDocuments ? .array(difference.documents.map(Self.json)) : .null,
      "outputs": outputs.map(Self.json) ?? .null,
    ])
  }

  private static func json(_ model: OpenedModel) -> JSONValue {
    [
      "file": .string(model.path), "format": .string(model.format.rawValue),
      "model_id": model.statedIdentity.map { .string($0) } ?? .null,
      "assumed": .array(model.assumptions.map { .string($0.text) }),
    ]
  }

  private static func json(_ difference: JSONDifference) -> JSONValue {
    .object(omittingNil: [
      "path": .string(difference.path), "first": difference.first, "second": difference.second,
    ])
  }

  private var vocabulary: JSONValue {
    guard let vocabulary = difference.vocabulary else { return .null }
    return [
      "settings": .array(
        vocabulary.settings.map {
          ["name": .string($0.name), "first": .string($0.first), "second": .string($0.second)]
        }),
      "only_first": .array(vocabulary.onlyFirst.map { .integer($0) }),
      "only_second": .array(vocabulary.onlySecond.map { .integer($0) }),
      "moved": .array(
        vocabulary.moved.map {
          [
            "token": String(validating: $0.bytes, as: UTF8.self).map { .string($0) } ?? .null,
            "first": .integer($0.first), "second": .integer($0.second),
          ]
        }),
      "merges": .bool(vocabulary.hasOtherMerges), "counts": .bool(vocabulary.hasOtherCounts),
    ]
  }

  private static func json(_ tensor: TensorDifference) -> JSONValue {
    var members: [String: JSONValue] = [
      "path": .string(tensor.path), "second_path": .string(tensor.otherPath ?? tensor.path),
      "first_type": tensor.firstType.map { .string($0.rawValue) } ?? .null,
      "second_type": tensor.secondType.map { .string($0.rawValue) } ?? .null,
    ]
    switch tensor.outcome {
    case .identical: members["outcome"] = "identical"
    case .onlyFirst: members["outcome"] = "only_first"
    case .onlySecond: members["outcome"] = "only_second"
    case .shapes(let first, let second):
      members["outcome"] = "shapes"
      members["first_shape"] = .array(first.map { .integer($0) })
      members["second_shape"] = .array(second.map { .integer($0) })
    case .numbers(let numbers):
      members["outcome"] = "numbers"
      members["count"] = .integer(numbers.count)
      members["unequal"] = .integer(numbers.unequal)
      members["largest"] = number(numbers.largest)
      members["place"] = numbers.place.map { .integer($0) } ?? .null
      members["root_mean_square"] = number(numbers.rootMeanSquare)
      members["relative"] = number(numbers.relative)
    }
    return .object(members)
  }

  private static func json(_ outputs: OutputDifference) -> JSONValue {
    [
      "predictions": .integer(outputs.predictions), "largest": number(outputs.largest), "mean": number(outputs.mean),
      "divergence_of_second": number(outputs.divergenceOfSecond),
      "divergence_of_first": number(outputs.divergenceOfFirst), "agreement": number(outputs.agreement),
      "first_loss": number(outputs.firstLoss), "second_loss": number(outputs.secondLoss),
    ]
  }

  /// JSON has no numbers that are not finite.
  private static func number(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
}
