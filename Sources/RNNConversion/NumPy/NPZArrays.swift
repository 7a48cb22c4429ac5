#if NPZ
  /// A NumPy archive of another program, as arrays.
  final class NPZArrays: ArraySource {
    private let file: NPZFile

    init(opening path: String) throws { file = try NPZFile(opening: path) }

    var path: String { file.path }
    var arrays: [String: ArrayDescription] { file.arrays }
    func bytes(of array: ArrayDescription) throws -> [UInt8] { try file.bytes(of: array) }
  }
#endif
