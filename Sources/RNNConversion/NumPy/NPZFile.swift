#if NPZ
  import CZip
  import Foundation
  import RNNFormat

  /// A NumPy archive open for reading: a zip of `.npy` files.
  ///
  /// Entries are never written to disk, so their names cannot lead anywhere. Every size is checked before memory is taken: an entry may
  /// not claim more than 1100 times the bytes that it stores, nor the archive more entries than fit in it.
  struct NPZFile: ~Copyable, ArrayFile {
    private static let maximumExpansion: UInt64 = 1100
    /// Texts are read at once: metadata of a model, not the model.
    private static let maximumTextBytes = 16 << 20

    private let archive: OpaquePointer
    private let headers: [String: (index: UInt64, header: NPYHeader)]
    let path: String
    let arrays: [String: ArrayDescription]
    let texts: [String: String]

    init(opening path: String) throws {
      let size = try InputFile(opening: path).size
      func malformed(_ place: String, _ reason: String) -> ConversionError {
        .malformed(file: path, place: place, reason: reason)
      }
      var code: Int32 = 0
      guard let archive = zip_open(path, ZIP_RDONLY | ZIP_CHECKCONS, &code) else {
        var error = zip_error_t()
        zip_error_init_with_code(&error, code)
        defer { zip_error_fini(&error) }
        throw malformed("the archive", String(cString: zip_error_strerror(&error)).lowercased())
      }
      do {
        (headers, arrays, texts) = try Self.readHeaders(archive, fileSize: UInt64(size), malformed)
      } catch {
        zip_discard(archive)
        throw error
      }
      self.archive = archive
      self.path = path
    }

    deinit { zip_discard(archive) }

    private static func readHeaders(
      _ archive: OpaquePointer, fileSize: UInt64, _ malformed: (String, String) -> ConversionError
    ) throws -> ([String: (index: UInt64, header: NPYHeader)], [String: ArrayDescription], [String: String]) {
      var headers: [String: (index: UInt64, header: NPYHeader)] = [:]
      var arrays: [String: ArrayDescription] = [:]
      var texts: [String: String] = [:]
      let count = zip_get_num_entries(archive, 0)
      guard count >= 0, count <= 100_000 else { throw malformed("the archive", "it has \(count) entries") }
      var stored: UInt64 = 0
      for index in 0..<UInt64(count) {
        var status = zip_stat_t()
        guard zip_stat_index(archive, index, 0, &status) == 0, let pointer = status.name else {
          throw malformed("entry \(index)", "it cannot be read")
        }
        let entry = String(cString: pointer)
        guard entry.hasSuffix(".npy") else { throw malformed(entry, "it is not a NumPy array") }
        guard status.encryption_method == UInt16(ZIP_EM_NONE) else { throw malformed(entry, "it is encrypted") }
        let name = String(entry.dropLast(4))
        stored += min(status.comp_size, fileSize)
        // Entries that together store more than the file has lie over one another.
        guard status.comp_size <= fileSize, stored <= fileSize,
          status.size <= max(status.comp_size, 1).multipliedReportingOverflow(by: maximumExpansion).partialValue
        else { throw malformed(entry, "it claims \(status.size) bytes, more than it can hold") }
        let header: NPYHeader
        do {
          header = try NPYHeader(
            parsing: try read(archive, index, skipping: 0, count: min(Int(status.size), 70_000), entry, malformed))
        } catch let error as NPYHeader.Malformed {
          throw malformed(entry, error.reason)
        }
        let array = ArrayDescription(name: name, type: header.type, shape: header.shape)
        guard let bytes = array.byteCount, UInt64(bytes) + UInt64(header.length) == status.size else {
          throw malformed(entry, "its shape does not fit its size")
        }
        guard headers.updateValue((index, header), forKey: name) == nil else {
          throw malformed(entry, "it is there twice")
        }
        if name.hasPrefix(FlatModel.prefix),
          FlatModel.textNames.contains(String(name.dropFirst(FlatModel.prefix.count))),
          header.type == .uint8, header.shape.count == 1
        {
          guard bytes <= maximumTextBytes else { throw malformed(entry, "it has more than \(maximumTextBytes) bytes") }
          let text = try read(archive, index, skipping: header.length, count: bytes, entry, malformed)
          guard let text = String(validating: text, as: UTF8.self) else { throw malformed(entry, "it is not UTF-8") }
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
      guard let (index, header) = headers[array.name] else { return [] }
      return try Self.read(archive, index, skipping: header.length, count: array.byteCount ?? 0, array.name) {
        .malformed(file: path, place: $0, reason: $1)
      }
    }

    /// Reads a part of an entry. What is read to its end has its checksum verified by the library.
    private static func read(
      _ archive: OpaquePointer, _ index: UInt64, skipping: Int, count: Int, _ entry: String,
      _ malformed: (String, String) -> ConversionError
    ) throws -> [UInt8] {
      guard let file = zip_fopen_index(archive, index, 0) else {
        throw malformed(entry, String(cString: zip_strerror(archive)).lowercased())
      }
      defer { zip_fclose(file) }
      let total = skipping + count
      let bytes = [UInt8](unsafeUninitializedCapacity: total) { buffer, initialized in
        while initialized < total {
          // Safe: what is left of the buffer holds the bytes asked for.
          let got = zip_fread(file, buffer.baseAddress.map { $0 + initialized }, UInt64(total - initialized))
          if got <= 0 { break }
          initialized += Int(got)
        }
      }
      guard bytes.count == total else { throw malformed(entry, "it is damaged or ends too early") }
      // The checksum is compared when the end is met.
      var extra: UInt8 = 0
      if skipping > 0, zip_fread(file, &extra, 1) != 0 { throw malformed(entry, "its checksum is wrong") }
      return skipping == 0 ? bytes : Array(bytes[skipping...])
    }
  }

  /// Writes NumPy archives: the same arrays give the same bytes.
  public enum NPZWriter {
    /// Writes a model.
    ///
    /// - Parameters:
    ///   - identity: the model's `model_id`.
    ///   - path: a file that does not exist yet.
    static func write<Source: TensorSource & ~Copyable>(
      _ document: ModelDocument, identity: String, tensors source: borrowing Source, creating path: String
    ) throws {
      let archive = try NPZArchive(creating: path)
      for tensor in source.tensors {
        try archive.add(
          FlatModel.name(of: tensor), type: NumericType(tensor.type), shape: tensor.shape,
          bytes: try source.bytes(of: tensor))
      }
      for extra in FlatModel.extras(of: document) {
        try archive.add(
          FlatModel.prefix + extra.array.name, type: extra.array.type, shape: extra.array.shape, bytes: extra.bytes)
      }
      var texts = FlatModel.texts(of: document, identity: identity)
      let narrow = source.tensors.filter { $0.type == .bfloat16 }.map { FlatModel.name(of: $0) }
      if !narrow.isEmpty { texts["bfloat16"] = narrow.joined(separator: "\n") }
      for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
        let bytes = Array(text.utf8)
        try archive.add(FlatModel.prefix + name, type: .uint8, shape: [bytes.count], bytes: bytes)
      }
      try archive.finish()
    }

    /// Writes float32 arrays, replacing the target all at once.
    public static func write(_ arrays: [(name: String, shape: [Int], values: [Float])], to path: String) throws {
      try AtomicFile.replace(path) { temporary in
        let archive = try NPZArchive(creating: temporary)
        for array in arrays {
          try archive.add(array.name, type: .float32, shape: array.shape, bytes: LittleEndian.bytes(array.values[...]))
        }
        try archive.finish()
      }
    }
  }

  /// A zip of `.npy` files that is being written.
  private final class NPZArchive {
    /// Freed by `finish`, or when it was never called.
    private var archive: OpaquePointer?
    private let path: String

    init(creating path: String) throws {
      var code: Int32 = 0
      guard let archive = zip_open(path, ZIP_CREATE | ZIP_EXCL, &code) else {
        throw FormatError.cannotWrite(file: path, reason: "it cannot be created")
      }
      self.archive = archive
      self.path = path
    }

    func add(_ name: String, type: NumericType, shape: [Int], bytes: [UInt8]) throws {
      let content = NPYHeader.bytes(type: type, shape: shape) + bytes
      guard let copy = malloc(max(1, content.count)) else { throw failure("there is not enough memory") }
      // Safe: the copy is as large as the content, and the archive frees it.
      content.withUnsafeBytes { copy.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(copy), byteCount: $0.count) }
      guard let source = zip_source_buffer(archive, copy, UInt64(content.count), 1) else {
        free(copy)
        throw failure(String(cString: zip_strerror(archive)))
      }
      let index = zip_file_add(archive, name + ".npy", source, UInt32(ZIP_FL_ENC_UTF_8))
      guard index >= 0 else {
        zip_source_free(source)
        throw failure(String(cString: zip_strerror(archive)))
      }
      // Stored, as NumPy does, and dated 1 January 1980: the bytes do not depend on the clock.
      guard zip_set_file_compression(archive, UInt64(index), ZIP_CM_STORE, 0) == 0,
        zip_file_set_dostime(archive, UInt64(index), 0, 0x21, 0) == 0
      else { throw failure(String(cString: zip_strerror(archive))) }
    }

    func finish() throws {
      guard zip_close(archive) == 0 else { throw failure(String(cString: zip_strerror(archive)).lowercased()) }
      archive = nil
    }

    deinit { if let archive { zip_discard(archive) } }

    private func failure(_ reason: String) -> FormatError { .cannotWrite(file: path, reason: reason) }
  }
#endif
