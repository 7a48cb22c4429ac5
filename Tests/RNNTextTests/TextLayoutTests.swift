import RNNModel
import RNNText
import Testing

/// The streams of published experiments.
@Suite struct TextLayoutTests {
  /// The inputs and targets of each stream, read in windows.
  private func columns(_ streams: TextStreams, steps: Int) throws -> [(inputs: [Int32], targets: [Int32])] {
    var result = [(inputs: [Int32], targets: [Int32])](repeating: ([], []), count: streams.batch)
    var (inputs, targets): ([Int32], [Int32]) = ([], [])
    for window in 0..<streams.windowCount(steps: steps) {
      try streams.fill(window: window, steps: steps, inputs: &inputs, targets: &targets)
      for (index, (input, target)) in zip(inputs, targets).enumerated() {
        result[index % streams.batch].inputs.append(input)
        result[index % streams.batch].targets.append(target)
      }
    }
    return result
  }

  private func tokens(_ count: Int) -> [Int32] { (0..<Int32(count)).map { $0 } }

  @Test(arguments: [(100, 3, 4), (101, 2, 5), (1000, 7, 6), (96, 4, 8), (64, 1, 3)])
  func cutsAsCharRNN(count: Int, batch: Int, length: Int) throws {
    let parts = try TextLayout.charRNN.parts(
      of: TokenSlice(tokens(count)), batch: batch, length: length, validationFraction: 0.3)
    // x is the text cut to whole windows and seen as a matrix of B rows; y is x shifted by one, with the first symbol at its end.
    let windows = count / (batch * length)
    let x = Array(tokens(count).prefix(windows * batch * length))
    let y = Array(x.dropFirst()) + [x[0]]
    let training = Int(Double(windows) * 0.7)
    for (streams, range) in [(parts.training, 0..<training), (parts.validation, training..<windows)] {
      let read = try columns(streams, steps: length)
      #expect(streams.windowCount(steps: length) == range.count)
      for row in 0..<batch {
        let places =
          (row * windows * length + range.lowerBound * length)..<(row * windows * length + range.upperBound * length)
        #expect(read[row].inputs == Array(x[places]))
        #expect(read[row].targets == Array(y[places]))
      }
    }
    #expect(try columns(parts.validation, steps: length)[batch - 1].targets.last == 0)
  }

  @Test(arguments: [(1000, 7, 6), (1001, 3, 5), (240, 4, 5), (500, 5, 5)])
  func cutsAsTorchRNN(count: Int, batch: Int, length: Int) throws {
    let parts = try TextLayout.torchRNN.parts(of: TokenSlice(tokens(count)), batch: batch, length: length)
    let tenth = count / 10
    let ends = [0, count - 2 * tenth, count - tenth, count]
    for (part, streams) in [parts.training, parts.validation, parts.test].enumerated() {
      let streams = try #require(streams)
      let text = Array(tokens(count)[ends[part]..<ends[part + 1]])
      // Its data loader: what does not fill a window of all streams is chopped off, a whole one if there is nothing to chop.
      var extra = text.count % (batch * length)
      if extra == 0 { extra = batch * length }
      let (vx, vy) = (Array(text.dropLast(extra)), Array(text.dropFirst().dropLast(extra - 1)))
      let read = try columns(streams, steps: length)
      #expect(read.flatMap(\.inputs) == vx)
      #expect(read.flatMap(\.targets) == vy)
    }
  }

