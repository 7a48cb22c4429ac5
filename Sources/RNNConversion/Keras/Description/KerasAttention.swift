import Kernels
import RNNFormat

/// Attention made of layers that every Keras has: a score for each step, a softmax over the steps, and the sum of what they weigh.
struct KerasAttention {
  let score: String
  let share: String
  let sum: String

  /// The names of the parts.
  ///
  /// - Parameter name: of the whole.
  init(_ name: String) {
    score = "\(name)_score"
    share = "\(name)_share"
    sum = "\(name)_sum"
  }

  /// The same layers with one in place of each four that are attention together.
  ///
  /// - Throws: ``ConversionError/malformed(file:place:reason:)`` for such parts anywhere else.
  static func gathered(_ layers: [KerasLayer], _ graph: KerasGraph) throws -> [KerasLayer] {
    let byName = Dictionary(layers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var parts: Set<String> = []
    var made: [String: KerasLayer] = [:]
    for whole in layers where whole.kind == .flattened {
      guard let sum = whole.sources.first.flatMap({ byName[$0] }), sum.kind == .weightedSum, sum.sources.count == 2,
        let share = byName[sum.sources[1]], share.kind == .shares,
        let score = share.sources.first.flatMap({ byName[$0] }), score.sources == [sum.sources[0]],
        score.kind == .dense(units: 1, activation: .function(.linear), bias: false)
      else { continue }
      parts.formUnion([sum.name, share.name, score.name])
      made[whole.name] = KerasLayer(
        name: whole.name, className: whole.className, kind: .attention, sources: score.sources, path: score.path,
        keeper: score.name)
    }
    let result = layers.filter { !parts.contains($0.name) }.map { made[$0.name] ?? $0 }
    for layer in result {
      let isPart = [.shares, .weightedSum, .flattened].contains(layer.kind)
      if isPart || layer.sources.contains(where: { parts.contains($0) }) {
        throw graph.malformed("layer '\(layer.name)'", "what it computes is known only as a part of attention")
      }
    }
    return result
  }
}
