import RNNFormat

extension KerasModel {
  /// Reads the configuration of a model, as `model_config`, `config.json` and `model.to_json()` have it.
  ///
  /// - Parameters:
  ///   - configuration: an object with `class_name` and `config`.
  ///   - version: of the Keras that wrote it.
  ///   - file: for errors.
  init(_ configuration: JSONValue, version: KerasVersion, file: String) throws {
    let reader = KerasGraph(file: file, version: version)
    guard let className = configuration["class_name"]?.string, let config = configuration["config"] else {
      throw reader.malformed("the model", "its configuration has no 'class_name' and 'config'")
    }
    switch className {
    case "Sequential": layers = try KerasAttention.gathered(try reader.sequence(config), reader)
    case "Model", "Functional": layers = try KerasAttention.gathered(try reader.graph(config), reader)
    default:
      throw reader.malformed(
        "the model", "it is of class '\(className)', whose own code says how its layers are connected")
    }
  }
}

/// Reads the layers of a configuration and how they are connected.
struct KerasGraph {
  let file: String
  let version: KerasVersion

  /// The most layers that a model may have, and the most cells of one layer.
  static let maximumLayers = 4096

  /// A layer before its options are read.
  struct Entry {
    let name: String
    let className: String
    let config: JSONValue
    let path: String
    /// The value of `inbound_nodes`.
    let nodes: JSONValue?
  }

  func malformed(_ place: String, _ reason: String) -> ConversionError {
    .malformed(file: file, place: place, reason: reason)
  }

  /// A list of layers, each of which takes the output of the one before it.
  func sequence(_ config: JSONValue) throws -> [KerasLayer] {
    guard let list = config.array ?? config["layers"]?.array else { throw malformed("the model", "it has no layers") }
    let entries = try entries(list, isSequence: true)
    var layers: [KerasLayer] = []
    for (index, entry) in entries.enumerated() {
      if index == 0, entry.className != "InputLayer" {
        let shape = try firstShape(entry, config) ?? []
        layers.append(
          KerasLayer(
            name: "\(entry.name)_input", className: "InputLayer", kind: .input(shape: shape), sources: [],
            remarks: []))
      }
      layers.append(try layer(entry, sources: layers.last.map { [$0.name] } ?? []))
    }
    guard !layers.isEmpty else { throw malformed("the model", "it has no layers") }
    return layers
  }

  /// The shape of what comes in, which older versions say in the options of the first layer.
  private func firstShape(_ entry: Entry, _ config: JSONValue) throws -> [Int?]? {
    var options = try KerasOptions(entry.config, file: file, place: "layer '\(entry.name)'", version: version)
    if let shape = try options.shape("batch_input_shape", "batch_shape") { return Array(shape.dropFirst()) }
    if let shape = try options.shape("input_shape") { return shape }
    if entry.className == "Embedding" { return [try options.integer("input_length")] }
    if let width = try options.integer("input_dim") { return [try options.integer("input_length"), width] }
    var model = try KerasOptions(.object(config.object ?? [:]), file: file, place: "the model", version: version)
    return try model.shape("build_input_shape").map { Array($0.dropFirst()) }
  }

  /// The layers that the only output depends on, each behind those that it takes from.
  func graph(_ config: JSONValue) throws -> [KerasLayer] {
    guard let list = config["layers"]?.array else { throw malformed("the model", "it has no layers") }
    var entries: [String: Entry] = [:]
    for entry in try self.entries(list, isSequence: false) { entries[entry.name] = entry }
    let outputs = try KerasNodes.references(in: config["output_layers"], self, "the model's output")
    guard outputs.count == 1, let output = outputs.first else {
      throw malformed("the model", "it has \(outputs.count) outputs; only models with one are read")
    }
    var order: [KerasLayer] = []
    var state: [String: Bool] = [:]
    // Not by recursion: a chain may be as long as the file is large.
    var open: [(name: String, isDone: Bool)] = [(output, false)]
    var sources: [String: [String]] = [:]
    while let (name, isDone) = open.popLast() {
      guard let entry = entries[name] else { throw malformed("the model", "there is no layer '\(name)'") }
      if isDone {
        state[name] = true
        order.append(try layer(entry, sources: sources[name] ?? []))
        continue
      }
      if let finished = state[name] {
        guard finished else { throw malformed("layer '\(name)'", "it takes its own output") }
        continue
      }
      state[name] = false
      let from = try KerasNodes.sources(of: entry, self)
      sources[name] = from
      open.append((name, true))
      for source in from.reversed() {
        if state[source] == false { throw malformed("layer '\(source)'", "it takes its own output") }
        open.append((source, false))
      }
    }
    return order
  }

  private func entries(_ list: [JSONValue], isSequence: Bool) throws -> [Entry] {
    // Names and connections are looked for by going through all layers.
    guard list.count <= Self.maximumLayers else {
      throw malformed("the model", "it has \(list.count) layers, more than \(Self.maximumLayers)")
    }
    var paths = KerasPathNames()
    var names: Set<String> = []
    var entries: [Entry] = []
    for (index, value) in list.enumerated() {
      guard let className = value["class_name"]?.string, let config = value["config"], config.object != nil else {
        throw malformed("layer \(index)", "it has no 'class_name' and 'config'")
      }
      guard let name = value["name"]?.string ?? config["name"]?.string else {
        throw malformed("layer \(index)", "it has no name")
      }
      guard names.insert(name).inserted else { throw malformed("layer '\(name)'", "there are two of this name") }
      // A sequence does not count what comes in among its layers.
      let isCounted = !(isSequence && className == "InputLayer")
      entries.append(
        Entry(
          name: name, className: className, config: config, path: isCounted ? "layers/\(paths.next(className))" : "",
          nodes: value["inbound_nodes"]))
    }
    return entries
  }

  private func layer(_ entry: Entry, sources: [String]) throws -> KerasLayer {
    var options = try KerasOptions(entry.config, file: file, place: "layer '\(entry.name)'", version: version)
    var remarks: [KerasLayer.Remark] = []
    let kind = try KerasLayer.kind(entry.className, &options, &remarks)
    let isJoint = [.concatenation, .sum, .weightedSum].contains(kind)
    if case .input = kind {
      guard sources.isEmpty else { throw malformed("layer '\(entry.name)'", "an input takes the output of a layer") }
    } else if !isJoint, sources.count > 1 {
      throw malformed("layer '\(entry.name)'", "it takes \(sources.count) inputs, and only one is understood")
    }
    // A wrapper that goes through the steps has nothing of its own.
    let path = entry.className == "TimeDistributed" ? "\(entry.path)/layer" : entry.path
    return KerasLayer(
      name: entry.name, className: entry.className, kind: kind, sources: sources, path: path, remarks: remarks)
  }
}
