import RNNModel

/// Sequences of tokens, each with the labels that they should get.
public struct EncodedSequences: Sendable {
  /// What a network takes `[sequence][step]`.
  public private(set) var inputs: [[Int32]] = []
  /// What it should give `[sequence][step]`, or one label for each sequence; -1 for a label that it does not have.
  public private(set) var targets: [[Int32]] = []
  /// How often each token occurs, `[V]`.
  public private(set) var tokenCounts: [UInt64]
  /// How many symbols had no token of their own.
  public private(set) var unknownCount = 0
  /// How many labels are not among those of the model.
  public private(set) var unknownLabelCount = 0

  /// How many labels there are to learn or to find.
  public var labelCount: Int { targets.reduce(0) { $0 + $1.count } }

  /// Looks up tokens and labels.
  ///
  /// A token that is labelled by itself stays one, whatever it is; a text that is labelled as a whole is split as any text.
  ///
  /// - Parameters:
  ///   - sequences: what a file holds.
  ///   - form: what is labelled.
  ///   - vocabulary: the tokens.
  ///   - labels: the names of the outputs.
  ///   - path: the file, for messages.
  /// - Throws: ``LabelledTextError`` for a sequence without a token; `VocabularyError`.
  public init(
    _ sequences: [LabelledSequence], _ form: LabelledForm, vocabulary: Vocabulary, labels: Labels, path: String
  ) throws {
    tokenCounts = [UInt64](repeating: 0, count: vocabulary.count)
    inputs.reserveCapacity(sequences.count)
    targets.reserveCapacity(sequences.count)
    for sequence in sequences {
      var tokens: [Int32] = []
      switch form {
      case .tokens:
        for (index, part) in sequence.parts.enumerated() {
          if let token = vocabulary.token(for: part) {
            tokens.append(token)
          } else if let unknown = vocabulary.unknown {
            tokens.append(unknown)
            unknownCount += 1
          } else {
            throw LabelledTextError(
              path: path, line: sequence.line + index,
              reason:
                "holds \(Vocabulary.display(part)), for which the model has no token, and none for what is unknown")
          }
        }
      case .texts:
        let encoding = try vocabulary.encode(Array(sequence.parts.joined()), unknown: .skip)
        unknownCount += encoding.unknownCount
        tokens = encoding.tokens
      }
      guard !tokens.isEmpty else {
        throw LabelledTextError(
          path: path, line: sequence.line, reason: "holds no symbol that the model has a token for")
      }
      for token in tokens { tokenCounts[Int(token)] += 1 }
      inputs.append(tokens)
      let found = sequence.labels.map { labels.label(for: $0) ?? -1 }
      unknownLabelCount += found.count { $0 < 0 }
      targets.append(found)
    }
  }

  /// Takes sequences that are tokens already.
  ///
  /// - Precondition: as many targets as inputs.
  public init(inputs: [[Int32]], targets: [[Int32]], vocabularySize: Int) {
    precondition(inputs.count == targets.count, "\(inputs.count) sequences, \(targets.count) with targets")
    (self.inputs, self.targets) = (inputs, targets)
    tokenCounts = [UInt64](repeating: 0, count: vocabularySize)
    for token in inputs.joined() { tokenCounts[Int(token)] += 1 }
  }

  private init(_ parts: [(inputs: [Int32], targets: [Int32])], vocabularySize: Int) {
    self.init(inputs: parts.map(\.inputs), targets: parts.map(\.targets), vocabularySize: vocabularySize)
  }

  /// Holds out every n-th sequence, so that a file whose labels are sorted loses some of each.
  ///
  /// - Parameter fraction: the part that is held out; at least one sequence is, and one is left.
  /// - Returns: what is left, and what is held out; nil for fewer than two sequences.
  public func holdingOut(_ fraction: Double) -> (rest: EncodedSequences, held: EncodedSequences)? {
    guard inputs.count > 1, fraction > 0, fraction < 1 else { return nil }
    let stride = max(2, min(inputs.count, Int((1 / fraction).rounded())))
    let all = Array(zip(inputs, targets).map { (inputs: $0, targets: $1) })
    let parts = Dictionary(grouping: all.indices) { ($0 + 1).isMultiple(of: stride) }
    func part(_ isHeld: Bool) -> EncodedSequences {
      EncodedSequences((parts[isHeld] ?? []).map { all[$0] }, vocabularySize: tokenCounts.count)
    }
    return (part(false), part(true))
  }
}
