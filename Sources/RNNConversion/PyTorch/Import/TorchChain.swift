import Kernels
import RNNFormat

/// The order in which the modules of a model are computed.
///
/// Files of parameters do not say it. It is looked for: each module has to take as many numbers as the one before it gives.
struct TorchChain {
  /// A module in its place.
  enum Link: Hashable, Sendable {
    case embedding(TorchPart)
    case module(TorchPart)
    case activation(Activation)
  }

  let links: [Link]
  /// Whether the widths alone leave no other order.
  let isCertain: Bool

  /// How many orders are counted, and shown, before the search ends.
  private static let maximumShown = 6
  private static let maximumSteps = 20_000

  /// Why no order is found.
  struct Refusal: Error {
    let reason: String
  }

  /// Finds the only order.
  ///
  /// - Parameter takesVectors: whether the user says that no tokens come in.
  /// - Throws: ``Refusal`` saying what is possible.
  init(_ parts: [TorchPart], takesVectors: Bool) throws(Refusal) {
    var search = Search(parts: parts)
    // A loop of widths can be entered anywhere: models end in an affine map where they can.
    for (fromEmbedding, endsInMap) in [(true, true), (true, false), (false, true), (false, false)]
    where search.found.isEmpty && !(fromEmbedding && takesVectors) {
      search.run(fromEmbedding: fromEmbedding, endsInMap: endsInMap)
    }
    guard search.steps < Self.maximumSteps else {
      throw Refusal(reason: "there are too many possible orders of its \(parts.count) modules: \(Self.advice)")
    }
    guard let order = search.found.first else {
      let widths = parts.map { "\($0.path) (\($0.widths))" }.joined(separator: ", ")
      throw Refusal(reason: "there is no order in which each takes what the one before it gives: \(widths)")
    }
    guard search.found.count == 1 else {
      let orders = search.found.prefix(Self.maximumShown).map { order in
        order.map { parts[$0].path }.joined(separator: " -> ")
      }
      throw Refusal(
        reason:
          "their widths fit in more than one order (\(orders.joined(separator: "; or "))\(search.found.count > Self.maximumShown ? "; or others" : "")): \(Self.advice)"
      )
    }
    links = Self.links(order.map { parts[$0] }, fromEmbedding: search.startsWithEmbedding)
    isCertain = search.startsWithEmbedding && Set(parts.map(\.signature)).count == parts.count
    for (first, second) in zip(links, links.dropFirst()) {
      if case .module(let first) = first, case .module(let second) = second, first.isMap, second.isMap {
        throw Refusal(
          reason:
            "\(first.path) is followed by \(second.path), and the file does not say which activation is between them: \(Self.advice)"
        )
      }
    }
  }

  private static let advice =
    "say it with --architecture FILE, where FILE is {\"layers\": [...]} with the names of the modules in their order, and of activations such as \"relu\" (\"linear\" for none)"

  /// Takes the order that the user gives: `{"layers": ["encoder", "rnn", "relu", "decoder"]}`.
  ///
  /// In place of a name there may be an object with `name`, `epsilon` of a norm, `activation` of an `nn.RNN`.
  ///
  /// - Throws: ``Refusal`` for names that are not there, or missing.
  init(_ parts: [TorchPart], order: JSONValue, takesVectors: Bool) throws(Refusal) {
    guard let names = (order["layers"] ?? order).array, !names.isEmpty else {
      throw Refusal(reason: "the architecture is not {\"layers\": [...]} with names of modules and activations")
    }
    var rest = parts
    var links: [Link] = []
    for entry in names {
      guard let name = entry.string ?? entry["name"]?.string else {
        throw Refusal(reason: "the architecture has a name that is not a text")
      }
      let matches = rest.filter { $0.path == name || $0.path.hasSuffix(".\(name)") }
      if let part = matches.first(where: { $0.path == name }) ?? (matches.count == 1 ? matches.first : nil) {
        rest.removeAll { $0.path == part.path }
        links += Self.links([part.with(entry)], fromEmbedding: links.isEmpty && !takesVectors && part.mayEmbed)
      } else if matches.isEmpty, let activation = Activation(rawValue: name) {
        links.append(.activation(activation))
      } else {
        throw Refusal(
          reason: "the architecture names '\(name)', which is \(matches.isEmpty ? "none" : "several") of the modules")
      }
    }
    guard rest.isEmpty else {
      throw Refusal(reason: "the architecture does not name \(rest.map(\.path).joined(separator: ", "))")
    }
    self.links = links
    isCertain = true
  }

