extension RandomGenerator {
  /// Fills `values` with numbers of `range`, each rounded to Float; rounding never reaches the open end.
  public mutating func fillUniform(_ values: inout MutableSpan<Float>, in range: Range<Float>) {
    let wide = Double(range.lowerBound)..<Double(range.upperBound)
    for i in values.indices {
      let value = Float(uniform(in: wide))
      values[i] = value < range.upperBound ? value : range.lowerBound
    }
  }

  /// Fills `mask` with 0, with probability `probability`, and else `1 / (1 - probability)`: inverted dropout
  /// (Srivastava et al. 2014), whose expectation is 1.
  ///
  /// - Precondition: `0 <= probability < 1`.
  public mutating func fillDropoutMask(_ mask: inout MutableSpan<Float>, probability: Double) {
    precondition(probability >= 0 && probability < 1, "dropout probability \(probability) is not in 0..<1")
    let kept = Float(1 / (1 - probability))
    // uniform() < probability, in integers: both sides times 2^53, which is exact.
    let limit = UInt64((probability * 0x1p53).rounded(.up))
    // A copy, which stays in registers.
    var generator = self
    for i in mask.indices {
      mask[i] = generator.next() >> 11 < limit ? 0 : kept
    }
    self = generator
  }
}
