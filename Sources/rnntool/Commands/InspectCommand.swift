import ArgumentParser
import RNNConversion
import RNNFormat
import RNNModel

/// `rnntool inspect`
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show what is in a model file, of any format that 'convert' reads.",
    discussion: """
      Reads everything but the values of the tensors, so that files of any size are shown at once. The network is drawn from its inputs to its outputs:
      what a layer takes from the one before it comes down, what it takes from further up has a line of its own on the right, with the number of units \
      that pass. A file of another framework is shown as what it becomes, with all that it leaves open; the options under "Other frameworks" settle that.

      --statistics reads the numbers, one tensor at a time: mean, standard deviation, extremes, share of zeros, values that are infinite or not a number, a \
      histogram from the smallest to the largest value, and of recurrent matrices the spectral norm (the largest singular value), gate by gate.

      --report writes one page in HTML that loads nothing and runs nothing: all that is said here, with curves of the training, the distributions of \
      weights and gates, the network folded and unfolded over time, tokens that lie near each other, texts that the model writes, and one that it reads, \
      coloured by probability.

      Examples:
        rnntool inspect book.h5
        rnntool inspect book.h5 --tensors --history
        rnntool inspect book.h5 --statistics
        rnntool inspect book.h5 --tokens --find th
        rnntool inspect book.h5 --json
        rnntool inspect generator.pt --activation relu
        rnntool inspect book.h5 --report book.html --text held-out.txt
      """)

  @Argument(help: "The model file.")
  var model: String

  @Flag(help: "Also list the tensors: type, shape, meaning of the axes, place in the file, hash.")
  var tensors = false

  @Flag(help: "Also compute what the numbers of each tensor are like.")
  var statistics = false

  @Flag(help: "Also show the history of the training, as curves and as a list.")
  var history = false

  @Flag(help: "Also list the tokens, with their counts in the training text.")
  var tokens = false

  @Option(help: "List only the tokens that contain a text, or have this id; implies --tokens.")
  var find: String?

  @Flag(help: "Also print the metadata and the lineage.")
  var metadata = false

  @Option(
    help: ArgumentHelp("Write a page about the model.", valueName: "file.html"), completion: .file(extensions: ["html"])
  )
  var report: String?

  @Option(
    help: ArgumentHelp(
      "The text that the model reads for the page, its first 2,000 tokens. Default: one that it has written itself.",
      valueName: "file"), completion: .file())
  var text: String?

  @Flag(help: "Replace the page if it exists already.")
  var force = false

  @OptionGroup(title: "Other frameworks") var foreign: ImportOptions

  @OptionGroup(title: "Trust") var trust: TrustOptions

  @OptionGroup(title: "Output") var speech: OutputOptions

  func validate() throws {
    try require(report != nil || (text == nil && !force), "--text and --force belong to --report.")
  }

  func run() throws {
    if let report {
      try Input.check(report, isNoneOf: [model] + [text].compactMap(\.self))
      try Input.check(report, mayReplace: force)
      try AtomicFile.checkWritable(report)
    }
    let opened = try Input.anyModel(model, foreign, through: trust)
    if opened.isWhole, !foreign.isEmpty { throw ImportOptions.notNeeded(for: model) }
    var bar = ProgressBar(isQuiet: speech.quiet)
    let inspection = try Inspection(opened, readsNumbers: statistics || report != nil, showing: &bar)
    if let report { try write(inspection, to: report, showing: &bar) }
    let listing = opened.document.vocabulary.map { VocabularyListing($0) }
    let ids = tokens || find != nil ? listing?.ids(containing: find) : nil
    if speech.json { return try Terminal.print(inspection.json(tokens: ids)) }
    var parts = [inspection.summary, NetworkTable.text(opened.document.architecture), inspection.assumptions]
    if tensors { parts.append(inspection.tensorTable(isUntrusted: trust.untrusted)) }
    if statistics { parts.append(inspection.statisticsTable) }
    if history {
      let table = HistoryTable(opened.document.history)
      parts.append(table.curves)
      if opened.document.history.count > 0 { parts.append(table.rows) }
    }
    if tokens || find != nil { parts.append(listing.map { $0.table(ids ?? []) } ?? "the tokens are not known") }
    if metadata {
      parts.append(opened.document.metadata.indented.printableLines)
      parts.append(JSONValue.array(opened.document.lineage).indented.printableLines)
    }
    try Terminal.print(parts.filter { !$0.isEmpty }.joined(separator: "\n\n"))
  }
}

extension InspectCommand {
  /// Writes the page.
  private func write(_ inspection: Inspection, to path: String, showing bar: inout ProgressBar) throws {
    let bytes = try text.map { try Input.text($0) }
    let clock = ContinuousClock()
    let start = clock.now
    let reading = Result {
      try ModelReading(inspection.model, reading: bytes) {
        bar.update($0, seconds: (clock.now - start) / .seconds(1), [.init("running the model")])
      }
    }
    bar.clear()
    let page = try ModelReport(inspection: inspection, reading: reading).markup()
    try AtomicFile.write(Array(page.utf8), to: path)
    if !speech.quiet && !speech.json { Terminal.note("wrote \(path.printable)") }
  }
}

extension String {
  /// Every line without anything that could drive a terminal.
  fileprivate var printableLines: String {
    split(separator: "\n", omittingEmptySubsequences: false).map { String($0).printable }.joined(separator: "\n")
  }
}
