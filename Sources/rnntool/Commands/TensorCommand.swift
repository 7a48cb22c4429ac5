import ArgumentParser
import RNNConversion
import RNNFormat

/// `rnntool tensor`
struct TensorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tensor", abstract: "Take one tensor, or a part of it, out of a model file.",
    discussion: """
      Nothing but the part is read, so that it takes no time and memory in files of any size. 'rnntool inspect --tensors' lists the tensors. A part has one entry for each axis, separated by
      commas: an index, a range first:end, or ':' for the whole axis; axes that are left out are taken whole.

      Examples:
        rnntool tensor book.h5 lstm_1/recurrent_weights --part 1,0:3,0:5
        rnntool tensor book.h5 output/bias --json
        rnntool tensor book.h5 embedding/weights --output embedding.npy
      """)

  @Argument(help: "The model file.")
  var model: String

  @Argument(help: "The tensor, as in 'lstm_1/bias'.")
  var tensor: String

  @Option(
    help: "Which part: an index, a range first:end or ':' for each axis, separated by commas. Default: everything.")
  var part: String?

  @Option(
    name: .shortAndLong,
    help: "Write a NumPy file (.npy) instead of printing; bfloat16, which NumPy does not have, as float32.")
  var output: String?

  @Flag(help: "Replace the output if it exists.")
  var force = false

  @OptionGroup(title: "Trust") var trust: TrustOptions

  @OptionGroup(title: "Output") var speech: AnswerOptions

  func validate() throws {
    if let output, !output.hasSuffix(".npy") { throw ValidationError("--output has to end in .npy.") }
  }

  func run() throws {
    if let output {
      try Input.check(output, isNoneOf: [model])
      try Input.check(output, mayReplace: force)
    }
    let file = try Input.model(model, through: trust.quarantine)
    let name = tensor.hasPrefix("/parameters/") ? String(tensor.dropFirst("/parameters/".count)) : tensor
    guard let description = file.tensors.first(where: { $0.path == name }) else {
      let paths = file.tensors.map(\.path)
      throw Failure(
        "'\(model)' has no tensor '\(name)'\(Suggestion.remark(on: name, among: paths)): it has \(paths.joined(separator: ", "))",
        code: Failure.refused)
    }
    let block = try Block(part ?? "", of: description)
    let bytes = try file.bytes(of: description, start: block.start, count: block.count)
    if let output { return try NPYFile.write(bytes, type: description.type, shape: block.shape, to: output) }
    if speech.json {
      return try Terminal.print([
        "tensor": .string(name), "type": .string(description.type.rawValue),
        "shape": .array(block.shape.map { .integer($0) }),
        "values": .array(
          LittleEndian.values(bytes, type: description.type, as: Double.self).map {
            $0.isFinite ? .number($0) : .null
          }),
      ])
    }
    try Terminal.print(
      "\(name) \(description.type.rawValue) [\(block.shape.map(String.init).joined(separator: ", "))]")
    let values = LittleEndian.values(bytes, type: description.type, as: Float.self)
    try printRows(values, width: block.shape.last ?? 1)
  }

  private func printRows(_ values: [Float], width: Int) throws {
    let rows = stride(from: 0, to: values.count, by: max(1, width)).map { start in
      values[start..<min(start + width, values.count)].map { Format.short(Double($0)) }
    }
    for row in rows { try Terminal.print(row.joined(separator: " ")) }
  }
}

/// A part of a tensor.
private struct Block {
  var start: [Int] = []
  var count: [Int] = []
  /// Without the axes of which one index was taken.
  var shape: [Int] = []

  init(_ text: String, of tensor: TensorDescription) throws {
    let entries = text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false)
    guard entries.count <= tensor.shape.count else {
      throw Failure(
        "--part has \(entries.count) entries, but '\(tensor.path)' has \(tensor.shape.count) axes", code: 64)
    }
    for (axis, length) in tensor.shape.enumerated() {
      let entry = axis < entries.count ? entries[axis] : ":"
      let ends = entry.split(separator: ":", omittingEmptySubsequences: false)
      let first = ends[0].isEmpty ? 0 : Int(ends[0])
      let end = ends.count == 1 ? first.map { $0 + 1 } : ends[1].isEmpty ? length : Int(ends[1])
      guard ends.count <= 2, !(ends.count == 1 && ends[0].isEmpty), let first, let end, 0 <= first, first < end,
        end <= length
      else {
        throw Failure(
          "--part has '\(entry)' for an axis of \(length): it has to be an index below \(length), or first:end",
          code: 64)
      }
      start.append(first)
      count.append(end - first)
      if ends.count == 2 { shape.append(end - first) }
    }
  }
}
