import RNNModel

/// A network drawn with the characters of a terminal: one line for each layer, from the inputs to the outputs.
///
/// What comes from the layer just before comes down the first column; what comes from further up has a column of its own on the right
/// of it. A line between two layers carries the number of units that pass there.
public struct ArchitectureDiagram: Hashable, Sendable {
  /// One line of the drawing.
  public struct Line: Hashable, Sendable {
    /// The drawing.
    public var drawing: String
    /// The layer that the line is about, as its place in the architecture; nil between two layers.
    public var layer: Int?
  }

  /// The lines from top to bottom.
  public private(set) var lines: [Line] = []

  /// A connection that passes by some layers.
  private struct Rail {
    let source: Int
    /// The layers that take it, rising.
    let ends: [Int]
    /// The column, from 1.
    let column: Int
  }

  /// Draws an architecture that ``/RNNModel/Architecture/check()`` has accepted.
  public init(_ architecture: Architecture) {
    let layers = architecture.layers
    let widths = architecture.widths
    let sources = Self.sources(of: layers)
    let rails = Self.rails(sources)
    lines.append(Line(drawing: "○ " + Self.input(of: architecture)))
    lines.append(Line(drawing: "│"))
    for (index, layer) in layers.enumerated() {
      lines.append(Line(drawing: Self.node(index, Self.symbol(of: layer), rails), layer: index))
      guard index + 1 < layers.count else { break }
      let width = index < widths.count ? widths[index] : 0
      lines.append(
        Line(drawing: Self.connector(below: index, isTaken: sources[index + 1].contains(index), width: width, rails)))
    }
    lines.append(Line(drawing: "│ \(architecture.outputSize)"))
    lines.append(Line(drawing: "▼ " + Self.output(of: architecture)))
  }

  /// What the signs of the layers mean.
  public static let legend = "↻ reads forward   ↺ reads backward   ⊕ sum   ⊞ side by side   ▾ one vector of all steps"

  /// The places of the layers that each layer takes.
  private static func sources(of layers: [Architecture.Layer]) -> [[Int]] {
    var places: [String: Int] = [:]
    return layers.enumerated().map { index, layer in
      places[layer.name] = index
      if let names = layer.sources { return names.compactMap { places[$0] } }
      return index > 0 ? [index - 1] : []
    }
  }

  /// The connections that pass by layers, each in the first column that is free where it begins.
  private static func rails(_ sources: [[Int]]) -> [Rail] {
    var ends: [Int: [Int]] = [:]
    for (layer, taken) in sources.enumerated() {
      for source in taken where source < layer - 1 { ends[source, default: []].append(layer) }
    }
    var rails: [Rail] = []
    for source in ends.keys.sorted() {
      let busy = Set(rails.filter { ($0.ends.last ?? 0) > source }.map(\.column))
      let column = (1...(rails.count + 1)).first { !busy.contains($0) } ?? rails.count + 1
      rails.append(Rail(source: source, ends: ends[source] ?? [], column: column))
    }
    return rails
  }

  /// The line of a layer: rails that end here come in from the right.
  private static func node(_ index: Int, _ symbol: Character, _ rails: [Rail]) -> String {
    let passing = rails.filter { $0.source < index && ($0.ends.last ?? 0) >= index }
    let entering = passing.filter { $0.ends.contains(index) }
    let last = entering.map(\.column).max() ?? 0
    return row(
      first: symbol, columns: passing.map(\.column).max() ?? 0, horizontalTo: last,
      at: { column in
        guard let rail = passing.first(where: { $0.column == column }) else { return nil }
        guard rail.ends.contains(index) else { return column < last ? "┼" : "│" }
        let goesOn = rail.ends.last != index
        return column < last ? (goesOn ? "┼" : "┴") : goesOn ? "┤" : "╯"
      })
  }

  /// The line below a layer: a rail that begins here goes out to the right.
  private static func connector(below index: Int, isTaken: Bool, width: Int, _ rails: [Rail]) -> String {
    let passing = rails.filter { $0.source < index && ($0.ends.last ?? 0) > index }
    let begun = rails.first { $0.source == index }
    let last = begun?.column ?? 0
    let drawn = row(
      first: begun == nil ? (isTaken ? "│" : " ") : isTaken ? "├" : "╰",
      columns: max(last, passing.map(\.column).max() ?? 0), horizontalTo: last,
      at: { column in
        if column == last, begun != nil { return "╮" }
        return passing.contains { $0.column == column } ? (column < last ? "┼" : "│") : nil
      })
    return isTaken || begun != nil ? "\(drawn) \(width)" : drawn
  }

  /// A line of columns, which stand two characters apart.
  private static func row(
    first: Character, columns: Int, horizontalTo last: Int, at column: (Int) -> Character?
  ) -> String {
    var text = String(first)
    guard columns > 0 else { return text }
    for index in 1...columns {
      text += index <= last ? "─" : " "
      text.append(column(index) ?? (index < last ? "─" : " "))
    }
    return text
  }

  private static func symbol(of layer: Architecture.Layer) -> Character {
    switch layer {
    case .sum: "⊕"
    case .concatenation: "⊞"
    case .final, .attention: "▾"
    default: layer.direction.map { $0 == .forward ? "↻" : "↺" } ?? "●"
    }
  }

  private static func input(of architecture: Architecture) -> String {
    let what = architecture.input == .tokens ? "one of \(architecture.size) tokens" : "\(architecture.size) numbers"
    if let table = architecture.ngram {
      return "\(what) a step, of which the last \(max(0, table.counts.count - 1)) are looked up"
    }
    return switch architecture.context {
    case .stream: "\(what) a step, the state carried on without end"
    case .sequence: "\(what) a step, in sequences that are there as a whole"
    case .window(let length, _): "\(what) a step, in windows of \(length)"
    }
  }

  private static func output(of architecture: Architecture) -> String {
    switch architecture.output {
    case .softmax where architecture.isLanguageModel: "softmax: the probability of each next token"
    case .softmax: "softmax: the probability of each class"
    case .sigmoid: "sigmoid: the probability of each bit"
    case .values: "values"
    case .logProbabilities: "the probability of each next token, as it was counted"
    }
  }
}
