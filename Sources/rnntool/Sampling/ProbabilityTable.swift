import RNNGeneration
import RNNModel

/// Drawn tokens, one a line: the token, its probability under the model and in the distribution that it was drawn from, and the
/// entropy; coloured by confidence on a terminal.
struct ProbabilityTable {
  private let vocabulary: Vocabulary
  private let isColoured: Bool

  init(_ vocabulary: Vocabulary) {
    self.vocabulary = vocabulary
    isColoured = Terminal.isColoured
  }

  static let header = "   model    drawn     bits  token"

  func line(_ draw: Sampler.Draw) -> String {
    func cell(_ value: Double?, _ decimals: Int) -> String {
      let text = value.map { Format.number($0, decimals) } ?? "-"
      return String(repeating: " ", count: max(0, 8 - text.count)) + text
    }
    let model = draw.logProbability.map { Double.exp($0) }
    let cells = [cell(model, 5), cell(draw.probability, 5), cell(draw.entropy.map { $0 / Double.log(2) }, 3)]
    let token = Vocabulary.display(vocabulary[draw.token]).printable
    return cells.joined(separator: " ") + "  "
      + (isColoured ? "\u{1B}[\(Self.colour(draw.probability))m\(token)\u{1B}[0m" : token)
  }

  /// From green, as good as certain, to red.
  private static func colour(_ probability: Double) -> Int {
    switch probability {
    case 0.75...: 32
    case 0.4...: 36
    case 0.15...: 33
    case 0.03...: 35
    default: 31
    }
  }
}
