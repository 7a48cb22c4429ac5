import RNNText
import Testing

@Suite struct TextStreamsTests {
  @Test(arguments: [2, 3, 7, 20, 21, 22, 23, 24], [1, 2, 3, 5, 6])
  func equalsTheNaiveCut(count: Int, batch: Int) throws {
    guard count > batch else { return }
    let tokens = (0..<count).map { Int32($0 * 7 % 23) }
    let streams = try TextStreams(tokens, batch: batch)
    // As many whole rows as have a target after each symbol.
    var length = 0
    while (length + 1) * batch + 1 <= count { length += 1 }
    #expect(streams.batch == batch)
    #expect(streams.length == length)
    for steps in 1...(length + 1) {
      var (inputs, targets): ([Int32], [Int32]) = ([99], [99])
      var read: [(inputs: [Int32], targets: [Int32])] = []
      for window in 0..<streams.windowCount(steps: steps) {
        try streams.fill(window: window, steps: steps, inputs: &inputs, targets: &targets)
        #expect(inputs.count == targets.count)
        #expect(!inputs.isEmpty && inputs.count.isMultiple(of: batch) && inputs.count <= steps * batch)
        read.append((inputs, targets))
      }
      for stream in 0..<batch {
        func column(_ values: [Int32]) -> [Int32] {
          stride(from: stream, to: values.count, by: batch).map { values[$0] }
        }
        let start = stream * length
        #expect(read.flatMap { column($0.inputs) } == Array(tokens[start..<(start + length)]))
        #expect(read.flatMap { column($0.targets) } == Array(tokens[(start + 1)...(start + length)]))
      }
    }
  }

  @Test(arguments: [(0, 1), (1, 1), (4, 4), (3, 4), (5, 0), (5, -1)]) func refusesShortTexts(count: Int, batch: Int) {
    let error = #expect(throws: TextStreams.TooShort.self) {
      try TextStreams([Int32](repeating: 0, count: count), batch: batch)
    }
    #expect(error?.tokens == count && error?.batch == batch)
  }

  @Test func takesTheShortestText() throws {
    let streams = try TextStreams([0, 1, 2, 3, 4], batch: 4)
    var (inputs, targets): ([Int32], [Int32]) = ([], [])
    try streams.fill(window: 0, steps: 8, inputs: &inputs, targets: &targets)
    #expect(inputs == [0, 1, 2, 3] && targets == [1, 2, 3, 4])
    #expect(streams.windowCount(steps: 8) == 1)
  }
}
