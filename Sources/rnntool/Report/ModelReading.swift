import RNNAnalysis
import RNNConversion
import RNNGeneration
import RNNModel

/// What a model says and shows when it runs, for a report: texts that it writes, and a text that it reads.
struct ModelReading {
  /// A text that the model has written.
  struct Sample {
    let temperature: Double
    let text: String
  }

  /// A token of a text, and how probable it was after those before it.
  struct ReadToken {
    let bytes: [UInt8]
    /// Nil for the first one, which follows nothing.
    let probability: Double?
  }

  private(set) var samples: [Sample] = []
  private(set) var tokens: [ReadToken] = []
  /// Whether ``tokens`` are of a text of the user, or of one that the model has written.
  let isOwnText: Bool
  /// What its layers did while that text was read; nil for models that do not read a stream.
  private(set) var recording: StateRecording?

  static let temperatures = [0.5, 0.8, 1.0]
  static let sampleLength = 300
  static let mostTokens = 2000
  private static let seed: UInt64 = 1
  private static let window = 64

  /// - Parameters:
  ///   - model: of language.
  ///   - text: what it is to read; nil for what it has written itself.
  /// - Throws: what says why a model cannot be run.
  init(_ model: OpenedModel, reading text: [UInt8]?, progress: (Double) -> Void) throws {
    try Memory.check(model.document.architecture, batch: 1, steps: Self.window)
    let loaded = try model.loadLanguageModel()
    guard let vocabulary = loaded.vocabulary else { throw Failure("its tokens are not known", code: Failure.refused) }
    let reader = try loaded.languageModel(longestWindow: Self.window)
    isOwnText = text == nil
    var ids: [Int32] = []
    for (index, temperature) in Self.temperatures.enumerated() {
      progress(Double(index) / Double(Self.temperatures.count + 1))
      var written: [Int32] = []
      var sampler = Sampler(
        chain: DecodingChain([Temperature(temperature)], excluding: vocabulary.specials), seed: Self.seed)
      try sampler.sample(Self.sampleLength, after: [], from: reader, frequencies: vocabulary.counts) { draw in
        written.append(draw.token)
        return true
      }
      samples.append(
        Sample(temperature: temperature, text: String(decoding: vocabulary.decode(written), as: UTF8.self)))
      ids = written
    }
    if let text { ids = Array(try vocabulary.encode(text, unknown: .skip).tokens.prefix(Self.mostTokens)) }
    tokens = Self.read(ids, reader, vocabulary)
    if let network = loaded as? Model, network.architecture.isLanguageModel, network.architecture.windowLength == nil,
      !ids.isEmpty
    {
      recording = try StateRecording(reading: ids, with: network, keepsStates: false)
    }
  }

  private static func read(
    _ ids: [Int32], _ reader: any BranchingLanguageModel, _ vocabulary: Vocabulary
  ) -> [ReadToken] {
    reader.reset()
    var logProbabilities: [Double] = []
    let length = max(1, reader.longestWindow)
    for start in stride(from: 0, to: ids.count - 1, by: length) {
      let end = min(start + length, ids.count - 1)
      var scores = [Double](repeating: 0, count: end - start)
      reader.score(inputs: Array(ids[start..<end]), targets: Array(ids[(start + 1)...end]), into: &scores)
      logProbabilities += scores
    }
    var decoder = Vocabulary.Decoder(vocabulary)
    return ids.enumerated().map { index, id in
      ReadToken(bytes: decoder.decode(id), probability: index == 0 ? nil : Double.exp(logProbabilities[index - 1]))
    }
  }
}
