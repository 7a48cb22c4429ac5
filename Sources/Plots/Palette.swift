/// Colours for numbers from 0 to 1.
public enum Palette: Hashable, Sendable {
  /// From dark to bright, even to the eye and without red against green: the colours of viridis (Smith & van der Walt 2015, in
  /// the public domain).
  case sequential
  /// Blue, white, red: below, at and above one half.
  case diverging

  private var anchors: [(Double, Double, Double)] {
    switch self {
    case .sequential:
      [
        (68, 1, 84), (71, 44, 122), (59, 81, 139), (44, 113, 142), (33, 144, 141), (39, 173, 129), (92, 200, 99),
        (170, 220, 50), (253, 231, 37),
      ]
    case .diverging:
      [
        (33, 102, 172), (103, 169, 207), (209, 229, 240), (247, 247, 247), (253, 219, 199), (239, 138, 98),
        (178, 24, 43),
      ]
    }
  }

  /// The colour of a number, as `#rrggbb`; what is outside of 0 to 1 gets the colour of that end.
  public func colour(_ value: Double) -> String {
    let anchors = anchors
    let place = (value.isNaN ? 0 : min(1, max(0, value))) * Double(anchors.count - 1)
    let index = min(Int(place), anchors.count - 2)
    let share = place - Double(index)
    let (a, b) = (anchors[index], anchors[index + 1])
    func part(_ a: Double, _ b: Double) -> String {
      let text = String(Int((a + (b - a) * share).rounded()), radix: 16)
      return text.count < 2 ? "0" + text : text
    }
    return "#" + part(a.0, b.0) + part(a.1, b.1) + part(a.2, b.2)
  }
}
