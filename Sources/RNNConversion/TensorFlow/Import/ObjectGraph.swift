import RNNFormat

/// Checkpoints that Keras in TensorFlow 2 saves as `model.save_weights("name")` and `tf.train.Checkpoint` do: variables by the paths of objects.
///
/// `layer_with_weights-1/cell/kernel/.ATTRIBUTES/VARIABLE_VALUE` is the kernel of the second layer that has weights; in models with a class of their own
/// the first step is the name of an attribute. They become what a file of Keras weights is, and are read as one.
enum ObjectGraph {
  private static let ending = "/.ATTRIBUTES/VARIABLE_VALUE"
  private static let numbered = "layer_with_weights-"
  /// What the importer of Keras expects, in its order.
  private static let roles = ["embeddings", "kernel", "recurrent_kernel", "bias", "gamma", "beta"]

  /// Whether a checkpoint names its variables so, or as layers of Keras do.
  static func isOne(_ checkpoint: TensorFlowCheckpoint) -> Bool {
    checkpoint.arrays.keys.contains { $0.hasSuffix("/recurrent_kernel\(ending)") || $0.hasSuffix("/recurrent_kernel") }
  }

  /// Makes a model of the layers.
  ///
  /// - Throws: ``ConversionError``.
  static func read(_ checkpoint: TensorFlowCheckpoint, choices: ImportChoices) throws -> ImportedModel {
    var content = KerasStructure.Content()
    // The versions of Keras that keep such checkpoints.
    content.version = "2-tf"
    var places: [(steps: [String], role: Int, array: ArrayDescription)] = []
    for (name, array) in checkpoint.arrays {
      if let (steps, role) = place(name) {
        places.append((steps, role, array))
      } else {
        content.leftBehind.append(name)
      }
    }
    // The name of the model itself, which all may begin with.
    while let first = places.first?.steps.first, places.allSatisfy({ $0.steps.count > 1 && $0.steps[0] == first }) {
      for index in places.indices { places[index].steps.removeFirst() }
    }
    var groups: [String: [(role: Int, cell: String, array: ArrayDescription)]] = [:]
    for (steps, role, array) in places {
      groups[steps[0], default: []].append((role, steps.dropFirst().joined(separator: "/"), array))
    }
    content.leftBehind += checkpoint.others.keys
    content.leftBehind.sort()
    let problems = content.leftBehind.filter { name in
      !isOfTraining(name) && !choices.ignores(name) && TensorFlowVariables.reasonToLeave(name, checkpoint) == nil
    }
    guard problems.isEmpty else {
      throw ConversionError.notMapped(
        file: checkpoint.path, problems: problems.map { "\($0) belongs to nothing that is known" })
    }
    content.groups = groups.sorted { first, second in
      let (first, second) = (order(first.key, first.value.map(\.role)), order(second.key, second.value.map(\.role)))
      return first.rank == second.rank ? StateDict.precedes(first.name, second.name) : first.rank < second.rank
    }.map { layer, arrays in
      // Keras keeps the cell that reads forward first.
      let sorted = arrays.sorted { first, second in
        let isBackward = (first.cell.hasPrefix("backward"), second.cell.hasPrefix("backward"))
        if isBackward.0 != isBackward.1 { return isBackward.1 }
        return first.cell == second.cell ? first.role < second.role : StateDict.precedes(first.cell, second.cell)
      }
      return KerasFile.Group(name: layer, label: nil, arrays: sorted.map(\.array))
    }
    return try KerasImport.read(
      KerasFile(checkpoint.path, content, values: checkpoint), choices: choices)
  }

  /// The objects that a variable belongs to, the outermost first, and what it is in the last of them.
  private static func place(_ name: String) -> (steps: [String], role: Int)? {
    let path = name.hasSuffix(ending) ? String(name.dropLast(ending.count)) : name
    let steps = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard let last = steps.last, let role = roles.firstIndex(of: last), steps.count > 1, !isOfTraining(name) else {
      return nil
    }
    return (Array(steps.dropLast()), role)
  }

  /// The layers that are numbered by their numbers; others as almost every model has them: an embedding, recurrent layers, affine maps.
  private static func order(_ layer: String, _ roles: [Int]) -> (rank: Int, name: String) {
    if layer.hasPrefix(numbered) { return (1, layer) }
    return (roles.contains(0) ? 0 : roles.contains(2) ? 1 : 2, layer)
  }

  private static func isOfTraining(_ name: String) -> Bool {
    let first = name.prefix { $0 != "/" }
    return ["optimizer", "save_counter", "keras_api", "_CHECKPOINTABLE_OBJECT_GRAPH", "step", "epoch", "global_step"]
      .contains(String(first)) || name.contains("/.OPTIMIZER_SLOT/") || name.hasPrefix("_")
  }
}

extension TensorFlowCheckpoint: KerasValues {}
