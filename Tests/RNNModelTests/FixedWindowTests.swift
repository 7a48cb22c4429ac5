import Kernels
import RNNModel
import Testing

/// The fixed-window model of Bengio, Ducharme, Vincent & Jauvin (2003).
@Suite struct FixedWindowTests {
  /// "The number of free parameters is |V| (1 + nm + h) + h (1 + (n - 1) m)": section 2, with direct connections.
  @Test(arguments: [(17964, 6, 100, 100), (16383, 5, 60, 50), (7, 2, 3, 1)])
  func hasAsManyParametersAsThePaperSays(V: Int, n: Int, m: Int, h: Int) {
    let model = Architecture.FixedWindow(window: n - 1, embedding: m, hidden: h, direct: true)
    let architecture = Architecture(model, size: V)
    #expect(architecture.problems().isEmpty)
    #expect(ParameterTable(architecture).count == V * (1 + n * m + h) + h * (1 + (n - 1) * m))
  }

  @Test(arguments: [false, true])
  func seesTheWindowAndNothingElse(direct: Bool) throws {
    let window = 3
    let architecture = Architecture(.init(window: window, embedding: 2, hidden: 4, direct: direct), size: 5)
    let drawn = DrawnModel(architecture)
    let network = try Network(
      architecture, parameters: drawn.parameters, purpose: .inference, batch: 1, steps: 6)
    func logits(_ inputs: [Int32]) -> [Float] {
      network.resetState()
      var results = [Float](repeating: 0, count: inputs.count * 5)
      network.logits(inputs: inputs, into: &results)
      return Array(results.suffix(5))
    }
    let all = logits([3, 1, 4, 0, 2, 2])
    #expect(logits([0, 0, 2, 0, 2, 2]) == all, "what is before the window does not count")
    #expect(logits([3, 1, 4, 1, 2, 2]) != all, "the window's first symbol does")
  }

  @Test func aDelayHoldsTwoToSomeThousandSteps() {
    func problems(_ steps: Int, inputs: Int = 3) -> [ArchitectureError] {
      Architecture(around: .delay(.init(name: "delay", inputs: inputs, steps: steps))).problems()
    }
    #expect(problems(2).isEmpty && problems(4096).isEmpty)
    for steps in [-1, 0, 1, 4097, .max] { #expect(!problems(steps).isEmpty) }
    #expect(!problems(4096, inputs: .max).isEmpty)
  }
}
