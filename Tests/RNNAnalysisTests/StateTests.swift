import Foundation
import RNNModel
import Testing

@testable import RNNAnalysis

@Suite struct StateTests {
  private struct Scores: Decodable {
    let values: [Double]
    let labels: [Double]
    let correlation: Double
    let area: Double
  }

  @Test func scoresAreThoseOfNumPy() throws {
    let goldens = try JSONDecoder().decode([Scores].self, from: fixture("scores.json"))
    #expect(goldens.count == 4)
    for golden in goldens {
      #expect(abs(CellSearch.correlation(golden.values, golden.labels) - golden.correlation) < 1e-12)
      #expect(abs(try #require(CellSearch.area(golden.values, golden.labels)) - golden.area) < 1e-12)
    }
  }

  @Test func constantsHaveNoScore() {
    #expect(CellSearch.correlation([1, 1, 1], [0, 1, 0]) == 0)
    #expect(CellSearch.correlation([], []) == 0)
    #expect(CellSearch.area([1, 2], [1, 1]) == nil && CellSearch.area([], []) == nil)
    #expect(CellSearch.area([1, .nan], [0, 1]) == nil)
    #expect(CellSearch.area([1, 1, 1], [0, 1, 0]) == 0.5)
  }

  private func pieces(_ text: String) -> [[UInt8]] { text.utf8.map { [$0] } }

  @Test func propertiesFollowTheText() {
    func digits(_ property: TextTrack.Property, _ text: String) -> String {
      TextTrack(property, of: pieces(text)).values.map { String(Int($0)) }.joined()
    }
    #expect(digits(.quotes, "a\"bc\"d") == "011100")
    #expect(digits(.brackets, "a(b[c)]}x") == "011221000")
    #expect(digits(.linePosition, "ab\nc\n\nde") == "12010012")
    #expect(digits(.word, "ab 1,x") == "110101")
    #expect(digits(.wordPosition, "ab cde") == "120123")
    #expect(digits(.capital, "aBc") == "010")
    #expect(digits(.indentation, "  a\n b") == "122011")
    // Two bytes of one character.
    #expect(digits(.linePosition, "é\nx") == "1101")
  }

  @Test func tracksOfUsersAreChecked() {
    let track = TextTrack(name: "mine", digits: Array("0 1\n10 1".utf8), tokens: 4)
    #expect(track?.values == [0, 1, 1, 0] && track?.isBinary == true)
    #expect(TextTrack(name: "short", digits: Array("01".utf8), tokens: 3) == nil)
    #expect(TextTrack(name: "other", digits: Array("012".utf8), tokens: 3) == nil)
  }

  /// Unit 0 of this net is 1 after token 1 and stays so until token 2: the quotes of a text.
  @Test func findsTheCellThatWasBuilt() throws {
    let architecture = Architecture(
      size: 3,
      layers: [
        .oneHot(.init(name: "one_hot", size: 3)), .lstm(.init(name: "lstm", inputs: 3, outputs: 4)),
        .linear(.init(name: "output", inputs: 4, outputs: 3)),
      ])
    // Cell 2: the input gate opens for tokens 1 and 2, of which the candidate has the sign; the forget gate is open but for those.
    let model = try drawn(architecture, seed: 3) { entry, index, value in
      guard entry.layer == "lstm" else { return value }
      let (gate, unit) = entry.name == "bias" ? (index / 4, index % 4) : (index / 12, index / 3 % 4)
      switch (entry.name, unit) {
      case ("input_weights", 2):
        let row: [[Float]] = [[-20, 20, 20], [20, -20, -20], [0, 20, -20], [0, 0, 0]]
        return row[gate][index % 3]
      case ("recurrent_weights", _) where index / 4 % 4 == 2: return 0
      case ("bias", 2): return 0
      default: return value
      }
    }
    let tokens: [Int32] = (0..<300).map { [0, 0, 1, 0, 0, 0, 2][$0 % 7] }
    let labels = tokens.indices.map { (2...5).contains($0 % 7) ? 1.0 : 0 }
    let recording = try StateRecording(reading: tokens, with: model)
    let scores = CellSearch.scores(recording, following: TextTrack(name: "quotes", values: labels))
    #expect(scores.count == 4 && scores[0].cell == 2 && scores[0].layer == "lstm")
    #expect(scores[0].correlation > 0.99 && scores[0].area == 1)
    #expect(abs(recording.layers[0].shown(2)[2] - tanhf(1)) < 1e-6)
  }

