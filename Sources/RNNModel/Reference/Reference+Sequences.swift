extension Reference {
  /// What a network is fed, one step after another.
  public enum Inputs: Hashable, Sendable {
    /// Token ids.
    case tokens([Int32])
    /// x(t) `[step][feature]`.
    case features([Vector])

    /// The number of steps.
    public var count: Int {
      switch self {
      case .tokens(let tokens): tokens.count
      case .features(let vectors): vectors.count
      }
    }

    /// x(t); none for tokens.
    var vectors: [Vector] {
      if case .features(let vectors) = self { vectors } else { [] }
    }

    subscript(step: Int) -> ReferenceInput<Scalar> {
      switch self {
      case .tokens(let tokens): .token(tokens[step])
      case .features(let vectors): .vector(vectors[step])
      }
    }
  }

  /// What a network should have given, one step after another.
  public enum Targets: Hashable, Sendable {
    /// Indices of output units, for a softmax; negative ones do not count.
    case classes([Int32])
    /// 0 or 1 `[step][unit]`, for independent bits.
    case bits([Vector])

    /// The number of steps.
    public var count: Int {
      switch self {
      case .classes(let classes): classes.count
      case .bits(let vectors): vectors.count
      }
    }
  }
}
