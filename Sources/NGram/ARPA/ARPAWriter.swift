import RealModule

/// Writes models as ARPA files, which KenLM, SRILM and others read.
///
/// N-grams are sorted by their tokens, numbers are written with as many digits as give the same float32 values in nats when they are read. In a model of streams, `<s>` and `</s>` are there with log10 p = -99 and
/// nothing after them, since some programs read no file without them.
public struct ARPAWriter {
  private let model: NGramModel
  /// The word of each token, and `<s>`.
  private let words: [[UInt8]]
  private var buffer: [UInt8] = []

  /// Prepares to write a model.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - words: the word of each token, `[V]`. That of the token that ends sentences does not matter: it is written as `</s>`. ``ARPAEscapes`` makes
  ///     words of tokens that are none, such as a space.
  ///   - unknown: the token that is written as `<unk>`.
  /// - Throws: ``NGramError/notForARPA(reason:)`` for words that cannot be told apart there, and for scores that are no probabilities.
  public init(_ model: NGramModel, words: [[UInt8]], unknown: Int32? = nil) throws(NGramError) {
    guard words.count == model.vocabularySize else {
      throw .notForARPA(reason: "there are \(words.count) words for \(model.vocabularySize) tokens")
    }
    guard model.skipWeight == 0 else {
      throw .notForARPA(reason: "contexts that were not seen have a weight in stupid backoff, too")
    }
    var table = WordTable()
    var written: [[UInt8]] = []
    for (token, word) in words.enumerated() {
      let isEnd = Int32(token) == model.sentenceEnd
      let word = isEnd ? ARPAWords.end : Int32(token) == unknown ? ARPAWords.unknown : word
      let shown = "the word \(token), '\(String(decoding: ARPAEscapes.escape(word.prefix(40)), as: UTF8.self))',"
      guard !word.isEmpty, !word.contains(where: { $0 == 0 || $0 == 0x0A || ARPALines.isSpace($0) }), word.count <= 4096
      else { throw .notForARPA(reason: "\(shown) is empty, too long or has white space in it") }
      guard word != ARPAWords.start, isEnd || word != ARPAWords.end else {
        throw .notForARPA(reason: "\(shown) has a meaning of its own")
      }
      guard table.add(word[...]) != nil else { throw .notForARPA(reason: "\(shown) is there twice") }
      written.append(word)
    }
    self.model = model
    self.words = written + [ARPAWords.start]
  }

  /// Writes the file.
  ///
  /// - Parameter sink: is given one part of the file after another, each of some hundred kilobytes.
  /// - Throws: what `sink` throws.
  public mutating func write(to sink: ([UInt8]) throws -> Void) rethrows {
    let isStream = model.sentenceEnd == nil
    buffer = []
    append("\\data\\\n")
    for order in 1...model.order {
      append("ngram \(order)=\(model.count(order: order) + (isStream && order == 1 ? 2 : 0))\n")
    }
    for order in 1...model.order {
      append("\n\\\(order)-grams:\n")
      var path: [Int] = []
      try writeNGrams(0, order, &path, sink)
      if isStream && order == 1 { append("-99\t</s>\n-99\t<s>\n") }
    }
    append("\n\\end\\\n")
    try sink(buffer)
    buffer = []
  }

  /// Writes the n-grams of an order that begin with those in `path`, which are nodes of the model.
  private mutating func writeNGrams(
    _ depth: Int, _ order: Int, _ path: inout [Int], _ sink: ([UInt8]) throws -> Void
  ) rethrows {
    let range: Range<Int>
    if let last = path.last {
      range = Int(model.childStarts[last])..<Int(model.childStarts[last + 1])
    } else {
      range = 0..<model.bases[1]
    }
    for node in range {
      path.append(node)
      if depth + 1 == order {
        try writeNGram(path, sink)
      } else {
        try writeNGrams(depth + 1, order, &path, sink)
      }
      path.removeLast()
    }
  }

  private mutating func writeNGram(_ path: [Int], _ sink: ([UInt8]) throws -> Void) rethrows {
    guard let node = path.last else { return }
    appendNumber(model.logProbabilities[node])
    buffer.append(0x09)
    for (index, node) in path.enumerated() {
      if index > 0 { buffer.append(0x20) }
      buffer += words[Int(model.tokens[node])]
    }
    if node < model.backoffs.count {
      let hasMore = model.childStarts[node] < model.childStarts[node + 1]
      if hasMore || model.backoffs[node] != 0 {
        buffer.append(0x09)
        appendNumber(model.backoffs[node])
      }
    }
    buffer.append(0x0A)
    if buffer.count > 1 << 18 {
      try sink(buffer)
      buffer.removeAll(keepingCapacity: true)
    }
  }

  private mutating func append(_ text: String) { buffer += text.utf8 }

  /// A number in nats as log10, with as few digits as give the same bits when they are read.
  private mutating func appendNumber(_ nats: Float) {
    if nats == 0 { return append("0") }
    // Not "-98.99999" for `<s>`.
    if nats == NGramForm.startLogProbability { return append("-99") }
    let value = Double(nats) / Double.log(10)
    let short = "\(Float(value))"
    if Self.nats(of: short) == nats { return append(short) }
    let longer = "\((value * 1e10).rounded() / 1e10)"
    append(Self.nats(of: longer) == nats ? longer : "\(value)")
  }

  /// What a reader makes of digits.
  private static func nats(of digits: String) -> Float? {
    ARPANumber.parse(Array(digits.utf8)[...]).map { Float($0 * Double.log(10)) }
  }
}
