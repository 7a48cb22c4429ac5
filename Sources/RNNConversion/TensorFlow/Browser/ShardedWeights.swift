import Foundation
import RNNFormat

/// The weights of a model of TensorFlow.js: groups of arrays, those of a group one after another in files that are cut anywhere.
///
/// Arrays may be quantised to fewer bits: q stands for q x scale + min, or for a float of 16 bits.
final class ShardedWeights: KerasValues {
  /// How an array is stored.
  private enum Encoding {
    case plain
    case affine(bytes: Int, scale: Double, minimum: Double)
    case float16
  }

  private struct Place {
    let group: Int
    let range: Range<Int>
    let encoding: Encoding
  }

  /// All arrays, in the order of the file.
  let arrays: [ArrayDescription]
  private let path: String
  private let places: [String: Place]
  /// The files of each group, with where each begins.
  private let groups: [[(file: SharedFile, start: Int)]]

  private static let types: [String: NumericType] = [
    "float32": .float32, "int32": .int32, "bool": .bool, "float16": .float16,
  ]

  /// - Parameter manifest: the value of `weightsManifest`.
  /// - Throws: ``ConversionError``.
  init(_ manifest: JSONValue, path: String) throws(ConversionError) {
    func malformed(_ place: String, _ reason: String) -> ConversionError {
      .malformed(file: path, place: place, reason: reason)
    }
    guard let list = manifest.array else { throw malformed("weightsManifest", "it is not a list") }
    var arrays: [ArrayDescription] = []
    var places: [String: Place] = [:]
    var groups: [[(file: SharedFile, start: Int)]] = []
    var taken: Set<String> = []
    for (index, group) in list.enumerated() {
      let place = "weightsManifest \(index)"
      guard let names = group["paths"]?.array, let weights = group["weights"]?.array else {
        throw malformed(place, "it has no 'paths' and 'weights'")
      }
      var files: [(file: SharedFile, start: Int)] = []
      var size = 0
      for name in names {
        guard let name = name.string, taken.insert(name).inserted else {
          throw malformed(place, "a path is not a text, or there twice")
        }
        let file = try FileBeside.open(name, of: path, place: place)
        files.append((file, size))
        let (sum, overflow) = size.addingReportingOverflow(file.size)
        guard !overflow else { throw malformed(place, "its files are larger than any file") }
        size = sum
      }
      var position = 0
      for weight in weights {
        let (array, encoding) = try Self.describe(weight, path: path, place: place)
        let width: Int
        switch encoding {
        case .plain: width = array.type.size
        case .affine(let bytes, _, _): width = bytes
        case .float16: width = 2
        }
        // A count of values of at least a byte each does not overflow.
        let count = (array.byteCount ?? 0) / array.type.size
        guard array.byteCount != nil, count * width <= size - position else {
          throw malformed("'\(array.name)'", "its shape \(array.shape) does not fit into the files")
        }
        guard places[array.name] == nil else { throw malformed("'\(array.name)'", "it is there twice") }
        places[array.name] = Place(
          group: index, range: position..<(position + count * width), encoding: encoding)
        arrays.append(array)
        position += count * width
      }
      guard position == size else {
        throw malformed(place, "its files have \(size) bytes, but its arrays take \(position)")
      }
      groups.append(files)
    }
    self.path = path
    self.arrays = arrays
    self.places = places
    self.groups = groups
  }

  private static func describe(
    _ weight: JSONValue, path: String, place: String
  ) throws(ConversionError) -> (ArrayDescription, Encoding) {
    guard let name = weight["name"]?.string, let shape = weight["shape"]?.array?.map({ $0.integer ?? -1 }),
      shape.allSatisfy({ $0 >= 0 && $0 <= Int(Int32.max) }), shape.count <= 4, let typeName = weight["dtype"]?.string
    else {
      throw .malformed(file: path, place: place, reason: "an array has no 'name', 'shape' and 'dtype'")
    }
    guard let type = types[typeName] else {
      throw .malformed(
        file: path, place: "'\(name)'", reason: "it holds values of the type '\(typeName)', which is not read")
    }
    let array = ArrayDescription(name: name, type: type, shape: shape)
    guard let quantization = weight["quantization"], quantization != .null else { return (array, .plain) }
    let stored = quantization["dtype"]?.string ?? ""
    if stored == "float16", type == .float32 { return (array, .float16) }
    guard let bytes = ["uint8": 1, "uint16": 2][stored], let scale = quantization["scale"]?.number,
      let minimum = quantization["min"]?.number, type == .float32
    else {
      throw .malformed(file: path, place: "'\(name)'", reason: "it is quantised in a way that is not known")
    }
    return (array, .affine(bytes: bytes, scale: scale, minimum: minimum))
  }

  func bytes(of array: ArrayDescription) throws -> [UInt8] {
    guard let place = places[array.name] else { return [] }
    var stored: [UInt8] = []
    for (file, start) in groups[place.group] {
      let (lower, upper) = (max(place.range.lowerBound - start, 0), min(place.range.upperBound - start, file.size))
      if lower < upper { stored += try file.bytes(lower..<upper) }
    }
    switch place.encoding {
    case .plain: return stored
    case .float16:
      return LittleEndian.bytes(LittleEndian.values(stored, type: .float16, as: Float.self)[...])
    case .affine(let width, let scale, let minimum):
      let values = Swift.stride(from: 0, to: stored.count - width + 1, by: width).map { index -> Float in
        let level = width == 1 ? Int(stored[index]) : Int(stored[index]) | Int(stored[index + 1]) << 8
        return Float(Double(level) * scale + minimum)
      }
      return LittleEndian.bytes(values[...])
    }
  }
}
