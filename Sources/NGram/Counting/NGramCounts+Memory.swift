import Foundation

extension NGramCounts {
  /// The memory that counting and smoothing may take at most, in bytes; `Int.max` for what cannot be held in any.
  ///
  /// It is reached by a text in which no n-gram occurs twice; natural language needs about half of it.
  ///
  /// - Parameters:
  ///   - tokens: the length of the text, with a `<s>` for each of its sentences.
  ///   - order: the highest order.
  ///   - vocabularySize: V.
  public static func memoryEstimate(tokens: Int, order: Int, vocabularySize: Int) -> Int {
    // Positions and their ranks at two orders, and the text.
    var bytes = tokens.multipliedReportingOverflow(by: 20)
    var nodes = 1
    for _ in 0..<order {
      let product = nodes.multipliedReportingOverflow(by: vocabularySize + 1)
      nodes = product.overflow ? tokens : min(tokens, product.partialValue)
      // A node's counts, its probability while it is estimated, and the numbers of the finished model.
      let part = nodes.multipliedReportingOverflow(by: 52)
      let sum = bytes.partialValue.addingReportingOverflow(part.partialValue)
      bytes = (sum.partialValue, bytes.overflow || part.overflow || sum.overflow)
      if bytes.overflow { return .max }
    }
    return bytes.partialValue
  }

  /// What may be taken unless a caller says otherwise: three quarters of the machine's memory.
  public static var defaultMemoryLimit: Int {
    Int(clamping: ProcessInfo.processInfo.physicalMemory / 4 * 3)
  }
}
