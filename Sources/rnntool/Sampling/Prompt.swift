import ArgumentParser
import RNNFormat
import RNNModel

/// What to do with symbols of a prompt that the model has no token for.
struct PromptOptions: ParsableArguments {
  @Option(help: "What to do with symbols of the prompt that the model has no token for: refuse, or skip them.")
  var unknown = Vocabulary.UnknownSymbols.refuse

  @Option(help: "Text to read in the place of such symbols.")
  var mapUnknown: String?

  func validate() throws {
    if mapUnknown != nil && unknown == .skip {
      throw ValidationError("--map-unknown and --unknown skip contradict each other: give one of them.")
    }
  }

  private static let mostNamed = 10

  /// A text as tokens.
  ///
  /// - Throws: ``Failure`` that names the symbols without a token.
  func tokens(of text: [UInt8], in vocabulary: Vocabulary) throws -> [Int32] {
    let replacement = mapUnknown.map { Array($0.utf8) } ?? []
    if mapUnknown != nil { _ = try vocabulary.encode(replacement, unknown: .refuse) }
    let original = text
    var (text, found): ([UInt8], [[UInt8]]) = (text, [])
    while found.count <= Self.mostNamed {
      let symbol: [UInt8]
      do {
        let tokens = try vocabulary.encode(text, unknown: unknown).tokens
        guard found.isEmpty || mapUnknown != nil else { break }
        return tokens
      } catch {
        guard case VocabularyError.unknownSymbol(let bytes, let offset) = error else { throw error }
        symbol = Self.character(in: text, around: offset..<(offset + bytes.count))
      }
      if mapUnknown == nil { found.append(symbol) }
      text = text.replacing(symbol, with: replacement)
    }
    let names = found.map { symbol in
      "\(Vocabulary.display(symbol)) (byte \(original.firstRange(of: symbol)?.lowerBound ?? 0))"
    }
    let more = found.count > Self.mostNamed ? " and others" : ""
    throw Failure(
      "the model has no token for \(names.prefix(Self.mostNamed).joined(separator: ", "))\(more): leave them out of the prompt with --unknown skip, or give other text for them with --map-unknown",
      code: Failure.refused)
  }

  /// The whole character that bytes without a token belong to, as a person would name it.
  private static func character(in text: [UInt8], around range: Range<Int>) -> [UInt8] {
    for start in stride(from: range.lowerBound, through: max(0, range.lowerBound - 3), by: -1) {
      for end in range.upperBound...min(text.count, max(range.upperBound, start + 4)) {
        let bytes = Array(text[start..<end])
        if let string = String(validating: bytes, as: UTF8.self), string.unicodeScalars.count == 1 { return bytes }
      }
    }
    return Array(text[range])
  }
}
