import HDF5
import Testing

@Suite struct RoundTripTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func returns<T: Element & Equatable>(_ values: [T], shape: [Int], name: String) throws {
    let path = scratch.path(name)
    let writing = try File(creating: path)
    try writing.root.createDataset("values", of: T.self, shape: shape).write(values)
    try writing.root.setAttribute("list", to: values)
    try writing.root.setAttribute("one", to: values[0])
    try writing.close()

    let file = try File(opening: path)
    let dataset = try file.root.dataset("values")
    #expect(dataset.shape == shape)
    #expect(dataset.datatype == T.datatype)
    #expect(dataset.chunk == nil)
    #expect(dataset.filters == [])
    #expect(try dataset.read(as: T.self) == values)
    #expect(try dataset.storageSize == values.count * MemoryLayout<T>.size)
    let stored = try scratch.bytes(of: path)
    let found = dataset.offset
    let offset = try #require(found)
    let bytes = try dataset.readBytes()
    #expect(Array(stored[offset..<offset + bytes.count]) == bytes)
    #expect(offset % 64 == 0)
    #expect(try file.root.arrayAttribute("list", as: T.self) == values)
    #expect(try file.root.attribute("one", as: T.self) == values[0])
  }

  @Test func keepsNumbersOfEveryType() throws {
    try returns([UInt8.min, 1, .max], shape: [3], name: "u8")
    try returns([UInt16.min, 0x0102, .max], shape: [3], name: "u16")
    try returns([UInt32.min, 0x0102_0304, .max], shape: [3], name: "u32")
    try returns([UInt64.min, 0x0102_0304_0506_0708, .max], shape: [3], name: "u64")
    try returns([Int8.min, -1, .max], shape: [3], name: "i8")
    try returns([Int16.min, -2, .max], shape: [3], name: "i16")
    try returns([Int32.min, -3, .max], shape: [3], name: "i32")
    try returns([Int64.min, -4, .max], shape: [3], name: "i64")
    try returns([Float16.leastNonzeroMagnitude, -1.5, .infinity, .greatestFiniteMagnitude], shape: [4], name: "f16")
    try returns([Float.leastNonzeroMagnitude, -1.5, .infinity, .greatestFiniteMagnitude], shape: [4], name: "f32")
    try returns([Double.leastNonzeroMagnitude, -1.5, .infinity, .greatestFiniteMagnitude], shape: [4], name: "f64")
  }

  @Test func keepsTheBitsOfNotANumber() throws {
    let patterns: [UInt32] = [0x7FC0_0001, 0xFFC1_2345, 0x8000_0000]
    let file = try File(creating: scratch.path())
    let dataset = try file.root.createDataset("nan", of: Float.self, shape: [3])
    try dataset.write(patterns.map { Float(bitPattern: $0) })
    #expect(try dataset.read(as: Float.self).map(\.bitPattern) == patterns)
  }

  @Test(arguments: [[], [24], [4, 6], [2, 3, 4], [2, 1, 3, 4]])
  func keepsShapesOfEveryRank(shape: [Int]) throws {
    let count = shape.reduce(1, *)
    try returns((0..<count).map { Float($0) }, shape: shape, name: "rank\(shape.count)")
  }

  /// An optimizer that puts such an array on the stack must keep it there until it is written.
  @Test func writesArraysMadeOnTheSpot() throws {
    let file = try File(creating: scratch.path())
    let value = Float(CommandLine.arguments.count)
    let dataset = try file.root.createDataset("x", of: Float.self, shape: [3])
    try dataset.write([1, value, 2])
    #expect(try dataset.read(as: Float.self) == [1, value, 2])
    try dataset.write([value, 3, 4].span, start: [0], count: [3])
    #expect(try dataset.read(as: Float.self) == [value, 3, 4])
    try file.root.setAttribute("x", to: [5, value, 6])
    #expect(try file.root.arrayAttribute("x", as: Float.self) == [5, value, 6])
  }

  @Test func storesLittleEndianBytes() throws {
    let file = try File(creating: scratch.path())
    let dataset = try file.root.createDataset("x", of: UInt32.self, shape: [2])
    try dataset.write([0x0102_0304, 0xA0B0_C0D0] as [UInt32])
    #expect(try dataset.readBytes() == [4, 3, 2, 1, 0xD0, 0xC0, 0xB0, 0xA0])
    #expect(try dataset.readBytes(start: [1], count: [1]) == [0xD0, 0xC0, 0xB0, 0xA0])
    try dataset.writeBytes([1, 0, 0, 0, 2, 0, 0, 0])
    #expect(try dataset.read(as: UInt32.self) == [1, 2])
    try dataset.writeBytes([7, 0, 0, 0].span, start: [1], count: [1])
    #expect(try dataset.read(as: UInt32.self) == [1, 7])
  }

  @Test func keepsDatasetsWithoutElements() throws {
    let path = scratch.path()
    let writing = try File(creating: path)
    try writing.root.createDataset("none", of: Double.self, shape: [3, 0, 2]).write([] as [Double])
    let filtered = DatasetOptions(deflate: 6, fletcher32: true)
    try writing.root.createDataset("filtered", of: Double.self, shape: [0], options: filtered).write([] as [Double])
    try writing.root.setAttribute("numbers", to: [] as [Int32])
    try writing.root.setAttribute("texts", to: [] as [String])
    try writing.close()

    let file = try File(opening: path)
    let dataset = try file.root.dataset("none")
    #expect(dataset.shape == [3, 0, 2])
    #expect(try dataset.read(as: Double.self) == [])
    #expect(try dataset.readBytes() == [])
    #expect(try file.root.dataset("filtered").read(as: Double.self) == [])
    #expect(try file.root.arrayAttribute("numbers", as: Int32.self) == [])
    #expect(try file.root.stringsAttribute("texts") == [])
  }

  @Test func readsAndWritesBlocks() throws {
    let file = try File(creating: scratch.path())
    let dataset = try file.root.createDataset("x", of: Int32.self, shape: [3, 4])
    try dataset.write(Array(0..<12) as [Int32])
    #expect(try dataset.read(as: Int32.self, start: [1, 1], count: [2, 2]) == [5, 6, 9, 10])
    #expect(try dataset.read(as: Int32.self, start: [3, 0], count: [0, 4]) == [])

    let block: [Int32] = [-1, -2]
    try dataset.write(block.span, start: [0, 2], count: [1, 2])
    #expect(try dataset.read(as: Int32.self, start: [0, 0], count: [1, 4]) == [0, 1, -1, -2])

    var column = [Int32](repeating: 0, count: 3)
    var span = column.mutableSpan
    try dataset.read(into: &span, start: [0, 3], count: [3, 1])
    #expect(column == [-2, 7, 11])
  }

  @Test func refusesBlocksOutsideTheShape() throws {
    let file = try File(creating: scratch.path())
    let dataset = try file.root.createDataset("x", of: Int32.self, shape: [3, 4])
    try dataset.write([Int32](repeating: 0, count: 12))
    let blocks: [([Int], [Int])] = [
      ([0], [3]), ([0, 0], [3, 5]), ([2, 0], [2, 1]), ([-1, 0], [1, 1]), ([0, 0], [-1, 1]), ([0, .max], [1, .max]),
    ]
    for (start, count) in blocks {
      #expect(
        rule { () throws(HDF5Error) in _ = try dataset.read(as: Int32.self, start: start, count: count) } == .shape)
      #expect(rule { () throws(HDF5Error) in _ = try dataset.readBytes(start: start, count: count) } == .shape)
    }
    var wrong = [Int32](repeating: 0, count: 11)
    var span = wrong.mutableSpan
    do {
      try dataset.read(into: &span, start: [0, 0], count: [3, 4])
      Issue.record("a span of another size was filled")
    } catch {
      #expect(error.rule == .shape)
    }
    #expect(rule { () throws(HDF5Error) in try dataset.write([1, 2, 3] as [Int32]) } == .shape)
    #expect(rule { () throws(HDF5Error) in try dataset.writeBytes([1, 2, 3]) } == .shape)
  }

  @Test(arguments: [
    DatasetOptions(chunk: [10, 7]), DatasetOptions(deflate: 9), DatasetOptions(shuffle: true),
    DatasetOptions(fletcher32: true), DatasetOptions(chunk: [33, 50], deflate: 4, shuffle: true, fletcher32: true),
  ])
  func keepsChunkedData(options: DatasetOptions) throws {
    let values = (0..<5000).map { Float($0 % 97) }
    let path = scratch.path()
    let writing = try File(creating: path)
    try writing.root.createDataset("x", of: Float.self, shape: [100, 50], options: options).write(values)
    try writing.close()

    let file = try File(opening: path)
    let dataset = try file.root.dataset("x")
    #expect(dataset.chunk == options.chunk ?? [100, 50])
    var filters: [Filter] = []
    if options.shuffle { filters.append(.shuffle) }
    if let level = options.deflate { filters.append(.deflate(level: level)) }
    if options.fletcher32 { filters.append(.fletcher32) }
    #expect(dataset.filters == filters)
    #expect(dataset.offset == nil)
    #expect(try dataset.read(as: Float.self) == values)
    #expect(try dataset.read(as: Float.self, start: [60, 49], count: [2, 1]) == [values[3049], values[3099]])
    if options.deflate != nil { #expect(try dataset.storageSize < 20_000) }
  }

  @Test func readsWhatCompressesBest() throws {
    let zeros = [Double](repeating: 0, count: 1 << 20)
    let path = scratch.path()
    let writing = try File(creating: path)
    let options = DatasetOptions(deflate: 9, shuffle: true, fletcher32: true)
    let dataset = try writing.root.createDataset("zeros", of: Double.self, shape: [1024, 1024], options: options)
    #expect(dataset.chunk == [128, 1024])
    try dataset.write(zeros)
    _ = consume dataset
    try writing.close()
    let file = try File(opening: path)
    #expect(try file.root.dataset("zeros").read(as: Double.self) == zeros)
  }

  @Test func refusesUnfitOptions() throws {
    let file = try File(creating: scratch.path())
    for chunk in [[5], [0, 1], [4, 4], [-1, 2]] {
      let options = DatasetOptions(chunk: chunk)
      let found = rule { () throws(HDF5Error) in
        _ = try file.root.createDataset("x", of: Float.self, shape: [3, 4], options: options)
      }
      #expect(found == .shape)
    }
    let level = rule { () throws(HDF5Error) in
      _ = try file.root.createDataset("x", of: Float.self, shape: [3], options: DatasetOptions(deflate: 10))
    }
    #expect(level == .filter)
    for shape in [[-1], [.max, .max], Array(repeating: 1, count: 33)] {
      #expect(
        rule { () throws(HDF5Error) in _ = try file.root.createDataset("x", of: Float.self, shape: shape) } == .shape)
    }
    #expect(try file.root.childNames() == [])
  }

  @Test func namesBothTypesOfAMismatch() throws {
    let file = try File(creating: scratch.path())
    let dataset = try file.root.createDataset("x", of: Double.self, shape: [1])
    try dataset.write([1.0])
    try file.root.setAttribute("a", to: Double(1))
    do {
      _ = try dataset.read(as: Float.self)
      Issue.record("a double was read as a float")
    } catch {
      #expect(error.rule == .type)
      #expect(error.description == "cannot read /x in '\(scratch.path())': it stores float64, not float32")
    }
    #expect(rule { () throws(HDF5Error) in try dataset.write([Float(1)]) } == .type)
    #expect(rule { () throws(HDF5Error) in _ = try dataset.readString() } == .type)
    #expect(rule { () throws(HDF5Error) in _ = try file.root.attribute("a", as: Float.self) } == .type)
    #expect(rule { () throws(HDF5Error) in _ = try file.root.stringAttribute("a") } == .type)
  }

  @Test func writesTheSameBytesTwice() throws {
    func write(_ path: String) throws -> [UInt8] {
      let file = try File(creating: path)
      try file.root.setAttribute("format", to: "test")
      let group = try file.root.createGroup("group")
      for (index, name) in ["b", "a", "ü", "long name that does not fit anywhere"].enumerated() {
        let dataset = try group.createDataset(name, of: Float.self, shape: [index + 1, 3])
        try dataset.write((0..<(index + 1) * 3).map { Float($0) })
        try dataset.setDimensionLabels(["rows", "columns"])
        for attribute in 0..<12 { try dataset.setAttribute("attribute \(attribute)", to: Int64(attribute)) }
      }
      let options = DatasetOptions(deflate: 6, shuffle: true, fletcher32: true)
      try group.createDataset("packed", of: UInt16.self, shape: [999], options: options).write([UInt16](0..<999))
      try group.createString("text", String(repeating: "long ", count: 20_000))
      try file.root.setAttribute("large", to: [UInt8](repeating: 7, count: 100_000))
      _ = consume group
      try file.close()
      return try scratch.bytes(of: path)
    }
    let first = try write(scratch.path("first.h5"))
    let second = try write(scratch.path("second.h5"))
    #expect(first == second)
    #expect(first.count > 200_000)
  }
}