  @Test(arguments: [(100, 3, 4), (1000, 7, 6), (96, 4, 8), (97, 4, 5), (23, 5, 3)])
  func cutsAsZaremba(count: Int, batch: Int, length: Int) throws {
    let text = TokenSlice(tokens(count))
    let parts = try TextLayout.zaremba.parts(of: text, validation: text, test: text, batch: batch, length: length)
    let size = count / batch
    // Positions count from 1: a window begins while it and its last target fit.
    var position = 1
    while position + length <= size { position += length }
    for streams in [parts.training, parts.validation] {
      for (row, read) in try columns(streams, steps: length).enumerated() {
        let start = Int((Double(row) * Double(count) / Double(batch)).rounded())
        #expect(read.inputs == (0..<(position - 1)).map { Int32(start + $0) })
        #expect(read.targets == read.inputs.map { $0 + 1 })
      }
    }
    let test = try columns(try #require(parts.test), steps: length)
    #expect(test.count == 1 && test[0].targets == Array(tokens(count).dropFirst()))
  }

  @Test(arguments: [(100, 3, 4), (1000, 7, 6), (96, 4, 8), (60, 20, 5)])
  func cutsAsWordLanguageModel(count: Int, batch: Int, length: Int) throws {
    let text = TokenSlice(tokens(count))
    let parts = try TextLayout.wordLanguageModel.parts(
      of: text, validation: text, test: text, batch: batch, length: length)
    for (streams, batch) in [(parts.training, batch), (parts.validation, 10), (try #require(parts.test), 10)] {
      // batchify, then get_batch for i in 0, bptt, 2 bptt, ... below its number of rows minus one.
      let rows = count / batch
      var lengths: [Int] = []
      var i = 0
      while i < rows - 1 {
        lengths.append(min(length, rows - 1 - i))
        i += length
      }
      #expect(streams.windowCount(steps: length) == lengths.count)
      var (inputs, targets): ([Int32], [Int32]) = ([], [])
      for (window, steps) in lengths.enumerated() {
        try streams.fill(window: window, steps: length, inputs: &inputs, targets: &targets)
        let expected = (0..<steps).flatMap { step in
          (0..<batch).map { Int32($0 * rows + window * length + step) }
        }
        #expect(inputs == expected && targets == expected.map { $0 + 1 })
      }
    }
  }

  @Test func holdsTheEndOut() throws {
    let parts = try TextLayout.streams.parts(of: TokenSlice(tokens(10_000)), batch: 9, length: 7)
    #expect(parts.training.length == 9499 / 9 && parts.training.batch == 9)
    #expect(try columns(parts.validation, steps: 64).map(\.targets) == [Array(tokens(10_000)[9501...])])
    #expect(parts.test == nil)
    let own = try TextLayout.streams.parts(
      of: TokenSlice(tokens(100)), validation: TokenSlice(tokens(8001)), test: TokenSlice(tokens(50)), batch: 1,
      length: 7)
    #expect(own.training.length == 99)
    #expect(own.validation.batch == 4 && own.validation.length == 2000)
    #expect(own.test?.batch == 1 && own.test?.targetCount == 49)
  }

  @Test func readsOverlappingWindows() throws {
    let streams = try TextLayout.charRNN.parts(of: TokenSlice(tokens(60)), batch: 2, length: 5, validationFraction: 0.5)
      .validation
    var (inputs, targets): ([Int32], [Int32]) = ([], [])
    try streams.fill(position: 13, steps: 9, inputs: &inputs, targets: &targets)
    #expect(inputs == [28, 58, 29, 59] && targets == [29, 59, 30, 0])
  }

  @Test(arguments: TextLayout.allCases) func refusesShortTexts(layout: TextLayout) {
    for (count, batch, length) in [(0, 1, 1), (5, 20, 20), (30, 20, 20), (1000, .max, 1), (1000, 20, .max), (1, 1, 1)] {
      let text = TokenSlice(tokens(count))
      // A window longer than the text is no obstacle where the last one may be shorter.
      let isFlexible = layout == .streams || layout == .wordLanguageModel
      if isFlexible && length > 1 && batch < count { continue }
      // One token is its own target.
      if layout == .charRNN && count == 1 { continue }
      #expect(throws: TextLayout.Failure.self) {
        try layout.parts(of: text, validation: text, batch: batch, length: length)
      }
    }
    for fraction in [0, -1, 2, 1, .nan, .infinity, 0.7] {
      // Either part may be empty; nothing else may happen.
      _ = try? layout.parts(of: TokenSlice(tokens(1000)), batch: 2, length: 2, validationFraction: fraction)
    }
  }

  @Test func namesThePartThatIsTooShort() throws {
    let error = #expect(throws: TextLayout.Failure.self) {
      try TextLayout.streams.parts(of: TokenSlice(tokens(100)), test: TokenSlice([0]), batch: 4, length: 5)
    }
    #expect(error?.part == .test)
    #expect(error?.description == "the test part: a text of 1 token is too short for one stream, which needs 2 tokens")
  }

