import RNNFormat
import RNNModel

extension ModelFormat {
  /// What reads the models of another framework; nil for the project's own format, and where this build cannot.
  var importer: (any ModelImport.Type)? {
    switch self {
    case .rnnH5: nil
    case .safetensors, .npz, .torchSafetensors, .torchNPZ: TorchImport.self
    case .kerasH5, .keras, .kerasWeights: KerasImport.self
    case .pytorch, .pytorchJSON: TorchImport.self
    case .onnx: ONNXImport.self
    case .torch7: Torch7Import.self
    case .arpa, .arpaGzip: ARPAImport.self
    case .elmo: ELMoImport.self
    case .rnnlm: RNNLMImport.self
    case .tensorflow: TensorFlowImport.self
    case .tfjs: BrowserImport.self
    }
  }

  /// What writes models for another framework; nil for formats that are written whole, and for those that are only read.
  var exporter: (any ModelExport.Type)? {
    switch self {
    case .rnnH5, .safetensors, .npz: nil
    case .kerasH5: KerasH5Export.self
    case .keras: KerasArchiveExport.self
    case .kerasWeights: KerasWeightsExport.self
    case .pytorch: TorchExport.self
    case .onnx: ONNXExport.self
    case .arpa: ARPAExport.self
    case .arpaGzip: ARPAGzipExport.self
    case .torchSafetensors: TorchSafetensorsExport.self
    case .torchNPZ:
      #if NPZ
        TorchNPZExport.self
      #else
        nil
      #endif
    case .pytorchJSON, .torch7, .elmo, .rnnlm, .tensorflow, .tfjs: nil
    }
  }

  /// Whether this build can write the format.
  public var canWrite: Bool { Self.available.contains(self) && (isWhole || exporter != nil) }
}

extension ImportChoices {
  /// What has to be said of a file that was just written, so that it is read as what it is: formats that hold little more than weights do not say it.
  init(expecting architecture: Architecture) {
    context = architecture.context
    input = architecture.input
    output = architecture.output
    for layer in architecture.layers {
      switch layer {
      case .elman(let layer): activation = layer.activation
      case .lstm(let layer):
        activation = layer.activation
        recurrentActivation = layer.recurrentActivation
        forgetBias = 0
      case .gru(let layer):
        activation = layer.activation
        recurrentActivation = layer.recurrentActivation
        reset = layer.reset
      default: break
      }
    }
  }
}
