import Kernels

/// A network as a language model that computes each prediction from a window of the last symbols, from the initial state: the
/// context ``Architecture/Context/window(length:padding:)``.
///
/// Nothing is carried from one prediction to the next, so that each costs a whole window; scoring computes many windows side by side.
public final class WindowedLanguageModel: BranchingLanguageModel {
  private let length: Int
  private let padding: Int32?
  /// Reads one window of each stream.
  private let network: Network
  /// Reads many windows at once; nil where one step is scored at a time.
  private let wideNetwork: Network?
  /// The last symbols of each stream, as many as a window has, or fewer at the beginning.
  private var recent: [[Int32]] = []
  private var logits: [Float] = []

  /// The number of streams, B.
  public let streams: Int
  /// The number of tokens, V.
  public var size: Int { network.architecture.size }
  /// The most steps scored at once.
  public let longestWindow: Int

  /// Prepares a model.
  ///
  /// - Parameters:
  ///   - model: one whose context is windows.
  ///   - streams: how many texts to read at the same time, B.
  ///   - longestWindow: the most steps scored at once; where it is 1, nothing is prepared for more.
  /// - Throws: ``ArchitectureError/notLanguageModel`` for a network that does something else.
  public init(_ model: Model, streams: Int = 1, longestWindow: Int = 256) throws(ArchitectureError) {
    guard case .window(let length, let padding) = model.architecture.context else { throw .notLanguageModel }
    try model.architecture.requireLanguageModel()
    self.length = length
    self.padding = padding.map { Int32(truncatingIfNeeded: $0) }
    self.streams = streams
    self.longestWindow = longestWindow
    let (architecture, values) = (model.architecture, model.parameters.values)
    network = try Network(architecture, parameters: values, purpose: .inference, batch: streams, steps: length)
    wideNetwork =
      longestWindow > 1 && streams < Self.windowsAtOnce
      ? try Network(
        architecture, parameters: values, purpose: .inference, batch: Self.windowsAtOnce, steps: length) : nil
    reset()
  }

  /// How many windows are scored side by side.
  private static let windowsAtOnce = 64

  /// Puts all streams before the beginning of a text.
  public func reset() {
    recent = Array(repeating: padding.map { [Int32](repeating: $0, count: length) } ?? [], count: streams)
  }

  private func read(_ token: Int32, stream: Int) {
    if recent[stream].count == length { recent[stream].removeFirst() }
    recent[stream].append(token)
  }

  /// Reads one token of each stream.
  public func advance(_ tokens: [Int32], into logProbabilities: inout [Float]) {
    for stream in 0..<streams { read(tokens[stream], stream: stream) }
    if recent.allSatisfy({ $0.count == recent[0].count }) {
      Self.run(network, recent, into: &logProbabilities)
    } else {
      runByLength(into: &logProbabilities)
    }
    var span = logProbabilities.mutableSpan
    span.withSlice(0..<(streams * size)) { CrossEntropy.logSoftmax(&$0, rows: streams, classes: size) }
  }

  /// The logits of streams that have not all read as much: those whose windows have the same length are run together.
  private func runByLength(into results: inout [Float]) {
    logits.resize(to: streams * size)
    for length in Set(recent.map(\.count)) {
      // The network has a row for each stream; the other ones' rows are of no interest.
      guard let example = recent.first(where: { $0.count == length }) else { continue }
      Self.run(network, recent.map { $0.count == length ? $0 : example }, into: &logits)
      for stream in 0..<streams where recent[stream].count == length {
        let row = (stream * size)..<((stream + 1) * size)
        results.replaceSubrange(row, with: logits[row])
      }
    }
  }

  /// The last tokens of the stream.
  public func memory(of stream: Int) -> TextMemory { TextMemory(tokens: recent[stream]) }

  /// Sets the last tokens of the stream.
  public func setMemory(_ memory: TextMemory, of stream: Int) {
    precondition(memory.tokens.count <= length, "a window of \(memory.tokens.count) tokens, not \(length)")
    recent[stream] = memory.tokens
  }

  /// What the output layer took last.
  public func hiddenState(of stream: Int) -> [Float] { network.outputInput(of: stream) }

  /// Reads several tokens of each stream, and scores what follows each of them.
  public func score(inputs: [Int32], targets: [Int32], into results: inout [Double]) {
    var (windows, places): ([[Int32]], [Int]) = ([], [])
    for index in inputs.indices {
      let stream = index % streams
      read(inputs[index], stream: stream)
      guard targets[index] >= 0 else {
        results[index] = 0
        continue
      }
      // Windows that are run together have the same length.
      if let first = windows.first, first.count != recent[stream].count || windows.count == Self.windowsAtOnce {
        score(windows, places, targets, into: &results)
        (windows, places) = ([], [])
      }
      windows.append(recent[stream])
      places.append(index)
    }
    score(windows, places, targets, into: &results)
  }

  private func score(_ windows: [[Int32]], _ places: [Int], _ targets: [Int32], into results: inout [Double]) {
    guard let last = windows.last else { return }
    let network = (windows.count > self.network.batch ? wideNetwork : nil) ?? self.network
    logits.resize(to: network.batch * size)
    for start in stride(from: 0, to: windows.count, by: network.batch) {
      let part = windows[start..<min(windows.count, start + network.batch)]
      // The network has a fixed number of rows; those without a window of their own read another one again.
      Self.run(network, part + Array(repeating: last, count: network.batch - part.count), into: &logits)
      var found = [Double](repeating: 0, count: network.batch)
      let wanted = (0..<network.batch).map { $0 < part.count ? targets[places[start + $0]] : -1 }
      var span = found.mutableSpan
      CrossEntropy.logProbabilities(
        logits: logits.span.extracting(0..<(network.batch * size)), targets: wanted.span, into: &span, classes: size)
      for index in part.indices { results[places[index]] = found[index - start] }
    }
  }

  /// The logits `[window, size]` after windows of one length.
  private static func run(_ network: Network, _ windows: some Collection<[Int32]>, into logits: inout [Float]) {
    let steps = windows.first?.count ?? 0
    var inputs: [Int32] = []
    inputs.reserveCapacity(steps * network.batch)
    for step in 0..<steps {
      for window in windows { inputs.append(window[step]) }
    }
    network.logits(inputs: inputs, into: &logits)
  }
}

extension [Float] {
  fileprivate mutating func resize(to count: Int) {
    if self.count < count { self = [Float](repeating: 0, count: count) }
  }
}
