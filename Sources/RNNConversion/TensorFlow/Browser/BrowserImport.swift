import RNNFormat

/// Reads models for browsers: layers models of TensorFlow.js (`model.json`), and variables with a manifest as ml5 has them (`manifest.json`).
enum BrowserImport: ModelImport {
  static func read(_ path: String, choices: ImportChoices) throws -> ImportedModel {
    let path = try CheckpointPlace.file(path)
    func malformed(_ place: String, _ reason: String) -> ConversionError {
      .malformed(file: path, place: place, reason: reason)
    }
    let file = try InputFile(opening: path)
    guard file.size <= ManifestArrays.largest else { throw malformed("the text", "it is longer than 64 MiB") }
    let document: JSONValue
    do {
      document = try JSONValue(parsing: try file.read(at: 0, count: file.size))
    } catch let error as JSONError {
      throw malformed("the text", "\(error)")
    }
    guard let weights = document["weightsManifest"] else {
      guard let members = document.object, !members.isEmpty, members.values.allSatisfy({ $0["filename"] != nil }) else {
        throw malformed(
          "the text",
          "it is neither a model of TensorFlow.js (with 'weightsManifest') nor a manifest of variables (each with 'filename')"
        )
      }
      var choices = choices
      if choices.vocabulary == nil, choices.vocabularyFile == nil {
        choices.vocabularyFile = try VariableVocabulary.json(beside: path)
      }
      return try TensorFlowImport.read(try ManifestArrays(document, path: path), choices: choices)
    }
    guard let topology = document["modelTopology"], topology["node"] == nil, document["format"]?.string != "graph-model"
    else {
      throw malformed(
        "modelTopology",
        "it is a graph of operations and not a model of layers: convert the Keras model that it was made of, or its checkpoint"
      )
    }
    return try read(topology, try ShardedWeights(weights, path: path), path: path, choices: choices)
  }

  /// The topology is a configuration of Keras; each array begins with the name of its layer.
  private static func read(
    _ topology: JSONValue, _ weights: ShardedWeights, path: String, choices: ImportChoices
  ) throws -> ImportedModel {
    var content = KerasStructure.Content()
    let configuration = topology["model_config"] ?? topology
    let version = topology["keras_version"]?.string ?? configuration["keras_version"]?.string
    // TensorFlow.js has the layers of Keras 2 with its defaults.
    content.version = version.map { $0.hasPrefix("tfjs") ? "2" : $0 } ?? "2"
    let layers = Dictionary(grouping: weights.arrays) { array in
      array.name.split(separator: "/").first.map(String.init) ?? array.name
    }
    content.groups = layers.map { KerasFile.Group(name: $0, label: nil, arrays: $1) }
    return try KerasImport.read(
      KerasFile(path, content, values: weights, configuration: configuration), choices: choices)
  }
}
