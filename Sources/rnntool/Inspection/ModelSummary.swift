import Foundation
import RNNConversion
import RNNFormat
import RNNModel

extension Inspection {
  /// The lines that say what a model is, where it comes from and how good it is.
  var summary: String { Format.table(summaryRows) }

  /// The same as rows of a name and a text; rows without a name go on with the one before.
  var summaryRows: [[String]] {
    let document = model.document
    let types = Set(model.tensors.map(\.type.rawValue)).sorted().joined(separator: ", ")
    var rows = [["model", model.path.printable]]
    if let title = document.metadata["title"]?.string { rows.append(["title", title.printable]) }
    rows.append(["identity", identity ?? "not stated by the file; --statistics reads the numbers and computes it"])
    rows.append(["format", format])
    rows.append([
      "size", "\(Format.bytes(model.size)), \(Format.count(model.parameterCount, "parameter")) (\(types))",
    ])
    rows.append(["vocabulary", Self.describe(document.vocabulary, of: document.architecture)])
    if let vocabulary = document.vocabulary { rows.append(["", VocabularyListing(vocabulary).sample(columns: 60)]) }
    if let labels = document.labels {
      let names = labels.names.prefix(8).map { String(decoding: $0, as: UTF8.self).printable }
      rows.append([
        "labels", "\(Format.count(labels.count)): \(names.joined(separator: ", "))\(labels.count > 8 ? ", ..." : "")",
      ])
    }
    rows += training
    rows += scores
    let events = document.lineage.compactMap { $0["event"]?.string?.printable }
    rows.append(["lineage", events.isEmpty ? "not recorded" : events.joined(separator: ", then ")])
    rows.append([
      "proof",
      document.proof.map { "\($0.inputs.count) steps, \($0.tokens.count) tokens, by \($0.computedBy.printable)" }
        ?? "none",
    ])
    return rows
  }

  /// What the file leaves open, and what of it is no part of the model; empty for files that say everything.
  var assumptions: String {
    (model.assumptions.map { "assumed: \($0.text.printable)" }
      + model.left.map { "left behind: \($0.name.printable) (\($0.reason.printable))" }).joined(separator: "\n")
  }

  private var format: String {
    if let header = model.header {
      return "rnn-h5 \(header.formatVersion.printable), written by \(header.generator.printable)"
    }
    return model.isWhole
      ? model.format.rawValue : "\(model.format.rawValue); this is what 'rnntool convert' makes of it"
  }

  private var training: [[String]] {
    let (document, metadata) = (model.document, model.document.metadata)
    var rows: [[String]] = []
    if let corpus = metadata["corpus"] {
      let tokens = corpus["training_tokens"]?.integer.map { ", \(Format.count($0)) tokens learnt" } ?? ""
      let bytes = corpus["bytes"]?.integer.map { ", \(Format.count($0)) bytes" } ?? ""
      rows.append(["corpus", "\(corpus["name"]?.string?.printable ?? "unnamed")\(bytes)\(tokens)"])
    }
    let columns = document.history.columns
    if let losses = columns["valid_loss"]?.values, let best = losses.filter(\.isFinite).min() {
      var text = "\(Format.count(losses.count, "validation")), best loss \(Format.number(best, 4)) nats per token"
      if let steps = columns["step"]?.values.last { text += ", \(Format.count(steps)) steps" }
      if let epochs = columns["epoch"]?.values.last { text += ", \(Format.number(epochs, 2)) epochs" }
      if let seconds = columns["seconds"]?.values.last { text += ", \(Format.duration(seconds))" }
      rows.append(["training", text])
      if losses.count > 1 { rows.append(["", "\(Sparkline.course(losses, columns: 60)) validation loss"]) }
    }
    if let unfinished = Unfinished(model.trainingProgress) {
      rows.append(["unfinished", "\(unfinished.description), go on with 'rnntool train --resume'"])
    }
    if let created = metadata["created"]?.string { rows.append(["created", created.printable]) }
    return rows
  }

  private var scores: [[String]] {
    let evaluation = model.document.metadata["evaluation"]
    var rows: [[String]] = []
    if let name = evaluation?["protocol"]?["name"]?.string { rows.append(["protocol", name.printable]) }
    for receipt in evaluation?["receipts"]?.array ?? [] {
      guard let tokens = receipt["tokens"]?.integer, tokens > 0, let nats = receipt["nats"]?.number else { continue }
      let mean = nats / Double(tokens)
      let error = receipt["standard_error"]?.number.map { " ± \(Format.number($0, 4))" } ?? ""
      let adaptation = (receipt["adaptation"]?.object?.keys.sorted() ?? []).map { " with \($0)" }.joined()
      let name = (receipt["protocol"]?["name"]?.string ?? "?") + adaptation
      rows.append([
        "score",
        "\(Format.number(mean, 4))\(error) nats per token, perplexity \(Format.number(exp(mean), 2)), on \(Format.count(tokens, "token")) of \(receipt["corpus_sha256"]?.string?.prefix(16) ?? "?") by \(name)"
          .printable,
      ])
    }
    return rows
  }

  private static func describe(_ vocabulary: Vocabulary?, of architecture: Architecture) -> String {
    guard let vocabulary else {
      return architecture.input == .tokens
        ? "\(Format.count(architecture.size)) tokens, not known"
        : "none: \(Format.count(architecture.size, "number")) come in at each step"
    }
    var text = "\(Format.count(vocabulary.count)) \(vocabulary.kind.rawValue)"
    if vocabulary.normalisation != .none { text += ", normalisation \(vocabulary.normalisation.rawValue)" }
    if let unknown = vocabulary.unknown {
      text += ", unknown token \(Vocabulary.display(vocabulary[unknown]).printable)"
    }
    if !vocabulary.specials.isEmpty { text += ", " + Format.count(vocabulary.specials.count, "special token") }
    return text
  }
}
