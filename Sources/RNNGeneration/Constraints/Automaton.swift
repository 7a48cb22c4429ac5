/// A nondeterministic automaton over bytes (Thompson 1968), built from a regular expression or a list of words.
///
/// Reading keeps the set of states that the text so far may be in, so that no pattern takes more than a step per byte and state.
struct Automaton: Sendable {
  private struct Edge {
    let bytes: ClosedRange<UInt8>
    let target: Int32
  }

  /// The states that a text may be in: sorted, those with edges and the accepting one only.
  typealias States = [Int32]

  static let mostStates = 200_000
  private var edges: [[Edge]] = []
  private var jumps: [[Int32]] = []
  private let accepting: Int32
  /// Parts of the pattern that were built; those that match nothing need no state, but can be many.
  private var steps = 0
  /// Before the first byte.
  private(set) var start: States = []

  /// Texts that match a regular expression.
  init(pattern: String) throws(PatternError) {
    let node = try PatternParser.parse(pattern)
    accepting = 0
    _ = try add()
    let first = try build(node, to: accepting)
    start = closure([first])
  }

  /// Texts of words of a list, with white space and punctuation between them.
  init(words: [[UInt8]]) throws(PatternError) {
    accepting = 0
    _ = try add()
    let (root, end, gap) = (try add(), try add(), try add())
    for word in words where !word.isEmpty {
      var state = root
      for byte in word {
        if let edge = edges[Int(state)].first(where: { $0.bytes == byte...byte }) {
          state = edge.target
        } else {
          let next = try add()
          edges[Int(state)].append(Edge(bytes: byte...byte, target: next))
          state = next
        }
      }
      if !jumps[Int(state)].contains(end) { jumps[Int(state)].append(end) }
    }
    guard !edges[Int(root)].isEmpty else { throw .noWords }
    jumps[Int(end)] = [accepting]
    jumps[Int(gap)] = [accepting, root]
    for byte in UInt8.min...0x7F where !Self.isPartOfWord(byte) {
      for state in [end, gap] { edges[Int(state)].append(Edge(bytes: byte...byte, target: gap)) }
    }
    start = closure([gap])
  }

  /// Letters, digits, everything beyond ASCII; what is between words is the rest.
  private static func isPartOfWord(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte >= 0x80
  }

  private mutating func add() throws(PatternError) -> Int32 {
    guard edges.count < Self.mostStates else { throw .tooLarge(limit: Self.mostStates) }
    edges.append([])
    jumps.append([])
    return Int32(edges.count - 1)
  }

  /// The state from which a node leads to `target`.
  private mutating func build(_ node: PatternNode, to target: Int32) throws(PatternError) -> Int32 {
    steps += 1
    guard steps <= 4 * Self.mostStates else { throw .tooLarge(limit: Self.mostStates) }
    switch node {
    case .scalars(let set):
      let state = try add()
      for sequence in set.byteSequences {
        var next = target
        for (place, bytes) in sequence.enumerated().reversed() {
          let from = place == 0 ? state : try add()
          edges[Int(from)].append(Edge(bytes: bytes, target: next))
          next = from
        }
      }
      return state
    case .sequence(let nodes):
      var next = target
      for node in nodes.reversed() { next = try build(node, to: next) }
      return next
    case .alternatives(let nodes):
      let state = try add()
      for node in nodes { jumps[Int(state)].append(try build(node, to: target)) }
      return state
    case .repeated(let node, let least, let most):
      var next = target
      if let most {
        for _ in least..<most {
          let state = try add()
          jumps[Int(state)] = [target, try build(node, to: next)]
          next = state
        }
      } else {
        let state = try add()
        jumps[Int(state)] = [target, try build(node, to: state)]
        next = state
      }
      for _ in 0..<least { next = try build(node, to: next) }
      return next
    }
  }

  private func closure(_ states: some Sequence<Int32>) -> States {
    var seen: Set<Int32> = []
    var waiting = Array(states)
    while let state = waiting.popLast() {
      if seen.insert(state).inserted { waiting += jumps[Int(state)] }
    }
    return seen.filter { $0 == accepting || !edges[Int($0)].isEmpty }.sorted()
  }

  /// The states after another byte; none if no text of the pattern goes on like this.
  func advance(_ states: States, by byte: UInt8) -> States {
    var next: Set<Int32> = []
    for state in states {
      for edge in edges[Int(state)] where edge.bytes.contains(byte) { next.insert(edge.target) }
    }
    return next.isEmpty ? [] : closure(next)
  }

  /// Whether the text may end here.
  func accepts(_ states: States) -> Bool { states.contains(accepting) }
}
