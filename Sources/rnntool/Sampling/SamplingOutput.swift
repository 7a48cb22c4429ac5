import RNNFormat
import RNNGeneration
import RNNModel

/// What `sample` prints: the text as it comes, a table of tokens, or JSON at the end. Several texts appear in their order.
struct SamplingOutput {
  private let vocabulary: Vocabulary
  private let prompt: [UInt8]
  private let isJSON: Bool
  private let count: Int
  private let table: ProbabilityTable?
  private var stream = CharacterStream()
  private var texts: [Int: WrittenText] = [:]
  private var next = 0

  init(_ vocabulary: Vocabulary, prompt: [UInt8], isJSON: Bool, showsProbabilities: Bool, count: Int) {
    (self.vocabulary, self.prompt, self.isJSON, self.count) = (vocabulary, prompt, isJSON, count)
    table = showsProbabilities ? ProbabilityTable(vocabulary) : nil
  }

  func begin() throws {
    if table != nil {
      try Terminal.print(ProbabilityTable.header)
    } else if !isJSON && count == 1 {
      try Terminal.write(prompt)
    }
  }

  /// Shows what has been added to the only text.
  mutating func show(_ bytes: [UInt8], _ draw: Sampler.Draw) throws {
    guard !isJSON, count == 1 else { return }
    if let table { return try Terminal.print(table.line(draw)) }
    let complete = stream.complete(adding: bytes)
    if !complete.isEmpty { try Terminal.show(complete) }
  }

  /// Takes a text that has ended.
  mutating func take(_ text: WrittenText, number: Int) throws {
    var text = text
    let rest = text.finish()
    if !isJSON && count == 1 && table == nil {
      let complete = stream.complete(adding: rest)
      if !complete.isEmpty { try Terminal.show(complete) }
    }
    texts[number] = text
    guard !isJSON, count > 1 else { return }
    while let text = texts.removeValue(forKey: next) {
      next += 1
      try Terminal.print(
        "--- \(next) of \(count)\(text.hypothesis.map { ", ln p \(Format.number($0.logProbability, 3))" } ?? "") ---")
      if let table {
        for draw in text.draws { try Terminal.print(table.line(draw)) }
      } else {
        try Terminal.write(prompt)
        var whole = CharacterStream()
        try Terminal.show(whole.complete(adding: text.bytes) + [0x0A])
      }
    }
  }

  func end(seed: UInt64?, seconds: Double, modelID: String, suffix: String?) throws {
    guard isJSON else {
      // Half a character at the end is left out.
      if count == 1 && table == nil {
        try Terminal.show((suffix.map { Array($0.utf8) } ?? []) + [0x0A])
      }
      return
    }
    var object: [String: JSONValue] = [
      "prompt": .string(String(decoding: prompt, as: UTF8.self)), "seed": seed.map { .integer($0) } ?? .null,
      "seconds": .number(seconds), "model_id": .string(modelID),
    ]
    if let suffix { object["suffix"] = .string(suffix) }
    let all = texts.sorted { $0.key < $1.key }.map(\.value.json)
    if count == 1 { object.merge(all.first ?? [:]) { $1 } } else { object["texts"] = .array(all.map { .object($0) }) }
    try Terminal.print(.object(object))
  }
}