  /// The states and gates of the fast network are those that the reference gives: what it says of a text read in many windows.
  @Test func readingIsThatOfTheReference() throws {
    let architecture = Architecture(
      size: 4,
      layers: [
        .oneHot(.init(name: "one_hot", size: 4)), .gru(.init(name: "gru", inputs: 4, outputs: 5)),
        .lstm(.init(name: "lstm", inputs: 5, outputs: 3, coupledGates: true)),
        .linear(.init(name: "output", inputs: 3, outputs: 4)),
      ])
    let model = try drawn(architecture, seed: 5)
    let tokens = (0..<150).map { Int32(($0 * $0) % 4) }
    let recording = try StateRecording(reading: tokens, with: model)
    let reference = Reference(architecture, values: model.parameters.values.map(Double.init))
    var state = reference.initialState
    var largest = 0.0
    for (t, token) in tokens.enumerated() {
      _ = reference.logits([token], state: &state)
      for (layer, expected) in [(0, state[1].hidden), (1, state[2].cell)] {
        let width = recording.layers[layer].width
        for unit in 0..<width {
          largest = max(largest, abs(Double(recording.layers[layer].states[t * width + unit]) - expected[unit]))
        }
      }
    }
    #expect(largest < 1e-5)
    #expect(recording.layers.map(\.name) == ["gru", "lstm"] && recording.layers.map(\.areCells) == [false, true])
    #expect(
      recording.gates.map { "\($0.layer)/\($0.gate)" } == ["gru/update", "gru/reset", "lstm/input", "lstm/output"])
    for gate in recording.gates {
      #expect(gate.histogram.reduce(0, +) == 150 * gate.left.count)
      let low = Double(gate.histogram[..<5].reduce(0, +)) / Double(150 * gate.left.count)
      #expect(abs(low - gate.leftShare) < 1e-9 && gate.mean > 0 && gate.mean < 1)
    }
  }

  /// With weights of zero, a gate is the sigmoid of its bias at each step.
  @Test func saturationIsWhatTheBiasSays() throws {
    let architecture = Architecture(
      size: 2,
      layers: [
        .oneHot(.init(name: "one_hot", size: 2)), .lstm(.init(name: "lstm", inputs: 2, outputs: 3)),
        .linear(.init(name: "output", inputs: 3, outputs: 2)),
      ])
    let biases: [Float] = [-5, 0, 5, 5, 5, 5, 0, 0, 0, -1, -3, 3]
    let model = try drawn(architecture, seed: 1) { entry, index, value in
      entry.name == "bias" && entry.layer == "lstm" ? biases[index] : entry.layer == "lstm" ? 0 : value
    }
    let gates = try StateRecording(reading: [0, 1, 1, 0, 1], with: model, keepsStates: false).gates
    #expect(gates.map(\.gate) == ["input", "forget", "output"])
    #expect(gates[0].left == [1, 0, 0] && gates[0].right == [0, 0, 1])
    #expect(gates[1].left == [0, 0, 0] && gates[1].right == [1, 1, 1] && gates[1].rightShare == 1)
    #expect(gates[2].left == [0, 1, 0] && gates[2].right == [0, 0, 1])
    #expect(abs(gates[0].means[1] - 0.5) < 1e-6 && gates[0].histogram[25] == 5)
  }

  @Test func spectraAreThoseOfEachGate() throws {
    let architecture = Architecture(
      size: 2,
      layers: [
        .oneHot(.init(name: "one_hot", size: 2)),
        .lstm(.init(name: "lstm", inputs: 2, outputs: 2, projection: .init(cells: 3))),
        .linear(.init(name: "output", inputs: 2, outputs: 2)),
      ])
    // P = [[1, 0, 0], [0, 1, 0]], and U of gate g is (g + 1) times a rotation in its first two rows.
    let model = try drawn(architecture, seed: 1) { entry, index, value in
      switch entry.name {
      case "projection_weights": index == 0 || index == 4 ? 1 : 0
      case "recurrent_weights": [0, -1, 1, 0, 7, 7][index % 6] * Float(index / 6 + 1)
      default: value
      }
    }
    let spectra = try RecurrentSpectrum.all(of: model)
    #expect(spectra.map(\.gate) == ["input", "forget", "candidate", "output"])
    for (index, spectrum) in spectra.enumerated() {
      #expect(abs(spectrum.radius - Double(index + 1)) < 1e-12)
      #expect(spectrum.values.count == 2 && spectrum.values[0].imaginary > 0)
    }
  }
}
