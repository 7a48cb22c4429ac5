import Kernels
import RNNModel

/// The fixed random layer of an echo-state network (Jaeger 2001; Lukoševičius 2012): only what reads it out is trained.
///
/// It makes the Elman layers of a model reservoirs: an architecture gives them their leak and activation, the plan freezes
/// ``frozenPaths(of:)``.
public struct Reservoir: Hashable, Sendable, Codable {
  /// The largest magnitude of an eigenvalue of the recurrent weights: below 1 the influence of old inputs usually dies away.
  public var spectralRadius: Double
  /// The probability that two units are connected.
  public var connectivity: Double
  /// The input weights are uniform in ± this.
  public var inputScaling: Double
  /// The biases are uniform in ± this.
  public var biasScaling: Double

  /// A reservoir; the defaults are those that Lukoševičius (2012) begins with.
  public init(
    spectralRadius: Double = 0.9, connectivity: Double = 0.1, inputScaling: Double = 1, biasScaling: Double = 0
  ) {
    self.spectralRadius = spectralRadius
    self.connectivity = connectivity
    self.inputScaling = inputScaling
    self.biasScaling = biasScaling
  }

  private enum CodingKeys: String, CodingKey {
    case connectivity
    case spectralRadius = "spectral_radius"
    case inputScaling = "input_scaling"
    case biasScaling = "bias_scaling"
  }

  /// Reads what is there; what is absent is the default.
  ///
  /// - Throws: `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    spectralRadius = try values.decode(.spectralRadius, else: spectralRadius)
    connectivity = try values.decode(.connectivity, else: connectivity)
    inputScaling = try values.decode(.inputScaling, else: inputScaling)
    biasScaling = try values.decode(.biasScaling, else: biasScaling)
  }

  /// Looks at the numbers.
  func check(with check: inout RangeCheck) {
    check("reservoir.spectral_radius", spectralRadius, in: RangeCheck.magnitudes)
    check("reservoir.connectivity", connectivity, in: RangeCheck.positive.lowerBound...1)
    check("reservoir.input_scaling", inputScaling, in: RangeCheck.magnitudes)
    check("reservoir.bias_scaling", biasScaling, in: RangeCheck.magnitudes)
  }

  /// The tensors that do not learn: all of the Elman layers, for ``TrainingPlan/frozen``.
  public static func frozenPaths(of architecture: Architecture) -> [String] {
    let table = ParameterTable(architecture)
    return architecture.layers.flatMap { layer -> [String] in
      guard case .elman(let elman) = layer else { return [] }
      return table.entries.filter { $0.layer == elman.name }.map(\.path)
    }
  }

  /// Draws the parameters of the Elman layers.
  func fill(
    _ parameters: inout Parameters, of architecture: Architecture, using generator: inout RandomGenerator
  ) throws(TrainingError) {
    var check = RangeCheck()
    self.check(with: &check)
    if let problem = check.problem { throw .invalidPlan("\(problem)") }
    var count = 0
    for layer in architecture.layers {
      guard case .elman(let elman) = layer else { continue }
      count += 1
      for entry in parameters.table.entries where entry.layer == elman.name {
        switch entry.name {
        case "recurrent_weights":
          let weights = try recurrentWeights(units: elman.outputs, using: &generator)
          parameters.values.replaceSubrange(entry.range, with: weights)
        case "input_weights": uniform(inputScaling, entry.range, &parameters.values, using: &generator)
        case "bias": uniform(biasScaling, entry.range, &parameters.values, using: &generator)
        default: uniform(0, entry.range, &parameters.values, using: &generator)
        }
      }
    }
    if count == 0 { throw .invalidPlan("it asks for a reservoir, but the model has no elman layer") }
  }

  private func uniform(
    _ range: Double, _ indices: Range<Int>, _ values: inout [Float], using generator: inout RandomGenerator
  ) {
    for index in indices { values[index] = range > 0 ? Float(generator.uniform(in: -range..<range)) : 0 }
  }

  /// `[units, units]`, sparse, of the spectral radius.
  private func recurrentWeights(
    units: Int, using generator: inout RandomGenerator
  ) throws(TrainingError) -> [Float] {
    // A small sparse matrix may have no cycle, and then no eigenvalue but 0.
    for _ in 0..<100 {
      var weights = [Float](repeating: 0, count: units * units)
      for index in weights.indices where generator.uniform() < connectivity {
        weights[index] = Float(generator.uniform(in: -1..<1))
      }
      let radius = SpectralRadius.of(weights, size: units)
      if radius > 1e-3 {
        let factor = Float(spectralRadius / radius)
        return weights.map { $0 * factor }
      }
    }
    throw .invalidPlan(
      "a reservoir of \(units) units with connectivity \(connectivity) has no cycles; use more of either")
  }
}
