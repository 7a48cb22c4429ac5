import ArgumentParser
import RNNConversion
import RNNFormat
import RNNModel

/// `rnntool run`
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run the network as a function: token ids in, logits and layer outputs out.",
    discussion: """
      The input is a NumPy array of integers, [steps] or [steps, batch]. The output holds float32: 'logits' [steps, batch, vocabulary] and, with --layers, the output of each
      layer below the last one [steps, batch, width] under its name (not of dropout, which does nothing here, nor of one-hot input). The state is zero at the beginning.

      Examples:
        rnntool run book.h5 --input ids.npy --output logits.npy
        rnntool run book.h5 --input ids.npy --output all.npz --layers
      """)

  @Argument(help: "The model file.")
  var model: String

  @Option(help: "Token ids, a .npy file.")
  var input: String

  @Option(help: "Where the results go: .npz, or .npy for the logits alone.")
  var output: String

  @Flag(help: "Replace the output if it exists.")
  var force = false

  @Flag(help: "Also give the outputs of all layers.")
  var layers = false

  @OptionGroup(title: "Trust") var trust: TrustOptions

  @OptionGroup(title: "Output") var speech: OutputOptions

  func validate() throws {
    let isArchive = output.hasSuffix(".npz")
    if !isArchive && !output.hasSuffix(".npy") { throw ValidationError("--output has to end in .npz or .npy.") }
    if layers && !isArchive { throw ValidationError("--layers needs an --output that ends in .npz.") }
    if isArchive && !ModelFormat.available.contains(.npz) {
      throw ValidationError("this build has no .npz: give an --output that ends in .npy.")
    }
  }

  func run() throws {
    try Input.check(output, isNoneOf: [input, model])
    try Input.check(output, mayReplace: force)
    try AtomicFile.checkWritable(output)
    let file = try Input.model(model, through: trust.quarantine)
    let loaded = try file.loadModel()
    let array = try NPYFile(reading: input)
    let rows = try Rows(array, named: input, for: loaded.architecture)
    let (steps, batch) = (rows.steps, rows.batch)
    let widths = loaded.architecture.outputSize + (layers ? loaded.architecture.widths.dropLast().reduce(0, +) : 0)
    try Memory.check(bytes: [steps, batch, widths, 3 * MemoryLayout<Float>.size], for: "the results")
    // A sequence is seen as a whole; a stream may be read in parts.
    let window = loaded.architecture.context == .sequence ? steps : min(steps, max(1, 4096 / batch))
    try Memory.check(loaded.architecture, batch: batch, steps: window)
    let network = try Network(
      loaded.architecture, parameters: loaded.parameters.values, purpose: .inference, batch: batch, steps: window)
    let results = run(network, rows, window: window)
    try write(results)
    if speech.json {
      try Terminal.print(
        .object([
          "output": .string(output), "model_id": .string(file.header.modelID),
          "arrays": .object(
            Dictionary(
              results.map { ($0.name, .array($0.shape.map { .integer($0) })) }, uniquingKeysWith: { a, _ in a })),
        ]))
    } else if !speech.quiet {
      try Terminal.print(Format.table(results.map { [$0.name, "\($0.shape)"] }))
    }
  }

  /// Runs the network window by window, and joins what it gives.
  private func run(
    _ network: Network, _ input: Rows, window: Int
  ) -> [(name: String, shape: [Int], values: [Float])] {
    let (steps, batch, size) = (input.steps, input.batch, network.architecture.outputSize)
    var names = ["logits"]
    var arrays: [String: [Float]] = ["logits": []]
    arrays["logits"]?.reserveCapacity(steps * batch * size)
    var logits = [Float](repeating: 0, count: window * batch * size)
    for start in stride(from: 0, to: steps, by: window) {
      let rows = (start * batch)..<(min(start + window, steps) * batch)
      let visit: (String, [Float]) -> Void = { name, values in
        if start == 0 { names.append(name) }
        arrays[name, default: []] += values
      }
      network.logits(input.inputs(rows), into: &logits, visiting: layers ? visit : nil)
      arrays["logits"]? += logits[..<(rows.count * size)]
    }
    return names.map { name in
      let values = arrays[name] ?? []
      return (name, [steps, batch, values.count / (steps * batch)], values)
    }
  }

  private func write(_ results: [(name: String, shape: [Int], values: [Float])]) throws {
    #if NPZ
      if output.hasSuffix(".npz") { return try NPZWriter.write(results, to: output) }
    #endif
    try NPYFile.write(results[0].values, shape: results[0].shape, to: output)
  }
}

/// What a network is given, as an array says it: token ids `[steps]` or `[steps, batch]`, or vectors `[steps, size]` or `[steps, batch, size]`.
private struct Rows {
  let steps: Int
  let batch: Int
  private let tokens: [Int32]
  private let features: [Float]
  private let size: Int

  init(_ array: NPYFile, named name: String, for architecture: Architecture) throws(Failure) {
    size = architecture.size
    let shape = array.shape
    switch architecture.input {
    case .tokens:
      guard let ids = array.integers, (1...2).contains(shape.count), !ids.isEmpty else {
        throw Failure(
          "'\(name)' has to hold integers, [steps] or [steps, batch], but is \(array.type.rawValue) \(shape)",
          code: Failure.refused)
      }
      if let wrong = ids.first(where: { !(0..<architecture.size).contains($0) }) {
        throw Failure(
          "'\(name)' holds \(wrong), but the model's tokens are 0 to \(architecture.size - 1)", code: Failure.refused)
      }
      (tokens, features) = (ids.map { Int32($0) }, [])
      (steps, batch) = (shape[0], shape.count > 1 ? shape[1] : 1)
    case .features:
      guard let values = array.floats, (2...3).contains(shape.count), shape.last == size, !values.isEmpty else {
        throw Failure(
          "'\(name)' has to hold floats, [steps, \(size)] or [steps, batch, \(size)], but is \(array.type.rawValue) \(shape)",
          code: Failure.refused)
      }
      (tokens, features) = ([], values)
      (steps, batch) = (shape[0], shape.count > 2 ? shape[1] : 1)
    }
  }

  /// Some rows of all steps and streams.
  func inputs(_ rows: Range<Int>) -> Network.Inputs {
    features.isEmpty
      ? .tokens(Array(tokens[rows]))
      : .features(Array(features[(rows.lowerBound * size)..<(rows.upperBound * size)]))
  }
}
