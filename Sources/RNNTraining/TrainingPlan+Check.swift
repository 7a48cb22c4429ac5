import RNNModel

extension TrainingPlan {
  /// Checks that the plan can be carried out.
  ///
  /// - Throws: ``TrainingError/invalidPlan(_:)`` for sizes and rates that make no sense.
  public func check() throws(TrainingError) {
    if let problem { throw .invalidPlan(problem) }
  }

  private var problem: String? {
    let sizes = [
      ("batch", batch), ("length", length), ("validation interval", validation.interval ?? 1),
      ("number of validation streams", validation.streams ?? 1), ("validation window", validation.window),
      ("recovery interval", recovery?.interval ?? 1),
    ]
    for (name, size) in sizes where !(1...Int(Int32.max)).contains(size) {
      return "the \(name) is \(size), but has to be positive and below 2^31"
    }
    for (name, count) in [("epochs", epochs), ("maximum steps", maximumSteps), ("attempts", recovery?.attempts)] {
      if let count, count < 0 { return "\(name) is \(count), but has to be at least 0" }
    }
    if let maximumSeconds, maximumSeconds.isNaN { return "the time limit is not a number" }
    if let updateInterval, !(1...length).contains(updateInterval) {
      return "the update interval is \(updateInterval), but has to be in 1 ... \(length), the length"
    }
    if !learningRate.isFinite { return "the learning rate has to be finite" }
    if let weightDecay, !(weightDecay.isFinite && weightDecay >= 0) {
      return "the weight decay is \(weightDecay), but has to be at least 0"
    }
    if let clipping, !(clipping.limit > 0) {
      return "the gradient is clipped to \(clipping.limit), but it has to be positive"
    }
    if let explosion, !(explosion > 1) { return "the explosion multiple is \(explosion), but has to be above 1" }
    if let recovery, !(recovery.factor > 0 && recovery.factor <= 1) {
      return "the recovery factor is \(recovery.factor), but has to be above 0 and at most 1"
    }
    return randomLengths.flatMap { problem(of: $0) } ?? optimizer.problem ?? schedule.problem ?? regularisation.problem
  }

  private func problem(of lengths: RandomLengths) -> String? {
    if updateInterval != nil { return "windows of random length cannot overlap: leave the update interval out" }
    if !(0...1).contains(lengths.halfProbability) {
      return "the probability of half a window is \(lengths.halfProbability), but has to be in 0 ... 1"
    }
    if !(lengths.deviation >= 0 && lengths.deviation <= Double(length)) {
      return "the deviation of the lengths is \(lengths.deviation), but has to be in 0 ... \(length), the length"
    }
    return (1...length).contains(lengths.minimum)
      ? nil : "the shortest window is \(lengths.minimum), but has to be in 1 ... \(length), the length"
  }

  /// The parameters that learn, as ranges in order without overlaps.
  ///
  /// - Throws: ``TrainingError/unknownTensor(_:)`` for a frozen path that the architecture does not have.
  func learningRanges(_ table: ParameterTable) throws(TrainingError) -> [Range<Int>] {
    let frozen = Set(frozen)
    if let path = frozen.subtracting(table.entries.map(\.path)).min() { throw .unknownTensor(path) }
    var ranges: [Range<Int>] = []
    for entry in table.entries where !frozen.contains(entry.path) && !entry.range.isEmpty {
      if let last = ranges.last, last.upperBound == entry.range.lowerBound {
        ranges[ranges.count - 1] = last.lowerBound..<entry.range.upperBound
      } else {
        ranges.append(entry.range)
      }
    }
    return ranges
  }
}
