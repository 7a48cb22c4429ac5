import RNNModel

/// Byte pairs spelled in the alphabet of GPT-2, in which each byte is a visible character.
struct ByteLevelMerges: Sendable {
  let entries: [TokenList.Entry]
  let pairs: [(first: [UInt8], second: [UInt8])]
  let remarks: [Assumption]
  let file: String

  /// The character that stands for each byte: itself where it is visible in Latin-1, else one from U+0100 on.
  static let alphabet: [[UInt8]] = {
    var other: UInt32 = 0x100
    return (0..<256 as Range<UInt32>).map { byte in
      var code = byte
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: break
      default:
        code = other
        other += 1
      }
      return Unicode.Scalar(code).map { Array(String(Character($0)).utf8) } ?? []
    }
  }()

  private func refusal(_ place: String, _ reason: String) -> ConversionError {
    .malformed(file: file, place: place, reason: reason)
  }

  /// The vocabulary, whose order is always bytes, merges, special tokens.
  func vocabulary(size modelSize: Int?) throws(ConversionError) -> VocabularyWithOrder {
    var settling = VocabularySettling(VocabularyChoices(), file: file, place: "model.vocab")
    settling.assumptions = remarks
    // Ids and spellings are those of the file, once each and within the model.
    let shift = try settling.shift(of: zeroBased, size: nil)
    let rows = try settling.rows(of: zeroBased, shift: shift, size: modelSize)
    var rowOf: [[UInt8]: Int] = [:]
    for (row, entry) in rows.enumerated() { if let entry { rowOf[entry.bytes] = row } }
    var ours: [[UInt8]: Int32] = [:]
    var order: [Int] = []
    for (byte, spelling) in Self.alphabet.enumerated() {
      guard let row = rowOf[spelling] else {
        throw refusal("model.vocab", "the byte \(byte) has no token, but a byte-pair encoding here has all 256")
      }
      ours[spelling] = Int32(order.count)
      order.append(row)
    }
    var merges: [Vocabulary.Merge] = []
    for (rank, pair) in pairs.enumerated() {
      let spelling = pair.first + pair.second
      guard let first = ours[pair.first], let second = ours[pair.second] else {
        throw refusal("model.merges", "merge \(rank) takes a token that is not there yet")
      }
      guard let row = rowOf[spelling] else {
        throw refusal("model.merges", "merge \(rank) makes a token that has no id")
      }
      guard ours.updateValue(Int32(order.count), forKey: spelling) == nil else {
        throw refusal("model.merges", "merge \(rank) makes a token that an earlier one makes too")
      }
      merges.append(Vocabulary.Merge(first, second))
      order.append(row)
    }
    return try finish(rows, merges, order, &settling)
  }

  private var zeroBased: TokenList {
    var list = TokenList(entries)
    list.firstID = 0
    return list
  }

  /// Adds what no text gives: marks, tokens without a merge, and ids without a token.
  private func finish(
    _ rows: [TokenList.Entry?], _ merges: [Vocabulary.Merge], _ order: [Int], _ settling: inout VocabularySettling
  ) throws(ConversionError) -> VocabularyWithOrder {
    var order = order
    var isOrdinary = [Bool](repeating: false, count: rows.count)
    for row in order { isOrdinary[row] = true }
    do {
      let ordinary = try Vocabulary(merges: merges)
      var taken: Set<[UInt8]> = []
      for token in 0..<Int32(ordinary.count) { taken.insert(Array(ordinary[token])) }
      var specials: [[UInt8]] = []
      for (row, entry) in rows.enumerated() where !isOrdinary[row] {
        let name = VocabularySettling.Names(taken: taken).free(entry?.bytes ?? Array("<unused \(row)>".utf8))
        taken.insert(name)
        specials.append(name)
        order.append(row)
      }
      let isSame = order.enumerated().allSatisfy { $0.offset == $0.element }
      return VocabularyWithOrder(
        vocabulary: try Vocabulary(merges: merges, specials: specials), order: isSame ? nil : order,
        assumptions: settling.assumptions)
    } catch { throw refusal("model.merges", "\(error)") }
  }
}
