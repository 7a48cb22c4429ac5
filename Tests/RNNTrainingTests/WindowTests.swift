import Kernels
import RNNModel
import RNNText
import RealModule
import Testing

@testable import RNNTraining

/// Which tokens a training reads, and in which state: truncated back-propagation with two lengths, random lengths, epochs.
@Suite struct WindowTests {
  private static let text: [Int32] = (0..<97).map { (index: Int) in Int32((index * index + index / 3) % 4) }

  private static func model() throws -> Model {
    let architecture = Architecture(
      size: 4,
      layers: [
        .oneHot(.init(name: "input", size: 4)), .lstm(.init(name: "lstm", inputs: 4, outputs: 5)),
        .elman(.init(name: "elman", inputs: 5, outputs: 6)), .linear(.init(name: "output", inputs: 6, outputs: 4)),
      ])
    var generator = RandomGenerator(seed: 4)
    return try Model(
      architecture: architecture, parameters: Parameters(drawing: architecture, using: &generator), vocabulary: nil)
  }

  /// A text that remembers what was read of it.
  private final class Journal: WindowSource, @unchecked Sendable {
    private let streams: TextStreams
    private(set) var read: [(position: Int, steps: Int)] = []
    init(_ streams: TextStreams) { self.streams = streams }
    var batch: Int { streams.batch }
    var length: Int { streams.length }
    func fill(position: Int, steps: Int, inputs: inout [Int32], targets: inout [Int32]) throws {
      read.append((position, steps))
      try streams.fill(position: position, steps: steps, inputs: &inputs, targets: &targets)
    }
  }

  private func run(_ plan: TrainingPlan) throws -> (progress: [TrainingProgress], read: [(position: Int, steps: Int)]) {
    let journal = Journal(try TextStreams(Self.text, batch: plan.batch))
    let trainer = try Trainer(
      try Self.model(), plan: plan, training: journal, validation: try TextStreams(Self.text, batch: 1))
    var progress: [TrainingProgress] = []
    _ = try trainer.run(.init(progressed: { progress.append($0) }))
    return (progress, journal.read)
  }

  /// With a rate of 0 nothing changes, and each update's gradient is the one of the reference.
  @Test(arguments: [(1, 1), (1, 5), (2, 6), (3, 7), (4, 9), (5, 5), (7, 20), (10, 96), (96, 96), (1, 96)])
  func truncatedGradientsAreThoseOfTheReference(lengths: (Int, Int)) throws {
    let (k1, k2) = lengths
    let plan = TrainingPlan(
      epochs: 1, batch: 1, length: k2, updateInterval: k1, learningRate: 0, clipping: nil, explosion: nil)
    let norms = try run(plan).progress.map(\.gradientNorm)
    let model = try Self.model()
    let reference = Reference<Double>(model.architecture, values: model.parameters.values.map { Double($0) })
    let gradients = try reference.truncatedGradients(
      inputs: .tokens(Array(Self.text.dropLast())), targets: .classes(Array(Self.text.dropFirst())),
      state: reference.initialState, k1: k1, k2: k2)
    #expect(norms.count == gradients.count)
    for (index, gradient) in gradients.enumerated() {
      // The last update, if it is a short one, reaches back less far than the reference's.
      guard (index + 1) * k1 <= 96 else { continue }
      // The reference sums over the steps, the plan asks for the mean.
      let norm = gradient.values.reduce(0) { $0 + $1 * $1 }.squareRoot() / Double(k1)
      #expect(abs(norms[index] - norm) < 2e-5 * norm, "update \(index)")
    }
  }

