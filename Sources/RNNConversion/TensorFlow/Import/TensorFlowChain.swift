import Kernels
import RNNFormat
import RNNModel

/// The order in which the parts of a model of TensorFlow are computed, which variables do not say.
struct TensorFlowChain {
  /// A recurrent layer, or several on top of each other that read in both directions.
  struct Stack {
    /// The path that its cells share, which is also what the user calls it.
    let path: String
    let forward: [TensorFlowCell]
    /// Those that read from the end; empty where there are none.
    let backward: [TensorFlowCell]
    let inputs: Int
    let outputs: Int
  }

  /// One thing after the other.
  enum Link {
    case embedding(name: String, rows: Int, columns: Int)
    case map(TensorFlowVariables.Map)
    /// A softmax over the rows of the embedding, with a bias of its own.
    case tied(bias: String, inputs: Int, outputs: Int)
    case stack(Stack)
    case activation(Activation)

    /// What the user calls it.
    var name: String {
      switch self {
      case .embedding(let name, _, _): name
      case .map(let map): map.weights
      case .tied(let bias, _, _): bias
      case .stack(let stack): stack.path
      case .activation(let activation): activation.rawValue
      }
    }

    fileprivate var ends: (inputs: Int, outputs: Int)? {
      switch self {
      case .embedding(_, let rows, let columns): (rows, columns)
      case .map(let map): (map.inputs, map.outputs)
      case .tied(_, let inputs, let outputs): (inputs, outputs)
      case .stack(let stack): (stack.inputs, stack.outputs)
      case .activation: nil
      }
    }
  }

  /// Why no order can be told.
  struct Refusal: Error {
    let reason: String
  }

  private(set) var links: [Link]

  /// The widths of what comes in and goes out.
  var ends: (inputs: Int, outputs: Int) {
    let all = links.compactMap(\.ends)
    return (all.first?.inputs ?? 0, all.last?.outputs ?? 0)
  }

  private static let advice =
    "say the order with --architecture FILE, where FILE is {\"layers\": [...]} with names of variables, paths of cells, and activations"

  /// Finds the order that the widths allow: a table of tokens, affine maps, the cells in the order of their names, affine maps.
  ///
  /// - Parameter widths: of the cells, by their paths.
  /// - Throws: ``Refusal`` where there is none, or more than one.
  init(
    _ variables: inout TensorFlowVariables, _ widths: [String: TensorFlowCell.Widths]
  ) throws(Refusal) {
    let stacks = try Self.stacks(variables.cells, widths)
    guard let first = stacks.first, let last = stacks.last else { throw Refusal(reason: "there is no recurrent cell") }
    for (below, above) in zip(stacks, stacks.dropFirst()) where below.outputs != above.inputs {
      throw Refusal(
        reason: "\(below.path) gives \(below.outputs) numbers, but \(above.path) takes \(above.inputs); \(Self.advice)")
    }
    let table = try Self.table(&variables, first: first, last: last)
    for other in variables.tables where other.name != table?.name { variables.takeAsMap(other.name) }
    var rest = variables.maps
    var after: [Link] = []
    var width = last.outputs
    while let next = rest.firstIndex(where: { $0.inputs == width }) {
      guard rest.count(where: { $0.inputs == width }) == 1 else {
        throw Refusal(reason: "more than one affine map takes \(width) numbers; \(Self.advice)")
      }
      width = rest[next].outputs
      after.append(.map(rest.remove(at: next)))
    }
    var before: [Link] = []
    width = first.inputs
    while let next = rest.firstIndex(where: { $0.outputs == width }) {
      guard rest.count(where: { $0.outputs == width }) == 1 else {
        throw Refusal(reason: "more than one affine map gives \(width) numbers; \(Self.advice)")
      }
      width = rest[next].inputs
      before.insert(.map(rest.remove(at: next)), at: 0)
    }
    guard rest.isEmpty else {
      throw Refusal(
        reason: "the widths of \(rest.map(\.weights).joined(separator: ", ")) fit nothing; \(Self.advice)")
    }
    var links = table.map { [Link.embedding(name: $0.name, rows: $0.rows, columns: $0.columns)] } ?? []
    links += before + stacks.map { .stack($0) } + after
    if after.isEmpty, let table, let bias = variables.vectors.first(where: { $0.length == table.rows }),
      last.outputs == table.columns
    {
      links.append(.tied(bias: bias.name, inputs: table.columns, outputs: table.rows))
    }
    self.links = links
  }

