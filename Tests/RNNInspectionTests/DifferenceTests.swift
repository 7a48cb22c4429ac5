import Foundation
import RNNFormat
import RNNModel
import Testing

@testable import RNNInspection

struct DifferenceTests {
  @Test func documentsAreComparedKeyByKey() {
    let first: JSONValue = ["a": 1, "b": ["c": [1, 2], "d": true], "e": "x"]
    let second: JSONValue = ["a": 1, "b": ["c": [1, 3, 4]], "e": ["x"]]
    let found = JSONDifference.all(first, second)
    #expect(
      found == [
        JSONDifference(path: "b/c/1", first: 2, second: 3), JSONDifference(path: "b/c/2", first: nil, second: 4),
        JSONDifference(path: "b/d", first: true, second: nil), JSONDifference(path: "e", first: "x", second: ["x"]),
      ])
    #expect(JSONDifference.all(first, first).isEmpty)
  }

  @Test func layersWithOtherNamesAreFoundByKindAndOrder() {
    let first = Architecture(Architecture.Stack(hidden: 8, layers: 2, tied: true), size: 5)
    var second = first
    second.layers = first.layers.map { layer in
      switch layer {
      case .embedding(var layer):
        layer.name = "encoder"
        return .embedding(layer)
      case .lstm(var layer):
        layer.name = layer.name == "lstm_1" ? "rnn_0" : "rnn_1"
        return .lstm(layer)
      case .linear(var layer):
        layer.weightsOf = "encoder"
        return .linear(layer)
      default: return layer
      }
    }
    let renamed = ArchitectureDifference(first, second)
    #expect(renamed.alignment.pairs.map(\.second) == ["encoder", "rnn_0", "rnn_1", "output"])
    #expect(renamed.isNone(names: false) && !renamed.isNone(names: true))
    #expect(renamed.keys.allSatisfy(ArchitectureDifference.isName) && renamed.keys.count == 3)

    let wider = ArchitectureDifference(first, Architecture(Architecture.Stack(hidden: 9, layers: 1), size: 5))
    #expect(wider.alignment.onlyFirst.contains("lstm_2") && !wider.isNone(names: false))
    #expect(wider.keys.contains { $0.path == "layers/lstm_1/outputs" && $0.first == 8 && $0.second == 9 })
  }

  @Test func tokensAreFoundWhereverTheyAre() throws {
    func words(_ tokens: [String], counts: [UInt64]? = nil) throws -> Vocabulary {
      try Vocabulary(
        kind: .words, normalisation: .whitespace, tokens: tokens.map { Array($0.utf8) }, counts: counts, unknown: 0,
        lineEnd: 1)
    }
    let first = try words(["<unk>", "<eos>", "a", "b", "c"])
    let second = try words(["<unk>", "<eos>", "b", "d", "c"])
    let found = VocabularyDifference(first, second)
    #expect(found.onlyFirst == [2] && found.onlySecond == [3])
    #expect(found.moved == [.init(bytes: Array("b".utf8), first: 3, second: 2)])
    #expect(found.settings.isEmpty && !found.isNone && !found.hasOtherCounts)
    let same = VocabularyDifference(first, try words(["<unk>", "<eos>", "a", "b", "c"], counts: [1, 2, 3, 4, 5]))
    #expect(same.isNone && same.hasOtherCounts)
    let characters = try Vocabulary(kind: .characters, tokens: [[97], [98]])
    #expect(VocabularyDifference(first, characters).settings.map(\.name).contains("kind"))
  }

  @Test func numbersAreSubtracted() throws {
    let first = try TensorType.float32.bytes(of: [3, 4, 0, 0])
    let second = try TensorType.float16.bytes(of: [3, 4.5, 0, -0.5])
    let found = TensorDifference.numbers(first, .float32, second, .float16)
    #expect(found.count == 4 && found.unequal == 2 && found.largest == 0.5 && found.place == 1)
    #expect(abs(found.rootMeanSquare - (0.5 / 4).squareRoot()) < 1e-15)
    #expect(abs(found.relative - 0.5.squareRoot() / 5) < 1e-15)
    let odd = LittleEndian.bytes([Float.nan, 1, .infinity][...])
    let other = LittleEndian.bytes([Float.nan, .nan, .infinity][...])
    let strange = TensorDifference.numbers(odd, .float32, other, .float32)
    #expect(strange.unequal == 1 && strange.largest == .infinity && strange.place == 1)
    let zeros = try TensorType.float32.bytes(of: [0, 0])
    #expect(
      TensorDifference.numbers(zeros, .float32, try TensorType.float32.bytes(of: [0, 1]), .float32).relative
        == .infinity)
    #expect(TensorDifference.numbers(zeros, .float32, zeros, .float32).relative == 0)
  }

  /// A model that always says the same.
  private final class Fixed: LanguageModel {
    let probabilities: [Float]
    var size: Int { probabilities.count }
    let streams = 1
    let longestWindow = 1
    private(set) var read: [Int32] = []

    init(_ probabilities: [Float]) { self.probabilities = probabilities }

    func reset() { read = [] }
    func advance(_ tokens: [Int32], into logProbabilities: inout [Float]) {
      read += tokens
      logProbabilities = probabilities.map { log($0) }
    }
    func score(inputs: [Int32], targets: [Int32], into results: inout [Double]) {}
  }

  /// p = (1/2, 1/4, 1/4) and q = (1/4, 1/4, 1/2): KL(p | q) = ln 2 / 4 = KL(q | p).
  @Test func predictionsAreComparedAfterEachToken() {
    let (p, q) = (Fixed([0.5, 0.25, 0.25]), Fixed([0.25, 0.25, 0.5]))
    let found = OutputDifference([0, 1, 2, 0], p, q)
    #expect(p.read == [0, 1, 2] && q.read == [0, 1, 2] && found.predictions == 3)
    let unit = log(2.0)
    #expect(abs(found.largest - unit) < 1e-6 && abs(found.mean - 2 * unit / 3) < 1e-6)
    #expect(abs(found.divergenceOfSecond - unit / 4) < 1e-6 && abs(found.divergenceOfFirst - unit / 4) < 1e-6)
    #expect(found.agreement == 0)
    // What follows is 1, 2, 0.
    #expect(abs(found.firstLoss - (2 * log(4.0) + log(2.0)) / 3) < 1e-6)
    #expect(abs(found.secondLoss - (log(4.0) + log(2.0) + log(4.0)) / 3) < 1e-6)
    let same = OutputDifference([0, 1], p, Fixed([0.5, 0.25, 0.25]))
    #expect(same.largest == 0 && same.mean == 0 && same.agreement == 1 && same.divergenceOfFirst == 0)
  }

  /// What has no probability in one model: the divergence of the other one is infinite, its own is not.
  @Test func whatIsImpossibleIsInfinitelyFar() {
    let found = OutputDifference([0, 1], Fixed([0.5, 0.5]), Fixed([1, 0]))
    #expect(found.largest == .infinity && found.divergenceOfSecond == .infinity)
    #expect(abs(found.divergenceOfFirst - log(2.0)) < 1e-6)
  }
}
