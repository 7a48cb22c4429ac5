import RNNFormat
import RNNModel

/// What the numbers of a parameter are like, as a whole and gate by gate.
public struct ParameterStatistics: Sendable {
  /// One gate's part of a tensor.
  public struct Gate: Sendable {
    /// The gate.
    public let name: String
    /// Its values.
    public let statistics: TensorStatistics
    /// The largest singular value of a gate's recurrent matrix; nil for other tensors, and where a value is not finite.
    public let spectralNorm: Double?
  }

  /// All values.
  public let whole: TensorStatistics
  /// Each gate's values, in the order of the gate axis; empty for tensors without one.
  public let gates: [Gate]
  /// The SHA-256 of the little-endian bytes.
  public let sha256: String

  /// Looks at a parameter.
  ///
  /// - Parameters:
  ///   - entry: which one it is.
  ///   - bytes: its values, little-endian and row-major.
  ///   - type: how they are stored.
  public init(_ entry: ParameterTable.Entry, _ bytes: [UInt8], type: TensorType) {
    whole = TensorStatistics(bytes, type: type)
    sha256 = Hash.sha256(bytes)
    let size = entry.gates.isEmpty ? 0 : entry.count / entry.gates.count
    gates = entry.gates.enumerated().map { index, name in
      let range = (index * size)..<((index + 1) * size)
      var norm: Double?
      if entry.name == "recurrent_weights", let columns = entry.shape.last {
        let places = (range.lowerBound * type.size)..<(range.upperBound * type.size)
        let part = Array(bytes[places.clamped(to: bytes.indices)])
        norm = SpectralNorm.of(LittleEndian.doubles(part, type: type), columns: columns)
      }
      return Gate(
        name: name, statistics: TensorStatistics(bytes, type: type, in: range), spectralNorm: norm)
    }
  }
}
