#if NPZ
  import RNNFormat

  /// A NumPy archive open for reading: a zip of `.npy` files.
  struct NPZFile: ~Copyable, ArrayFile {
    /// Texts are read at once: metadata of a model, not the model.
    private static let maximumTextBytes = 16 << 20
    private static let longestHeader = 70_000

    private let archive: ZipReader
    private let headers: [String: (entry: ZipReader.Entry, header: NPYHeader)]
    let path: String
    let arrays: [String: ArrayDescription]
    let texts: [String: String]

    init(opening path: String) throws {
      let archive = try ZipReader(opening: path)
      (headers, arrays, texts) = try Self.readHeaders(archive)
      self.archive = archive
      self.path = path
    }

    private static func readHeaders(
      _ archive: ZipReader
    ) throws -> ([String: (entry: ZipReader.Entry, header: NPYHeader)], [String: ArrayDescription], [String: String]) {
      func malformed(_ place: String, _ reason: String) -> ConversionError {
        .malformed(file: archive.path, place: place, reason: reason)
      }
      var headers: [String: (entry: ZipReader.Entry, header: NPYHeader)] = [:]
      var arrays: [String: ArrayDescription] = [:]
      var texts: [String: String] = [:]
      for entry in archive.entries {
        guard entry.name.hasSuffix(".npy") else { throw malformed(entry.name, "it is not a NumPy array") }
        let name = String(entry.name.dropLast(4))
        let header: NPYHeader
        do {
          header = try NPYHeader(parsing: try archive.bytes(of: entry, 0..<min(entry.size, longestHeader)))
        } catch let error as NPYHeader.Malformed {
          throw malformed(entry.name, error.reason)
        }
        let array = ArrayDescription(name: name, type: header.type, shape: header.shape)
        guard let bytes = array.byteCount, bytes == entry.size - header.length else {
          throw malformed(entry.name, "its shape does not fit its size")
        }
        headers[name] = (entry, header)
        if name.hasPrefix(FlatModel.prefix),
          FlatModel.textNames.contains(String(name.dropFirst(FlatModel.prefix.count))),
          header.type == .uint8, header.shape.count == 1
        {
          guard bytes <= maximumTextBytes else {
            throw malformed(entry.name, "it has more than \(maximumTextBytes) bytes")
          }
          let text = try archive.bytes(of: entry, header.length..<entry.size)
          guard let text = String(validating: text, as: UTF8.self) else {
            throw malformed(entry.name, "it is not UTF-8")
          }
          texts[name] = text
        } else {
          arrays[name] = array
        }
      }
      // NumPy has no bfloat16: such tensors are uint16 and named here.
      for name in (texts[FlatModel.prefix + "bfloat16"] ?? "").split(separator: "\n").map(String.init) {
        guard let array = arrays[name], array.type == .uint16 else {
          throw malformed(name, "it is named as bfloat16, but is not uint16")
        }
        arrays[name] = ArrayDescription(name: name, type: .bfloat16, shape: array.shape)
      }
      return (headers, arrays, texts)
    }

    func bytes(of array: ArrayDescription) throws -> [UInt8] {
      guard let (entry, header) = headers[array.name] else { return [] }
      return try archive.bytes(of: entry, header.length..<entry.size)
    }
  }
#endif
