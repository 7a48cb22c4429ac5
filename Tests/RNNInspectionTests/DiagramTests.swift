import RNNInspection
import RNNModel
import Testing

/// Drawings that were looked at.
struct DiagramTests {
  private func drawing(_ architecture: Architecture) throws -> [String] {
    try architecture.check()
    return ArchitectureDiagram(architecture).lines.map(\.drawing)
  }

  @Test func aStackGoesStraightDown() throws {
    let diagram = ArchitectureDiagram(Architecture(Architecture.Stack(hidden: 8), size: 5))
    #expect(
      diagram.lines.map(\.drawing) == [
        "○ one of 5 tokens a step, the state carried on without end", "│", "●", "│ 5", "↻", "│ 8", "●", "│ 5",
        "▼ softmax: the probability of each next token",
      ])
    #expect(diagram.lines.compactMap(\.layer) == [0, 1, 2])
  }

  @Test func bothDirectionsComeTogether() throws {
    let architecture = Architecture(
      size: 12,
      layers: [
        .embedding(.init(name: "embedding", inputs: 12, outputs: 6)),
        .lstm(.init(name: "forward", inputs: 6, outputs: 5)),
        .sum(.init(name: "again", of: ["embedding"])),
        .lstm(.init(name: "backward", inputs: 6, outputs: 4, direction: .backward)),
        .concatenation(.init(name: "both", of: ["forward", "backward"])),
        .linear(.init(name: "output", inputs: 9, outputs: 4)),
      ], context: .sequence)
    #expect(
      try drawing(architecture) == [
        "○ one of 12 tokens a step, in sequences that are there as a whole",
        "│",
        "●",
        "├─╮ 6",
        "↻ │",
        "╰─┼─╮ 5",
        "⊕─╯ │",
        "│   │ 6",
        "↺   │",
        "│   │ 4",
        "⊞───╯",
        "│ 9",
        "●",
        "│ 4",
        "▼ softmax: the probability of each class",
      ])
  }

  @Test func aConnectionMayEndMoreThanOnce() throws {
    let architecture = Architecture(
      size: 12,
      layers: [
        .oneHot(.init(name: "one_hot", size: 12)), .lstm(.init(name: "lstm_1", inputs: 12, outputs: 5)),
        .lstm(.init(name: "lstm_2", inputs: 5, outputs: 5)), .sum(.init(name: "residual", of: ["lstm_1", "lstm_2"])),
        .concatenation(.init(name: "all", of: ["residual", "one_hot", "lstm_1"])),
        .linear(.init(name: "output", inputs: 22, outputs: 12)),
      ])
    #expect(
      try drawing(architecture).dropFirst(2).dropLast() == [
        "●",
        "├─╮ 12",
        "↻ │",
        "├─┼─╮ 5",
        "↻ │ │",
        "│ │ │ 5",
        "⊕─┼─┤",
        "│ │ │ 5",
        "⊞─┴─╯",
        "│ 22",
        "●",
        "│ 12",
      ])
  }

  @Test func vectorsAndWindowsAreNamed() throws {
    let architecture = Architecture(
      size: 3,
      layers: [
        .gru(.init(name: "gru", inputs: 3, outputs: 4)), .final(.init(name: "last", of: "gru")),
        .linear(.init(name: "out", inputs: 4, outputs: 2)),
      ], context: .window(length: 7, padding: nil), input: .features, output: .sigmoid)
    let lines = try drawing(architecture)
    #expect(lines.first == "○ 3 numbers a step, in windows of 7")
    #expect(lines.last == "▼ sigmoid: the probability of each bit" && lines.contains("▾"))
  }
}
