/// Reads Python pickles of protocols 0 to 5 into plain values.
///
/// A pickle is a program for a small machine, which may name any function and have it called. This machine knows no functions: what a pickle
/// names stays a name. A call of one of those in ``PickleCalls`` becomes a value that says what would have been called; any other call is an error.
struct PickleReader {
  private static let newestProtocol = 5
  /// Values that occur at several places are counted as often as they occur: no more than so many for each byte, and any number of these.
  private static let expansion = 16
  private static let leastMaximumSize = 1_000_000

  private let start: Int
  private var input: PickleInput
  private var heap = PickleHeap()
  private var stack: [PickleHeap.Node] = []
  /// Where on the stack the marks are.
  private var marks: [Int] = []
  private var memo: [Int: PickleHeap.Node] = [:]

  /// Reads what is next in an input.
  private init(_ input: PickleInput) {
    self.input = input
    start = input.position
  }

  /// Reads one pickle; the input stands behind it then.
  ///
  /// - Throws: ``PickleError``, and what the input throws.
  static func read(_ input: inout PickleInput) throws -> PickleValue {
    var reader = PickleReader(input)
    let value: PickleValue
    do {
      value = try reader.run()
    } catch let refusal as PickleHeap.Refusal {
      throw PickleError(reason: refusal.reason, offset: reader.input.position)
    }
    input = reader.input
    return value
  }

  /// Reads a pickle that is all of some bytes.
  static func read(_ bytes: [UInt8]) throws -> PickleValue {
    var input = PickleInput(bytes)
    let value = try read(&input)
    guard input.position == bytes.count else {
      throw PickleError(reason: "there is more after the end of the pickle", offset: input.position)
    }
    return value
  }

  private func error(_ reason: String) -> PickleError { PickleError(reason: reason, offset: input.position) }

  private mutating func run() throws -> PickleValue {
    while true {
      let code = try input.byte()
      if code == UInt8(ascii: ".") {
        guard stack.count == 1, marks.isEmpty else { throw error("it ends with other than one value") }
        let maximumSize = Self.leastMaximumSize + (input.position - start) * Self.expansion
        return try heap.frozen(try pop(), maximumSize: maximumSize)
      }
      guard try runConstant(code) || runContainer(code) || runMachine(code) || runCall(code) else {
        throw error("its instruction \(code) is not known")
      }
    }
  }

  // MARK: - The stack

  private var floor: Int { marks.last ?? 0 }

  private mutating func push(_ value: PickleValue) { stack.append(.value(value)) }

  private mutating func push(_ container: PickleHeap.Container) throws { stack.append(try heap.add(container)) }

  private mutating func pop() throws -> PickleHeap.Node {
    guard stack.count > floor else { throw error("it takes more values than there are") }
    return stack.removeLast()
  }

