import Foundation
import RNNFormat
import RNNModel

/// A page of Markdown about a model, from what its file says.
struct ModelCard {
  /// The whole page.
  let markdown: String

  /// - Parameters:
  ///   - file: the model.
  ///   - name: what the file is called in the examples.
  init(_ file: borrowing ModelFile, name: String) {
    var page = Page(document: file.document, header: file.header, name: name)
    page.frontMatter()
    page.introduction(
      types: Set(file.tensors.map(\.type.rawValue)), parameters: file.tensors.reduce(0) { $0 + $1.count })
    page.architecture()
    page.training()
    page.evaluation()
    page.lineage()
    page.use()
    page.missing()
    markdown = page.lines.joined(separator: "\n") + "\n"
  }
}

/// The page while it is being written.
private struct Page {
  let document: ModelDocument
  let header: ModelHeader
  let name: String
  var lines: [String] = []
  /// What the file does not say.
  var absent: [String] = []

  private var metadata: JSONValue { document.metadata }
  private var title: String { metadata["title"]?.string ?? name }

  mutating func frontMatter() {
    lines += ["---"]
    if let licence = metadata["licence"]?.string {
      lines.append("license: \(Self.quoted(licence))")
    } else {
      absent.append("licence")
    }
    lines += ["library_name: rnntool"] + (document.vocabulary == nil ? [] : ["pipeline_tag: text-generation"])
    lines += ["tags:", "- rnn"]
    lines += Set(document.architecture.layers.map(\.kind)).intersection(["lstm", "gru", "elman"]).sorted().map {
      "- \($0)"
    }
    lines += ["---", ""]
  }

  mutating func introduction(types: Set<String>, parameters: Int) {
    lines += ["# \(Self.escaped(title))", ""]
    if let description = metadata["description"]?.string {
      lines += [Self.escaped(description), ""]
    } else {
      absent.append("description")
    }
    let authors = (metadata["authors"]?.array ?? []).compactMap(\.string)
    if authors.isEmpty {
      absent.append("authors")
    } else {
      lines += ["By \(Self.escaped(authors.joined(separator: ", "))).", ""]
    }
    var rows = [
      ["parameters", "\(Format.count(parameters)) (\(types.sorted().joined(separator: ", ")))"],
      ["identity", "`\(header.modelID)`"],
      ["format", "rnn-h5 \(header.formatVersion), by \(Self.escaped(header.generator))"],
    ]
    let size = document.architecture.size
    switch (document.architecture.input, document.vocabulary) {
    case (.features, _): rows.append(["input", Format.count(size, "feature")])
    case (.tokens, let vocabulary?):
      rows.append(["vocabulary", "\(Format.count(vocabulary.count)) \(vocabulary.kind.rawValue)"])
    case (.tokens, nil): rows.append(["vocabulary", "\(Format.count(size, "token")), not known"])
    }
    if let created = metadata["created"]?.string { rows.append(["created", created]) }
    table(["", ""], rows)
  }

  mutating func architecture() {
    lines += ["## Architecture", ""]
    let counts = ParameterTable(document.architecture)
    let rows = zip(document.architecture.layers, document.architecture.widths).map { layer, width in
      [
        Self.escaped(layer.name), layer.kind, layer.inputs.map(Format.count) ?? "", Format.count(width),
        Format.count(counts.entries.filter { $0.layer == layer.name }.reduce(0) { $0 + $1.count }),
      ]
    }
    table(["layer", "kind", "inputs", "outputs", "parameters"], rows)
  }

  mutating func training() {
    lines += ["## Training", ""]
    var rows: [[String]] = []
    if let corpus = metadata["corpus"] {
      if let name = corpus["name"]?.string { rows.append(["corpus", Self.escaped(name)]) }
      if let bytes = corpus["bytes"]?.integer { rows.append(["size", Format.bytes(bytes)]) }
      if let hash = corpus["sha256"]?.string { rows.append(["sha256", "`\(hash)`"]) }
      if let tokens = corpus["training_tokens"]?.integer { rows.append(["tokens learnt", Format.count(tokens)]) }
    } else {
      absent.append("corpus")
    }
    if let seed = metadata["seed"]?.integer { rows.append(["seed", "\(seed)"]) }
    if let losses = document.history.columns["valid_loss"]?.values, let best = losses.min() {
      rows.append(["validations", "\(losses.count)"])
      rows.append(["best validation loss", "\(Format.number(best, 4)) nats per token"])
    } else {
      absent.append("history of the training")
    }
    if let words = metadata["command_line"]?.array?.compactMap(\.string), !words.isEmpty {
      rows.append([
        "command", "`\(words.joined(separator: " ").replacing("`", with: "'").replacing("|", with: "\\|"))`",
      ])
    }
    if rows.isEmpty { lines += ["The file says nothing about it.", ""] } else { table(["", ""], rows) }
  }

