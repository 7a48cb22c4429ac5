import HDF5

extension ModelWriter {
  /// Writes `/training_state`, and returns the hashes of its arrays by path.
  func write(_ state: TrainingStateDocument, in root: borrowing Group) throws(HDF5Error) -> [String: String] {
    let group = try root.createGroup("training_state")
    try group.createString(TrainingStateDocument.progressName, state.progress.canonical)
    var created: Set<String> = []
    var hashes: [String: String] = [:]
    for name in (Array(state.arrays.keys) + Array(state.words.keys)).sorted() {
      let groups = TrainingStateDocument.groups(of: name)
      for path in groups where created.insert(path).inserted {
        let (parent, last) = Self.split(path)
        if parent.isEmpty { _ = try group.createGroup(last) } else { _ = try group.group(parent).createGroup(last) }
      }
      let (parent, last) = Self.split(name)
      let hash: String
      if parent.isEmpty {
        hash = try write(state, name, as: last, in: group)
      } else {
        hash = try write(state, name, as: last, in: try group.group(parent))
      }
      hashes["/training_state/\(name)"] = hash
    }
    return hashes
  }

  /// Writes one array, and returns its hash.
  private func write(
    _ state: TrainingStateDocument, _ name: String, as last: String, in group: borrowing Group
  ) throws(HDF5Error) -> String {
    let bytes: [UInt8]
    let dataset: Dataset
    if let values = state.arrays[name] {
      bytes = LittleEndian.bytes(values[...])
      dataset = try group.createDataset(last, of: Float.self, shape: [values.count])
    } else {
      let words = state.words[name] ?? []
      bytes = LittleEndian.bytes(words)
      dataset = try group.createDataset(last, of: UInt64.self, shape: [words.count])
    }
    try dataset.writeBytes(bytes)
    let hash = Hash.sha256(bytes)
    try dataset.setAttribute("sha256", to: hash)
    return hash
  }

  private static func split(_ path: String) -> (parent: String, last: String) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path) }
    return (String(path[..<slash]), String(path[path.index(after: slash)...]))
  }
}
