/// Words and their numbers, in the order in which they were added: a hash table over one row of bytes.
struct WordTable {
  private var bytes: [UInt8] = []
  private var offsets = [0]
  /// One more than the number of the word, or 0 for a free place.
  private var places = [UInt32](repeating: 0, count: 64)

  var count: Int { offsets.count - 1 }

  subscript(word: Int) -> ArraySlice<UInt8> { bytes[offsets[word]..<offsets[word + 1]] }

  /// The number of a word; nil if it was not added.
  func find(_ word: ArraySlice<UInt8>) -> UInt32? {
    let found = places[place(of: word)]
    return found == 0 ? nil : found - 1
  }

  /// Adds a word.
  ///
  /// - Returns: its number; nil if it is there already.
  mutating func add(_ word: ArraySlice<UInt8>) -> UInt32? {
    let place = place(of: word)
    guard places[place] == 0 else { return nil }
    bytes += word
    offsets.append(bytes.count)
    places[place] = UInt32(count)
    if count * 2 > places.count {
      places = [UInt32](repeating: 0, count: places.count * 2)
      for index in 0..<count { places[self.place(of: self[index])] = UInt32(index + 1) }
    }
    return UInt32(count - 1)
  }

  /// Where a word is, or would be.
  private func place(of word: ArraySlice<UInt8>) -> Int {
    // Seeded at the start of the process, so that no file can make its words collide.
    var hasher = Hasher()
    // The pointer is used only inside the closure.
    word.withUnsafeBytes { hasher.combine(bytes: $0) }
    var place = hasher.finalize() & (places.count - 1)
    while places[place] != 0 && !word.elementsEqual(self[Int(places[place] - 1)]) {
      place = (place + 1) & (places.count - 1)
    }
    return place
  }
}
