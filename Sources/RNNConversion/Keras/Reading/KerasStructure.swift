import HDF5
import RNNFormat

/// Finds the arrays of a Keras file and what it says about them, without reading a value.
struct KerasStructure {
  /// What was found.
  struct Content {
    var layout = KerasFile.Layout.names
    var version: String?
    var backend: String?
    var configuration: JSONValue?
    var groups: [KerasFile.Group] = []
    var leftBehind: [String] = []
    var kinds: [String: KerasArrayKind] = [:]
  }

  /// The file, for errors.
  let file: String
  private var attributes: KerasAttributes { KerasAttributes(file: file) }

  init(file: String) { self.file = file }

  /// Groups in which Keras keeps what is no part of the model.
  private static let optimizers: Set<String> = ["optimizer", "optimizer_weights"]

  func read(_ file: borrowing File) throws -> Content {
    var content = Content()
    // The walk refuses links, cycles and whatever else could lead out of the file or never end.
    let objects = try file.objects()
    var arrays: [String: ArrayDescription] = [:]
    for object in objects where object.kind == .dataset {
      let path = String(object.path.dropFirst())
      if let first = path.split(separator: "/").first, Self.optimizers.contains(String(first)) {
        content.leftBehind.append(path)
      } else if path.split(separator: "/").contains(where: { $0.hasPrefix("seed_generator") }) {
        content.leftBehind.append(path)
      } else {
        let (array, kind) = try describe(try file.root.dataset(path), path: path)
        arrays[path] = array
        content.kinds[path] = kind
      }
    }
    content.version = try attributes.text("keras_version", of: file.root)
    content.backend = try attributes.text("backend", of: file.root)
    if let text = try attributes.text("model_config", of: file.root) {
      content.configuration = try Self.configuration(text, file: self.file, place: "model_config")
    }
    let groups = Set(objects.filter { $0.kind == .group }.map(\.path))
    if groups.contains("/model_weights") {
      let weights = try file.root.group("model_weights")
      if content.version == nil { content.version = try attributes.text("keras_version", of: weights) }
      content.groups = try named(weights, prefix: "model_weights/", &arrays)
    } else if try attributes.list("layer_names", of: file.root) != nil {
      content.groups = try named(file.root, prefix: "", &arrays)
    } else if groups.contains("/layers") || groups.contains("/_layer_checkpoint_dependencies")
      || groups.contains("/vars")
    {
      content.layout = .paths
      content.groups = try byPath(&arrays, file)
    } else {
      throw malformed("the file", "it has neither 'layer_names' nor 'layers': it is no file of Keras 1, 2 or 3")
    }
    guard arrays.isEmpty else {
      let names = arrays.keys.sorted().prefix(20).joined(separator: ", ")
      throw malformed("the file", "it has \(arrays.count) arrays that its lists do not name: \(names)")
    }
    return content
  }

  /// Reads the text that describes a model.
  static func configuration(_ text: String, file: String, place: String) throws -> JSONValue {
    guard text.utf8.count <= KerasAttributes.maximumText else {
      throw ConversionError.malformed(file: file, place: place, reason: "it is longer than 64 MiB")
    }
    do {
      return try JSONValue(parsing: text)
    } catch {
      throw ConversionError.malformed(file: file, place: place, reason: "\(error)")
    }
  }

  private func describe(
    _ dataset: borrowing Dataset, path: String
  ) throws -> (array: ArrayDescription, kind: KerasArrayKind) {
    let marked = try dataset.hasAttribute("dtype") ? attributes.text("dtype", of: dataset) : nil
    var kind = KerasArrayKind.plain
    var datatype = dataset.datatype
    if let foreign = try dataset.foreignNumber {
      kind = .foreign
      switch foreign {
      case .bigEndian(let read): datatype = read
      case .opaque(let bytes):
        guard bytes == 2, marked == "bfloat16" else { throw malformed(path, "it stores opaque bytes of no known type") }
        datatype = .integer(bits: 16, signed: false)
      }
    }
    guard var type = NumericType(datatype) else { throw malformed(path, "it stores \(dataset.datatype), not numbers") }
    if marked == "bfloat16", type == .uint16 { type = .bfloat16 }
    let array = ArrayDescription(name: path, type: type, shape: dataset.shape)
    // Sizes of which a few can be multiplied, and no array that the importer could not hold.
    guard array.shape.count <= 4, array.shape.allSatisfy({ $0 <= Int(Int32.max) }), array.byteCount != nil else {
      throw malformed(path, "its shape \(array.shape) is not that of a weight")
    }
    return (array, kind)
  }

