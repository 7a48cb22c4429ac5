import ArgumentParser
import Foundation
import RNNFormat
import RNNModel

/// `rnntool inspect`
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show what is in a model file.",
    discussion: """
      Reads everything but the values of the tensors, so that files of any size are shown at once.

      Examples:
        rnntool inspect book.h5
        rnntool inspect book.h5 --tensors --history
        rnntool inspect book.h5 --json
      """)

  @Argument(help: "The model file.")
  var model: String

  @Flag(help: "Also list the tensors: type, shape, place in the file, hash.")
  var tensors = false

  @Flag(help: "Also list the history of the training.")
  var history = false

  @Flag(help: "Also print the metadata and the lineage.")
  var metadata = false

  @OptionGroup(title: "Trust") var trust: TrustOptions

  @OptionGroup(title: "Output") var speech: AnswerOptions

  func run() throws {
    let file = try Input.model(model, through: trust.quarantine)
    if speech.json { return try Terminal.print(json(file)) }
    try Terminal.print(summary(file))
    try Terminal.print("\n" + layers(file.document.architecture))
    if tensors { try Terminal.print("\n" + tensorTable(file)) }
    if history { try Terminal.print("\n" + historyTable(file.document.history)) }
    if metadata {
      try Terminal.print("\n" + file.document.metadata.indented.printableLines)
      try Terminal.print("\n" + JSONValue.array(file.document.lineage).indented.printableLines)
    }
  }

  private func summary(_ file: borrowing ModelFile) -> String {
    let document = file.document
    let parameters = file.tensors.reduce(0) { $0 + $1.count }
    let types = Set(file.tensors.map(\.type.rawValue)).sorted().joined(separator: ", ")
    var rows = [
      ["model", file.path.printable],
      ["identity", file.header.modelID],
      ["format", "rnn-h5 \(file.header.formatVersion), written by \(file.header.generator.printable)"],
      ["size", "\(Format.bytes(file.size)), \(Format.count(parameters)) parameters (\(types))"],
      ["vocabulary", Self.describe(document.vocabulary, size: document.architecture.size)],
    ]
    if let labels = document.labels {
      let names = labels.names.prefix(8).map { String(decoding: $0, as: UTF8.self).printable }
      rows.append([
        "labels", "\(Format.count(labels.count)): \(names.joined(separator: ", "))\(labels.count > 8 ? ", ..." : "")",
      ])
    }
    if let title = document.metadata["title"]?.string { rows.append(["title", title.printable]) }
    if let corpus = document.metadata["corpus"] {
      let tokens = corpus["training_tokens"]?.integer.map { ", \(Format.count($0)) tokens learnt" } ?? ""
      let bytes = corpus["bytes"]?.integer.map { ", \(Format.count($0)) bytes" } ?? ""
      rows.append(["corpus", "\(corpus["name"]?.string?.printable ?? "unnamed")\(bytes)\(tokens)"])
    }
    if let losses = document.history.columns["valid_loss"]?.values, let best = losses.min() {
      rows.append(["training", "\(losses.count) validations, best loss \(Format.number(best, 4)) nats per token"])
    }
    if let unfinished = Unfinished(file.trainingProgress) {
      rows.append(["unfinished", "\(unfinished.description), go on with 'rnntool train --resume'"])
    }
    let evaluation = document.metadata["evaluation"]
    if let name = evaluation?["protocol"]?["name"]?.string { rows.append(["protocol", name.printable]) }
    for receipt in evaluation?["receipts"]?.array ?? [] { rows.append(["receipt", Self.describe(receipt: receipt)]) }
    let events = document.lineage.compactMap { $0["event"]?.string?.printable }
    rows.append(["lineage", events.isEmpty ? "not recorded" : events.joined(separator: ", then ")])
    rows.append([
      "proof",
      document.proof.map { "\($0.inputs.count) steps, \($0.tokens.count) tokens, by \($0.computedBy.printable)" }
        ?? "none",
    ])
    return Format.table(rows)
  }

  private static func describe(receipt: JSONValue) -> String {
    let tokens = receipt["tokens"]?.integer ?? 0
    let mean = (receipt["nats"]?.number ?? .nan) / Double(max(1, tokens))
    let error = receipt["standard_error"]?.number.map { " ± \(Format.number($0, 4))" } ?? ""
    let adaptation = receipt["adaptation"]?.object.map { ", with \($0.keys.sorted().joined(separator: " and "))" } ?? ""
    let name = receipt["protocol"]?["name"]?.string ?? "?"
    let hash = (receipt["corpus_sha256"]?.string ?? "").prefix(16)
    return
      "\(name + adaptation), \(Format.count(tokens)) tokens of \(hash): \(Format.number(mean, 4))\(error) nats per token, perplexity \(Format.number(exp(mean), 3))"
      .printable
  }

  private static func describe(_ vocabulary: Vocabulary?, size: Int) -> String {
    guard let vocabulary else { return "\(Format.count(size)) tokens, not known" }
    var text = "\(Format.count(vocabulary.count)) \(vocabulary.kind.rawValue)"
    if vocabulary.normalisation != .none { text += ", normalisation \(vocabulary.normalisation.rawValue)" }
    if let unknown = vocabulary.unknown { text += ", unknown token \(Vocabulary.display(vocabulary[unknown]))" }
    if !vocabulary.specials.isEmpty { text += ", " + Format.count(vocabulary.specials.count, "special token") }
    return text
  }

  private func layers(_ architecture: Architecture) -> String {
    let table = ParameterTable(architecture)
    var rows = [["layer", "kind", "inputs", "outputs", "parameters", ""]]
    let widths = architecture.widths
    for (layer, width) in zip(architecture.layers, widths) {
      let count = table.entries.filter { $0.layer == layer.name }.reduce(0) { $0 + $1.count }
      rows.append([
        layer.name, layer.kind, layer.inputs.map(Format.count) ?? "", Format.count(width),
        Format.count(count), layer.semantics,
      ])
    }
    return Format.table(rows, right: [2, 3, 4])
  }

  private func tensorTable(_ file: borrowing ModelFile) -> String {
    var rows = [["tensor", "type", "shape", "offset", "bytes", "sha256"]]
    for tensor in file.tensors {
      rows.append([
        tensor.path, tensor.type.rawValue, tensor.shape.map(String.init).joined(separator: " x "),
        file.offset(of: tensor).map { "\($0)" } ?? (trust.untrusted ? "-" : "chunked"), Format.count(tensor.byteCount),
        String(file.sha256(of: tensor)?.prefix(16) ?? ""),
      ])
    }
    return Format.table(rows, right: [3, 4])
  }

  private func historyTable(_ history: History) -> String {
    let order = [
      "step", "epoch", "train_loss", "valid_loss", "learning_rate", "gradient_norm", "tokens_per_second", "seconds",
    ]
    let names = history.columns.keys.sorted {
      (order.firstIndex(of: $0) ?? order.count, $0) < (order.firstIndex(of: $1) ?? order.count, $1)
    }
    guard !names.isEmpty else { return "no history" }
    var rows = [names.map(\.printable)]
    for row in 0..<history.count {
      rows.append(
        names.map { name in
          switch history.columns[name] {
          case .integers(let values): "\(values[row])"
          case .reals(let values): Format.short(values[row])
          case nil: ""
          }
        })
    }
    return Format.table(rows, right: Set(names.indices))
  }

  private func json(_ file: borrowing ModelFile) -> JSONValue {
    let document = file.document
    var tensors: [JSONValue] = []
    for tensor in file.tensors {
      tensors.append(
        .object([
          "path": .string(tensor.path), "type": .string(tensor.type.rawValue),
          "shape": .array(tensor.shape.map { .integer($0) }),
          "offset": file.offset(of: tensor).map { .integer($0) } ?? .null, "bytes": .integer(tensor.byteCount),
          "stored_bytes": file.storedSize(of: tensor).map { .integer($0) } ?? .null,
          "sha256": file.sha256(of: tensor).map { .string($0) } ?? .null,
        ]))
    }
    return .object([
      "file": .string(file.path), "bytes": .integer(file.size), "model_id": .string(file.header.modelID),
      "content_id": .string(file.header.contentID), "format_version": .string(file.header.formatVersion),
      "generator": .string(file.header.generator), "architecture": document.architecture.json,
      "parameters": .integer(file.tensors.reduce(0) { $0 + $1.count }),
      "vocabulary": document.vocabulary.map { vocabulary in
        [
          "kind": .string(vocabulary.kind.rawValue), "normalisation": .string(vocabulary.normalisation.rawValue),
          "tokens": .integer(vocabulary.count), "unknown_id": .integer(vocabulary.unknown ?? -1),
          "line_end_id": .integer(vocabulary.lineEnd ?? -1),
          "specials": .array(vocabulary.specials.map { .integer($0) }),
        ]
      } ?? .null,
      "labels": document.labels.map { labels in
        .array(labels.names.map { .string(String(decoding: $0, as: UTF8.self)) })
      } ?? .null,
      "metadata": document.metadata, "lineage": .array(document.lineage),
      "history": .object(document.history.columns.mapValues { .array($0.values.map { .number($0) }) }),
      "proof": document.proof.map { proof in
        [
          "steps": .integer(proof.inputs.count), "tokens": .integer(proof.tokens.count),
          "computed_by": .string(proof.computedBy), "tolerance": .number(proof.tolerance),
        ]
      } ?? .null,
      "tensors": .array(tensors), "unfinished": Unfinished(file.trainingProgress)?.json ?? .null,
    ])
  }
}

