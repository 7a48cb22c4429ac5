/// How often a label was right, and what one says of it: precision, recall and F1 (van Rijsbergen 1979).
///
/// What has no meaning, as the precision of a label that was never given, counts as 0.
public struct LabelScore: Hashable, Sendable {
  /// Given where it should have been.
  public var correct = 0
  /// Given, rightly or wrongly.
  public var predicted = 0
  /// To be given: the support.
  public var expected = 0

  /// Nothing counted yet.
  public init() {}

  /// The part of what was given that is right.
  public var precision: Double { predicted == 0 ? 0 : Double(correct) / Double(predicted) }
  /// The part of what should have been given that was.
  public var recall: Double { expected == 0 ? 0 : Double(correct) / Double(expected) }
  /// The harmonic mean of both, 2 correct / (predicted + expected).
  public var f1: Double { predicted + expected == 0 ? 0 : 2 * Double(correct) / Double(predicted + expected) }
}

/// How labels that a model gave compare with those that it should have given.
public struct LabelCounts: Hashable, Sendable {
  /// By label.
  public private(set) var scores: [[UInt8]: LabelScore] = [:]
  /// All labels.
  public private(set) var total = 0
  /// Those that are right.
  public private(set) var correct = 0

  /// Nothing counted yet.
  public init() {}

  /// Counts one label.
  public mutating func add(expected: [UInt8], predicted: [UInt8]) {
    total += 1
    scores[expected, default: LabelScore()].expected += 1
    scores[predicted, default: LabelScore()].predicted += 1
    if expected == predicted {
      correct += 1
      scores[expected, default: LabelScore()].correct += 1
    }
  }

  /// The part that is right.
  public var accuracy: Double { total == 0 ? 0 : Double(correct) / Double(total) }

  /// The mean of F1 over all labels that should have been given, or were.
  public var macroF1: Double { scores.isEmpty ? 0 : scores.values.reduce(0) { $0 + $1.f1 } / Double(scores.count) }

  /// F1 of the counts of all labels together. As each thing has one label and gets one, it is the accuracy.
  public var microF1: Double {
    var all = LabelScore()
    for score in scores.values {
      all.correct += score.correct
      all.predicted += score.predicted
      all.expected += score.expected
    }
    return all.f1
  }
}
