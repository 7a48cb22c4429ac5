/// The names of a network's outputs: what a tagger calls each token, and a classifier a whole text.
public struct Labels: Hashable, Sendable {
  /// Each output's name: any bytes, not empty, all different.
  public let names: [[UInt8]]
  private let index: [[UInt8]: Int32]

  /// Takes names in the order of the outputs.
  ///
  /// - Throws: ``LabelsError``.
  public init(_ names: [[UInt8]]) throws(LabelsError) {
    guard !names.isEmpty, names.count < Int(Int32.max) else { throw .count(names.count) }
    var index: [[UInt8]: Int32] = [:]
    for (label, name) in names.enumerated() {
      if name.isEmpty { throw .empty(label) }
      if let first = index.updateValue(Int32(label), forKey: name) { throw .duplicate(Int(first), label) }
    }
    self.names = names
    self.index = index
  }

  /// Puts labels together from the numbers that a file stores.
  ///
  /// - Parameters:
  ///   - bytes: all names, one after another.
  ///   - offsets: where each begins, and where the last one ends; not checked yet.
  /// - Throws: ``LabelsError``.
  public init(bytes: [UInt8], storedOffsets offsets: [UInt64]) throws(LabelsError) {
    guard offsets.first == 0, offsets.last == UInt64(bytes.count),
      zip(offsets, offsets.dropFirst()).allSatisfy({ $0 <= $1 })
    else { throw .offsets }
    try self.init(zip(offsets, offsets.dropFirst()).map { Array(bytes[Int($0)..<Int($1)]) })
  }

  /// The number of labels.
  public var count: Int { names.count }

  /// All names, one after another.
  public var bytes: [UInt8] { Array(names.joined()) }

  /// Where each name begins in ``bytes``, and where the last one ends: `[count + 1]`.
  public var offsets: [UInt64] {
    var offsets: [UInt64] = [0]
    for name in names { offsets.append(offsets[offsets.count - 1] + UInt64(name.count)) }
    return offsets
  }

  /// The output with a name.
  public func label(for name: [UInt8]) -> Int32? { index[name] }
}

/// Why names cannot be those of outputs.
public enum LabelsError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The offsets do not rise from 0 to the number of bytes.
  case offsets
  /// There is no name, or more than can be counted.
  case count(Int)
  /// A name without bytes.
  case empty(Int)
  /// Two outputs with the same name.
  case duplicate(Int, Int)

  /// One sentence.
  public var description: String {
    switch self {
    case .offsets: "The labels' offsets do not rise from 0 to the number of their bytes."
    case .count(let count): "There are \(count) labels, which is not possible."
    case .empty(let label): "Label \(label) is empty."
    case .duplicate(let first, let second): "Labels \(first) and \(second) are the same."
    }
  }
}
