import RNNFormat
import RNNModel

/// What the parameters of a model do not say about it: what an importer that has nothing else does not find.
struct TorchUnstated {
  /// One text for each thing; empty where the parameters say all.
  let list: [String]

  /// Reads the parameters of a plan as if they were in a file, without anything that the user could say.
  init(_ plan: TorchPlan) {
    let source = PlannedArrays(plan.arrays)
    // safetensors and npz have no order.
    let dict =
      plan.format == .pytorch ? StateDict(source, names: plan.arrays.map(\.name)) : StateDict(source)
    let program = "is in the Python program that loads the file"
    var list: [String] = []
    let dropouts = plan.architecture.layers.contains {
      if case .dropout(let layer) = $0 { layer.rate > 0 } else { false }
    }
    if dropouts { list.append("dropout, which \(program)") }
    let (own, found) = (
      Self.anonymous(plan.architecture),
      (try? TorchImport.read(dict, choices: ImportChoices())).map { Self.anonymous($0.document.architecture) }
    )
    if own.layers != found?.layers {
      list.append("the order and the options of the layers, which are in the Python program that loads the file")
    }
    if plan.architecture.context != found?.context {
      list.append("the context \(plan.architecture.json["context"]?.canonical ?? ""), which \(program)")
    }
    if plan.architecture.input != found?.input { list.append("that \(plan.architecture.input.rawValue) come in") }
    if plan.architecture.output != found?.output {
      list.append("that the outputs are \(plan.architecture.output.rawValue)")
    }
    self.list = list
  }

  /// An architecture without dropout, with numbers for the names of its layers and one bias for two where PyTorch has both or none.
  private static func anonymous(
    _ architecture: Architecture
  ) -> (layers: [JSONValue], context: Architecture.Context, input: Architecture.Input, output: Architecture.Output) {
    var names: [String: String] = [:]
    var count = 0
    var kept: [JSONValue] = []
    for (layer, json) in zip(architecture.layers, architecture.json["layers"]?.array ?? []) {
      if case .dropout = layer {
        names[layer.name] = "\(count)"
        continue
      }
      count += 1
      names[layer.name] = "\(count)"
      kept.append(json)
    }
    let layers = kept.map { layer -> JSONValue in
      var members = layer.object ?? [:]
      for (key, value) in members {
        if let name = value.string, key != "kind", let number = names[name] { members[key] = .string(number) }
        if let sources = value.array {
          members[key] = .array(sources.map { $0.string.flatMap { names[$0] }.map { .string($0) } ?? $0 })
        }
      }
      return .object(members)
    }
    return (layers, architecture.context, architecture.input, architecture.output)
  }
}

/// The arrays of an export before they are made, with what each is made of in place of its values.
private final class PlannedArrays: ArraySource {
  let path = "the exported file"
  let arrays: [String: ArrayDescription]
  private let formulas: [String: TensorFormula]

  init(_ exported: [ExportedArray]) {
    formulas = Dictionary(exported.map { ($0.name, $0.formula) }, uniquingKeysWith: { first, _ in first })
    arrays = formulas.reduce(into: [:]) {
      $0[$1.key] = ArrayDescription(name: $1.key, type: $1.value.type, shape: $1.value.shape)
    }
  }

  /// Two arrays have the same here where they are the same weights.
  func bytes(of array: ArrayDescription) -> [UInt8] { Array((formulas[array.name]?.description ?? "").utf8) }
}
