#if NPZ
  import RNNFormat

  /// A file of PyTorch 1.6 or newer: a zip archive with the pickle and each storage as an entry.
  final class TorchZipFile: TorchContainer {
    /// More than any model's names and vocabulary need.
    private static let longestPickle = 256 << 20

    let root: PickleValue
    private let archive: ZipReader
    /// The folder that everything lies in, with the slash.
    private let folder: String
    private let storages: [String: TorchStorage]

    init(opening path: String) throws {
      func malformed(_ place: String, _ reason: String) -> ConversionError {
        .malformed(file: path, place: place, reason: reason)
      }
      let archive = try ZipReader(opening: path)
      let pickles = archive.entries.filter {
        $0.name.split(separator: "/").count == 2 && $0.name.hasSuffix("/data.pkl")
      }
      guard let pickle = pickles.first, pickles.count == 1 else {
        throw malformed("the archive", "it has \(pickles.count) entries 'data.pkl' instead of one")
      }
      folder = String(pickle.name.dropLast("data.pkl".count))
      if archive.entry(named: folder + "constants.pkl") != nil {
        throw malformed(
          "constants.pkl",
          "it is a TorchScript program, which is more than a model's parameters: save these alone, with torch.save(torch.jit.load(\"\(path)\").state_dict(), \"parameters.pt\")"
        )
      }
      if let order = archive.entry(named: folder + "byteorder") {
        guard try archive.bytes(of: order, 0..<min(order.size, 16)) == Array("little".utf8) else {
          throw malformed(order.name, "the values are not little-endian, which is not read")
        }
      }
      guard pickle.size <= Self.longestPickle else {
        throw malformed(pickle.name, "it has more than \(Self.longestPickle) bytes")
      }
      let bytes = try archive.bytes(of: pickle)
      do {
        root = try PickleReader.read(bytes)
        storages = try root.storages()
      } catch let error as PickleError {
        throw malformed(pickle.name, "\(error)")
      } catch let refusal as TorchRefusal {
        throw malformed(pickle.name, refusal.reason)
      }
      self.archive = archive
      for storage in storages.values {
        guard try entry(of: storage).size / storage.type.size == storage.count else {
          throw malformed(folder + "data/" + storage.key, "it has not the size that the pickle gives it")
        }
      }
    }

    private func entry(of storage: TorchStorage) throws(ConversionError) -> ZipReader.Entry {
      guard let entry = archive.entry(named: folder + "data/" + storage.key) else {
        throw .malformed(file: archive.path, place: folder + "data/" + storage.key, reason: "it is not there")
      }
      return entry
    }

    func bytes(of storage: TorchStorage, _ range: Range<Int>) throws -> [UInt8] {
      let entry = try entry(of: storage)
      if range != 0..<entry.size { try archive.check(entry) }
      return try archive.bytes(of: entry, range)
    }
  }
#endif