  @Test func windowsOverlapByTheDifferenceOfTheLengths() throws {
    let read = try run(TrainingPlan(epochs: 2, batch: 1, length: 30, updateInterval: 15, learningRate: 0)).read
    let expected = [(0, 15), (0, 30), (15, 30), (30, 30), (45, 30), (60, 30), (75, 21)]
    #expect(read.count == 14)
    for (read, expected) in zip(read, expected + expected) { #expect(read == expected) }
  }

  @Test func randomLengthsCoverEveryPositionOnce() throws {
    var plan = TrainingPlan(
      epochs: 20, batch: 1, length: 12,
      randomLengths: .init(halfProbability: 0.3, deviation: 2, minimum: 3), learningRate: 0.1, schedule: .constant)
    let (progress, read) = try run(plan)
    var position = 0
    for read in read {
      #expect(read.position == position)
      position = (position + read.steps) % 96
    }
    #expect(position == 0)
    let whole = zip(read, progress).filter { $0.0.position + $0.0.steps < 96 }
    let lengths = whole.map(\.0.steps)
    #expect(lengths.allSatisfy { (3...20).contains($0) })
    #expect(Set(lengths).count > 8)
    let short = Double(lengths.count { $0 < 9 }) / Double(lengths.count)
    #expect((0.2...0.4).contains(short))
    // The rate goes with the length.
    for (read, progress) in whole {
      #expect(abs(progress.learningRate - 0.1 * Double(read.steps) / 12) < 1e-12)
    }
    plan.seed = 2
    #expect(try run(plan).read.map(\.steps) != read.map(\.steps))
  }

  @Test func theStateIsCarriedOverEpochsWhenThePlanSaysSo() throws {
    func losses(_ carries: Bool) throws -> [Double] {
      let plan = TrainingPlan(
        epochs: 2, batch: 1, length: 96, carriesStateOverEpochs: carries, learningRate: 0, clipping: nil)
      return try run(plan).progress.map(\.gradientNorm)
    }
    let (reset, carried) = (try losses(false), try losses(true))
    #expect(reset[0] == reset[1] && carried[0] == reset[0])
    // The second epoch begins where the first ended: the text after itself.
    let model = try Self.model()
    let network = try Network(
      model.architecture, parameters: model.parameters.values, purpose: .training, batch: 1, steps: 96)
    let (inputs, targets) = (Array(Self.text.dropLast()), Array(Self.text.dropFirst()))
    var generator = RandomGenerator(seed: 1)
    for _ in 0..<2 { _ = network.backpropagate(.tokens(inputs), targets: .classes(targets), using: &generator) }
    let gradient = network.gradient
    let norm = VectorOperations.sumOfSquares(gradient.span).squareRoot()
    #expect(abs(carried[1] - norm) < 1e-6 * norm && carried[1] != carried[0])
  }

  @Test func theSumOverStepsIsTheMeanTimesTheSteps() throws {
    func norms(_ loss: TrainingPlan.Loss) throws -> [Double] {
      try run(TrainingPlan(epochs: 1, batch: 2, length: 10, loss: loss, learningRate: 0)).progress.map(\.gradientNorm)
    }
    let (mean, sum) = (try norms(.mean), try norms(.sumOverSteps))
    #expect(mean.count == 5)
    for (index, (mean, sum)) in zip(mean, sum).enumerated() {
      #expect(abs(sum - mean * (index < 4 ? 10 : 8)) < 1e-6 * sum)
    }
  }

  @Test func refusesLengthsThatCannotBe() throws {
    for plan in [
      TrainingPlan(batch: 1, length: 5, updateInterval: 6), TrainingPlan(batch: 1, length: 5, updateInterval: 0),
      TrainingPlan(batch: 1, length: 9, updateInterval: 3, randomLengths: .init()),
      TrainingPlan(batch: 1, length: 9, randomLengths: .init(minimum: 10)),
      TrainingPlan(batch: 1, length: 9, randomLengths: .init(deviation: .nan)),
      TrainingPlan(batch: 1, length: 9, randomLengths: .init(halfProbability: 1.5)),
    ] {
      #expect(throws: TrainingError.self) { try run(plan) }
    }
    #expect(throws: TrainingError.wrongBatch(streams: 2, plan: 1)) {
      _ = try Trainer(
        try Self.model(), plan: TrainingPlan(batch: 1), training: try TextStreams(Self.text, batch: 2),
        validation: try TextStreams(Self.text, batch: 1))
    }
  }
}
