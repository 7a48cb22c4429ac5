import HDF5
import RNNFormat

/// Reads models of Keras: HDF5 files of every age, `.keras` archives, weights alone.
enum KerasImport: ModelImport {
  static func read(_ path: String, choices: ImportChoices) throws -> ImportedModel {
    let first = try InputFile(opening: path).read(at: 0, count: 4, orFewer: true)
    let file =
      first.starts(with: [0x50, 0x4B])
      ? try KerasArchive.open(path, through: choices.quarantine)
      : try KerasFile(opening: path, through: choices.quarantine)
    return try read(file, choices: choices)
  }

  /// Reads an open file.
  static func read(_ file: KerasFile, choices: ImportChoices) throws -> ImportedModel {
    if let configuration = choices.architecture ?? file.configuration {
      let version = try version(of: file, configuration)
      let model = try KerasModel(configuration, version: version, file: file.path)
      return try KerasAssembly.build(model, file, choices: choices)
    }
    let guess = try KerasInference(file, choices: choices)
    return try KerasAssembly.build(
      guess.model, file, choices: choices, context: guess.context, settling: guess.settle)
  }

  /// The version of the Keras that wrote a file, or else the description beside it.
  static func version(of file: KerasFile, _ configuration: JSONValue) throws -> KerasVersion {
    if file.versionText == nil, file.layout == .paths, configuration["keras_version"] == nil { return .three }
    let text = file.versionText ?? configuration["keras_version"]?.string
    guard let version = KerasVersion(text) else {
      throw ConversionError.malformed(
        file: file.path, place: "keras_version", reason: "'\(text ?? "")' is no version from 1 to 3")
    }
    return version
  }
}
