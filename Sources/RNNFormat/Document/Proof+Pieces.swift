import RNNModel

extension Proof.Inputs {
  /// Some of the steps as the reference takes them; those before the first are `padding`.
  func reference(_ steps: Range<Int>, padding: Int?) -> Reference<Double>.Inputs {
    switch self {
    case .tokens(let tokens):
      .tokens(steps.map { $0 < 0 ? Int32(truncatingIfNeeded: padding ?? 0) : Int32(truncatingIfNeeded: tokens[$0]) })
    case .features(let values, let width):
      .features(steps.map { Array(values[($0 * width)..<(($0 + 1) * width)]) })
    }
  }
}

extension Architecture {
  /// The token that stands before the beginning of a window.
  var padding: Int? {
    if case .window(_, let padding) = context { padding } else { nil }
  }

  /// The steps that a reader of a proof feeds at once: each one of a stream; a sequence as a whole, or each beginning of it
  /// where a sequence has one output; the window that ends at each step, with its padding in front of step 0.
  func proofPieces(_ count: Int) -> [Range<Int>] {
    switch context {
    case .stream: (0..<count).map { $0..<($0 + 1) }
    case .sequence: hasOneOutput ? (0..<count).map { 0..<($0 + 1) } : [0..<count]
    case .window(let length, nil): (0..<count).map { max(0, $0 + 1 - length)..<($0 + 1) }
    case .window(let length, _): (0..<count).map { ($0 + 1 - length)..<($0 + 1) }
    }
  }

  /// How many steps a reader of a proof goes through, all pieces together.
  ///
  /// - Precondition: the architecture can run, and there are no more inputs than a proof may have.
  func proofSteps(_ count: Int) -> Int { proofPieces(count).reduce(0) { $0 + $1.count } }
}
