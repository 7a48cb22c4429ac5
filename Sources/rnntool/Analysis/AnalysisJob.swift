import Foundation
import RNNAnalysis
import RNNFormat
import RNNModel
import RNNText

/// The work that the flags of `rnntool analyze` ask for.
struct AnalysisJob {
  let options: AnalyzeCommand
  let model: Model
  let vocabulary: Vocabulary
  /// The whole text.
  let tokens: [Int32]

  private var limit: Double { options.limit * 60 }

  /// What is shown besides that which has a flag of its own.
  private var parts: [AnalysisPart] {
    if !options.part.isEmpty { return options.part }
    if asksForMore { return [] }
    return readsStream ? AnalysisPart.usual : [.eigenvalues]
  }

  private var asksForMore: Bool {
    options.checkGradients || !options.weight.isEmpty || needsStates
  }

  private var searches: Bool {
    !options.track.isEmpty || options.trackFile != nil || options.trackRegex != nil
  }

  private var needsStates: Bool { searches || !options.cell.isEmpty || options.states != nil }

  private var readsStream: Bool {
    model.architecture.isLanguageModel && model.architecture.windowLength == nil
  }

  /// Does it.
  func run(into results: inout AnalysisResults) throws {
    if options.part.isEmpty, !readsStream, !asksForMore, !options.speech.quiet {
      Terminal.note("the model does not read a stream: of it there are the eigenvalues alone")
    }
    let needsWindow =
      parts.contains(.gradients) || parts.contains(.jacobian) || options.checkGradients || !options.weight.isEmpty
    if needsWindow {
      let window = try AnalysisWindow(tokens, start: options.start, length: options.length)
      (results.window, results.start) = (window, options.start)
      try follow(window, into: &results)
    }
    if parts.contains(.eigenvalues) {
      results.spectra = try shown("eigenvalues") { progress in
        try RecurrentSpectrum.all(of: model, limit: limit, progress: progress)
      }
    }
    if parts.contains(.gates) || needsStates { try read(into: &results) }
  }

  /// What needs a window.
  private func follow(_ window: AnalysisWindow, into results: inout AnalysisResults) throws {
    let streams = min(window.count, 32)
    try Memory.check(model.architecture, batch: streams, steps: window.count)
    if parts.contains(.gradients) {
      results.flow = try shown("gradients") { try GradientFlow(of: model, window, limit: limit, progress: $0) }
    }
    if parts.contains(.jacobian) {
      results.jacobian = try shown("Jacobian") {
        try SequentialJacobian(of: model, window, limit: limit, progress: $0)
      }
    }
    for text in options.weight {
      let weight = try WeightName(text, in: model.parameters.table)
      results.contributions.append(
        try shown("contributions") { _ in try WeightContributions(to: weight, of: model, window, limit: limit) })
    }
    if options.checkGradients {
      results.check = try shown("gradient in four ways") {
        try GradientCheck(model, window, sample: options.sample, limit: limit, progress: $0)
      }
    }
  }

  /// What needs the states along the text.
  private func read(into results: inout AnalysisResults) throws {
    let read = Array(tokens.prefix(options.tokens))
    if needsStates {
      try Memory.check(
        bytes: StateRecording.bytes(of: model, tokens: read.count),
        for: "the states of \(Format.count(read.count, "token"))")
    }
    let recording = try shown("reading") {
      try StateRecording(reading: read, with: model, keepsStates: needsStates, progress: $0)
    }
    results.recording = recording
    guard needsStates else { return }
    var decoder = Vocabulary.Decoder(vocabulary)
    let pieces = read.map { decoder.decode($0) }
    results.pieces = Array(pieces.prefix(options.show))
    results.searches = try tracks(pieces).map {
      AnalysisResults.Search(track: $0, scores: CellSearch.scores(recording, following: $0))
    }
    let wanted =
      options.cell.isEmpty
      ? results.searches.compactMap { $0.scores.first.map { "\($0.layer)/\($0.cell)" } } : options.cell
    var seen: Set<String> = []
    results.cells = try wanted.filter { seen.insert($0).inserted }.map { try cell($0, in: recording) }
  }

  private func cell(_ name: String, in recording: StateRecording) throws(Failure) -> AnalysisResults.Cell {
    let parts = name.split(separator: "/")
    guard let last = parts.last, let number = Int(last), parts.count > 1,
      let layer = recording.layers.first(where: { $0.name == parts.dropLast().joined(separator: "/") }),
      (0..<layer.width).contains(number)
    else {
      let layers = recording.layers.map { "\($0.name)/0 to \($0.name)/\($0.width - 1)" }
      throw Failure("there is no cell '\(name)': there are \(layers.joined(separator: ", "))", code: Failure.refused)
    }
    return AnalysisResults.Cell(
      layer: layer.name, number: number, values: Array(layer.shown(number).prefix(options.show)))
  }

  /// The properties that are asked for.
  private func tracks(_ pieces: [[UInt8]]) throws -> [TextTrack] {
    var tracks = options.track.map { TextTrack($0, of: pieces) }
    if let path = options.trackFile {
      guard let track = TextTrack(name: path, digits: try Input.text(path), tokens: pieces.count) else {
        throw Failure(
          "'\(path)' has to hold 0 or 1, and nothing else, for each of \(Format.count(pieces.count, "token"))",
          code: Failure.refused)
      }
      tracks.append(track)
    }
    if let pattern = options.trackRegex { tracks.append(try matches(of: pattern, in: pieces)) }
    return tracks
  }

  /// 1 for tokens that end within a match.
  private func matches(of pattern: String, in pieces: [[UInt8]]) throws -> TextTrack {
    guard let text = String(validating: Array(pieces.joined()), as: UTF8.self) else {
      throw Failure("--track-regex needs a text in UTF-8", code: Failure.refused)
    }
    var inside = [Bool](repeating: false, count: text.utf8.count)
    var (index, place) = (text.startIndex, 0)
    for match in text.matches(of: try Regex(pattern)) {
      place += text.utf8.distance(from: index, to: match.range.lowerBound)
      let count = text.utf8.distance(from: match.range.lowerBound, to: match.range.upperBound)
      for matched in place..<(place + count) { inside[matched] = true }
      (index, place) = (match.range.upperBound, place + count)
    }
    var end = 0
    return TextTrack(
      name: pattern,
      values: pieces.map { piece in
        end += piece.count
        return end > 0 && inside[end - 1] ? 1 : 0
      })
  }

  /// Shows how far something is that may take its time.
  private func shown<Result>(_ what: String, _ work: ((Double) -> Void) throws -> Result) rethrows -> Result {
    let clock = ContinuousClock()
    let start = clock.now
    var bar = ProgressBar(isQuiet: options.speech.quiet)
    defer { bar.clear() }
    return try work { bar.update($0, seconds: (clock.now - start) / .seconds(1), [.init(what)]) }
  }
}