  /// The layers that `layer_names` lists, and the arrays that each one's `weight_names` lists: never the order of links.
  private func named(
    _ group: borrowing Group, prefix: String, _ arrays: inout [String: ArrayDescription]
  ) throws -> [KerasFile.Group] {
    guard let names = try attributes.list("layer_names", of: group) else {
      throw malformed(prefix.isEmpty ? "the file" : "model_weights", "it has no 'layer_names'")
    }
    var result: [KerasFile.Group] = []
    var seen: Set<String> = []
    // Keras in TensorFlow keeps weights of a model itself beside those of its layers.
    let extra = try group.contains("top_level_model_weights") ? ["top_level_model_weights"] : []
    for name in names + extra {
      guard seen.insert(name).inserted else { throw malformed("layer_names", "'\(name)' occurs twice") }
      let layer = try group.group(name)
      guard let weights = try attributes.list("weight_names", of: layer) else {
        throw malformed("layer '\(name)'", "it has no 'weight_names'")
      }
      result.append(
        KerasFile.Group(
          name: name, label: nil,
          arrays: try weights.map { weight in
            let path = "\(prefix)\(name)/\(weight)"
            guard let array = arrays.removeValue(forKey: path) else {
              throw malformed("layer '\(name)'", "its weight '\(weight)' is named twice or not there")
            }
            return array
          }))
    }
    return result
  }

  /// The arrays `vars/0`, `vars/1` and so on of each object.
  private func byPath(
    _ arrays: inout [String: ArrayDescription], _ file: borrowing File
  ) throws -> [KerasFile.Group] {
    var numbered: [String: [Int: ArrayDescription]] = [:]
    for (path, array) in arrays {
      let parts = path.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count >= 2, parts[parts.count - 2] == "vars", let last = parts.last, let index = Int(last),
        String(index) == last
      else { continue }
      var owner = parts.dropLast(2)
      // The name of the list of layers in TensorFlow 2.12 and 2.13.
      if owner.first == "_layer_checkpoint_dependencies" { owner[owner.startIndex] = "layers" }
      numbered[owner.joined(separator: "/"), default: [:]][index] = array
      arrays[path] = nil
    }
    return try numbered.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { owner, list in
      let vars = owner.isEmpty ? "vars" : "\(owner)/vars"
      let ordered = try (0..<list.count).map { index in
        guard let array = list[index] else { throw malformed(vars, "its arrays are not numbered from 0") }
        return array
      }
      let top = owner.split(separator: "/").prefix(2).joined(separator: "/")
      return KerasFile.Group(name: owner, label: try label(of: top, file), arrays: ordered)
    }
  }

  /// The user's name of a layer, an attribute of its `vars`.
  private func label(of owner: String, _ file: borrowing File) throws -> String? {
    let path = owner.isEmpty ? "vars" : "\(owner)/vars"
    guard try file.root.contains(path) else { return nil }
    return try attributes.text("name", of: try file.root.group(path))
  }

  private func malformed(_ place: String, _ reason: String) -> ConversionError {
    .malformed(file: file, place: place, reason: reason)
  }
}

extension NumericType {
  /// The type of what an HDF5 dataset stores; nil for texts and what cannot be read.
  init?(_ datatype: Datatype) {
    switch datatype {
    case .float(64): self = .float64
    case .float(32): self = .float32
    case .float(16): self = .float16
    case .integer(64, signed: true): self = .int64
    case .integer(32, signed: true): self = .int32
    case .integer(16, signed: true): self = .int16
    case .integer(8, signed: true): self = .int8
    case .integer(64, signed: false): self = .uint64
    case .integer(32, signed: false): self = .uint32
    case .integer(16, signed: false): self = .uint16
    case .integer(8, signed: false): self = .uint8
    case .float, .integer, .fixedString, .variableString, .unsupported: return nil
    }
  }
}
