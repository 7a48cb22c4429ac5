import RNNModel

extension Trainer {
  func restore(_ state: TrainingState, ranges: [Range<Int>]) throws(TrainingError) {
    for other in state.fallback { _ = try decode(other, ranges: ranges) }
    (optimizer, carried) = try decode(state, ranges: ranges)
    network.update { parameters, _ in parameters = state.parameters }
    networkPosition = nil
    progress = state.progress
    generator = state.generator
    bestParameters = state.bestParameters
    fallback = state.fallback.first
  }

  /// Checks that a state fits the model, the plan and the text.
  func decode(
    _ state: TrainingState, ranges: [Range<Int>]
  ) throws(TrainingError) -> (OptimizerState, CarriedStates) {
    let count = network.table.count
    let progress = state.progress
    guard state.parameters.count == count else {
      throw .invalidState("it has \(state.parameters.count) parameters, the model \(count)")
    }
    let hasBest = progress.bestLoss != nil
    guard state.bestParameters.count == (hasBest ? count : 0), (progress.bestStep != nil) == hasBest else {
      throw .invalidState("its best parameters are not those of the model")
    }
    guard progress.isInRange, (0..<source.length).contains(progress.position) else {
      throw .invalidState("its counters are out of range, or belong to another text")
    }
    for (name, values) in state.arrays() where !values.allSatisfy({ $0.isFinite }) {
      throw .invalidState("'\(name)' holds a number that is not finite")
    }
    let optimizer = try OptimizerState(
      plan.optimizer, count: count, ranges: ranges, slots: state.slots, step: progress.optimizerStep,
      averagedSteps: progress.averagedSteps)
    return (optimizer, try decodeCarried(state))
  }

  func decodeCarried(_ state: TrainingState) throws(TrainingError) -> CarriedStates {
    let positions = state.progress.carriedPositions
    guard state.carried.count == positions.count else {
      throw .invalidState("the carried states have not as many positions")
    }
    var entries: [CarriedStates.Entry] = []
    for (values, position) in zip(state.carried, positions) {
      var carried: Network.State?
      if !values.isEmpty {
        carried = network.state.replacing(flat: values)
        guard carried != nil else {
          throw .invalidState("a carried state has \(values.count) numbers, which is not what the model needs")
        }
      }
      entries.append(CarriedStates.Entry(position: position, state: carried))
    }
    // The first one is at most one update before the next window, the last one where the next targets are.
    let start = windowStart(state.progress.position)
    guard let carried = CarriedStates(entries), let first = entries.first, let last = entries.last,
      first.position <= start, start - first.position < plan.stride, last.position == state.progress.position
    else {
      throw .invalidState("the carried states do not stand where the next window begins")
    }
    return carried
  }
}
