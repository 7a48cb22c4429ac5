import RNNModel

extension ONNXInterpreter {
  /// The state that one direction starts from; a learned one becomes a parameter.
  mutating func initialState(
    _ node: ONNXNode, _ options: ONNXRecurrentOptions, _ direction: Int, _ parameters: inout [String: TensorFormula]
  ) throws(ConversionError) -> Architecture.InitialState {
    let parts = options.cell == .lstm ? [(5, "initial_hidden"), (6, "initial_cell")] : [(5, "initial_hidden")]
    var states: [Architecture.InitialState] = []
    for (index, name) in parts {
      guard let meaning = try meaning(node, index) else {
        states.append(.zero)
        continue
      }
      switch meaning {
      case .givenState, .input: states.append(.given)
      case .fill(0): states.append(.zero)
      case .weights(let formula, _):
        if try isZero(formula) {
          states.append(.zero)
          continue
        }
        let place = options.isBatchFirst ? 1 : 0
        guard formula.shape.count == 3, formula.shape[place] == options.directions.count,
          formula.shape[1 - place] == 1, formula.shape[2] == options.hidden
        else { throw refused(node, "its initial state has the shape \(formula.shape): not one for all streams") }
        do {
          parameters[name] = try formula.slice(axis: place, direction..<(direction + 1)).reshaped([options.hidden])
        } catch { throw refused(node, error.description) }
        states.append(.learned)
      default: throw refused(node, "its initial state is \(meaning.text)")
      }
    }
    guard Set(states).count == 1 else { throw refused(node, "only one half of its initial state is given") }
    return states[0]
  }
}