  private mutating func pop(_ count: Int) throws -> [PickleHeap.Node] {
    guard stack.count - floor >= count else { throw error("it takes more values than there are") }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark() throws -> [PickleHeap.Node] {
    guard let mark = marks.popLast() else { throw error("a mark is missing") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  // MARK: - Instructions

  /// Values that stand in the pickle themselves.
  private mutating func runConstant(_ code: UInt8) throws -> Bool {
    switch code {
    case UInt8(ascii: "N"): push(.none)
    case 0x88: push(.bool(true))
    case 0x89: push(.bool(false))
    case UInt8(ascii: "K"): push(.integer(Int(try input.byte())))
    case UInt8(ascii: "M"): push(.integer(try input.unsigned(2)))
    case UInt8(ascii: "J"):
      push(.integer(Int(Int32(truncatingIfNeeded: try input.unsigned(4)))))
    case 0x8A: push(try PickleText.integer(try input.bytes(try input.unsigned(1)), at: input.position))
    case 0x8B: push(try PickleText.integer(try input.bytes(try input.unsigned(4)), at: input.position))
    case UInt8(ascii: "G"):
      let bits = try input.bytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      push(.real(Double(bitPattern: bits)))
    case UInt8(ascii: "I"), UInt8(ascii: "L"), UInt8(ascii: "F"), UInt8(ascii: "S"), UInt8(ascii: "V"):
      push(try PickleText.value(code, try input.line(), at: input.position))
    case UInt8(ascii: "X"): push(.string(try text(4)))
    case 0x8C: push(.string(try text(1)))
    case 0x8D: push(.string(try text(8)))
    // Python 2 has one type for texts and bytes.
    case UInt8(ascii: "T"): push(PickleText.textOrBytes(try input.bytes(try input.unsigned(4))))
    case UInt8(ascii: "U"): push(PickleText.textOrBytes(try input.bytes(try input.unsigned(1))))
    case UInt8(ascii: "B"): push(.bytes(try input.bytes(try input.unsigned(4))))
    case UInt8(ascii: "C"): push(.bytes(try input.bytes(try input.unsigned(1))))
    case 0x8E, 0x96: push(.bytes(try input.bytes(try input.unsigned(8))))
    default: return false
    }
    return true
  }

  private mutating func text(_ lengthBytes: Int) throws -> String {
    let bytes = try input.bytes(try input.unsigned(lengthBytes))
    return PickleText.string(bytes)
  }

  /// Lists, tuples, sets and dictionaries.
  private mutating func runContainer(_ code: UInt8) throws -> Bool {
    switch code {
    case UInt8(ascii: ")"): push(.tuple([]))
    case UInt8(ascii: "]"): try push(.init(kind: .list))
    case UInt8(ascii: "}"): try push(.init(kind: .dictionary))
    case 0x8F: try push(.init(kind: .set))
    case UInt8(ascii: "t"): try push(.init(kind: .tuple, items: try popToMark()))
    case 0x85, 0x86, 0x87: try push(.init(kind: .tuple, items: try pop(Int(code) - 0x84)))
    case UInt8(ascii: "l"): try push(.init(kind: .list, items: try popToMark()))
    case 0x91: try push(.init(kind: .set, items: try popToMark()))
    case UInt8(ascii: "d"): try push(.init(kind: .dictionary, pairs: try even(try popToMark())))
    case UInt8(ascii: "a"): try append(try pop(1))
    case UInt8(ascii: "e"), 0x90: try append(try popToMark())
    case UInt8(ascii: "s"): try insert(try pop(2))
    case UInt8(ascii: "u"): try insert(try even(try popToMark()))
    default: return false
    }
    return true
  }

  private func even(_ nodes: [PickleHeap.Node]) throws -> [PickleHeap.Node] {
    guard nodes.count % 2 == 0 else { throw error("a key has no value") }
    return nodes
  }

  /// The container on top of the stack, which stays there.
  private func top() throws -> Int {
    guard stack.count > floor, case .container(let index)? = stack.last else {
      throw error("something is put into what is no container")
    }
    return index
  }

  private mutating func append(_ nodes: [PickleHeap.Node]) throws {
    let index = try top()
    switch heap.containers[index].kind {
    case .list, .set: heap.containers[index].items += nodes
    case .object: heap.containers[index].elements += nodes
    default: throw error("something is appended to what is no list")
    }
  }

  private mutating func insert(_ nodes: [PickleHeap.Node]) throws {
    let index = try top()
    switch heap.containers[index].kind {
    case .dictionary, .object: heap.containers[index].pairs += nodes
    default: throw error("a key is set in what is no dictionary")
    }
  }

  /// The stack, the memo and the frames.
  private mutating func runMachine(_ code: UInt8) throws -> Bool {
    switch code {
    case 0x80:
      let version = try input.byte()
      guard version <= Self.newestProtocol else { throw error("protocol \(version) is not known") }
    // What is in a frame need not be read at once here.
    case 0x95: _ = try input.bytes(8)
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"):
      // Without a value above it, it is the mark that is dropped.
      if stack.count > floor { _ = try pop() } else if marks.popLast() == nil { _ = try pop() }
    case UInt8(ascii: "1"): _ = try popToMark()
    case UInt8(ascii: "2"):
      let top = try pop()
      stack += [top, top]
    case UInt8(ascii: "q"): try remember(Int(try input.byte()))
    case UInt8(ascii: "r"): try remember(try input.unsigned(4))
    case UInt8(ascii: "p"): try remember(try PickleText.index(try input.line(), at: input.position))
    case 0x94: try remember(memo.count)
    case UInt8(ascii: "h"): try recall(Int(try input.byte()))
    case UInt8(ascii: "j"): try recall(try input.unsigned(4))
    case UInt8(ascii: "g"): try recall(try PickleText.index(try input.line(), at: input.position))
    default: return false
    }
    return true
  }

  private mutating func remember(_ index: Int) throws {
    guard stack.count > floor, let top = stack.last else { throw error("there is nothing to remember") }
    memo[index] = top
  }

  private mutating func recall(_ index: Int) throws {
    guard let node = memo[index] else { throw error("number \(index) of the memo is empty") }
    stack.append(node)
  }

  // MARK: - Names and calls

  private mutating func runCall(_ code: UInt8) throws -> Bool {
    switch code {
    case UInt8(ascii: "c"):
      let module = PickleText.string(try input.line())
      push(.global(PickleName(module: module, name: PickleText.string(try input.line()))))
    case 0x93:
      let parts = try pop(2)
      guard case .value(.string(let module)) = parts[0], case .value(.string(let name)) = parts[1] else {
        throw error("a name is not a text")
      }
      push(.global(PickleName(module: module, name: name)))
    case UInt8(ascii: "R"):
      let parts = try pop(2)
      stack.append(try PickleCalls.call(try name(parts[0]), try arguments(parts[1]), &heap, at: input.position))
    case 0x81:
      let parts = try pop(2)
      stack.append(try PickleCalls.instance(try name(parts[0]), try arguments(parts[1]), &heap))
    case 0x92:
      let parts = try pop(3)
      guard let keywords = heap[parts[2]], case .dictionary = keywords.kind, keywords.pairs.isEmpty else {
        throw error("an object is made with named arguments, which is not read")
      }
      stack.append(try PickleCalls.instance(try name(parts[0]), try arguments(parts[1]), &heap))
    case UInt8(ascii: "i"):
      let module = PickleText.string(try input.line())
      let name = PickleName(module: module, name: PickleText.string(try input.line()))
      stack.append(try PickleCalls.call(name, try popToMark(), &heap, at: input.position))
    case UInt8(ascii: "o"):
      let parts = try popToMark()
      guard let first = parts.first else { throw error("an object has no class") }
      stack.append(try PickleCalls.call(try name(first), Array(parts.dropFirst()), &heap, at: input.position))
    case UInt8(ascii: "b"): try build()
    case UInt8(ascii: "P"):
      try push(.init(kind: .persistent, items: [.value(.string(PickleText.string(try input.line())))]))
    case UInt8(ascii: "Q"): try persist(try pop())
    case 0x82, 0x83, 0x84: throw error("it names a class by a number of a registry, which is not read")
    case 0x97, 0x98: throw error("it takes bytes from outside of the pickle, which are not there")
    default: return false
    }
    return true
  }

  private func name(_ node: PickleHeap.Node) throws -> PickleName {
    guard case .value(.global(let name)) = node else { throw error("it calls what is not a name") }
    return name
  }

  private func arguments(_ node: PickleHeap.Node) throws -> [PickleHeap.Node] {
    if case .value(.tuple(let values)) = node, values.isEmpty { return [] }
    guard let container = heap[node], case .tuple = container.kind else { throw error("arguments are not a tuple") }
    return container.items
  }

  private mutating func build() throws {
    let state = try pop()
    let index = try top()
    switch heap.containers[index].kind {
    case .object:
      guard heap.containers[index].state == nil else { throw error("an object is given a state twice") }
      heap.containers[index].state = state
    // Attributes of a dictionary, such as the versions in a state dict.
    case .dictionary: break
    default: throw error("a state is given to what is no object")
    }
  }

  private mutating func persist(_ node: PickleHeap.Node) throws {
    // Old PyTorch keeps the source text of a class beside its name; the oldest one without a word before it.
    if let container = heap[node], case .tuple = container.kind, container.items.count >= 2 {
      if case .value(.string("module")) = container.items[0], case .value(.global(let name)) = container.items[1] {
        return push(.global(name))
      }
      if case .value(.global(let name)) = container.items[0] { return push(.global(name)) }
    }
    try push(.init(kind: .persistent, items: [node]))
  }
}
