import Kernels
import RNNFormat

/// The modules with parameters in a state dict.
struct TorchParts {
  /// In the order of the file.
  private(set) var parts: [TorchPart] = []
  /// What is known to be no part of the model, by name.
  private(set) var left: [(name: String, reason: String)] = []
  /// What is not understood.
  private(set) var problems: [String] = []
  /// Dropout, activations and the like whose place the file does not say, by path.
  private(set) var loose: [(path: String, follower: TorchFollower)] = []

  /// Notes that an array is no part of the model.
  mutating func leave(_ name: String, because reason: String) { left.append((name, reason)) }

  /// More than any recurrent model has; the search for their order takes time.
  private static let maximumParts = 128
  /// Words in the keys of what a training keeps beside the model.
  private static let trainingWords = ["optim", "scheduler", "scaler", "rng_state"]

  init(_ dict: StateDict, ignoring ignores: (String) -> Bool) {
    var paths: [String] = []
    var modules: [String: [String: ArrayDescription]] = [:]
    for name in dict.names where !ignores(name) {
      guard let array = dict.source.arrays[name] else { continue }
      var components = name.split(separator: ".", omittingEmptySubsequences: false)
      let last = String(components.removeLast())
      if components.prefix(2).contains(where: { key in Self.trainingWords.contains { key.lowercased().contains($0) } })
      {
        left.append((name, "the state of the training"))
        continue
      }
      let path = components.joined(separator: ".")
      if modules[path] == nil { paths.append(path) }
      modules[path, default: [:]][last] = array
    }
    undoDroppedWeights(&modules)
    paths.removeAll { modules[$0] == nil }
    let objects = Dictionary(dict.modules.map { ($0.path, $0.object) }, uniquingKeysWith: { first, _ in first })
    for path in paths {
      let names = modules[path] ?? [:]
      do throws(TorchRefusal) {
        if let part = try Self.part(path, names, objects[path]) {
          parts.append(part)
          let unused = Set(names.values.map(\.name)).subtracting(part.names)
          problems += unused.sorted().map { "\($0) belongs to nothing that is known" }
        } else {
          problems += names.values.map(\.name).sorted().map { name in
            let object = objects[path]
            return
              "\(name) belongs to \(object.map { "a \($0.type.name), which is not read" } ?? "nothing that is known")"
          }
        }
      } catch {
        problems.append("\(path): \(error.reason)")
      }
    }
    guard parts.count <= Self.maximumParts else {
      problems.append("it has \(parts.count) modules, more than \(Self.maximumParts)")
      return
    }
    for (path, object) in dict.modules where object.isTorchModule && modules[path] == nil && !object.hasModules {
      place(TorchFollower(object), at: path, objects)
    }
  }

  /// Adds a module without parameters behind the part before it, where a container says that it stands there.
  private mutating func place(
    _ follower: TorchFollower, at path: String, _ objects: [String: PickleObject]
  ) {
    if follower == .identity { return }
    let components = path.split(separator: ".")
    let parent = components.dropLast().joined(separator: ".")
    let prefix = parent.isEmpty ? "" : parent + "."
    // The modules of a container are computed in their order; its numbers are their names.
    if objects[parent]?.type.name == "Sequential", let number = components.last.flatMap({ Int($0) }) {
      let before = parts.lastIndex { part in
        part.path.hasPrefix(prefix)
          && part.path.dropFirst(prefix.count).split(separator: ".").first.flatMap { Int($0) }
            .map { $0 < number } ?? false
      }
      if let before { return parts[before].followers.append(follower) }
    }
    loose.append((path, follower))
  }

  private static func part(
    _ path: String, _ names: [String: ArrayDescription], _ object: PickleObject?
  ) throws(TorchRefusal) -> TorchPart? {
    if let parameters = try TorchRecurrent(names) {
      let mode = object?.attributes?["mode"]?.string ?? object?.attributes?["nonlinearity"]?.string
      return TorchPart(
        path: path,
        kind: .recurrent(
          parameters, nonlinearity: object == nil ? nil : mode?.lowercased().hasSuffix("relu") == true ? .relu : .tanh,
          dropout: object?.number("dropout") ?? 0))
    }
    let bias = names["bias"]
    guard let weight = names["weight"] else {
      guard let bias, names.count == 1, bias.shape.count == 1, bias.shape[0] > 0 else { return nil }
      return TorchPart(path: path, kind: .bias(bias.name, width: bias.shape[0]))
    }
    guard !weight.shape.contains(0), names.keys.allSatisfy({ $0 == "weight" || $0 == "bias" }) else { return nil }
    switch (weight.shape.count, object?.type.name) {
    case (2, nil), (2, "Embedding"), (2, "Linear"):
      if let bias, bias.shape != [weight.shape[0]] {
        throw TorchRefusal("\(bias.name) has the shape \(bias.shape), but \(weight.name) \(weight.shape)")
      }
      if let limit = object?.attributes?["max_norm"], limit != .none {
        throw TorchRefusal("it is an embedding with max_norm, which changes its rows while it runs")
      }
      return TorchPart(
        path: path,
        kind: .matrix(
          weight: weight.name, bias: bias?.name, rows: weight.shape[0], columns: weight.shape[1],
          mayEmbed: bias == nil && object?.type.name != "Linear", mayMap: object?.type.name != "Embedding"))
    case (1, nil), (1, "LayerNorm"):
      if let bias, bias.shape != weight.shape {
        throw TorchRefusal("\(bias.name) has the shape \(bias.shape), but \(weight.name) \(weight.shape)")
      }
      return TorchPart(
        path: path,
        kind: .norm(weight: weight.name, bias: bias?.name, width: weight.shape[0], epsilon: object?.number("eps")))
    default: return nil
    }
  }
}

extension TorchPart {
  /// The names of all its parameters.
  var names: Set<String> {
    switch kind {
    case .matrix(let weight, let bias, _, _, _, _), .norm(let weight, let bias, _, _):
      Set([weight, bias].compactMap(\.self))
    case .bias(let bias, _): [bias]
    case .recurrent(let parameters, _, _): Set(parameters.names)
    }
  }
}

extension PickleObject {
  /// Whether a module has modules of its own.
  fileprivate var hasModules: Bool { !(attributes?["_modules"]?.dictionary?.pairs.isEmpty ?? true) }
}
