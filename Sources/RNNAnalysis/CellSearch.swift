/// Finds the cells that follow a property of a text.
public enum CellSearch {
  /// How well one cell does.
  public struct Score: Hashable, Sendable {
    /// The layer's name.
    public let layer: String
    /// The cell, counted from 0.
    public let cell: Int
    /// Pearson's correlation of what the cell shows with the property; 0 where one of them is constant.
    public let correlation: Double
    /// The area under the receiver operating characteristic: the probability that the cell shows more at a token with the property than at one
    /// without; below 0.5 for a cell that shows less. Nil for properties that are more than 0 and 1, or constant.
    public let area: Double?
  }

  /// The scores of all cells, the largest absolute correlation first; equals in the order of the cells.
  ///
  /// - Precondition: the track has one number for each token of the recording.
  public static func scores(_ recording: StateRecording, following track: TextTrack) -> [Score] {
    let isBinary = track.isBinary
    return recording.layers.flatMap { layer in
      (0..<(layer.states.isEmpty ? 0 : layer.width)).map { cell in
        let values = layer.shown(cell).map(Double.init)
        return Score(
          layer: layer.name, cell: cell, correlation: correlation(values, track.values),
          area: isBinary ? area(values, track.values) : nil)
      }
    }.enumerated().sorted {
      (abs($1.element.correlation), $0.offset) < (abs($0.element.correlation), $1.offset)
    }.map(\.element)
  }

  /// Pearson's correlation; 0 where one of the two is constant.
  public static func correlation(_ x: [Double], _ y: [Double]) -> Double {
    precondition(x.count == y.count, "\(x.count) and \(y.count) values")
    let count = Double(max(1, x.count))
    let (meanX, meanY) = (x.reduce(0, +) / count, y.reduce(0, +) / count)
    var (xx, yy, xy) = (0.0, 0.0, 0.0)
    for (a, b) in zip(x, y) {
      xx += (a - meanX) * (a - meanX)
      yy += (b - meanY) * (b - meanY)
      xy += (a - meanX) * (b - meanY)
    }
    let result = xy / (xx * yy).squareRoot()
    return result.isFinite ? result : 0
  }

  /// The area under the receiver operating characteristic of values that are to tell 1 from 0, from the sum of the ranks, in which equals share
  /// theirs: Mann & Whitney (1947). Nil where there are no ones or no zeros.
  public static func area(_ values: [Double], _ labels: [Double]) -> Double? {
    precondition(values.count == labels.count, "\(values.count) and \(labels.count) values")
    let ones = labels.count { $0 == 1 }
    guard ones > 0, ones < labels.count, !values.contains(where: \.isNaN) else { return nil }
    let order = values.indices.sorted { values[$0] < values[$1] }
    var sum = 0.0
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      let rank = Double(start + end + 1) / 2
      sum += rank * Double(order[start..<end].count { labels[$0] == 1 })
      start = end
    }
    let (p, n) = (Double(ones), Double(labels.count - ones))
    return (sum - p * (p + 1) / 2) / (p * n)
  }
}
