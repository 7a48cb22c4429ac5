import RNNModel
import Synchronization

/// A pattern of texts, made for the tokens of a vocabulary: which of them may come after a text that has begun.
///
/// What has been found out is kept, for all texts that are written by the pattern.
public final class TextPattern: Sendable {
  /// A place in the pattern.
  struct Place: Hashable, Sendable {
    fileprivate var states: Automaton.States
    /// Whether a word would be set off by a space from what is before it.
    fileprivate var followsWord: Bool
  }

  private static let mostPlaces = 4096
  private let automaton: Automaton
  private let vocabulary: Vocabulary
  private let allowed = Mutex<[Place: [Int32]]>([:])

  private init(_ automaton: Automaton, _ vocabulary: Vocabulary) {
    (self.automaton, self.vocabulary) = (automaton, vocabulary)
  }

  /// Texts that match a regular expression as a whole.
  ///
  /// It has literals, `.`, classes, groups, `|`, `*`, `+`, `?`, `{m,n}`, and the escapes `\d \w \s \D \W \S \n \t \r \xHH \u{H}`.
  public convenience init(matching pattern: String, for vocabulary: Vocabulary) throws(PatternError) {
    self.init(try Automaton(pattern: pattern), vocabulary)
  }

  /// Texts of words of a list, with white space and punctuation of ASCII between them.
  public convenience init(words: [[UInt8]], for vocabulary: Vocabulary) throws(PatternError) {
    self.init(try Automaton(words: words), vocabulary)
  }

  var start: Place { Place(states: automaton.start, followsWord: false) }

  /// The tokens that may come, sorted; none where no text goes on.
  func tokens(at place: Place) -> [Int32] {
    if let known = allowed.withLock({ $0[place] }) { return known }
    let tokens = (0..<Int32(vocabulary.count)).filter { advance(place, by: $0) != nil }
    allowed.withLock {
      // The memory stays bounded; frequent places are soon back.
      if $0.count >= Self.mostPlaces { $0 = [:] }
      $0[place] = tokens
    }
    return tokens
  }

  /// The place after a token; nil if it may not come.
  func advance(_ place: Place, by token: Int32) -> Place? {
    let (bytes, followsWord) = vocabulary.bytes(of: token, followsWord: place.followsWord)
    var states = place.states
    for byte in bytes {
      states = automaton.advance(states, by: byte)
      if states.isEmpty { return nil }
    }
    return bytes.isEmpty ? nil : Place(states: states, followsWord: followsWord)
  }

  /// Whether a text may end here.
  func accepts(_ place: Place) -> Bool { automaton.accepts(place.states) }
}

extension Vocabulary {
  /// What a token adds to a text, and whether it is a word; ``Decoder`` without what came before.
  fileprivate func bytes(of token: Int32, followsWord: Bool) -> (bytes: [UInt8], isWord: Bool) {
    guard kind == .words else { return (Array(self[token]), false) }
    if token == lineEnd { return ([0x0A], false) }
    let bytes = Array(self[token])
    let isSpace = bytes.count == 1 && bytes.allSatisfy { (0x09...0x0D).contains($0) || $0 == 0x20 }
    return ((!isSpace && followsWord ? [0x20] : []) + bytes, !isSpace)
  }
}
