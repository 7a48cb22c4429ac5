import RNNFormat
import RNNModel

/// Writes the parameters of a model as a safetensors file that `load_state_dict` takes.
struct TorchSafetensorsExport: TorchStateDictExport {
  let plan: TorchPlan

  init(_ document: ModelDocument, _ tensors: [TensorDescription]) throws {
    plan = try TorchPlan(document, tensors, for: .torchSafetensors)
  }

  func write<Source: TensorSource & ~Copyable>(_ source: borrowing Source, creating path: String) throws {
    // What Hugging Face's programs ask for before they load a file.
    let writer = try SafetensorsWriter.begin(
      creating: path, arrays.map { ArrayDescription(name: $0.name, type: $0.formula.type, shape: $0.formula.shape) },
      texts: ["format": "pt"])
    for index in writer.order { try source.forEachBlock(of: arrays[index].formula) { try writer.append($0) } }
  }
}

#if NPZ
  /// Writes the parameters of a model as a NumPy archive by PyTorch's names.
  struct TorchNPZExport: TorchStateDictExport {
    let plan: TorchPlan

    init(_ document: ModelDocument, _ tensors: [TensorDescription]) throws {
      guard !tensors.contains(where: { $0.type == .bfloat16 }) else {
        throw ConversionError.inexpressible(
          .torchNPZ, reasons: ["NumPy has no bfloat16: store the parameters as another type, as with --dtype float32"])
      }
      plan = try TorchPlan(document, tensors, for: .torchNPZ)
    }

    func write<Source: TensorSource & ~Copyable>(_ source: borrowing Source, creating path: String) throws {
      let archive = try NPZArchive(creating: path)
      for array in arrays {
        try archive.begin(array.name, type: array.formula.type, shape: array.formula.shape)
        try source.forEachBlock(of: array.formula) { try archive.append($0) }
      }
      try archive.finish()
    }
  }
#endif
