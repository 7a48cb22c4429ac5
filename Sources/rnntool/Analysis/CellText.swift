import Plots
import RNNFormat

/// A text with what a cell shows at each token: as in Karpathy, Johnson & Li (2015), figure 2.
struct CellText {
  let pieces: [[UInt8]]
  /// One for each piece, from -1 to 1.
  let values: [Float]

  private static func shown(_ piece: [UInt8]) -> String { String(decoding: piece, as: UTF8.self) }

  /// For a terminal: red behind tokens at which the cell is negative, blue where it is positive, stronger where it is more.
  var coloured: String {
    zip(pieces, values).map { piece, value in
      let strength = Int((Double(min(1, abs(value.isNaN ? 0 : value))) * 200).rounded())
      let colour = value < 0 ? "\(strength);0;0" : "0;0;\(strength)"
      return Self.shown(piece).split(separator: "\n", omittingEmptySubsequences: false).map {
        $0.isEmpty ? "" : "\u{1B}[97;48;2;\(colour)m\(String($0).printable)\u{1B}[0m"
      }.joined(separator: "\n")
    }.joined()
  }

  /// Without colours: below each line of text one of signs, `#` above 0.6, `+` above 0.2, `-` below -0.2 and `=` below -0.6.
  var marked: String {
    var (lines, line, signs): ([String], String, String) = ([], "", "")
    func end() {
      lines.append(line)
      if !signs.allSatisfy({ $0 == " " }) { lines.append(signs) }
      (line, signs) = ("", "")
    }
    for (piece, value) in zip(pieces, values) {
      let sign = value > 0.6 ? "#" : value > 0.2 ? "+" : value < -0.6 ? "=" : value < -0.2 ? "-" : " "
      for (index, part) in Self.shown(piece).split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        if index > 0 { end() }
        let text = String(part).printable
        line += text
        signs += String(repeating: sign, count: text.count)
      }
    }
    end()
    return lines.joined(separator: "\n")
  }

  /// For a page.
  var element: SVGElement {
    let spans = zip(pieces, values).map { piece, value in
      let share = NumberText.coordinate(Double(min(1, abs(value.isNaN ? 0 : value))) * 0.85)
      let colour = value < 0 ? "214,39,40" : "31,119,255"
      return SVGElement(
        "span", ["style": "background:rgba(\(colour),\(share))", "title": NumberText.coordinate(Double(value))],
        text: Self.shown(piece))
    }
    return SVGElement("pre", ["class": "cells"], spans.map { .element($0) })
  }
}
