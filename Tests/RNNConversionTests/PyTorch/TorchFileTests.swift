#if NPZ
  import Foundation
  import RNNFormat
  import Testing

  @testable import RNNConversion

  @Suite struct TorchFileTests {
    static func path(_ name: String) -> String { Fixtures.repository.appending(path: "fixtures/torch/\(name)").path }

    @Test(arguments: ["views", "views_legacy", "views_protocol_4", "views_legacy_protocol_5"])
    func readsEveryViewAndType(name: String) throws {
      let expected = try NPZFile(opening: Self.path("views.npz"))
      let file = try TorchFile(opening: Self.path("\(name).pt"))
      #expect(Set(file.arrays.keys) == Set(expected.arrays.keys))
      for (name, array) in expected.arrays {
        let found = try #require(file.arrays[name])
        #expect(found.type == (name == "bfloat16" ? .bfloat16 : array.type))
        #expect(found.shape == array.shape)
        #expect(try file.bytes(of: found) == expected.bytes(of: array), "\(name)")
      }
    }

    @Test(arguments: ["views.pt", "views_legacy.pt"])
    func refusesEveryCut(name: String) throws {
      let scratch = try Scratch()
      let bytes = Array(try Data(contentsOf: URL(filePath: Self.path(name))))
      for end in stride(from: 0, to: bytes.count, by: 7) {
        let path = try scratch.file("cut.pt", Array(bytes[..<end]))
        #expect(throws: ConversionError.self) { try TorchFile(opening: path) }
      }
    }

    /// What was changed is refused, or was not part of a tensor, or changes only the values of a file that has no checksums.
    @Test(arguments: ["views.pt", "views_legacy.pt"])
    func survivesFlippedBits(name: String) throws {
      let scratch = try Scratch()
      let bytes = Array(try Data(contentsOf: URL(filePath: Self.path(name))))
      for place in stride(from: 0, to: bytes.count, by: 3) {
        var damaged = bytes
        damaged[place] ^= 1 << UInt8(place % 8)
        let path = try scratch.file("damaged.pt", damaged)
        do {
          let file = try TorchFile(opening: path)
          for array in file.arrays.values { #expect(try file.bytes(of: array).count == array.byteCount) }
        } catch let error as ConversionError {
          #expect(error.isRefusal, "\(error)")
        }
      }
    }

    @Test func findsWrongValuesInAnArchive() throws {
      let scratch = try Scratch()
      var bytes = Array(try Data(contentsOf: URL(filePath: Self.path("views.pt"))))
      // The last value of the storage that all views of the matrix share.
      let storage = Data((0..<24).flatMap { LittleEndian.bytes([(Float($0) / 8).bitPattern]) })
      let place = try #require(Data(bytes).firstRange(of: storage))
      bytes[place.upperBound - 1] ^= 1
      let file = try TorchFile(opening: try scratch.file("damaged.pt", bytes))
      for name in ["whole", "column", "block", "transposed"] {
        let array = try #require(file.arrays[name])
        #expect(throws: ConversionError.self) { try file.bytes(of: array) }
        // The checksum was compared and found wrong: nothing of the storage is given later either.
        #expect(throws: ConversionError.self) { try file.bytes(of: array) }
      }
    }

    // MARK: - Hostile descriptions

    /// An archive with a pickle and one storage of four floats.
    private func archive(_ value: PickleValue, in scratch: Scratch) throws -> String {
      let bytes = ZipBuilder(entries: [
        .init(name: "a/data.pkl", content: PickleWriter.bytes(of: value)),
        .init(name: "a/data/0", content: [UInt8](repeating: 0, count: 16)),
      ]).bytes
      return try scratch.file("hostile.pt", bytes)
    }

    private static func tensor(
      _ storage: String = "FloatStorage", count: Int = 4, offset: Int = 0, shape: [Int] = [2, 2],
      strides: [Int] = [2, 1],
      key: String = "0", calling name: String = "_rebuild_tensor_v2"
    ) -> PickleValue {
      let identifier: PickleValue = .tuple([
        .string("storage"), .global(PickleName(module: "torch", name: storage)), .string(key), .string("cpu"),
        .integer(count),
      ])
      return .object(
        PickleObject(
          calling: "torch._utils", name,
          [
            .persistent(identifier), .integer(offset), .tuple(shape.map { .integer($0) }),
            .tuple(strides.map { .integer($0) }), .bool(false),
          ]))
    }

    private static let hostile: [(name: String, value: PickleValue, says: String)] = [
      ("beyond the storage", tensor(offset: 1), "does not lie in its storage"),
      ("strides beyond the storage", tensor(strides: [3, 1]), "does not lie in its storage"),
      ("a shape that overflows", tensor(shape: [1 << 40, 1 << 40]), "does not lie in its storage"),
      ("strides that overflow", tensor(strides: [.max, .max]), "does not lie in its storage"),
      ("an offset that overflows", tensor(offset: .max), "does not lie in its storage"),
      ("a negative offset", tensor(offset: -1), "not described"),
      ("a negative stride", tensor(strides: [-2, 1]), "not described"),
      ("a negative length", tensor(shape: [-2, 2]), "not described"),
      ("strides of another rank", tensor(strides: [1]), "not described"),
      ("an expanded tensor", tensor(shape: [1 << 40], strides: [0]), "expanded"),
      ("a storage of another size", tensor(count: 5), "not the size"),
      ("a storage that is not there", tensor(key: "1"), "not there"),
      ("a storage of another folder", tensor(key: "../data.pkl"), "not there"),
      ("a storage of another type", tensor("DoubleStorage"), "not the size"),
      ("quantised", tensor("QInt8Storage"), "QInt8Storage"),
      ("complex", tensor("ComplexFloatStorage"), "ComplexFloatStorage"),
      ("quantised by its function", tensor(calling: "_rebuild_qtensor"), "quantised"),
      ("of two descriptions", .list([tensor(), tensor("IntStorage")]), "two ways"),
    ]

    @Test(arguments: hostile.indices)
    func refuses(index: Int) throws {
      let scratch = try Scratch()
      let (name, value, says) = Self.hostile[index]
      do {
        _ = try TorchFile(opening: archive(value, in: scratch))
        Issue.record("\(name) was read")
      } catch {
        #expect("\(error)".contains(says), "\(name): \(error)")
      }
    }

    @Test func refusesNamesThatAreLongerThanTheFile() throws {
      let scratch = try Scratch()
      var value = Self.tensor()
      for _ in 0..<5 {
        let pair = PickleDictionary.Pair(key: .string(String(repeating: "n", count: 1000)), value: value)
        value = .dictionary(try #require(PickleDictionary([pair])))
      }
      #expect(throws: ConversionError.self) { try TorchFile(opening: archive(value, in: scratch)) }
    }

    @Test func acceptsWhatTheHostileOnesAreMadeOf() throws {
      let scratch = try Scratch()
      let file = try TorchFile(opening: archive(Self.tensor(), in: scratch))
      #expect(try file.bytes(of: try #require(file.arrays["tensor"])).count == 16)
    }
  }
#endif
