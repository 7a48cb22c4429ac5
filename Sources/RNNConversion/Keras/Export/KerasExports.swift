import Foundation
import RNNFormat
import RNNModel

extension KerasPlan {
  /// The version of Keras that a description names: the one whose form it has.
  static let versions: [Version: String] = [.two: "2.15.0", .three: "3.0.0"]

  /// The description of the model, as `model_config` and `config.json` have it.
  var configuration: JSONValue {
    let config: JSONValue = [
      "name": "model", "trainable": true, "layers": .array(layers.map { $0.json(version, dtype: dtype) }),
      "input_layers": [[.string(layers.first?.name ?? ""), 0, 0]], "output_layers": [[.string(output), 0, 0]],
    ]
    guard version == .three else { return ["class_name": "Functional", "config": config] }
    return [
      "module": "keras.src.models.functional", "class_name": "Functional", "config": config,
      "registered_name": "Functional",
    ]
  }

  /// The arrays by the names that Keras 1 and 2 give them.
  func named(prefix: String) -> [ExportedArray] {
    layers.flatMap { layer in
      layer.parts.flatMap { part in
        part.arrays.map { ExportedArray("\(prefix)\(layer.name)/\(Self.name(of: $0.role, part, layer))", $0.formula) }
      }
    }
  }

  /// A weight's name within the group of its layer.
  static func name(of role: String, _ part: KerasPlannedLayer.Part, _ layer: KerasPlannedLayer) -> String {
    "\(layer.name)/\(part.place.isEmpty ? "" : "\(part.place)/")\(role):0"
  }

  /// The layers, and where Keras 3 keeps each.
  var places: [(layer: KerasPlannedLayer, path: String)] {
    var names = KerasPathNames()
    return layers.map { ($0, "layers/\(names.next($0.className))") }
  }

  /// The arrays by the paths that Keras 3 gives them.
  var byPath: [ExportedArray] {
    places.flatMap { layer, path in
      layer.parts.flatMap { part in
        part.arrays.enumerated().map { index, array in
          ExportedArray("\(path)/\(part.place.isEmpty ? "" : "\(part.place)/")vars/\(index)", array.formula)
        }
      }
    }
  }

  /// The weights of Keras 3.
  var weightsTree: KerasTree {
    var tree = KerasTree()
    for (layer, path) in places {
      tree[path.split(separator: "/").map(String.init) + ["vars"]].texts["name"] = layer.name
    }
    for array in byPath { tree.add(array) }
    return tree
  }
}

/// Writes the HDF5 file of a whole model, as Keras 2 does: Keras 3 opens it too.
struct KerasH5Export: ModelExport {
  private let plan: KerasPlan

  init(_ document: ModelDocument, _ tensors: [TensorDescription]) throws {
    plan = try KerasPlan(document, tensors, .two, .kerasH5)
  }

  var arrays: [ExportedArray] { plan.named(prefix: "model_weights/") }
  var lost: [String] { plan.lost }

  func write<Source: TensorSource & ~Copyable>(_ source: borrowing Source, creating path: String) throws {
    var tree = KerasTree()
    for array in arrays { tree.add(array) }
    let version = KerasPlan.versions[.two] ?? ""
    tree.texts = [
      "keras_version": version, "backend": "tensorflow", "model_config": plan.configuration.canonical,
    ]
    tree[["model_weights"]].texts = ["keras_version": version, "backend": "tensorflow"]
    tree[["model_weights"]].lists["layer_names"] = plan.layers.map(\.name)
    for layer in plan.layers {
      tree[["model_weights", layer.name]].lists["weight_names"] = layer.parts.flatMap { part in
        part.arrays.map { KerasPlan.name(of: $0.role, part, layer) }
      }
    }
    try tree.write(source, creating: path)
  }
}

/// Writes the weights of Keras 3 alone.
struct KerasWeightsExport: ModelExport {
  private let plan: KerasPlan

  init(_ document: ModelDocument, _ tensors: [TensorDescription]) throws {
    plan = try KerasPlan(document, tensors, .three, .kerasWeights)
  }

  var arrays: [ExportedArray] { plan.byPath }
  var lost: [String] { plan.lost + ["the architecture: the file is for a model that is built already"] }
  /// The description that stands in no file.
  var companion: JSONValue? { plan.configuration }

  func write<Source: TensorSource & ~Copyable>(_ source: borrowing Source, creating path: String) throws {
    try plan.weightsTree.write(source, creating: path)
  }
}

/// Writes the archive of Keras 3.
struct KerasArchiveExport: ModelExport {
  private let plan: KerasPlan

  init(_ document: ModelDocument, _ tensors: [TensorDescription]) throws {
    plan = try KerasPlan(document, tensors, .three, .keras)
  }

  var arrays: [ExportedArray] { plan.byPath }
  var lost: [String] { plan.lost }

  func write<Source: TensorSource & ~Copyable>(_ source: borrowing Source, creating path: String) throws {
    // HDF5 files are not written from front to back, so this one is made beside the archive.
    let weights = "\(path).weights"
    defer { try? FileManager.default.removeItem(atPath: weights) }
    try plan.weightsTree.write(source, creating: weights)
    let archive = try ZipWriter(creating: path)
    let metadata: JSONValue = ["keras_version": .string(KerasPlan.versions[.three] ?? "")]
    try archive.add(KerasArchive.metadata, Array(metadata.canonical.utf8))
    try archive.add(KerasArchive.configuration, Array(plan.configuration.canonical.utf8))
    let file = try InputFile(opening: weights)
    try archive.begin(KerasArchive.weights, size: file.size)
    var offset = 0
    while offset < file.size {
      let block = try file.read(at: offset, count: 8 << 20, orFewer: true)
      try archive.append(block)
      offset += block.count
    }
    try archive.finish()
  }
}
