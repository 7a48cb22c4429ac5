import RNNFormat

/// A file format that can hold a model.
public enum ModelFormat: String, Hashable, Sendable, CaseIterable {
  /// The project's own, `docs/FORMAT.md`.
  case rnnH5 = "rnn-h5"
  /// Hugging Face safetensors: with the project's documents in its metadata, or the parameters of a PyTorch module.
  case safetensors
  /// A NumPy archive: with the project's documents as byte arrays, or the parameters of a PyTorch module.
  case npz
  /// The HDF5 files of Keras 1 and 2, and of Keras 3 on request.
  case kerasH5 = "keras-h5"
  /// The archives of Keras 3.
  case keras
  /// The weights of Keras 3 without their configuration.
  case kerasWeights = "keras-weights"
  /// What `torch.save` writes.
  case pytorch
  /// The parameters of a PyTorch module as lists in JSON.
  case pytorchJSON = "pytorch-json"
  /// Open Neural Network Exchange.
  case onnx
  /// What `torch.save` of Torch7 writes.
  case torch7
  /// The text format of SRILM, KenLM and others for n-gram models.
  case arpa
  /// The same, compressed by gzip.
  case arpaGzip = "arpa-gzip"
  /// The parameters of a PyTorch module by its names in safetensors, and nothing else; read as ``safetensors``.
  case torchSafetensors = "safetensors-torch"
  /// The same as a NumPy archive; read as ``npz``.
  case torchNPZ = "npz-torch"
  /// The weights of ELMo in HDF5.
  case elmo
  /// What Mikolov's RNNLM toolkit writes, as text or binary.
  case rnnlm
  /// Checkpoints of TensorFlow, of both versions.
  case tensorflow
  /// Models for browsers: those of TensorFlow.js, and of ml5.
  case tfjs

  /// The formats of this build.
  public static var available: [ModelFormat] {
    #if NPZ
      allCases
    #else
      allCases.filter { ![.npz, .torchNPZ, .keras, .pytorch].contains($0) }
    #endif
  }

  /// Whether the format is the project's own, or can carry all that the project's own has.
  var isWhole: Bool { [.rnnH5, .safetensors, .npz].contains(self) }

  /// The endings of file names, the usual one first.
  public var endings: [String] {
    switch self {
    case .rnnH5: ["h5", "hdf5", "rnn"]
    case .safetensors: ["safetensors"]
    case .npz: ["npz"]
    case .kerasH5: ["keras.h5"]
    case .keras: ["keras"]
    case .kerasWeights: ["weights.h5"]
    case .pytorch: ["pt", "pth", "bin"]
    case .pytorchJSON: ["json"]
    case .onnx: ["onnx"]
    case .torch7: ["t7"]
    case .arpa: ["arpa", "lm"]
    case .arpaGzip: ["arpa.gz", "lm.gz"]
    case .torchSafetensors: ["torch.safetensors"]
    case .torchNPZ: ["torch.npz"]
    case .elmo: ["elmo.hdf5", "elmo.h5"]
    case .rnnlm: ["rnnlm"]
    case .tensorflow: ["ckpt", "index"]
    case .tfjs: ["tfjs.json"]
    }
  }

  /// The format that a file name asks for: that of the longest ending.
  public init?(fileName path: String) {
    let name = (path.split(separator: "/").last ?? "").lowercased()
    let matches = Self.allCases.flatMap { format in
      format.endings.filter { name.hasSuffix(".\($0)") }.map { (format, $0.count) }
    }
    guard let best = matches.max(by: { $0.1 < $1.1 }) else { return nil }
    self = best.0
  }

  /// The format that a file's content shows, else the one that its name asks for.
  ///
  /// - Parameters:
  ///   - path: the file, or what a model of several files is called: see ``CheckpointPlace``.
  ///   - quarantine: looks into HDF5 files in place of this process.
  /// - Throws: ``ConversionError/cannotRead(file:reason:)`` if the file cannot be read.
  public init?(of path: String, through quarantine: Quarantine? = nil) throws {
    let path = try CheckpointPlace.file(path)
    let first = try InputFile(opening: path).read(at: 0, count: 64, orFewer: true)
    if let format = try FormatRecognition(path, first, quarantine).format {
      self = format
    } else {
      self.init(fileName: path)
    }
  }
}
