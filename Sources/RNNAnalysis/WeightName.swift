import RNNModel

/// A tensor or an element of one, as a person names it: `layer/name`, `layer/name[i,j]`, `lstm_1/recurrent_weights[forget,0,3]`.
public struct WeightName: Hashable, Sendable {
  /// As it was given.
  public let text: String
  /// Where it lies among the parameters.
  public let range: Range<Int>

  /// Finds a weight.
  ///
  /// - Parameters:
  ///   - text: a tensor's path; in brackets one index for each axis, of which the gate may be named, or left out where there is one only.
  ///   - table: the parameters.
  /// - Throws: ``AnalysisError/unknownWeight(_:reason:)``.
  public init(_ text: String, in table: ParameterTable) throws(AnalysisError) {
    self.text = text
    let parts = text.split(separator: "[", maxSplits: 1, omittingEmptySubsequences: false)
    guard let entry = table.entries.first(where: { $0.path == parts[0] }) else {
      throw .unknownWeight(text, reason: "the tensors are \(table.entries.map(\.path).joined(separator: ", "))")
    }
    guard parts.count > 1 else {
      range = entry.range
      return
    }
    guard parts[1].hasSuffix("]") else { throw .unknownWeight(text, reason: "the bracket is not closed") }
    var indices = parts[1].dropLast().split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    if indices.count == entry.shape.count - 1, entry.shape.first == 1 { indices.insert("0", at: 0) }
    guard indices.count == entry.shape.count else {
      throw .unknownWeight(text, reason: "'\(entry.path)' has \(entry.shape.count) axes, of lengths \(entry.shape)")
    }
    var place = 0
    for (axis, index) in indices.enumerated() {
      let name = index.filter { $0 != " " }
      let number = axis == 0 ? entry.gates.firstIndex(of: name) ?? Int(name) : Int(name)
      guard let number, (0..<entry.shape[axis]).contains(number) else {
        let names = axis == 0 && !entry.gates.isEmpty ? ", or one of \(entry.gates.joined(separator: ", "))" : ""
        throw .unknownWeight(text, reason: "'\(name)' is no index below \(entry.shape[axis])\(names)")
      }
      place = place * entry.shape[axis] + number
    }
    range = (entry.range.lowerBound + place)..<(entry.range.lowerBound + place + 1)
  }
}
