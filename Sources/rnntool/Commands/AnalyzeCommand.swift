import ArgumentParser
import Foundation
import Kernels
import RNNAnalysis
import RNNConversion
import RNNFormat
import RNNModel

/// `rnntool analyze`
struct AnalyzeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze", abstract: "See what a network does with a text: gradients, eigenvalues, gates, cells.",
    discussion: """
      Without further wishes: how far the gradient of each step's loss flows back (gradients), the eigenvalues of the recurrent matrices (eigenvalues), and how open the gates are (gates). On demand: the sequential Jacobian, what each step contributes to a
      weight's gradient, cells coloured over the text, the cells that follow a property of the text, and one gradient computed in four ways. docs/ANALYSIS.md explains what the numbers mean.

      Gradients are those of --length steps from --start; gates and cells those of the first --tokens tokens. Weights are named as 'rnntool inspect --tensors' does, with one index for each axis; gates may be named.

      Examples:
        rnntool analyze book.h5 book.txt
        rnntool analyze book.h5 book.txt --length 100 --start 5000 --html analysis.html
        rnntool analyze book.h5 book.txt --track quotes --track line-position
        rnntool analyze book.h5 book.txt --cell lstm_1/17 --show 800
        rnntool analyze book.h5 book.txt --part jacobian --weight 'lstm_1/recurrent_weights[forget,0,3]' --svg plots
        rnntool analyze small.h5 book.txt --check-gradients --length 20
        rnntool analyze book.h5 book.txt --states lstmvis --tokens 100000
      """)

  @Argument(help: "The model file.")
  var model: String

  @Argument(help: "The text that it reads; '-' for standard input.")
  var text: String

  @Option(
    parsing: .singleValue,
    help:
      "What to show: gradients, eigenvalues, gates, jacobian. Can be given several times. Default: the first three, or nothing but what other flags ask for."
  )
  var part: [AnalysisPart] = []

  @Option(help: "Steps that gradients are computed on.")
  var length = 50

  @Option(help: "The token at which those steps begin, counted from 0; what is before it is read.")
  var start = 0

  @Option(help: "How many tokens of the text are read for gates and cells.")
  var tokens = 10_000

  @Option(
    parsing: .singleValue,
    help:
      "What each step contributes to the gradient of this weight, as in 'lstm_1/bias[forget,3]'. Can be given several times."
  )
  var weight: [String] = []

  @Option(
    parsing: .singleValue,
    help:
      "Find the cells that follow a property: quotes, brackets, line-position, word, word-position, capital, indentation. Can be given several times."
  )
  var track: [TextTrack.Property] = []

  @Option(help: "Find the cells that follow a property of your own: a file with 0 or 1 for each token.")
  var trackFile: String?

  @Option(help: "Find the cells that follow the matches of a regular expression, which are 1.")
  var trackRegex: String?

  @Option(
    parsing: .singleValue, help: "A cell to colour the text with, as in 'lstm_1/17'. Can be given several times.")
  var cell: [String] = []

  @Option(help: "How many tokens are coloured.")
  var show = 400

  @Flag(help: "Compute one gradient by BPTT, by RTRL, by central differences and by the fast network, and compare.")
  var checkGradients = false

  @Option(help: "The most parameters whose central differences are taken.")
  var sample = 500

  @Option(help: "The longest time that one part may take, in minutes.")
  var limit = 60.0

  @Option(help: "A folder for charts (SVG).")
  var svg: String?

  @Option(help: "A file for a page with everything (HTML).")
  var html: String?

  @Option(help: "A file for all numbers (.npz).")
  var npz: String?

  @Option(help: "A folder for the states in the layout of LSTMVis: HDF5 files, words and lstm.yml.")
  var states: String?

  @Flag(help: "Replace files that exist.")
  var force = false

  @Option(help: "Threads to compute with. Default: as many as there are processors.")
  var threads: Int?

  @OptionGroup(title: "Trust") var trust: TrustOptions
  @OptionGroup(title: "Output") var speech: OutputOptions

  private static let mostSteps = 5000

  func validate() throws {
    if !(1...Self.mostSteps).contains(length) {
      throw ValidationError("--length has to be between 1 and \(Format.count(Self.mostSteps)).")
    }
    if start < 0 { throw ValidationError("--start cannot be negative.") }
    for (flag, value) in [("--tokens", tokens), ("--show", show), ("--sample", sample)]
    where !(1...100_000_000).contains(value) {
      throw ValidationError("\(flag) has to be between 1 and 100,000,000.")
    }
    if !(limit > 0) { throw ValidationError("--limit has to be above 0.") }
    if let threads, !(1...ThreadTeam.mostThreads).contains(threads) {
      throw ValidationError("--threads has to be between 1 and \(ThreadTeam.mostThreads).")
    }
    if let npz, !npz.hasSuffix(".npz") { throw ValidationError("--npz has to end in .npz.") }
    if npz != nil && !ModelFormat.available.contains(.npz) { throw ValidationError("this build has no .npz.") }
    if let trackRegex, (try? Regex(trackRegex)) == nil {
      throw ValidationError("--track-regex is not a regular expression.")
    }
  }

  func run() throws {
    if let threads { ThreadTeam.threadCount = threads }
    for target in [html, npz].compactMap(\.self) {
      try Input.check(target, isNoneOf: [model, text])
      try Input.check(target, mayReplace: force)
      try AtomicFile.checkWritable(target)
    }
    try [svg, states].compactMap(\.self).forEach(makeFolder)
    if let states { for name in LSTMVisExport.files { try Input.check("\(states)/\(name)", mayReplace: force) } }
    let file = try Input.model(model, through: trust.quarantine)
    let loaded = try file.loadModel()
    guard let vocabulary = loaded.vocabulary else {
      throw Failure("'\(model)' has no vocabulary, so that it cannot read text", code: Failure.refused)
    }
    let bytes = try Input.text(text)
    let encoding = try vocabulary.encode(bytes, unknown: .skip)
    let job = AnalysisJob(options: self, model: loaded, vocabulary: vocabulary, tokens: encoding.tokens)
    var results = AnalysisResults(model: model, text: text, modelID: file.header.modelID)
    try job.run(into: &results)
    try write(results, vocabulary)
    if speech.json { return try Terminal.print(results.json) }
    let tables = AnalysisTables(results: results).text
    if !tables.isEmpty { try Terminal.print(tables) }
    for (index, cell) in results.cells.enumerated() {
      let text = CellText(pieces: results.pieces, values: cell.values)
      try Terminal.print((index > 0 || !tables.isEmpty ? "\n" : "") + "cell \(cell.name.printable)")
      try Terminal.print(Terminal.isColoured ? text.coloured : text.marked)
    }
  }

  private func makeFolder(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw Failure("the folder '\(path)' cannot be made: \(error.localizedDescription)", code: Failure.impossible)
    }
  }

  private func write(_ results: AnalysisResults, _ vocabulary: Vocabulary) throws {
    if let svg {
      var used: Set<String> = []
      for chart in results.charts {
        let name = used.insert(chart.name).inserted ? chart.name : "\(chart.name)-\(used.count)"
        let target = "\(svg)/\(name).svg"
        try Input.check(target, mayReplace: force)
        try AtomicFile.write(Array(chart.chart.svg.utf8), to: target)
      }
    }
    if let html { try AtomicFile.write(Array(results.page.utf8), to: html) }
    #if NPZ
      if let npz { try NPZWriter.write(results.arrays, to: npz) }
    #endif
    if let states, let recording = results.recording {
      try LSTMVisExport(recording: recording, vocabulary: vocabulary, name: model).write(to: states)
    }
  }
}

extension TextTrack.Property: ExpressibleByArgument {}
