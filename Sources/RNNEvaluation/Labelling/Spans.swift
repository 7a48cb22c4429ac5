/// A stretch of tokens that labels of the form B-X, I-X, O mark together: a name, a phrase.
public struct Span: Hashable, Sendable {
  /// X.
  public var type: [UInt8]
  /// The tokens.
  public var range: Range<Int>

  /// The spans of a sequence, by the rule of the CoNLL shared tasks (Tjong Kim Sang & Buchholz 2000): one begins at each B-X, and at an I-X
  /// that does not go on with a span of the same X; it goes on with each I-X.
  ///
  /// - Parameter labels: those of the tokens.
  public static func spans(of labels: [[UInt8]]) -> [Span] {
    var spans: [Span] = []
    var isOpen = false
    for (place, label) in labels.enumerated() {
      guard let (isBeginning, type) = parts(of: label) else {
        isOpen = false
        continue
      }
      if isOpen, !isBeginning, let last = spans.last, last.type == type {
        spans[spans.count - 1].range = last.range.lowerBound..<(place + 1)
      } else {
        spans.append(Span(type: type, range: place..<(place + 1)))
      }
      isOpen = true
    }
    return spans
  }

  /// Whether all labels have the form B-X, I-X or O, and one at least is not O.
  public static func isMarking(_ labels: some Sequence<[UInt8]>) -> Bool {
    var marks = false
    for label in labels {
      if parts(of: label) != nil { marks = true } else if label != outside { return false }
    }
    return marks
  }

  private static let outside: [UInt8] = [0x4F]

  /// Whether B or I, and X; nil for anything else.
  private static func parts(of label: [UInt8]) -> (isBeginning: Bool, type: [UInt8])? {
    guard label.count > 2, label[1] == 0x2D, label[0] == 0x42 || label[0] == 0x49 else { return nil }
    return (label[0] == 0x42, Array(label.dropFirst(2)))
  }
}

/// How the spans that a model marked compare with those that it should have marked: right is one of the same type and tokens.
public struct SpanCounts: Hashable, Sendable {
  /// All spans.
  public private(set) var all = LabelScore()
  /// By type.
  public private(set) var types: [[UInt8]: LabelScore] = [:]

  /// Nothing counted yet.
  public init() {}

  /// Counts the spans of one sequence.
  public mutating func add(expected: [[UInt8]], predicted: [[UInt8]]) {
    let (expected, predicted) = (Span.spans(of: expected), Set(Span.spans(of: predicted)))
    for span in expected {
      let isFound = predicted.contains(span)
      count(span.type) {
        $0.expected += 1
        if isFound { $0.correct += 1 }
      }
    }
    for span in predicted { count(span.type) { $0.predicted += 1 } }
  }

  private mutating func count(_ type: [UInt8], _ change: (inout LabelScore) -> Void) {
    change(&all)
    change(&types[type, default: LabelScore()])
  }
}