  /// What char-rnn's cut needs is said in full: one token less is too short, so many are enough.
  @Test(arguments: [0.05, 0.5, 0.9, 0.001]) func saysWhatTrainingAndHeldOutPartNeedTogether(fraction: Double) throws {
    func cut(_ count: Int) throws -> TextParts {
      try TextLayout.charRNN.parts(of: TokenSlice(tokens(count)), batch: 4, length: 5, validationFraction: fraction)
    }
    let error = #expect(throws: TextLayout.Failure.self) { try cut(20) }
    #expect(error?.part == nil && error?.description.contains("together") == true)
    let needed = try #require(error?.cause.needed)
    #expect(throws: TextLayout.Failure.self) { try cut(needed - 1) }
    let parts = try cut(needed)
    #expect(parts.training.length >= 5 && parts.validation.length >= 5)
  }

  @Test func hasTheSizesOfThePennTreebank() throws {
    // Its texts are not free; the sizes are.
    func text(_ count: Int) -> TokenSlice { TokenSlice([Int32](repeating: 0, count: count)) }
    let parts = try TextLayout.zaremba.parts(
      of: text(929_589), validation: text(73_760), test: text(82_430), batch: 20, length: 20)
    #expect(parts.training.windowCount(steps: 20) == 2323)
    #expect(parts.validation.windowCount(steps: 20) == 184)
    #expect(parts.test?.targetCount == 82_429)
  }

  @Test(
    .enabled(
      if: Corpora.has("tiny-shakespeare/input.txt"), "the corpus tiny-shakespeare is not beside the repository"))
  func cutsTinyShakespeareAsPublished() throws {
    let source = TextSource([Corpora.path("tiny-shakespeare/input.txt")])
    var builder = Vocabulary.Builder(kind: .bytes)
    try source.read { try builder.add($0) }
    let vocabulary = try builder.finish()
    #expect(vocabulary.count == 65)
    let text = try EncodedText(source, vocabulary: vocabulary)
    #expect(text.byteCount == 1_115_394)
    let parts = try TextLayout.charRNN.parts(of: text.tokens.all, batch: 50, length: 50)
    #expect(parts.training.windowCount(steps: 50) == 423)
    #expect(parts.validation.windowCount(steps: 50) == 23)
    #expect(parts.training.targetCount == 423 * 2500 && parts.validation.targetCount == 57_500)
    let torch = try TextLayout.torchRNN.parts(of: text.tokens.all, batch: 50, length: 50)
    #expect(
      [torch.training, torch.validation, try #require(torch.test)].map { $0.windowCount(steps: 50) } == [356, 44, 44])
  }

  @Test(
    .enabled(if: Corpora.has("wikitext-2/train.txt"), "the corpus WikiText-2 is not beside the repository"))
  func cutsWikiTextAsPublished() throws {
    let sources = ["train", "valid", "test"].map { TextSource([Corpora.path("wikitext-2/\($0).txt")]) }
    var builder = Vocabulary.Builder(kind: .words, normalisation: .whitespace)
    for source in sources {
      try source.read { try builder.add($0) }
      try builder.endText()
    }
    let vocabulary = try builder.finish()
    #expect(vocabulary.count == 33_278)
    let texts = try sources.map { try EncodedText($0, vocabulary: vocabulary, memoryLimit: 1 << 20) }
    #expect(texts.map(\.tokens.count) == [2_088_628, 217_646, 245_569])
    #expect(texts.map(\.tokens.isInMemory) == [false, true, true])
    // All words are known; <unk> is a word of the text.
    #expect(texts.map(\.unknownCount) == [0, 0, 0])
    #expect(texts.allSatisfy { $0.tokenCounts[0] > 10_000 })
    let parts = try TextLayout.wordLanguageModel.parts(
      of: texts[0].tokens.all, validation: texts[1].tokens.all, test: texts[2].tokens.all, batch: 20, length: 35)
    #expect(parts.training.length == 104_430 && parts.training.windowCount(steps: 35) == 2984)
    #expect(parts.validation.targetCount == 217_630 && parts.test?.targetCount == 245_550)
  }
}
