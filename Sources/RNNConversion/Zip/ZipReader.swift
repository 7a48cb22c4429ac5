#if NPZ
  import CZip
  import RNNFormat

  /// A zip archive open for reading.
  ///
  /// Entries are never written to disk, so their names cannot lead anywhere. Every size is checked before memory is taken: an entry may
  /// not claim more than 1100 times the bytes that it stores, nor the archive more entries than fit in it.
  final class ZipReader {
    /// A file in the archive.
    struct Entry: Hashable, Sendable {
      /// Its name, with all folders.
      let name: String
      /// Its bytes when unpacked.
      let size: Int
      /// Whether its bytes lie in the archive as they are.
      let isStored: Bool
      fileprivate let index: UInt64
    }

    /// Deflate makes a byte of at most 1032.
    private static let maximumExpansion: UInt64 = 1100
    private static let maximumEntries: Int64 = 100_000
    /// So many bytes are rather read than skipped where the checksum can be compared for it.
    private static let longestLead = 70_000

    let path: String
    /// The entries, in the order of the archive's directory.
    let entries: [Entry]
    private let places: [String: Int]
    private let archive: OpaquePointer
    /// The entries whose checksum has been compared; of those that are stored it need not be computed again.
    private var checked: Set<UInt64> = []

    init(opening path: String) throws(ConversionError) {
      let size = try InputFile(opening: path).size
      var code: Int32 = 0
      guard let archive = zip_open(path, ZIP_RDONLY | ZIP_CHECKCONS, &code) else {
        var error = zip_error_t()
        zip_error_init_with_code(&error, code)
        defer { zip_error_fini(&error) }
        throw .malformed(
          file: path, place: "the archive", reason: String(cString: zip_error_strerror(&error)).lowercased())
      }
      do {
        (entries, places) = try Self.directory(of: archive, path: path, fileSize: UInt64(size))
      } catch {
        zip_discard(archive)
        throw error
      }
      self.archive = archive
      self.path = path
    }

    deinit { zip_discard(archive) }

    /// The entry of a name; nil if there is none.
    func entry(named name: String) -> Entry? { places[name].map { entries[$0] } }

    private static func directory(
      of archive: OpaquePointer, path: String, fileSize: UInt64
    ) throws(ConversionError) -> ([Entry], [String: Int]) {
      func malformed(_ place: String, _ reason: String) -> ConversionError {
        .malformed(file: path, place: place, reason: reason)
      }
      let count = zip_get_num_entries(archive, 0)
      guard count >= 0, count <= maximumEntries else { throw malformed("the archive", "it has \(count) entries") }
      var entries: [Entry] = []
      var places: [String: Int] = [:]
      var stored: UInt64 = 0
      let needed = UInt64(ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD)
      for index in 0..<UInt64(count) {
        var status = zip_stat_t()
        guard zip_stat_index(archive, index, 0, &status) == 0, status.valid & needed == needed,
          let pointer = status.name
        else { throw malformed("entry \(index)", "it cannot be read") }
        let name = String(cString: pointer)
        guard status.encryption_method == UInt16(ZIP_EM_NONE) else { throw malformed(name, "it is encrypted") }
        let isStored = status.comp_method == UInt16(ZIP_CM_STORE)
        guard isStored || status.comp_method == UInt16(ZIP_CM_DEFLATE) else {
          throw malformed(name, "its compression method \(status.comp_method) is not read: only deflate and none")
        }
        // Entries that together store more than the file has lie over one another.
        stored += min(status.comp_size, fileSize)
        guard status.comp_size <= fileSize, stored <= fileSize, !isStored || status.size == status.comp_size,
          status.size <= max(status.comp_size, 1).multipliedReportingOverflow(by: maximumExpansion).partialValue,
          let size = Int(exactly: status.size)
        else { throw malformed(name, "it claims \(status.size) bytes, more than it can hold") }
        guard places.updateValue(entries.count, forKey: name) == nil else {
          throw malformed(name, "it is there twice")
        }
        entries.append(Entry(name: name, size: size, isStored: isStored, index: index))
      }
      return (entries, places)
    }

    /// Reads a whole entry and compares its checksum.
    func bytes(of entry: Entry) throws(ConversionError) -> [UInt8] { try bytes(of: entry, 0..<entry.size) }

    /// Reads a part of an entry; of a stored one without what comes before.
    ///
    /// The checksum is compared where the part ends with the entry and begins near its beginning; ``check(_:)`` does it otherwise.
    func bytes(of entry: Entry, _ range: Range<Int>) throws(ConversionError) -> [UInt8] {
      guard range.lowerBound >= 0, range.upperBound <= entry.size else {
        throw malformed(entry, "it ends before byte \(range.upperBound)")
      }
      let stream = try open(entry)
      defer { zip_fclose(stream) }
      let reachesEnd = range.upperBound == entry.size
      if entry.isStored, range.lowerBound > 0, !reachesEnd || range.lowerBound > Self.longestLead {
        guard zip_fseek(stream, Int64(range.lowerBound), SEEK_SET) == 0 else {
          throw malformed(entry, "it cannot be read from byte \(range.lowerBound) on")
        }
        return try read(stream, range.count, of: entry)
      }
      var lead = range.lowerBound
      while lead > 0 { lead -= try read(stream, min(lead, Self.longestLead), of: entry).count }
      let bytes = try read(stream, range.count, of: entry)
      if reachesEnd { try finish(stream, of: entry) }
      return bytes
    }

    /// Reads an entry to its end, a piece at a time, and compares its checksum, unless that has been done.
    func check(_ entry: Entry) throws(ConversionError) {
      if !checked.contains(entry.index) { try read(entry) { _ in } }
    }

    /// Reads an entry to its end, a piece at a time, and compares its checksum behind the last one.
    func read(_ entry: Entry, _ body: ([UInt8]) throws(ConversionError) -> Void) throws(ConversionError) {
      let stream = try open(entry)
      defer { zip_fclose(stream) }
      var left = entry.size
      while left > 0 {
        let piece = try read(stream, min(left, 1 << 20), of: entry)
        left -= piece.count
        try body(piece)
      }
      try finish(stream, of: entry)
    }

    private func open(_ entry: Entry) throws(ConversionError) -> OpaquePointer {
      // What a stored entry has as it is in the archive is its content.
      let flags = entry.isStored && checked.contains(entry.index) ? zip_flags_t(ZIP_FL_COMPRESSED) : 0
      guard let stream = zip_fopen_index(archive, entry.index, flags) else {
        throw malformed(entry, String(cString: zip_strerror(archive)).lowercased())
      }
      return stream
    }

    private func read(_ stream: OpaquePointer, _ count: Int, of entry: Entry) throws(ConversionError) -> [UInt8] {
      let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        while initialized < count {
          // Safe: what is left of the buffer holds the bytes asked for.
          let got = zip_fread(stream, buffer.baseAddress.map { $0 + initialized }, UInt64(count - initialized))
          if got <= 0 { break }
          initialized += Int(got)
        }
      }
      guard bytes.count == count else { throw malformed(entry, "it is damaged or ends too early") }
      return bytes
    }

    /// The library compares the checksum when the end is met.
    private func finish(_ stream: OpaquePointer, of entry: Entry) throws(ConversionError) {
      var extra: UInt8 = 0
      guard zip_fread(stream, &extra, 1) == 0 else { throw malformed(entry, "its checksum is wrong") }
      checked.insert(entry.index)
    }

    private func malformed(_ entry: Entry, _ reason: String) -> ConversionError {
      .malformed(file: path, place: entry.name, reason: reason)
    }
  }
#endif
