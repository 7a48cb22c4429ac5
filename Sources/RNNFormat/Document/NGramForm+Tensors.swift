import NGram
import RNNModel

extension NGramForm {
  /// Reads the tables of an n-gram model.
  ///
  /// - Parameters:
  ///   - table: the architecture's only layer.
  ///   - description: how the model came about.
  ///   - source: the tensors, complete for the architecture.
  /// - Throws: what reading the tensors throws.
  public init<Source: TensorSource & ~Copyable>(
    _ table: Architecture.NGram, description: NGramDescription, tensors source: borrowing Source
  ) throws {
    func bytes(_ name: String) throws -> (bytes: [UInt8], type: TensorType) {
      guard let tensor = source.tensors.first(where: { $0.path == "\(table.name)/\(name)" }) else {
        return ([], .float32)
      }
      return (try source.bytes(of: tensor), tensor.type)
    }
    func reals(_ name: String) throws -> [Float] {
      let (bytes, type) = try bytes(name)
      return LittleEndian.values(bytes, type: type, as: Float.self)
    }
    self.init(
      table, description: description, tokens: LittleEndian.integers(try bytes("tokens").bytes, as: UInt32.self),
      logProbabilities: try reals("log_probabilities"), backoffs: try reals("backoffs"),
      children: LittleEndian.integers(try bytes("children").bytes, as: UInt64.self))
  }
}

extension NGramModel {
  /// The tensors of the model as it is stored.
  public var tensors: NGramTensors { NGramTensors(form) }
}

/// The tables of an n-gram model in memory.
public struct NGramTensors: TensorSource {
  /// What the tables are those of.
  public let architecture: Architecture
  /// The tensors, in the order of the table.
  public let tensors: [TensorDescription]
  private let rows: NGramForm.Rows

  /// Takes the arrays of a model.
  public init(_ form: NGramForm) {
    rows = form.rows
    architecture = Architecture(form.layer)
    tensors = ParameterTable(architecture).entries.map { entry in
      let type: TensorType =
        switch entry.numbers {
        case .real: .float32
        case .uint32: .uint32
        case .uint64: .uint64
        }
      return TensorDescription(path: entry.path, type: type, shape: entry.shape)
    }
  }

  /// The values of a tensor; none for a tensor that the model does not have.
  public func bytes(of tensor: TensorDescription) -> [UInt8] {
    switch tensor.path.split(separator: "/").last {
    case "tokens": LittleEndian.bytes(rows.tokens)
    case "log_probabilities": LittleEndian.bytes(rows.logProbabilities[...])
    case "backoffs": LittleEndian.bytes(rows.backoffs[...])
    case "children": LittleEndian.bytes(rows.children)
    default: []
    }
  }
}

extension ModelDocument {
  /// The key of `hyper_parameters` in the metadata under which an n-gram model says how it came about.
  public static let ngramKey = "ngram"

  /// How an n-gram model came about, as far as the metadata say it.
  func ngramDescription(of table: Architecture.NGram) -> NGramDescription {
    guard let json = metadata["hyper_parameters"]?[Self.ngramKey],
      let described: NGramDescription = try? json.decoded(),
      described.factor == table.skipFactor, (described.method == "stupid-backoff") == (table.skipFactor != nil)
    else { return NGramDescription(of: table) }
    return described
  }
}

extension Architecture {
  /// Why tables are not those of an n-gram model; nil if they are, and for networks.
  ///
  /// - Throws: what reading the tensors throws.
  func ngramViolation<Source: TensorSource & ~Copyable>(of source: borrowing Source) throws -> String? {
    guard let ngram else { return nil }
    do {
      try NGramForm(ngram, description: NGramDescription(of: ngram), tensors: source).check()
      return nil
    } catch let error as NGramError {
      return "\(error)"
    }
  }
}

/// Tensors whose values have been read, by their paths.
struct ReadTensors: TensorSource {
  let tensors: [TensorDescription]
  var values: [String: [UInt8]] = [:]

  func bytes(of tensor: TensorDescription) -> [UInt8] { values[tensor.path] ?? [] }
}
