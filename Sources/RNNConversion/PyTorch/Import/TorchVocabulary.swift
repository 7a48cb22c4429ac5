import RNNFormat
import RNNModel

/// Finds what looks like the tokens of a model in what was saved beside its parameters.
struct TorchVocabulary {
  /// Tokens in the order of their ids.
  struct Candidate: Hashable, Sendable {
    let path: String
    let tokens: [[UInt8]]
    /// Whether its name says that it is a vocabulary.
    let isNamedSo: Bool
  }

  private(set) var candidates: [Candidate] = []

  private static let names = ["vocab", "char", "itos", "stoi", "idx", "word", "token", "alphabet", "letter", "symbol"]
  /// Attributes of modules, and what trainings keep, in which there are no tokens.
  private static let others: Set<String> = [
    "_parameters", "_buffers", "_non_persistent_buffers_set", "_backward_hooks", "_forward_hooks", "_all_weights",
    "_flat_weights_names", "param_groups",
  ]

  /// More would not be told apart by anybody.
  private static let maximumCandidates = 100
  private static let longestPath = 4096

  init(in root: PickleValue) { find(in: root, at: "", isNamedSo: false) }

  private mutating func find(in value: PickleValue, at path: String, isNamedSo: Bool) {
    func descend(_ pairs: [PickleDictionary.Pair], _ self: inout TorchVocabulary) {
      for pair in pairs {
        guard let key = pair.key.string, !Self.others.contains(key) else { continue }
        let isNamedSo = isNamedSo || Self.names.contains { key.lowercased().contains($0) }
        self.find(in: pair.value, at: path.isEmpty ? key : "\(path).\(key)", isNamedSo: isNamedSo)
      }
    }
    func add(_ tokens: [[UInt8]], _ self: inout TorchVocabulary) {
      guard tokens.count > 1, self.candidates.count < Self.maximumCandidates,
        !self.candidates.contains(where: { $0.tokens == tokens })
      else { return }
      self.candidates.append(Candidate(path: path, tokens: tokens, isNamedSo: isNamedSo))
    }
    guard path.utf8.count <= Self.longestPath else { return }
    switch value {
    case .string(let text) where isNamedSo:
      let scalars = Array(text.unicodeScalars)
      if Set(scalars).count == scalars.count { add(scalars.map { Array(String(Character($0)).utf8) }, &self) }
    case .list(let values), .tuple(let values):
      if let tokens = Self.tokens(of: values) {
        add(tokens, &self)
      } else {
        for (index, value) in values.enumerated() where value.object != nil || value.dictionary != nil {
          find(in: value, at: "\(path).\(index)", isNamedSo: isNamedSo)
        }
      }
    case .dictionary(let dictionary):
      if let tokens = Self.tokens(of: dictionary) { add(tokens, &self) } else { descend(dictionary.pairs, &self) }
    case .object(let object):
      if let tokens = Self.tokens(of: object.elements) ?? Self.tokens(of: object.pairs) { add(tokens, &self) }
      descend(object.attributes?.pairs ?? [], &self)
    default: break
    }
  }

  private static func bytes(_ value: PickleValue) -> [UInt8]? {
    switch value {
    case .string(let text): Array(text.utf8)
    case .bytes(let bytes): bytes
    default: nil
    }
  }

  /// A list of texts.
  private static func tokens(of values: [PickleValue]) -> [[UInt8]]? {
    let tokens = values.compactMap(bytes)
    return tokens.count == values.count && tokens.count > 1 ? tokens : nil
  }

  /// Texts with their ids, or ids with their texts; the ids are 0, 1, 2 and so on in any order.
  private static func tokens(of dictionary: PickleDictionary) -> [[UInt8]]? {
    var tokens = [[UInt8]?](repeating: nil, count: dictionary.pairs.count)
    guard tokens.count > 1 else { return nil }
    for pair in dictionary.pairs {
      guard let id = pair.value.integer ?? pair.key.integer, tokens.indices.contains(id), tokens[id] == nil,
        let token = bytes(pair.value.integer == nil ? pair.value : pair.key)
      else { return nil }
      tokens[id] = token
    }
    return tokens.compactMap(\.self)
  }

  /// The vocabulary of a model with so many tokens; nil if there is none.
  ///
  /// - Throws: ``ConversionError`` where several are possible, or the only one has another size.
  func vocabulary(size: Int, _ choices: VocabularyChoices, file: String) throws -> VocabularyWithOrder? {
    let fitting = candidates.filter { $0.tokens.count == size }
    let named = fitting.filter(\.isNamedSo)
    let possible = named.isEmpty ? fitting : named
    guard possible.count < 2 else {
      throw ConversionError.malformed(
        file: file, place: "the vocabulary",
        reason:
          "\(possible.map(\.path).joined(separator: " and ")) all have \(size) tokens, but not the same: say which with --vocabulary FILE"
      )
    }
    guard let found = possible.first ?? candidates.first(where: \.isNamedSo) else { return nil }
    var list = TokenList(found.tokens)
    list.place = found.path
    // Of another size than the model it is refused, and not filled up: it may not be the model's.
    return try list.vocabulary(size: nil, choices, file: file)
  }
}
