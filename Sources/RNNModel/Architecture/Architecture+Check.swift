/// Why an architecture cannot be computed.
public enum ArchitectureError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Two layers have the same name.
  case duplicateName(String)
  /// A layer's input is not as wide as what comes in.
  case widthMismatch(layer: String, expected: Int, found: Int)
  /// The first layer does not take tokens, or another one does.
  case misplacedInput(layer: String)
  /// The last layer is not linear, or not as wide as the number of tokens.
  case wrongOutput(layer: String, expected: Int, found: Int?)
  /// There is no layer, or a size or rate is out of range.
  case outOfRange(layer: String, what: String)
  /// The model would have more parameters than an address space holds.
  case tooLarge(layer: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .duplicateName(let name): "Two layers are named '\(name)'."
    case .widthMismatch(let layer, let expected, let found):
      "Layer '\(layer)' takes \(found) inputs, but \(expected) come in."
    case .misplacedInput(let layer):
      "Layer '\(layer)' is misplaced: the first layer, and only it, takes tokens (one_hot or embedding)."
    case .wrongOutput(let layer, let expected, let found):
      "The last layer, '\(layer)', has to be linear with \(expected) outputs, one for each token"
        + (found.map { ", but has \($0)." } ?? ".")
    case .outOfRange(let layer, let what): "Layer '\(layer)': \(what)."
    case .tooLarge(let layer): "Layer '\(layer)' has more parameters than fit in memory."
    }
  }
}

extension Architecture {
  /// Checks that the layers fit together: names, widths from the tokens back to the tokens, ranges.
  ///
  /// - Returns: everything that is wrong, in the order of the layers; empty for an architecture that can run.
  public func problems() -> [ArchitectureError] {
    var problems: [ArchitectureError] = []
    var names: Set<String> = []
    var width = size
    guard let last = layers.last else { return [.outOfRange(layer: "", what: "there are no layers")] }
    for (index, layer) in layers.enumerated() {
      if !names.insert(layer.name).inserted { problems.append(.duplicateName(layer.name)) }
      if (index == 0) != layer.takesTokens { problems.append(.misplacedInput(layer: layer.name)) }
      if let inputs = layer.inputs, inputs != width {
        problems.append(.widthMismatch(layer: layer.name, expected: width, found: inputs))
      }
      for count in [layer.inputs, layer.outputs] {
        if let count, !(1...Int(Int32.max)).contains(count) {
          problems.append(.outOfRange(layer: layer.name, what: "\(count) units are not possible"))
        }
      }
      if case .dropout(let dropout) = layer, !(dropout.rate >= 0 && dropout.rate < 1) {
        problems.append(.outOfRange(layer: layer.name, what: "the dropout rate has to be at least 0 and below 1"))
      }
      width = layer.outputs ?? width
    }
    if case .linear(let output) = last {
      if output.outputs != size {
        problems.append(.wrongOutput(layer: last.name, expected: size, found: output.outputs))
      }
    } else {
      problems.append(.wrongOutput(layer: last.name, expected: size, found: nil))
    }
    if problems.isEmpty, let layer = ParameterTable.firstOverflow(in: self) {
      problems.append(.tooLarge(layer: layer))
    }
    return problems
  }

  /// Throws the first of ``problems()``.
  public func check() throws(ArchitectureError) {
    if let first = problems().first { throw first }
  }
}
