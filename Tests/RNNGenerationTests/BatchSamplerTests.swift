import Kernels
import RNNGeneration
import RNNModel
import Testing

@Suite struct BatchSamplerTests {
  private static func drawn(_ stack: Architecture.Stack, context: Architecture.Context = .stream) throws -> Model {
    var architecture = Architecture(stack, size: 11)
    architecture.context = context
    var generator = RandomGenerator(seed: 4)
    let table = ParameterTable(architecture)
    let values = (0..<table.count).map { _ in Float(generator.uniform(in: -1..<1)) }
    return try Model(
      architecture: architecture, parameters: Parameters(table: table, values: values), vocabulary: nil)
  }

  private static let models: [(name: String, model: @Sendable () throws -> Model)] = [
    ("lstm", { try drawn(Architecture.Stack(cell: .lstm, hidden: 19, layers: 2)) }),
    ("gru", { try drawn(Architecture.Stack(cell: .gru, hidden: 19, embedding: 5)) }),
    ("elman", { try drawn(Architecture.Stack(cell: .elman, hidden: 19)) }),
    ("window", { try drawn(Architecture.Stack(cell: .lstm, hidden: 19), context: .window(length: 7, padding: nil)) }),
    ("padded", { try drawn(Architecture.Stack(cell: .gru, hidden: 19), context: .window(length: 7, padding: 3)) }),
  ]

  /// Text k of a batch is the text of the k-th seed, to the bit, whatever the number of streams and of threads.
  @Test(arguments: models.indices) func aBatchIsTheSameAsSingleTexts(index: Int) throws {
    let model = try Self.models[index].model()
    // Prompts of several lengths, so that windows differ.
    let prompts: [[Int32]] = (0..<9).map { Array([1, 5, 3, 3, 8, 2, 7, 4, 9][..<$0].map { Int32($0) }) }
    let reader = try model.languageModel()
    var expected: [[Sampler.Draw]] = []
    for (text, prompt) in prompts.enumerated() {
      var draws: [Sampler.Draw] = []
      var sampler = Sampler(strategies: [TopP(0.9)], seed: Sampler.seed(7, ofText: UInt64(text)))
      sampler.measuresEntropy = true
      try sampler.sample(30, after: prompt, from: reader) {
        draws.append($0)
        return $0.token != 10 || draws.count < 5
      }
      expected.append(draws)
    }
    for streams in [1, 2, 4, 16] {
      var found = [[Sampler.Draw]](repeating: [], count: prompts.count)
      var sampler = BatchSampler(chain: DecodingChain([TopP(0.9)]), seed: 7)
      sampler.measuresEntropy = true
      try sampler.sample(30, after: prompts, from: try model.languageModel(streams: streams), reader: reader) {
        found[$0].append($1)
        return $1.token != 10 || found[$0].count < 5
      }
      #expect(found == expected, "\(streams) streams")
    }
  }

  @Test func largeVocabulariesAreDrawnByAllThreads() throws {
    func texts(_ threads: Int) throws -> [[Int32]] {
      let before = ThreadTeam.threadCount
      ThreadTeam.threadCount = threads
      defer { ThreadTeam.threadCount = before }
      var found = [[Int32]](repeating: [], count: 12)
      try BatchSampler(chain: DecodingChain([TopK(500)]), seed: 1).sample(
        5, after: Array(repeating: [1], count: 12), from: MarkovModel(size: 2000, streams: 12),
        reader: MarkovModel(size: 2000)
      ) {
        found[$0].append($1.token)
        return true
      }
      return found
    }
    let one = try texts(1)
    #expect(try texts(2) == one && Set(one).count == 12)
  }

  @Test func overflowIsToldAlsoFromABatch() throws {
    var model = try Self.drawn(Architecture.Stack(cell: .lstm, hidden: 4))
    for index in model.parameters.values.indices { model.parameters.values[index] = .infinity }
    let batch = try model.languageModel(streams: 2)
    let reader = try model.languageModel()
    #expect(throws: Sampler.NotFinite.self) {
      try BatchSampler(chain: DecodingChain(), seed: 1).sample(3, after: [[1], [2]], from: batch, reader: reader) {
        _, _ in true
      }
    }
  }

  /// Streams that take each other's places go on as those did.
  @Test(arguments: models.indices) func streamsCanBeRearranged(index: Int) throws {
    let model = try Self.models[index].model()
    let batch = try model.languageModel(streams: 3)
    var logProbabilities = [Float](repeating: 0, count: 33)
    batch.reset()
    for tokens in [[1, 2, 3], [4, 5, 6], [1, 1, 2]] as [[Int32]] { batch.advance(tokens, into: &logProbabilities) }
    batch.arrange([2, 0, 0])
    batch.advance([7, 7, 8], into: &logProbabilities)
    let single = try model.languageModel()
    for (stream, text) in ([[3, 6, 2, 7], [1, 4, 1, 7], [1, 4, 1, 8]] as [[Int32]]).enumerated() {
      #expect(single.read(text)[...] == logProbabilities[(stream * 11)..<(stream * 11 + 11)])
      #expect(single.hiddenState(of: 0) == batch.hiddenState(of: stream) && single.hiddenState(of: 0).count == 19)
    }
  }

  @Test func aMemoryFromBeforeTheFirstTokenIsTheBeginning() throws {
    let model = try Self.models[0].model()
    let (first, second) = (try model.languageModel(), try model.languageModel(streams: 2))
    first.reset()
    second.reset()
    let memory = first.memory(of: 0)
    var rows = [Float](repeating: 0, count: 22)
    second.advance([1, 2], into: &rows)
    second.setMemory(memory, of: 1)
    second.advance([1, 3], into: &rows)
    #expect(first.read([3])[...] == rows[11...])
  }
}