  private static func links(_ parts: [TorchPart], fromEmbedding: Bool) -> [Link] {
    parts.enumerated().flatMap { index, part -> [Link] in
      [index == 0 && fromEmbedding ? .embedding(part) : .module(part)]
        + part.followers.compactMap { if case .activation(let function) = $0 { .activation(function) } else { nil } }
    }
  }

  /// Tries modules one after another.
  private struct Search {
    let parts: [TorchPart]
    /// For each module, those that have to come before it.
    private let earlier: [[Int]]
    private var used: [Bool]
    var found: [[Int]] = []
    var steps = 0
    var startsWithEmbedding = false
    private var endsInMap = false
    private var tokens: Int?
    private var embeddingWidth: Int?

    init(parts: [TorchPart]) {
      self.parts = parts
      used = [Bool](repeating: false, count: parts.count)
      let signatures = parts.map(\.signature)
      // Of modules that are alike, and of those that one container numbers, the earlier one comes first.
      earlier = parts.indices.map { index in
        parts.indices.filter {
          ($0 < index && signatures[$0] == signatures[index] && !parts[index].isNumbered(before: parts[$0]))
            || parts[$0].isNumbered(before: parts[index])
        }
      }
    }

    mutating func run(fromEmbedding: Bool, endsInMap: Bool) {
      startsWithEmbedding = fromEmbedding
      self.endsInMap = endsInMap
      for (index, part) in parts.enumerated() where mayComeNext(index) {
        if fromEmbedding {
          guard part.mayEmbed, case .matrix(_, _, let rows, let columns, _, _) = part.kind else { continue }
          (tokens, embeddingWidth) = (rows, columns)
          extend([index], width: columns)
        } else if let widths = part.ends(tokens: nil, embeddingWidth: nil) {
          (tokens, embeddingWidth) = (nil, nil)
          extend([index], width: widths.outputs)
        }
      }
    }

    private mutating func extend(_ order: [Int], width: Int) {
      steps += 1
      used[order[order.count - 1]] = true
      defer { used[order[order.count - 1]] = false }
      guard steps < maximumSteps, found.count <= maximumShown else { return }
      if order.count == parts.count {
        if !endsInMap || parts[order[order.count - 1]].isMap { found.append(order) }
        return
      }
      for (index, part) in parts.enumerated() where mayComeNext(index) {
        guard let widths = part.ends(tokens: tokens, embeddingWidth: embeddingWidth), widths.inputs == width else {
          continue
        }
        extend(order + [index], width: widths.outputs)
      }
    }

    private func mayComeNext(_ index: Int) -> Bool { !used[index] && earlier[index].allSatisfy { used[$0] } }
  }
}

extension TorchPart {
  fileprivate var mayEmbed: Bool {
    if case .matrix(_, _, _, _, let mayEmbed, _) = kind { mayEmbed } else { false }
  }

  fileprivate var isMap: Bool {
    switch kind {
    case .matrix, .bias: true
    case .norm, .recurrent: false
    }
  }

  /// The widths of what comes in and goes out; nil for what can only be an embedding.
  func ends(tokens: Int?, embeddingWidth: Int?) -> (inputs: Int, outputs: Int)? {
    switch kind {
    case .matrix(_, _, let rows, let columns, _, let mayMap): mayMap ? (columns, rows) : nil
    case .bias(_, let width): tokens == width ? embeddingWidth.map { ($0, width) } : nil
    case .norm(_, _, let width, _): (width, width)
    case .recurrent(let parameters, _, _): (parameters.inputs, parameters.width)
    }
  }

  /// The widths, for messages.
  fileprivate var widths: String {
    switch kind {
    case .matrix(_, _, let rows, let columns, let mayEmbed, _):
      "\(columns) to \(rows)\(mayEmbed ? ", or an embedding of \(rows)" : "")"
    case .bias(_, let width): "to \(width)"
    case .norm(_, _, let width, _): "\(width) to \(width)"
    case .recurrent(let parameters, _, _): "\(parameters.inputs) to \(parameters.width)"
    }
  }

  /// Whether a container gives both numbers, and this one the smaller: `layers.0` and `layers.2`.
  fileprivate func isNumbered(before other: TorchPart) -> Bool {
    let (first, second) = (path.split(separator: "."), other.path.split(separator: "."))
    guard let place = zip(first, second).enumerated().first(where: { $0.element.0 != $0.element.1 }),
      let number = Int(place.element.0), let otherNumber = Int(place.element.1)
    else { return false }
    return number < otherNumber
  }
}
