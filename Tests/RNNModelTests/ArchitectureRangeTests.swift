import RNNModel
import Testing

/// Numbers of layers that float32 does not hold: a network computes in it, and must not find zero or infinity there.
@Suite struct ArchitectureRangeTests {
  private func problems(_ layer: Architecture.Layer) -> [ArchitectureError] {
    Architecture(
      size: 4,
      layers: [
        .embedding(.init(name: "input", inputs: 4, outputs: 4)), layer,
        .linear(.init(name: "output", inputs: 4, outputs: 4)),
      ]
    ).problems()
  }

  private func layers(_ number: Double) -> [Architecture.Layer] {
    [
      .elman(.init(name: "layer", inputs: 4, outputs: 4, leak: number)),
      .lstm(.init(name: "layer", inputs: 4, outputs: 4, cellClip: number)),
      .lstm(.init(name: "layer", inputs: 4, outputs: 4, projection: .init(cells: 3, clip: number))),
      .layerNorm(.init(name: "layer", width: 4, epsilon: number)),
    ]
  }

  @Test(arguments: [0, -1, 1e-300, 1e-46, .nan, 1e300, .infinity]) func refusesWhatFloat32DoesNotHold(number: Double) {
    for layer in layers(number) { #expect(problems(layer).count == 1, "\(layer)") }
  }

  @Test(arguments: [Double(Float.leastNonzeroMagnitude), 1e-5, 0.5]) func takesWhatItHolds(number: Double) {
    for layer in layers(number) { #expect(problems(layer).isEmpty, "\(layer)") }
  }
}