  mutating func evaluation() {
    let receipts = metadata["evaluation"]?["receipts"]?.array ?? []
    guard !receipts.isEmpty else { return absent.append("receipts of evaluations") }
    lines += ["## Evaluation", ""]
    table(
      ["protocol", "corpus (sha256)", "tokens", "nats per token", "perplexity"],
      receipts.map { receipt in
        let tokens = receipt["tokens"]?.integer ?? 0
        let mean = (receipt["nats"]?.number ?? .nan) / Double(max(1, tokens))
        return [
          Self.escaped(
            (receipt["protocol"]?["name"]?.string ?? "")
              + (receipt["adaptation"]?.object?.keys.sorted() ?? []).map { " with \($0)" }.joined()),
          "`\(receipt["corpus_sha256"]?.string?.prefix(16) ?? "")`", Format.count(tokens), Format.number(mean, 4),
          Format.number(exp(mean), 2),
        ]
      })
  }

  mutating func lineage() {
    guard !document.lineage.isEmpty else { return absent.append("lineage") }
    lines += ["## Lineage", ""]
    for (index, event) in document.lineage.enumerated() {
      let note = event["note"]?.string.map { " (\(Self.escaped($0)))" } ?? ""
      let source = event["source"]?["format"]?.string.map { " from \(Self.escaped($0))" } ?? ""
      let by = Self.escaped(event["by"]?.string ?? "")
      let type = event["type"]?.string.map { " to \(Self.escaped($0))" } ?? ""
      lines.append(
        "\(index + 1). \(event["event"]?.string ?? "")\(source)\(type) by \(by)\(note)\(Self.effect(event["effect"]))")
    }
    lines.append("")
  }

  /// What rounding the parameters has changed.
  private static func effect(_ effect: JSONValue?) -> String {
    var parts: [String] = []
    if let difference = effect?["proof_difference"]?.number {
      parts.append("the proof's log-probabilities differ by up to \(Format.short(difference)) nats")
    }
    if let tokens = effect?["tokens"]?.integer, tokens > 0, let before = effect?["nats_before"]?.number,
      let after = effect?["nats_after"]?.number
    {
      let perplexity = { (nats: Double) in Format.number(exp(nats / Double(tokens)), 4) }
      parts.append(
        "perplexity \(perplexity(before)) before, \(perplexity(after)) after, on \(Format.count(tokens, "token"))")
    }
    return parts.isEmpty ? "" : ": \(parts.joined(separator: "; "))"
  }

  mutating func use() {
    let file = name.allSatisfy { $0.isLetter || $0.isNumber || "._-".contains($0) } ? name : "'model.h5'"
    lines += [
      "## Use", "", "```", "rnntool validate \(file)",
    ]
    if document.vocabulary != nil {
      lines += ["rnntool sample \(file) --prompt 'The '", "rnntool evaluate \(file) text.txt"]
    } else if document.architecture.input == .tokens {
      lines += ["rnntool run \(file) --input ids.npy --output logits.npy"]
    }
    lines += [
      "```", "", "In Python, without any library of the project:", "", "```python",
      "import h5py", "", "with h5py.File(\"\(file.replacing("'", with: ""))\") as f:",
      "    print(f[\"architecture\"][()].decode())",
      "    f[\"parameters\"].visititems(lambda name, item: print(name, getattr(item, \"shape\", \"\")))",
      "```", "",
      "`rnntool validate` compares every tensor with its hash and the model's own numbers with the proof in the file"
        + (document.proof == nil ? ", which this one does not have." : "."), "",
    ]
  }

  mutating func missing() {
    guard !absent.isEmpty else { return }
    lines += ["Not said by the file: \(absent.joined(separator: ", "))."]
  }

  private mutating func table(_ head: [String], _ rows: [[String]]) {
    lines.append("| " + head.joined(separator: " | ") + " |")
    lines.append("|" + head.map { _ in " --- |" }.joined())
    lines += rows.map { "| " + $0.joined(separator: " | ") + " |" }
    lines.append("")
  }

  /// A text of the file in Markdown: on one line, and nothing in it is markup.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.printable {
      if "\\`*_{}[]<>()#+!|~".contains(character) { result.append("\\") }
      result.append(character)
    }
    return result
  }

  /// A text of the file in YAML: JSON's strings are YAML's.
  private static func quoted(_ text: String) -> String { JSONValue.string(text).canonical }
}
