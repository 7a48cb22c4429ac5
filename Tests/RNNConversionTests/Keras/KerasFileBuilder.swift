import RNNFormat
import RNNModel

@testable import RNNConversion

/// Makes files of Keras 2, honest or not.
struct KerasFileBuilder {
  /// The value of `model_config`; nil for a file of weights.
  var configuration: JSONValue?
  /// Layers and the names and shapes of their arrays.
  var layers: [(name: String, arrays: [(name: String, shape: [Int])])] = []
  /// What else is done to the file before it is written.
  var change: (inout KerasTree) -> Void = { _ in }
  var version: String? = "2.2.4"
  var type = NumericType.float32

  /// An LSTM above one-hot windows, as a sequence of layers.
  static func small(_ more: [String: JSONValue] = [:]) -> KerasFileBuilder {
    let options: [String: JSONValue] = ["name": "lstm", "units": 3, "batch_input_shape": [.null, 4, 5]]
    return KerasFileBuilder(
      configuration: [
        "class_name": "Sequential",
        "config": [
          "name": "model",
          "layers": [
            ["class_name": "LSTM", "config": .object(options.merging(more) { $1 })],
            ["class_name": "Dense", "config": ["name": "dense", "units": 5, "activation": "softmax"]],
          ],
        ],
      ],
      layers: [
        ("lstm", [("kernel:0", [5, 12]), ("recurrent_kernel:0", [3, 12]), ("bias:0", [12])]),
        ("dense", [("kernel:0", [3, 5]), ("bias:0", [5])]),
      ])
  }

  /// The tree of a whole model.
  private var tree: KerasTree {
    var tree = KerasTree()
    if let configuration { tree.texts["model_config"] = configuration.canonical }
    if let version { tree.texts["keras_version"] = version }
    tree[["model_weights"]].lists["layer_names"] = layers.map(\.name)
    for layer in layers {
      tree[["model_weights", layer.name]].lists["weight_names"] = layer.arrays.map(\.name)
      for array in layer.arrays {
        tree.add(ExportedArray("model_weights/\(layer.name)/\(array.name)", .zeros(type, shape: array.shape)))
      }
    }
    change(&tree)
    return tree
  }

  func write(_ path: String) throws {
    struct Nothing: TensorSource {
      let tensors: [TensorDescription] = []
      func bytes(of tensor: TensorDescription) -> [UInt8] { [] }
    }
    try tree.write(Nothing(), creating: path)
  }
}
