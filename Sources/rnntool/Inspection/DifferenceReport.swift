import Foundation
import RNNConversion
import RNNFormat
import RNNInspection
import RNNModel

/// What two models do not have in common, for people and programs.
struct DifferenceReport {
  let first: OpenedModel
  let second: OpenedModel
  let difference: ModelDifference
  /// How their predictions for a text differ; nil if there was none.
  let outputs: OutputDifference?
  /// How much numbers may differ.
  let tolerance: Double
  /// Whether only what the models compute counts.
  let isModelOnly: Bool

  /// How many differences of one sort are printed at most.
  private static let most = 12

  /// Whether nothing that counts is different.
  var isSame: Bool {
    let vocabulary = difference.vocabulary
    return difference.architecture.isNone(names: !isModelOnly) && vocabulary?.isNone ?? true
      && !isVocabularyMissing && difference.tensors.allSatisfy(isSame)
      && (outputs.map { $0.largest <= tolerance } ?? true)
      && (isModelOnly || (difference.documents.isEmpty && !(vocabulary?.hasOtherCounts ?? false)))
  }

  /// Whether one model lacks a vocabulary although its file has a place for it.
  private var isVocabularyMissing: Bool { difference.hasVocabularyOnce && difference.comparesDocuments }

  private func isSame(_ tensor: TensorDifference) -> Bool {
    switch tensor.outcome {
    case .identical: true
    case .numbers(let numbers): numbers.largest <= tolerance
    case .shapes, .onlyFirst, .onlySecond: false
    }
  }

  // MARK: For people

  var text: String {
    var parts: [String] = []
    func add(_ title: String, _ lines: [String]) {
      if !lines.isEmpty { parts.append(([title] + lines.map { "  " + $0 }).joined(separator: "\n")) }
    }
    add("architecture", architecture)
    add("vocabulary", vocabulary)
    add("parameters", parameters)
    if !isModelOnly { add("documents", Self.shortened(difference.documents.map(Self.line))) }
    add("predictions", predictions)
    if !isModelOnly, !difference.comparesDocuments {
      let bare = first.isWhole ? second : first
      parts.append("not compared: metadata and history, for which \(bare.format.rawValue) files have no place")
    }
    let within = tolerance > 0 ? " within \(Format.short(tolerance))" : ""
    parts.append(isSame ? "the same\(isModelOnly ? " model" : "")\(within)" : "different")
    return parts.joined(separator: "\n\n")
  }

  private var architecture: [String] {
    let architecture = difference.architecture
    var lines = architecture.alignment.onlyFirst.map { "layer \($0.printable): only in the first" }
    lines += architecture.alignment.onlySecond.map { "layer \($0.printable): only in the second" }
    if architecture.isReordered { lines.append("the layers come in another order") }
    let keys = architecture.keys.filter { !isModelOnly || !ArchitectureDifference.isName($0) }
    return lines + Self.shortened(keys.map(Self.line))
  }

  private var vocabulary: [String] {
    if isVocabularyMissing {
      return ["only the \(first.document.vocabulary == nil ? "second" : "first") says what its tokens are"]
    }
    guard let vocabulary = difference.vocabulary, let left = first.document.vocabulary,
      let right = second.document.vocabulary
    else { return [] }
    func tokens(_ ids: [Int32], of vocabulary: Vocabulary) -> String {
      let shown = ids.prefix(Self.most).map { Vocabulary.display(vocabulary[$0].prefix(64)).printable }
      return shown.joined(separator: " ") + (ids.count > shown.count ? " ..." : "")
    }
    var lines = vocabulary.settings.map { "\($0.name): \($0.first) -> \($0.second)" }
    for (ids, owner, which) in [
      (vocabulary.onlyFirst, left, "first"), (vocabulary.onlySecond, right, "second"),
    ] where !ids.isEmpty {
      lines.append("\(Format.count(ids.count, "token")) only in the \(which): \(tokens(ids, of: owner))")
    }
    if !vocabulary.moved.isEmpty {
      lines.append("\(Format.count(vocabulary.moved.count, "token")) with other ids:")
      lines += Self.shortened(
        vocabulary.moved.prefix(Self.most + 1).map {
          "  \(Vocabulary.display($0.bytes.prefix(64)).printable) \($0.first) -> \($0.second)"
        }, of: vocabulary.moved.count)
    }
    if vocabulary.hasOtherMerges { lines.append("pairs of tokens are merged in another order") }
    if vocabulary.hasOtherCounts, !isModelOnly { lines.append("other counts of the training text") }
    return lines
  }

