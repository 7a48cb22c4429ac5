import Kernels
import RNNModel

extension Trainer {
  /// One update, or nothing but an error.
  func advance(_ seconds: () -> Double) throws {
    let before = generator
    do {
      try update(seconds, before)
    } catch {
      generator = before
      throw error
    }
  }

  func update(_ seconds: () -> Double, _ before: RandomGenerator) throws {
    let drawn = plan.randomLengths.map { draw($0) } ?? plan.stride
    let start = progress.position
    let end = start + min(drawn, source.length - start)
    try enter(windowStart(start), countingFrom: start, to: end)
    let counted = targets.count { $0 >= 0 }
    let rate = learningRate(seconds(), length: drawn)

    dropParameters()
    let sum = network.backpropagate(.tokens(inputs), targets: .classes(targets), using: &generator)
    undropParameters()
    let loss = sum / Double(max(1, counted))
    if let problem = divergence(loss: loss) {
      throw TrainingError.diverged(found(problem, rate: rate, loss: loss))
    }
    keepFallback(before)
    var norm = 0.0
    network.update { parameters, gradient in
      norm = optimizer.update(
        &parameters, gradient: &gradient, learningRate: rate,
        weightDecay: plan.weightDecay ?? plan.optimizer.defaultWeightDecay,
        factor: plan.loss == .mean ? 1 : Double(counted) / Double(plan.batch), clipping: plan.clipping)
    }
    guard norm.isFinite else { throw TrainingError.diverged(found(.gradient, rate: rate, loss: loss)) }

    carried.append(network.state, at: end)
    carried.forget(before: windowStart(end))
    networkPosition = end
    progress.tokens += counted
    progress.recent.add(loss)
    progress.lossSinceValidation += sum
    progress.tokensSinceValidation += counted
    progress.step += 1
    progress.window += 1
    progress.position = end
    progress.seconds = seconds()
    let trained = max(progress.seconds - progress.validSeconds, 1e-9)
    progress.last = TrainingProgress(
      step: progress.step, epoch: epochsRead, fraction: fraction(progress.seconds),
      trainLoss: progress.recent.value, validLoss: progress.last?.validLoss, learningRate: rate, gradientNorm: norm,
      tokensPerSecond: Double(progress.tokens) / trained, seconds: progress.seconds)
    if end == source.length { endEpoch() }
  }

  /// Draws the masks of embedding dropout and weight drop for one window.
  func dropParameters() {
    if !embeddingDropout.isEmpty { network.setEmbeddingFactors(embeddingDropout.draw(using: &generator)) }
    if !weightDrop.isEmpty {
      network.update { parameters, _ in weightDrop.apply(to: &parameters, using: &generator) }
    }
  }

  /// Puts the raw weights back, and masks their gradient.
  func undropParameters() {
    network.setEmbeddingFactors([])
    if !weightDrop.isEmpty {
      network.update { parameters, gradient in
        weightDrop.restore(&parameters, gradient: &gradient)
      }
    }
  }

  func endEpoch() {
    progress.epoch += 1
    progress.window = 0
    progress.position = 0
    carried = CarriedStates(plan.carriesStateOverEpochs ? network.state : nil)
    networkPosition = nil
  }

  /// Where the window begins whose first target that counts is at a position.
  func windowStart(_ position: Int) -> Int { max(0, position - (plan.length - plan.stride)) }

  /// Fills the window of the positions `start ..< end`, of which those from `first` on count, and puts the network in the state
  /// at its start.
  func enter(_ start: Int, countingFrom first: Int, to end: Int) throws {
    let entry = carried.first
    if let state = entry.state {
      if networkPosition != entry.position { network.state = state }
    } else {
      network.resetState()
    }
    networkPosition = nil
    if entry.position < start {
      // The state was kept some steps before: read on to the start, without dropout.
      try source.fill(position: entry.position, steps: start - entry.position, inputs: &inputs, targets: &targets)
      if warmUpResults.count < targets.count { warmUpResults = [Double](repeating: 0, count: targets.count) }
      for index in targets.indices { targets[index] = -1 }
      network.score(inputs: inputs, targets: targets, into: &warmUpResults)
    }
    try source.fill(position: start, steps: end - start, inputs: &inputs, targets: &targets)
    for index in 0..<((first - start) * plan.batch) { targets[index] = -1 }
  }

  func draw(_ lengths: TrainingPlan.RandomLengths) -> Int {
    let half = generator.uniform() < lengths.halfProbability
    let mean = half ? Double(plan.length) / 2 : Double(plan.length)
    let length = Int(mean + lengths.deviation * generator.normal())
    return max(lengths.minimum, min(plan.longestWindow, length))
  }

  func learningRate(_ seconds: Double, length: Int) -> Double {
    let moment = Schedule.Moment(step: progress.step, epoch: progress.epoch, fraction: fraction(seconds))
    let share = plan.randomLengths == nil ? 1 : Double(length) / Double(plan.length)
    return plan.learningRate * plan.schedule.factor(at: moment, progress.schedule) * progress.rateFactor * share
  }
}