  /// Takes the order that the user gives.
  ///
  /// - Throws: ``Refusal`` for names that are not there, or missing.
  init(
    _ variables: TensorFlowVariables, _ widths: [String: TensorFlowCell.Widths], order names: [JSONValue],
    takesVectors: Bool
  ) throws(Refusal) {
    var variables = variables
    var stacks = try Self.stacks(variables.cells, widths)
    var links: [Link] = []
    for entry in names {
      guard let name = entry.string else { throw Refusal(reason: "the architecture has a name that is not a text") }
      if let place = stacks.firstIndex(where: { $0.path == name }) {
        links.append(.stack(stacks.remove(at: place)))
      } else if links.isEmpty, !takesVectors, let table = variables.tables.first(where: { $0.name == name }) {
        links.append(.embedding(name: table.name, rows: table.rows, columns: table.columns))
      } else if variables.tables.contains(where: { $0.name == name })
        || variables.maps.contains(where: { $0.weights == name })
      {
        variables.takeAsMap(name)
        guard let map = variables.maps.first(where: { $0.weights == name }) else { continue }
        links.append(.map(map))
      } else if let vector = variables.vectors.first(where: { $0.name == name }),
        case .embedding(_, vector.length, let columns)? = links.first
      {
        links.append(.tied(bias: name, inputs: columns, outputs: vector.length))
      } else if let activation = Activation(rawValue: name) {
        if activation != .linear { links.append(.activation(activation)) }
      } else {
        throw Refusal(reason: "the architecture names '\(name)', which is no variable, cell or activation here")
      }
    }
    guard stacks.isEmpty else {
      throw Refusal(reason: "the architecture does not name \(stacks.map(\.path).joined(separator: ", "))")
    }
    self.links = links
  }

  /// The table of tokens, if there is one.
  private static func table(
    _ variables: inout TensorFlowVariables, first: Stack, last: Stack
  ) throws(Refusal) -> (name: String, rows: Int, columns: Int)? {
    let named = variables.tables.filter { TensorFlowVariables.isEmbedding($0.name) }
    guard named.count <= 1 else {
      throw Refusal(reason: "there are several tables of tokens, \(named.map(\.name).joined(separator: ", "))")
    }
    if let table = named.first { return table }
    // Without a telling name: a matrix without a bias that gives what the first cell takes, and is not needed above.
    let fitting = variables.tables.filter { $0.columns == first.inputs }
    let isNeededAbove = variables.maps.isEmpty && fitting.count == variables.tables.count && fitting.count == 1
    return fitting.count == 1 && !(isNeededAbove && fitting[0].rows == last.outputs) ? fitting[0] : nil
  }

  /// Cells on top of each other, in the order of their names.
  private static func stacks(
    _ cells: [TensorFlowCell], _ widths: [String: TensorFlowCell.Widths]
  ) throws(Refusal) -> [Stack] {
    var groups: [(path: String, forward: [TensorFlowCell], backward: [TensorFlowCell])] = []
    var places: [String: Int] = [:]
    for cell in cells {
      let (path, direction) = cell.pair ?? (cell.scope, .forward)
      let place = places[path] ?? groups.count
      if place == groups.count { groups.append((path, [], [])) }
      places[path] = place
      if direction == .forward { groups[place].forward.append(cell) } else { groups[place].backward.append(cell) }
    }
    var stacks: [Stack] = []
    for (path, forward, backward) in groups {
      guard let first = forward.first.flatMap({ widths[$0.scope] }),
        let last = forward.last.flatMap({ widths[$0.scope] })
      else { throw Refusal(reason: "'\(path)' reads only from the end") }
      var outputs = last.outputs
      if let other = backward.first.flatMap({ widths[$0.scope] }), let end = backward.last.flatMap({ widths[$0.scope] })
      {
        guard other.inputs == first.inputs else {
          throw Refusal(reason: "the two directions of '\(path)' take other numbers of inputs")
        }
        // Widths are those of matrices in a file.
        outputs += end.outputs
      }
      stacks.append(
        Stack(path: path, forward: forward, backward: backward, inputs: first.inputs, outputs: outputs))
    }
    return stacks
  }
}
