/// A chart: it says what it shows to those who do not see it, too.
public protocol Chart: Sendable {
  /// One line above the chart, and its name for a screen reader.
  var title: String { get }
  /// What is seen in it, in a sentence or two, for a screen reader.
  var description: String { get }
  /// The width and height in units of a user, about a pixel each.
  var size: PlotSize { get }
  /// All that is drawn, within ``size``.
  var content: [SVGElement] { get }
}

/// A width and a height.
public struct PlotSize: Hashable, Sendable {
  /// From left to right.
  public var width: Double
  /// From top to bottom.
  public var height: Double

  /// Makes a size.
  public init(_ width: Double, _ height: Double) { (self.width, self.height) = (width, height) }
}

extension Chart {
  /// The chart as an element for a page that has ``PlotStyle/css``.
  public var element: SVGElement { element(children: []) }

  /// The chart as an SVG document that needs nothing else.
  public var svg: String {
    element(children: [.element(SVGElement("style", [:], [.style(PlotStyle.css)]))]).markup + "\n"
  }

  private func element(children: [SVGElement.Child]) -> SVGElement {
    let frame: [SVGElement] = [
      SVGElement("rect", ["width": size.width, "height": size.height, "class": "ground", "fill": "#ffffff"])
    ]
    let names = [SVGElement("title", text: title), SVGElement("desc", text: description)]
    return SVGElement(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": "0 0 \(NumberText.coordinate(size.width)) \(NumberText.coordinate(size.height))", "role": "img",
        "class": "plot", "aria-label": title, "width": size.width, "height": size.height,
        "style": "max-width:100%;height:auto", "font-family": "sans-serif", "font-size": 12,
      ], names.map { .element($0) } + children + (frame + content).map { .element($0) })
  }
}
