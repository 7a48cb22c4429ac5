import RNNModel

extension TokenList {
  /// The vocabulary of a model.
  ///
  /// - Parameters:
  ///   - size: how many tokens the model has; nil if that is not known yet.
  ///   - choices: what the user says.
  ///   - file: the file's name, for messages.
  func vocabulary(
    size modelSize: Int?, _ choices: VocabularyChoices, file: String
  ) throws(ConversionError) -> VocabularyWithOrder {
    var settling = VocabularySettling(choices, file: file, place: place)
    settling.assumptions = remarks
    if choices.kind == nil, let reason = reasonNotToSplit { throw settling.refusal(reason) }
    let shift = try settling.shift(of: self, size: modelSize)
    let tokens = try settling.rows(of: self, shift: shift, size: modelSize)
    return try settling.finish(
      tokens, self, unknown: unknown.map { $0 - shift }, lineEnd: lineEnd.map { $0 - shift },
      specials: Set(specials.map { $0 - shift }))
  }
}

/// Decides what a list of tokens leaves open.
struct VocabularySettling {
  let choices: VocabularyChoices
  let file: String
  let place: String
  var assumptions: [Assumption] = []

  init(_ choices: VocabularyChoices, file: String, place: String) {
    self.choices = choices
    self.file = file
    self.place = place
  }

  func refusal(_ reason: String) -> ConversionError { .malformed(file: file, place: place, reason: reason) }

  mutating func settle<Value: Hashable>(
    _ given: Value?, else usual: Value, _ subject: String, flag: String, because reason: String
  ) -> Value {
    assumptions.append(
      Assumption(subject, "\(given ?? usual)", because: reason, flag: flag, isGiven: given != nil))
    return given ?? usual
  }

  /// How much larger the ids of a list are than the rows of the model.
  mutating func shift(of list: TokenList, size: Int?) throws(ConversionError) -> Int {
    guard let lowest = list.entries.min(by: { $0.id < $1.id }), let highest = list.entries.max(by: { $0.id < $1.id })
    else { throw refusal("there are no tokens") }
    guard lowest.id >= 0 else {
      throw refusal("the token \(Vocabulary.display(lowest.bytes)) has the id \(lowest.id)")
    }
    if let firstID = choices.firstID, !(0...1).contains(firstID) { throw refusal("ids are counted from 0 or from 1") }
    if let known = choices.firstID ?? list.firstID {
      guard known <= lowest.id else { throw refusal("ids are said to begin with 1, but there is an id 0") }
      return known
    }
    guard lowest.id > 0 else { return 0 }
    // Only one of the two readings has as many rows as the model.
    if highest.id == size { return 1 }
    if let size, highest.id < size { return 0 }
    return settle(
      nil, else: 0, "first id", flag: "--vocabulary-first-id",
      because: "the ids begin with \(lowest.id), and 0 may be padding"
    )
  }

  /// The token of each row of the model; nil where no token has the row.
  func rows(of list: TokenList, shift: Int, size modelSize: Int?) throws(ConversionError) -> [TokenList.Entry?] {
    guard let last = list.entries.max(by: { $0.id < $1.id }) else { throw refusal("there are no tokens") }
    let needed = last.id - shift + (last.id < Int.max ? 1 : 0)
    if let modelSize, needed > modelSize {
      throw refusal(
        "the token \(Vocabulary.display(last.bytes)) has the id \(last.id), so that there are \(needed) tokens at least, but the model has \(modelSize)"
      )
    }
    let size = modelSize ?? max(needed, list.size ?? 0)
    // A model of that size has at least as many numbers; without one, the file has to have the tokens.
    guard size <= Int(Int32.max) - 1, modelSize != nil || size <= 2 * list.entries.count + 16 else {
      throw refusal("the ids reach to \(size - 1), but there are only \(list.entries.count) tokens")
    }
    var rows = [TokenList.Entry?](repeating: nil, count: size)
    var names: [[UInt8]: Int] = [:]
    for entry in list.entries {
      let row = entry.id - shift
      let display = Vocabulary.display(entry.bytes)
      if entry.bytes.isEmpty { throw refusal("the token with the id \(entry.id) is empty") }
      if let other = rows[row] {
        throw refusal("the tokens \(Vocabulary.display(other.bytes)) and \(display) have the same id \(entry.id)")
      }
      if let other = names.updateValue(entry.id, forKey: entry.bytes) {
        throw refusal("the token \(display) has two ids, \(other) and \(entry.id)")
      }
      rows[row] = entry
    }
    return rows
  }
}
