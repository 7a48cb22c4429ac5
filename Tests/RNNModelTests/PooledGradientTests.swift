import Kernels
import Testing

@testable import RNNModel

/// Training through layers that make one vector of all steps.
@Suite struct PooledGradientTests {
  private static let steps = 4

  /// A drawn network of whole sequences with a pooling layer, sometimes two beside each other, before its output.
  private static func drawn(_ seed: Int) -> DrawnModel {
    var draw = DrawnModel(seed: 8000 + seed, dropout: true, features: Architecture.allFeatures)
    var architecture = draw.architecture
    let last = architecture.layers.removeLast()
    let (name, width) = (architecture.layers.last?.name ?? "", last.inputs ?? 1)
    architecture.context = .sequence
    let final = Architecture.Layer.final(.init(name: "last", of: name))
    if seed % 3 == 0 {
      architecture.layers += [final]
    } else {
      architecture.layers += [.attention(.init(name: "pool", width: width))]
      if seed % 3 == 1 { architecture.layers += [final, .sum(.init(name: "joined", of: ["pool", "last"]))] }
    }
    architecture.layers += [
      .activation(.init(name: "after", activation: .softsign)), .dropout(.init(name: "late", rate: 0.5)), last,
    ]
    return DrawnModel(architecture, seed: Int(draw.generator.next() >> 32))
  }

  private func inputs(_ model: inout DrawnModel, streams: Int) -> Network.Inputs {
    let rows = Self.steps * streams
    switch model.architecture.input {
    case .tokens: return .tokens(model.tokens(rows))
    case .features:
      return .features((0..<(rows * model.architecture.size)).map { _ in Float(model.generator.uniform(in: -1..<1)) })
    }
  }

  private func targets(_ model: inout DrawnModel, streams: Int) -> Network.Targets {
    let outputs = model.architecture.outputSize
    guard model.architecture.output == .sigmoid else {
      return .classes((0..<streams).map { _ in Int32.random(in: -1..<Int32(outputs), using: &model.generator) })
    }
    return .bits(
      (0..<(streams * outputs)).map { _ in UInt8.random(in: 0...1, using: &model.generator) }, width: outputs)
  }

  /// What one stream is given, and should give.
  private func problem(
    _ inputs: Network.Inputs, _ targets: Network.Targets, stream: Int, of streams: Int, size: Int
  ) -> (inputs: Reference<Double>.Inputs, targets: Reference<Double>.Targets) {
    let places = stride(from: stream, to: Self.steps * streams, by: streams)
    let given: Reference<Double>.Inputs =
      switch inputs {
      case .tokens(let tokens): .tokens(places.map { tokens[$0] })
      case .features(let values):
        .features(places.map { place in values[(place * size)..<((place + 1) * size)].map { Double($0) } })
      }
    switch targets {
    case .classes(let classes): return (given, .classes([classes[stream]]))
    case .bits(let bits, let width):
      return (given, .bits([bits[(stream * width)..<((stream + 1) * width)].map { Double($0) }]))
    }
  }

  @Test(arguments: 0..<150) func theNetworkTrainsLikeTheReference(seed: Int) throws {
    var model = Self.drawn(seed)
    let (architecture, streams) = (model.architecture, 1 + seed % 3)
    try architecture.check()
    let network = try Network(
      architecture, parameters: model.parameters, purpose: .training, batch: streams, steps: Self.steps)
    let widths = architecture.dropoutWidths
    for _ in 0..<2 {
      let (inputs, targets) = (inputs(&model, streams: streams), targets(&model, streams: streams))
      let found = network.backpropagate(inputs, targets: targets, using: &model.generator)
      var loss = 0.0
      var gradient = [Double](repeating: 0, count: model.parameters.count)
      for stream in 0..<streams {
        let masks = network.dropoutMasks.map { name, mask in
          let width = widths[name] ?? 0
          let rows = mask.count / (width * streams)
          return (
            name,
            (0..<rows).map { step in
              let start = (step * streams + stream) * width
              return mask[start..<(start + width)].map { Double($0) }
            }
          )
        }
        let reference = Reference<Double>(
          architecture, values: model.parameters.map { Double($0) },
          dropoutMasks: Dictionary(uniqueKeysWithValues: masks))
        let problem = problem(inputs, targets, stream: stream, of: streams, size: architecture.size)
        let part = reference.gradient(
          inputs: problem.inputs, targets: problem.targets, state: reference.initialState)
        loss += part.loss
        for index in gradient.indices { gradient[index] += part.values[index] / Double(max(1, targets.count)) }
      }
      #expect(largestError([found], [loss]) < 1e-5, "\(architecture)")
      #expect(largestError(network.gradient, gradient) < 2e-5, "\(architecture)")
    }
  }

  @Test(arguments: 0..<60) func theReferenceHasTheSlopeOfItsLoss(seed: Int) {
    var model = Self.drawn(seed)
    let architecture = model.architecture
    let (inputs, targets) = (inputs(&model, streams: 1), targets(&model, streams: 1))
    let problem = problem(inputs, targets, stream: 0, of: 1, size: architecture.size)
    let values = model.parameters.map { Double($0) }
    func gradient(_ values: [Double]) -> Reference<Double>.Gradient {
      let reference = Reference<Double>(architecture, values: values)
      return reference.gradient(inputs: problem.inputs, targets: problem.targets, state: reference.initialState)
    }
    let found = gradient(values).values
    let step = 1e-5
    // Functions with corners and clips have places without a slope: there the two halves of a difference disagree.
    for index in values.indices {
      var (above, below) = (values, values)
      above[index] += step
      below[index] -= step
      let (loss, middle, high) = (gradient(below).loss, gradient(values).loss, gradient(above).loss)
      guard abs((high - middle) - (middle - loss)) < 1e-8 else { continue }
      #expect(abs(found[index] - (high - loss) / (2 * step)) < 1e-5, "\(architecture) \(index)")
    }
  }
}
