import Kernels
import RNNFormat
import RNNModel

/// Reads the models of PyTorch: files of `torch.save`, and parameters by PyTorch's names in safetensors, npz and JSON files.
enum TorchImport: ModelImport {
  static func read(_ path: String, choices: ImportChoices) throws -> ImportedModel {
    let first = try InputFile(opening: path).read(at: 0, count: 9, orFewer: true)
    let dict: StateDict
    switch try ModelFormat(of: path) {
    case .safetensors: dict = StateDict(try SafetensorsArrays(opening: path))
    #if NPZ
      case .npz: dict = StateDict(try NPZArrays(opening: path))
    #endif
    case .pytorchJSON where first.first != 0x80 && !first.starts(with: [0x50, 0x4B]):
      dict = StateDict(try JSONArrays(opening: path))
    default: dict = StateDict(try TorchFile(opening: path))
    }
    return try read(dict, choices: choices)
  }

  /// Makes a model of parameters.
  static func read(_ dict: StateDict, choices: ImportChoices) throws -> ImportedModel {
    let path = dict.source.path
    func malformed(_ place: String, _ reason: String) -> ConversionError {
      .malformed(file: path, place: place, reason: reason)
    }
    let parts = TorchParts(dict) { choices.ignores($0) }
    try refuseSeveralModels(parts.parts, path)
    var problems = parts.problems
    if choices.architecture == nil {
      for case (let place, .activation(let function)) in parts.loose {
        problems.append(
          "\(place) is the activation \(function.rawValue), and the file does not say where it is applied: say it with --architecture FILE, where FILE is {\"layers\": [...]} with the names of modules and activations in their order"
        )
      }
    }
    for place in parts.loose.map({ ($0.path, $0.follower) })
      + parts.parts.flatMap({ part in part.followers.map { (part.path, $0) } })
    {
      if case .unknown(let type) = place.1 { problems.append("\(place.0) has a \(type.name), which is not read") }
    }
    guard problems.isEmpty else { throw ConversionError.notMapped(file: path, problems: problems) }
    guard parts.parts.contains(where: \.isRecurrent) else {
      throw malformed("the parameters", "there is no recurrent layer: nothing like weight_ih_l0 and weight_hh_l0")
    }
    let takesVectors = choices.input == .features
    let chain: TorchChain
    do throws(TorchChain.Refusal) {
      if let architecture = choices.architecture {
        chain = try TorchChain(parts.parts, order: architecture, takesVectors: takesVectors)
      } else {
        chain = try TorchChain(parts.parts, takesVectors: takesVectors)
      }
    } catch {
      throw malformed("the order of the modules", error.reason)
    }
    var assembly = TorchAssembly(dict, parts, choices: choices)
    return try assembly.build(chain) { size in
      try dict.root.map { try TorchVocabulary(in: $0).vocabulary(size: size, choices.vocabularyChoices, file: path) }
        ?? nil
    }
  }

  /// Refuses a file that holds the same modules twice, as a checkpoint with running averages does.
  private static func refuseSeveralModels(_ parts: [TorchPart], _ path: String) throws(ConversionError) {
    var models: [String: [String]] = [:]
    for part in parts where part.isRecurrent {
      guard let dot = part.path.firstIndex(of: ".") else { continue }
      models[String(part.path[part.path.index(after: dot)...]), default: []].append(String(part.path[..<dot]))
    }
    guard let several = models.values.first(where: { $0.count > 1 && $0.allSatisfy { Int($0) == nil } }) else { return }
    throw .malformed(
      file: path, place: "the parameters",
      reason:
        "there are several models, \(several.joined(separator: " and ")): leave all but one behind with --ignore '\(several.last ?? "").*'"
    )
  }
}

extension TorchPart {
  var isRecurrent: Bool { if case .recurrent = kind { true } else { false } }
}
