import Foundation
import RNNInspection
import RNNModel

/// A network on a terminal: the drawing of its connections, and beside each layer what it is.
enum NetworkTable {
  /// The drawing, a legend of the signs that it uses, and nothing that is wider than it has to be.
  static func text(_ architecture: Architecture) -> String {
    let table = ParameterTable(architecture)
    let diagram = ArchitectureDiagram(architecture)
    let drawn = diagram.lines.filter { $0.layer != nil }.map(\.drawing.count).max() ?? 0
    let rows = architecture.layers.map { layer in
      let count = table.entries.filter { $0.layer == layer.name }.reduce(0) { $0 + $1.count }
      return [layer.name, layer.kind, count == 0 ? "" : Format.count(count, "parameter"), layer.semantics]
    }
    let cells = Format.table(rows, right: [2]).split(separator: "\n", omittingEmptySubsequences: false)
    let lines = diagram.lines.map { line in
      guard let layer = line.layer, layer < cells.count else { return line.drawing }
      return line.drawing + String(repeating: " ", count: drawn - line.drawing.count + 2) + cells[layer]
    }
    let signs = ArchitectureDiagram.legend.components(separatedBy: "   ").filter { sign in
      diagram.lines.contains { line in line.layer != nil && line.drawing.first == sign.first }
    }
    return (lines + (signs.isEmpty ? [] : ["", signs.joined(separator: "   ")])).joined(separator: "\n")
  }
}
