import RNNFormat

/// Reads `inbound_nodes`, which says what a layer takes, in the form of Keras 1 and 2 and in that of Keras 3.
enum KerasNodes {
  /// The names of the layers whose outputs a layer takes.
  ///
  /// - Throws: ``ConversionError/malformed(file:place:reason:)`` for a layer that is used twice, for states handed in, and for outputs other
  ///   than the first.
  static func sources(of entry: KerasGraph.Entry, _ graph: KerasGraph) throws -> [String] {
    let place = "layer '\(entry.name)'"
    guard let nodes = entry.nodes?.array else { throw graph.malformed(place, "it has no 'inbound_nodes'") }
    guard nodes.count <= 1 else { throw graph.malformed(place, "it is used \(nodes.count) times in the model") }
    guard let node = nodes.first else {
      guard entry.className == "InputLayer" else { throw graph.malformed(place, "nothing goes into it") }
      return []
    }
    if node.object != nil {
      try checkKeywords(node["kwargs"], graph, place)
      return try tensors(in: node["args"], graph, place)
    }
    return try references(in: node, graph, place)
  }

  /// References `[layer, node, output]` or `[layer, node, output, keywords]`: one, or a list of them.
  static func references(in value: JSONValue?, _ graph: KerasGraph, _ place: String) throws -> [String] {
    if let members = value?.object {
      return try members.sorted { $0.key < $1.key }.flatMap { try references(in: $0.value, graph, place) }
    }
    guard let list = value?.array else { throw graph.malformed(place, "its inputs are not understood") }
    guard let name = list.first?.string else { return try list.flatMap { try references(in: $0, graph, place) } }
    guard (3...4).contains(list.count), let node = list[1].integer, let output = list[2].integer else {
      throw graph.malformed(place, "its inputs are not understood")
    }
    if list.count == 4 { try checkKeywords(list[3], graph, place) }
    return [try checked(name, node, output, graph, place)]
  }

  /// The tensors in the arguments of a call, as Keras 3 writes them.
  private static func tensors(in value: JSONValue?, _ graph: KerasGraph, _ place: String) throws -> [String] {
    if let list = value?.array { return try list.flatMap { try tensors(in: $0, graph, place) } }
    guard value?["class_name"]?.string == "__keras_tensor__",
      let history = value?["config"]?["keras_history"]?.array, history.count == 3,
      let name = history[0].string, let node = history[1].integer, let output = history[2].integer
    else { throw graph.malformed(place, "its inputs are not understood") }
    return [try checked(name, node, output, graph, place)]
  }

  private static func checked(
    _ name: String, _ node: Int, _ output: Int, _ graph: KerasGraph, _ place: String
  ) throws -> String {
    guard node == 0 else { throw graph.malformed(place, "it takes a second use of layer '\(name)'") }
    guard output == 0 else { throw graph.malformed(place, "it takes the state of layer '\(name)'") }
    return name
  }

  /// Refuses what a call says beyond its inputs, unless it is a mask, about which the layer that makes it has said what there is to say.
  private static func checkKeywords(_ value: JSONValue?, _ graph: KerasGraph, _ place: String) throws {
    for (name, value) in (value?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
      if value == .null || name == "mask" || name == "training" { continue }
      throw graph.malformed(place, "it is called with '\(name)', which is not understood")
    }
  }
}
