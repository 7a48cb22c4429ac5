import ArgumentParser

/// Where a training can be watched while it runs; none of it changes a number.
struct WatchOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A folder for TensorBoard: curves, histograms of the parameters, and a text sample at each validation.",
      valueName: "folder"))
  var tensorboard: String?

  @Option(help: ArgumentHelp("A CSV file that gets a line at each validation.", valueName: "file"))
  var csv: String?

  /// Whether nothing is wanted.
  var isEmpty: Bool { tensorboard == nil && csv == nil }
}
