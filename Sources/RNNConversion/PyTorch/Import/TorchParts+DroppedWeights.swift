import RNNFormat

/// Weights of which some are zeroed in training (Merity, Keskar & Socher 2018: AWD-LSTM).
extension TorchParts {
  private static let suffix = "_raw"

  /// Puts the weights themselves, `weight_hh_l0_raw`, in the place of what a training step left of them.
  ///
  /// Modules that drop weights wrap a recurrent one as `module`; the weights are kept in that one, or in the wrapper.
  ///
  /// - Parameter modules: by path, the arrays by the last part of their names.
  mutating func undoDroppedWeights(_ modules: inout [String: [String: ArrayDescription]]) {
    for path in modules.keys.sorted() {
      for (name, array) in (modules[path] ?? [:]).sorted(by: { $0.key < $1.key }) where name.hasSuffix(Self.suffix) {
        let own = String(name.dropLast(Self.suffix.count))
        let owner = [path, "\(path).module"].first { modules[$0]?["weight_ih_l0"] != nil }
        guard own.hasPrefix("weight_hh_l"), let owner else { continue }
        modules[path]?[name] = nil
        if let copy = modules[owner]?.updateValue(array, forKey: own) {
          leave(copy.name, because: "what a step of the training left of \(array.name)")
        }
      }
      if modules[path]?.isEmpty ?? false { modules[path] = nil }
    }
    // The embedding is there again in the module that drops some of its rows.
    for path in modules.keys.sorted() {
      guard path.hasSuffix("encoder_dp.emb") || path == "encoder_dp.emb", let copy = modules[path]?["weight"],
        modules[String(path.dropLast("_dp.emb".count))]?["weight"]?.shape == copy.shape
      else { continue }
      leave(copy.name, because: "the embedding, which is there already")
      modules[path] = nil
    }
  }
}
