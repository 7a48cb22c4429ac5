/// The operations of a module that nngraph has put together (`nn.gModule`), and what each of them takes.
///
/// Nodes refer to one another in circles. What a node takes is in its table `mapindex` by 1, 2, ...
struct NNGraph {
  struct Node {
    /// The module's class; nil for a node that only picks one of several outputs, and for the place where everything comes in.
    let className: String?
    let module: Torch7Value?
    /// Which of several outputs this is, from 1.
    let selection: Int?
    /// The nodes whose outputs this one takes.
    var inputs: [Int] = []
  }

  private(set) var nodes: [Node] = []

  /// - Returns: nil for a value that is no such module.
  init?(_ value: Torch7Value?, in file: Torch7File) throws(ConversionError) {
    guard file.className(value) == "nn.gModule" else { return nil }
    guard let list = file.list(file.field("forwardnodes", of: value)) else {
      throw .malformed(file: file.path, place: "nn.gModule", reason: "it has no list of nodes (forwardnodes)")
    }
    // Layers look for what multiplies their gates among all nodes.
    guard list.count <= 10_000 else {
      throw .malformed(file: file.path, place: "nn.gModule", reason: "it has \(list.count) nodes")
    }
    var places: [Torch7Value: Int] = [:]
    var datas: [Torch7Value] = []
    for node in list {
      guard let data = file.field("data", of: node), case .object = data, places[data] == nil else {
        throw .malformed(file: file.path, place: "nn.gModule", reason: "one of its nodes is not understood")
      }
      places[data] = datas.count
      datas.append(data)
    }
    for data in datas {
      let module = file.field("module", of: data)
      var node = Node(
        className: file.className(module), module: module, selection: file.field("selectindex", of: data)?.integer)
      // Where everything comes in, the table names what takes it instead.
      let isInside = module != nil || node.selection != nil || file.field("nSplitOutputs", of: data) != nil
      if isInside {
        let pairs = file.pairs(file.field("mapindex", of: data)) ?? []
        let numbered = pairs.compactMap { pair in pair.key.integer.map { ($0, pair.value) } }
        node.inputs = numbered.sorted { $0.0 < $1.0 }.compactMap { places[$0.1] }
        guard node.inputs.count == numbered.count else {
          throw .malformed(file: file.path, place: "nn.gModule", reason: "a node takes what is not in the list")
        }
      }
      nodes.append(node)
    }
    // Circles would let a walk never end; the list is in the order of computation.
    for (place, node) in nodes.enumerated() {
      guard node.inputs.allSatisfy({ $0 < place }) else {
        throw .malformed(file: file.path, place: "nn.gModule", reason: "its nodes are not in the order of computation")
      }
    }
  }

  func places(of className: String) -> [Int] { nodes.indices.filter { nodes[$0].className == className } }

  /// The node behind those that pass on what they take.
  ///
  /// - Parameter passing: the classes of these, beside `nn.Identity`.
  func source(_ place: Int, passing: Set<String> = []) -> Int {
    var place = place
    while let name = nodes[place].className, name == "nn.Identity" || passing.contains(name),
      nodes[place].inputs.count == 1
    {
      place = nodes[place].inputs[0]
    }
    return place
  }

  /// Whether a node is a state that comes from outside, or what does nothing else than pass one on.
  func isOutside(_ place: Int) -> Bool {
    let node = nodes[source(place)]
    return node.className == nil && node.inputs.isEmpty
  }
}