  private var parameters: [String] {
    let identical = difference.tensors.count { if case .identical = $0.outcome { true } else { false } }
    var rows = [["", "unequal", "largest", "at", "rms", "relative"]]
    var lines: [String] = []
    for tensor in difference.tensors {
      let name = tensor.path + (tensor.otherPath.map { " (\($0))" } ?? "")
      switch tensor.outcome {
      case .identical: break
      case .onlyFirst: lines.append("\(name): only in the first")
      case .onlySecond: lines.append("\(name): only in the second")
      case .shapes(let left, let right): lines.append("\(name): shape \(left) -> \(right)")
      case .numbers(let numbers):
        let share = Format.number(100 * Double(numbers.unequal) / Double(max(1, numbers.count)), 1)
        var type = ""
        if let left = tensor.firstType, let right = tensor.secondType, left != right {
          type = " \(left.rawValue) -> \(right.rawValue)"
        }
        rows.append([
          name + type, "\(share)%", Format.short(numbers.largest), Self.index(numbers.place, in: tensor, of: first),
          Format.short(numbers.rootMeanSquare), Format.short(numbers.relative),
        ])
      }
    }
    if rows.count > 1 {
      lines += Format.table(rows, right: [1, 2, 4, 5]).split(separator: "\n").map(String.init)
    }
    return ["\(identical) of \(Format.count(difference.tensors.count, "tensor")) identical"] + lines
  }

  private var predictions: [String] {
    guard let outputs else { return [] }
    return Format.table([
      ["compared", "\(Format.count(outputs.predictions, "prediction"))"],
      [
        "log-probabilities",
        "differ by up to \(Format.short(outputs.largest)) nats, by \(Format.short(outputs.mean)) in the mean",
      ],
      [
        "divergence",
        "\(Format.short(outputs.divergenceOfSecond)) nats per token of the second from the first, \(Format.short(outputs.divergenceOfFirst)) of the first from the second",
      ],
      ["same best token", "\(Format.number(100 * outputs.agreement, 2))% of the predictions"],
      [
        "loss", "\(Format.number(outputs.firstLoss, 6)) -> \(Format.number(outputs.secondLoss, 6)) nats per token",
      ],
    ]).split(separator: "\n").map(String.init)
  }

  private static func line(_ difference: JSONDifference) -> String {
    func short(_ value: JSONValue?) -> String {
      guard let text = value?.canonical.printable else { return "nothing" }
      return text.count > 60 ? text.prefix(57) + "..." : text
    }
    return "\(difference.path.printable): \(short(difference.first)) -> \(short(difference.second))"
  }

  /// As many lines as people read.
  private static func shortened(_ lines: [String], of count: Int? = nil) -> [String] {
    let count = count ?? lines.count
    guard count > most else { return lines }
    return lines.prefix(most) + ["... and \(Format.count(count - most)) more"]
  }

  /// `[2, 17, 5]`
  private static func index(_ place: Int?, in tensor: TensorDifference, of model: OpenedModel) -> String {
    guard var rest = place, let shape = model.tensors.first(where: { $0.path == tensor.path })?.shape else { return "" }
    var index: [String] = []
    for length in shape.reversed() where length > 0 {
      index.append("\(rest % length)")
      rest /= length
    }
    return "[\(index.reversed().joined(separator: ", "))]"
  }
}
