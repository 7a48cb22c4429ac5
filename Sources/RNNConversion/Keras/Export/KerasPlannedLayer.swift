import RNNFormat

/// A layer of a Keras model that is to be written.
struct KerasPlannedLayer {
  /// Arrays that Keras 3 keeps in one place.
  struct Part {
    /// Where, below the layer: `cell`, or nothing.
    let place: String
    /// What Keras calls each, in its order.
    let arrays: [(role: String, formula: TensorFormula)]
  }

  let name: String
  let className: String
  /// Beside the name.
  let options: [String: JSONValue]
  /// The names of the layers whose outputs it takes.
  let sources: [String]
  var parts: [Part] = []

  /// The layer within the description of a model.
  ///
  /// - Parameter version: of the form of the description.
  func json(_ version: KerasPlan.Version, dtype: String) -> JSONValue {
    var config = options
    config["name"] = .string(name)
    if className == "InputLayer" {
      // The older name of the option is one that both versions take.
      if version == .two { config["batch_input_shape"] = config.removeValue(forKey: "batch_shape") }
    } else {
      config["dtype"] = .string(dtype)
    }
    let taken = sources.map { JSONValue.array([.string($0), 0, 0, [:]]) }
    return .object(
      [
        "class_name": .string(className), "config": .object(config), "name": .string(name),
        "inbound_nodes": taken.isEmpty ? [] : [.array(taken)],
      ].merging(version == .two ? [:] : Self.origin) { own, _ in own })
  }

  /// What Keras 3 says beside the class of an object. Keras 2 says it of wrapped layers too.
  static let origin: [String: JSONValue] = ["module": "keras.layers", "registered_name": .null]
}
