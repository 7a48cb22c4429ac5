import HDF5
import RNNFormat

/// All arrays of numbers in an HDF5 file of a program that says nothing else in it, by path without the first slash.
final class HDF5Arrays: ArraySource {
  let path: String
  let arrays: [String: ArrayDescription]
  private let file: File

  /// Opens a file.
  ///
  /// - Parameter quarantine: reads it in place of this process.
  /// - Throws: ``ConversionError``, `FormatError` for what is no HDF5 file.
  init(opening path: String, through quarantine: Quarantine? = nil) throws {
    do {
      let file = try quarantine?.open(path, content: .foreign) ?? File(opening: path, limits: KerasFile.limits)
      var arrays: [String: ArrayDescription] = [:]
      // The walk refuses links, cycles and whatever else could lead out of the file or never end.
      for object in try file.objects() where object.kind == .dataset {
        let name = String(object.path.dropFirst())
        let dataset = try file.root.dataset(name)
        let (datatype, shape) = (dataset.datatype, dataset.shape)
        let array = NumericType(datatype).map { ArrayDescription(name: name, type: $0, shape: shape) }
        guard try dataset.foreignNumber == nil, let array, array.byteCount != nil, array.shape.count <= 8 else {
          throw ConversionError.malformed(
            file: path, place: name, reason: "it stores \(datatype), not little-endian numbers")
        }
        arrays[name] = array
      }
      self.path = path
      self.arrays = arrays
      self.file = file
    } catch let error as HDF5Error {
      throw FormatError.hdf5(error)
    }
  }

  func bytes(of array: ArrayDescription) throws -> [UInt8] {
    do { return try file.root.dataset(array.name).readBytes() } catch { throw FormatError.hdf5(error) }
  }
}
