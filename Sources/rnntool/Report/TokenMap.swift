import Plots
import RNNConversion
import RNNFormat
import RNNInspection
import RNNModel

/// The tokens of a model as its vectors place them.
struct TokenMap {
  private let vectors: TokenVectors
  private let vocabulary: Vocabulary
  /// What the vectors are.
  private let origin: String

  /// The most tokens that are compared with one another, and that have a list of neighbours, and a name in the plane.
  private static let (mostCompared, mostListed, mostNamed) = (2000, 24, 120)

  /// - Returns: nil where no tensor has a row for each token.
  init?(_ model: OpenedModel, _ vocabulary: Vocabulary) throws {
    let entries = ParameterTable(model.document.architecture).entries
    let candidates = zip(model.tensors, entries).filter { tensor, entry in
      tensor.shape.count == 2 && tensor.shape[0] == vocabulary.count && tensor.shape[1] > 0 && entry.numbers == .real
    }
    let embeddings = Set(model.document.architecture.layers.filter { $0.kind == "embedding" }.map(\.name))
    guard let (tensor, entry) = candidates.first(where: { embeddings.contains($0.1.layer) }) ?? candidates.last else {
      return nil
    }
    self.vocabulary = vocabulary
    origin =
      embeddings.contains(entry.layer)
      ? "the embedding \(entry.path.printable)" : "the rows of the output's weights \(entry.path.printable)"
    vectors = TokenVectors(
      VocabularyListing(vocabulary).foremost(Self.mostCompared), of: try model.bytes(of: tensor), type: tensor.type,
      width: tensor.shape[1])
  }

  private func name(_ token: Int32) -> String { Vocabulary.display(vocabulary[token].prefix(40)).printable }

  var elements: [SVGElement] {
    let compared = vectors.tokens.count
    let which = compared < vocabulary.count ? "the \(Format.count(compared)) most frequent of " : ""
    let rows = vectors.tokens.indices.prefix(Self.mostListed).compactMap { index -> [String]? in
      let near = vectors.neighbours(of: index, count: 6)
      guard !near.isEmpty else { return nil }
      return [
        name(vectors.tokens[index]),
        near.map { "\(name($0.token)) \(Format.number($0.cosine, 2))" }.joined(separator: ", "),
      ]
    }
    var parts = [
      HTMLPage.paragraph(
        "By \(origin): among \(which)\(Format.count(vocabulary.count, "token")), the nearest by the cosine of the angle."
      )
    ]
    if rows.isEmpty {
      parts.append(HTMLPage.paragraph("There is nothing to compare: a single token, or vectors without length."))
    } else {
      parts.append(HTMLPage.table(["token", "nearest tokens"], rows))
    }
    if let plane = vectors.plane() {
      let shown = 0..<min(Self.mostNamed * 4, plane.points.count)
      parts.append(
        HTMLPage.figure(
          ScatterPlot(
            "Tokens in the plane",
            description: "The first two principal components of the vectors of \(Format.count(shown.count, "token")).",
            x: Axis("first component, \(Format.number(100 * plane.shares.x, 1))% of the variance"),
            y: Axis("second component, \(Format.number(100 * plane.shares.y, 1))%"),
            series: [
              .init(
                "tokens", shown.map { PlotPoint(plane.points[$0].x, plane.points[$0].y) },
                labels: shown.map { $0 < Self.mostNamed ? name(vectors.tokens[$0]) : "" })
            ], size: PlotSize(900, 700))))
    }
    return parts
  }
}
