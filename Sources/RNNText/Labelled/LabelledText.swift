/// What is labelled in a text of examples.
public enum LabelledForm: String, Hashable, Sendable, Codable, CaseIterable {
  /// Every token: a line holds a token, a tab and its label; an empty line ends a sequence.
  case tokens
  /// Every text: a line holds a label, a tab and a text.
  case texts
}

/// A sequence with its labels, as a line or some lines of a file hold it.
public struct LabelledSequence: Hashable, Sendable {
  /// The tokens; of a text that is labelled as a whole, that text.
  public var parts: [[UInt8]]
  /// The label of each part.
  public var labels: [[UInt8]]
  /// The number of its first line, counted from 1.
  public var line: Int

  /// Makes a sequence.
  public init(parts: [[UInt8]], labels: [[UInt8]], line: Int) {
    self.parts = parts
    self.labels = labels
    self.line = line
  }
}

extension LabelledForm {
  /// Splits a file into its sequences.
  ///
  /// A carriage return before the end of a line is left out, and so are empty lines between texts.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - path: its name, for messages.
  /// - Throws: ``LabelledTextError`` with the number of the first line that is none.
  public func sequences(_ bytes: [UInt8], path: String) throws(LabelledTextError) -> [LabelledSequence] {
    var sequences: [LabelledSequence] = []
    var open: LabelledSequence?
    var number = 0
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      number += 1
      let line = line.last == 0x0D ? line.dropLast() : line
      guard line.contains(where: { $0 != 0x20 && $0 != 0x09 }) else {
        if let sequence = open { sequences.append(sequence) }
        open = nil
        continue
      }
      guard let tab = line.firstIndex(of: 0x09) else {
        throw LabelledTextError(path: path, line: number, reason: "has no tab between \(columns)")
      }
      let (first, second) = (Array(line[..<tab]), Array(line[(tab + 1)...]))
      switch self {
      case .tokens:
        guard !first.isEmpty, !second.isEmpty, !second.contains(0x09), !first.contains(where: Self.isWhiteSpace) else {
          throw LabelledTextError(path: path, line: number, reason: "is not \(columns) with one tab between them")
        }
        open = open ?? LabelledSequence(parts: [], labels: [], line: number)
        open?.parts.append(first)
        open?.labels.append(second)
      case .texts:
        guard !first.isEmpty, !second.isEmpty else {
          throw LabelledTextError(path: path, line: number, reason: "is not \(columns) with a tab between them")
        }
        sequences.append(LabelledSequence(parts: [second], labels: [first], line: number))
      }
    }
    if let sequence = open { sequences.append(sequence) }
    guard !sequences.isEmpty else { throw LabelledTextError(path: path, line: nil, reason: "holds no \(columns)") }
    return sequences
  }

  private var columns: String {
    switch self {
    case .tokens: "a token and its label"
    case .texts: "a label and its text"
    }
  }

  private static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (9...13).contains(byte) }
}

/// Why a file of examples is refused.
public struct LabelledTextError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// The line, counted from 1; nil for the file as a whole.
  public let line: Int?
  /// What is wrong.
  public let reason: String

  /// Makes an error.
  public init(path: String, line: Int?, reason: String) { (self.path, self.line, self.reason) = (path, line, reason) }

  /// One sentence.
  public var description: String {
    line.map { "line \($0) of '\(path)' \(reason)" } ?? "'\(path)' \(reason)"
  }
}
