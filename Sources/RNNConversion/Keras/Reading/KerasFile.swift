import HDF5
import RNNFormat

/// A model of Keras open for reading, of any age: whole, or only its weights; in an HDF5 file, or in one of TensorFlow.
///
/// Everything but the values of the arrays is in memory. What a file of Keras may contain beside the model (the state of an optimizer,
/// the seeds of dropout) is named and not read.
final class KerasFile: ArraySource {
  /// The arrays of one layer, in the order in which Keras gives and takes them.
  struct Group: Hashable, Sendable {
    /// The layer's name, or in the layout of Keras 3 the path of the object that owns the arrays, as in `layers/lstm/cell`.
    let name: String
    /// The user's name of a layer in the layout of Keras 3.
    let label: String?
    /// The arrays; their names are the paths in the file.
    let arrays: [ArrayDescription]
  }

  /// How the arrays are found.
  enum Layout: Hashable, Sendable {
    /// By the lists `layer_names` and `weight_names`: Keras 1 and 2, and Keras 3 where it writes `.h5`.
    case names
    /// By paths, as Keras 3 has it.
    case paths
  }

  /// The path that was opened.
  let path: String
  let layout: Layout
  /// The version that the file names; nil where it names none.
  let versionText: String?
  /// The library under Keras, such as `tensorflow`.
  let backend: String?
  /// What `model_config` says; nil in a file of weights only.
  let configuration: JSONValue?
  /// The arrays by layer, in the order of the file's lists, or of paths.
  let groups: [Group]
  /// Arrays that are no parameters, by path: of the optimizer, of dropout's random numbers.
  let leftBehind: [String]

  private let values: any KerasValues

  /// Opens a file.
  ///
  /// - Parameter quarantine: reads it in place of this process.
  /// - Throws: ``ConversionError``, `FormatError` for what is no HDF5 file.
  convenience init(opening path: String, through quarantine: Quarantine? = nil) throws {
    if let quarantine {
      try self.init(try quarantine.open(path, content: .foreign))
      return
    }
    do {
      try self.init(try File(opening: path, limits: Self.limits))
    } catch let error as HDF5Error {
      throw FormatError.hdf5(error)
    }
  }

  /// What is taken from a stranger's file: models nest a few levels and have some thousand arrays.
  static let limits = ReadLimits(maximumDepth: 32, maximumObjects: 200_000)

  /// Takes over an open file.
  ///
  /// - Parameters:
  ///   - holder: what has to live as long as the file is read.
  ///   - configuration: what stands beside it about the model.
  ///   - version: the version that stands beside it.
  convenience init(
    _ file: consuming File, holding holder: AnyObject? = nil, configuration: JSONValue? = nil, version: String? = nil
  ) throws {
    do {
      let path = file.location.file
      let content = try KerasStructure(file: path).read(file)
      let values = KerasDatasets(file, holding: holder, kinds: content.kinds)
      self.init(path, content, values: values, configuration: configuration, version: version)
    } catch let error as HDF5Error {
      throw FormatError.hdf5(error)
    }
  }

  /// Takes what was found in a file of another container.
  ///
  /// - Parameters:
  ///   - values: reads the arrays.
  ///   - configuration: what stands beside it about the model.
  ///   - version: the version that stands beside it.
  init(
    _ path: String, _ content: KerasStructure.Content, values: any KerasValues, configuration: JSONValue? = nil,
    version: String? = nil
  ) {
    self.path = path
    self.values = values
    layout = content.layout
    versionText = version ?? content.version
    backend = content.backend
    self.configuration = configuration ?? content.configuration
    groups = content.groups
    leftBehind = content.leftBehind
    // The structure takes each array once.
    arrays = Dictionary(
      content.groups.flatMap(\.arrays).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Every array that belongs to a layer.
  let arrays: [String: ArrayDescription]

  /// How many arrays of each group are no parameters.
  var leftBehindCounts: [(group: String, count: Int)] {
    let groups = leftBehind.map { path in
      path.split(separator: "/").first.map { $0.hasPrefix("optimizer") ? String($0) : path } ?? path
    }
    return Dictionary(groups.map { ($0, 1) }, uniquingKeysWith: +).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The values of an array, little-endian and row-major.
  func bytes(of array: ArrayDescription) throws -> [UInt8] { try values.bytes(of: array) }
}

/// Reads the arrays of a model of Keras from whatever holds them.
protocol KerasValues: AnyObject {
  /// The values of an array, little-endian and row-major.
  func bytes(of array: ArrayDescription) throws -> [UInt8]
}

/// The arrays of a model of Keras as datasets of an HDF5 file.
private final class KerasDatasets: KerasValues {
  private let file: File
  /// What the open file reads from, kept as long as it.
  private let holder: AnyObject?
  private let kinds: [String: KerasArrayKind]

  init(_ file: consuming File, holding holder: AnyObject?, kinds: [String: KerasArrayKind]) {
    self.file = file
    self.holder = holder
    self.kinds = kinds
  }

  func bytes(of array: ArrayDescription) throws -> [UInt8] {
    do {
      let dataset = try file.root.dataset(array.name)
      switch kinds[array.name] {
      case .plain: return try dataset.readBytes()
      case .foreign: return try dataset.readForeignBytes()
      case nil: return []
      }
    } catch {
      throw FormatError.hdf5(error)
    }
  }
}

/// How an array of a Keras file is stored.
enum KerasArrayKind: Hashable, Sendable {
  /// In a type that this project writes too.
  case plain
  /// Big-endian, or as opaque bytes.
  case foreign
}
