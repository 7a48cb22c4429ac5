/// The values of a pickle while it is read: containers lie in one list and name one another by number.
///
/// So what a hostile pickle nests or ties into a ring is never followed before ``frozen(_:)`` has checked it.
struct PickleHeap {
  /// A value that may still change.
  enum Node {
    case value(PickleValue)
    case container(Int)
  }

  enum Kind {
    case list, tuple, set, dictionary, persistent
    case object(PickleName)
  }

  struct Container {
    let kind: Kind
    /// Elements, the arguments of an object, or what is persistent.
    var items: [Node] = []
    /// Keys and values by turns.
    var pairs: [Node] = []
    /// The elements of an object that is a list.
    var elements: [Node] = []
    var state: Node?

    fileprivate var children: [Node] { items + pairs + elements + (state.map { [$0] } ?? []) }
  }

  /// Why values are refused.
  struct Refusal: Error {
    let reason: String
  }

  private static let maximumContainers = 4_000_000
  private static let maximumDepth = 200
  /// How many values calls such as `Counter(...)` may copy together: a few bytes can ask for many.
  private static let maximumCopies = 4_000_000

  var containers: [Container] = []
  private var copies = 0

  /// Counts values that a call copies.
  mutating func copying(_ nodes: [Node]) throws(Refusal) -> [Node] {
    copies += nodes.count
    guard copies <= Self.maximumCopies else {
      throw Refusal(reason: "it copies more than \(Self.maximumCopies) values")
    }
    return nodes
  }

  /// Takes a container in.
  mutating func add(_ container: Container) throws(Refusal) -> Node {
    guard containers.count < Self.maximumContainers else {
      throw Refusal(reason: "it has more than \(Self.maximumContainers) lists, tuples and objects")
    }
    containers.append(container)
    return .container(containers.count - 1)
  }

  /// The container behind a node.
  subscript(node: Node) -> Container? {
    if case .container(let index) = node { containers[index] } else { nil }
  }

  /// What has become of a container.
  private enum Progress {
    case untouched, entered
    case done(PickleValue, depth: Int, size: Int)
  }

  /// A value that no longer changes.
  ///
  /// - Parameter maximumSize: how many values it may be when each is counted as often as it occurs.
  func frozen(_ root: Node, maximumSize: Int) throws(Refusal) -> PickleValue {
    var progress = [Progress](repeating: .untouched, count: containers.count)
    guard case .container(let first) = root else { return Self.finished(root, progress).value }
    var path = [first]
    while let index = path.last {
      if case .untouched = progress[index] {
        progress[index] = .entered
        for case .container(let child) in containers[index].children {
          switch progress[child] {
          case .untouched: path.append(child)
          case .entered: throw Refusal(reason: "a value contains itself")
          case .done: break
          }
        }
        continue
      }
      path.removeLast()
      // A container that several others wait for is on the path several times.
      guard case .entered = progress[index] else { continue }
      var (depth, size) = (0, 1)
      for child in containers[index].children {
        let child = Self.finished(child, progress)
        depth = max(depth, child.depth)
        size = min(maximumSize, size) + child.size
      }
      guard depth < Self.maximumDepth else {
        throw Refusal(reason: "values are nested deeper than \(Self.maximumDepth)")
      }
      guard size <= maximumSize else {
        throw Refusal(reason: "it stands for more than \(maximumSize) values")
      }
      progress[index] = .done(try value(of: containers[index], progress), depth: depth + 1, size: size)
    }
    return Self.finished(root, progress).value
  }

  private static func finished(_ node: Node, _ progress: [Progress]) -> (value: PickleValue, depth: Int, size: Int) {
    switch node {
    case .value(let value): return (value, 0, 1)
    case .container(let index):
      guard case .done(let value, let depth, let size) = progress[index] else { return (.none, 0, 1) }
      return (value, depth, size)
    }
  }

  private func value(of container: Container, _ progress: [Progress]) throws(Refusal) -> PickleValue {
    func values(_ nodes: [Node]) -> [PickleValue] { nodes.map { Self.finished($0, progress).value } }
    let items = values(container.items)
    let flat = values(container.pairs)
    let pairs = stride(from: 0, to: flat.count - flat.count % 2, by: 2).map {
      PickleDictionary.Pair(key: flat[$0], value: flat[$0 + 1])
    }
    guard let pairs = PickleDictionary(pairs) else { throw Refusal(reason: "a dictionary has a key twice") }
    switch container.kind {
    case .list: return .list(items)
    case .tuple: return .tuple(items)
    case .set: return .set(items)
    case .dictionary: return .dictionary(pairs)
    case .persistent: return .persistent(items.first ?? .none)
    case .object(let type):
      return .object(
        PickleObject(
          type: type, arguments: items, state: container.state.map { Self.finished($0, progress).value },
          elements: values(container.elements), pairs: pairs))
    }
  }
}
