import RNNFormat

/// Finds the arrays of each layer in a file of Keras, whatever its layout.
struct KerasWeights {
  let file: KerasFile
  private let groups: [String: KerasFile.Group]

  init(_ file: KerasFile) {
    self.file = file
    // The structure takes each group once.
    groups = Dictionary(file.groups.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The arrays of a layer that has no others within it.
  ///
  /// - Parameter roles: what the arrays are to be, in order.
  /// - Throws: ``ConversionError`` for another number of arrays, or names that say something else.
  func arrays(of layer: KerasLayer, _ roles: [String]) throws -> [ArrayDescription] {
    let found = group(of: layer, path: layer.path)
    try check(found, count: roles.count, layer)
    for (array, role) in zip(found, roles) { try check(array, role, layer) }
    return found
  }

  /// The arrays of each of the cells of a layer.
  ///
  /// - Parameter places: where Keras 3 keeps each cell, below the layer.
  func arrays(of layer: KerasLayer, cells: [(cell: KerasCell, place: String)]) throws -> [[ArrayDescription]] {
    if file.layout == .paths { return cells.map { group(of: layer, path: "\(layer.path)/\($0.place)") } }
    let all = group(of: layer, path: "")
    let count = all.count / max(1, cells.count)
    guard count * cells.count == all.count, count > 0 else {
      throw malformed(layer, "its \(all.count) arrays are not those of \(cells.count) cells")
    }
    return try cells.indices.map { index in
      let own = Array(all[(index * count)..<((index + 1) * count)])
      if count <= 3 { for (array, role) in zip(own, Self.cellRoles) { try check(array, role, layer) } }
      return own
    }
  }

  private static let cellRoles = ["kernel", "recurrent_kernel", "bias"]
  private static let knownRoles: Set<String> = ["kernel", "recurrent_kernel", "bias", "embeddings", "gamma", "beta"]

  private func group(of layer: KerasLayer, path: String) -> [ArrayDescription] {
    groups[file.layout == .paths ? path : layer.keeper]?.arrays ?? []
  }

  private func check(_ found: [ArrayDescription], count: Int, _ layer: KerasLayer) throws {
    guard found.count == count else {
      throw malformed(layer, "\(found.count) arrays belong to it in the file, but it has \(count)")
    }
  }

  /// Names are not what arrays are found by, but they must not say something else.
  private func check(_ array: ArrayDescription, _ role: String, _ layer: KerasLayer) throws {
    guard file.layout == .names, let last = array.name.split(separator: "/").last else { return }
    let name = String(last.prefix { $0 != ":" })
    guard !Self.knownRoles.contains(name) || name == role else {
      throw malformed(layer, "'\(array.name)' is where its \(role) should be")
    }
  }

  private func malformed(_ layer: KerasLayer, _ reason: String) -> ConversionError {
    .malformed(file: file.path, place: "layer '\(layer.name)'", reason: reason)
  }
}
