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
      layer [steps, batch, width] under its name. The state is zero at the beginning.

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

  @Flag(help: "Also give the outputs of all layers.")
  var layers = false

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
    try AtomicFile.checkWritable(output)
    let file = try ModelFile(opening: model)
    let loaded = try file.loadModel()
    let array = try NPYFile(reading: input)
    let size = loaded.architecture.size
    guard let ids = array.integers, (1...2).contains(array.shape.count), !ids.isEmpty else {
      throw Failure(
        "'\(input)' has to hold integers, [steps] or [steps, batch], but is \(array.type.rawValue) \(array.shape)",
        code: Failure.refused)
    }
    if let wrong = ids.first(where: { !(0..<size).contains($0) }) {
      throw Failure(
        "'\(input)' holds \(wrong), but the model's tokens are 0 to \(size - 1)", code: Failure.refused)
    }
    let (steps, batch) = (array.shape[0], array.shape.count > 1 ? array.shape[1] : 1)
    let network = try Network(
      loaded.architecture, parameters: loaded.parameters.values, purpose: .inference, batch: batch, steps: steps)
    var logits = [Float](repeating: 0, count: ids.count * size)
    var results: [(name: String, shape: [Int], values: [Float])] = []
    let visit: (String, [Float]) -> Void = { name, values in
      results.append((name, [steps, batch, values.count / (steps * batch)], values))
    }
    network.logits(inputs: ids.map { Int32($0) }, into: &logits, visiting: layers ? visit : nil)
    results.insert(("logits", [steps, batch, size], logits), at: 0)
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

  private func write(_ results: [(name: String, shape: [Int], values: [Float])]) throws {
    #if NPZ
      if output.hasSuffix(".npz") { return try NPZWriter.write(results, to: output) }
    #endif
    try NPYFile.write(results[0].values, shape: results[0].shape, to: output)
  }
}