extension String {
  /// Every line without anything that could drive a terminal.
  fileprivate var printableLines: String {
    split(separator: "\n", omittingEmptySubsequences: false).map { String($0).printable }.joined(separator: "\n")
  }
}

/// How far a training has come whose state is in a file.
private struct Unfinished: CustomStringConvertible {
  private let step: Int?
  private let steps: Int?
  private let epoch: Double?
  private let epochs: Int?

  /// Reads the progress of a state, of which nothing is sure but that it is JSON; nil if there is none.
  init?(_ progress: JSONValue?) {
    guard let progress else { return nil }
    let (training, plan) = (progress["training"], progress["recipe"]?["plan"])
    (step, steps) = (training?["step"]?.integer, plan?["maximum_steps"]?.integer)
    (epoch, epochs) = (training?["last"]?["epoch"]?.number, plan?["epochs"]?.integer)
  }

  var description: String {
    let parts = [
      step.map { "step \(Format.count($0))" + (steps.map { " of \(Format.count($0))" } ?? "") },
      epoch.map { "epoch \(Format.number($0, 2))" + (epochs.map { " of \(Format.count($0))" } ?? "") },
    ].compactMap(\.self)
    return parts.isEmpty ? "the state of a training" : parts.joined(separator: ", ")
  }

  var json: JSONValue {
    .object(omittingNil: [
      "step": step.map { .integer($0) }, "steps": steps.map { .integer($0) }, "epoch": epoch.map { .number($0) },
      "epochs": epochs.map { .integer($0) },
    ])
  }
}
