import RNNFormat
import RNNModel

/// Writes the parameters of a model by the names of PyTorch's own modules.
protocol TorchStateDictExport: ModelExport {
  var plan: TorchPlan { get }
}

extension TorchStateDictExport {
  var arrays: [ExportedArray] { plan.arrays }
  var lost: [String] { plan.lost }
  var companion: JSONValue? { plan.description }
  var program: String? { loader }

  /// A Python program that makes the module and loads the file that ``write(_:creating:)`` wrote.
  var loader: String { TorchLoader(plan).text }
}

/// Writes the parameters of a model as a state dict of PyTorch's own modules, as `torch.save` does.
struct TorchExport: TorchStateDictExport {
  /// PyTorch maps files into memory at such places.
  private static let alignment = 64
  /// The folder in the archive.
  private static let folder = "model"

  let plan: TorchPlan

  /// Lays a model out.
  ///
  /// - Throws: ``ConversionError/inexpressible(_:reasons:)``.
  init(_ document: ModelDocument, _ tensors: [TensorDescription]) throws {
    plan = try TorchPlan(document, tensors, for: .pytorch)
  }

  func write<Source: TensorSource & ~Copyable>(_ source: borrowing Source, creating path: String) throws {
    let zip = try ZipWriter(creating: path, alignment: Self.alignment)
    // Weights that are the same tensor of the model share a storage: tied weights.
    var storages: [TensorFormula] = []
    var keys: [TensorFormula: Int] = [:]
    var pairs: [PickleDictionary.Pair] = []
    for array in arrays {
      var key = keys[array.formula] ?? storages.count
      if array.formula.operands.isEmpty { key = storages.count }
      if key == storages.count { storages.append(array.formula) }
      keys[array.formula] = key
      pairs.append(.init(key: .string(array.name), value: Self.tensor(array.formula, key: "\(key)")))
    }
    guard let pairs = PickleDictionary(pairs) else {
      throw FormatError.cannotWrite(file: path, reason: "two arrays have the same name")
    }
    let dictionary = PickleValue.object(PickleObject(calling: "collections", "OrderedDict", [], pairs: pairs))
    try zip.add("\(Self.folder)/data.pkl", PickleWriter.bytes(of: dictionary))
    try zip.add("\(Self.folder)/.format_version", Array("1".utf8))
    try zip.add("\(Self.folder)/.storage_alignment", Array("\(Self.alignment)".utf8))
    try zip.add("\(Self.folder)/byteorder", Array("little".utf8))
    for (key, formula) in storages.enumerated() {
      try zip.begin("\(Self.folder)/data/\(key)", size: formula.count * formula.type.size)
      try source.forEachBlock(of: formula) { try zip.append($0) }
    }
    try zip.add("\(Self.folder)/version", Array("3\n".utf8))
    try zip.finish()
  }

  /// What the pickle says of a contiguous tensor that is all of a storage.
  private static func tensor(_ formula: TensorFormula, key: String) -> PickleValue {
    let shape = formula.shape
    var strides: [Int] = []
    var stride = 1
    for length in shape.reversed() {
      strides.insert(stride, at: 0)
      stride *= max(1, length)
    }
    let identifier: PickleValue = .tuple([
      .string("storage"),
      .global(PickleName(module: "torch", name: TorchType.storageName(of: formula.type) ?? "FloatStorage")),
      .string(key), .string("cpu"), .integer(formula.count),
    ])
    return .object(
      PickleObject(
        calling: "torch._utils", "_rebuild_tensor_v2",
        [
          .persistent(identifier), .integer(0), .tuple(shape.map { .integer($0) }),
          .tuple(strides.map { .integer($0) }), .bool(false),
          .object(PickleObject(calling: "collections", "OrderedDict", [])),
        ]))
  }
}
