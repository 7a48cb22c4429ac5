import RNNFormat

/// A tensor as PyTorch describes it: a view of a storage.
struct TorchTensor: Hashable, Sendable {
  let storage: TorchStorage
  let type: NumericType
  let shape: [Int]
  /// How far apart neighbours along each axis lie in the storage, in values.
  let strides: [Int]
  /// Where its first value lies, in values of its type from the beginning of the stored bytes.
  let offset: Int
  /// From its first value to behind its last one.
  let span: Int
  /// The number of values.
  let count: Int

  /// Whether the values lie one after another in row-major order.
  var isContiguous: Bool {
    if count == 0 { return true }
    var stride = 1
    for axis in shape.indices.reversed() where shape[axis] != 1 {
      guard strides[axis] == stride else { return false }
      stride *= shape[axis]
    }
    return true
  }

  private static let maximumRank = 32

  /// Reads what the functions that make tensors were to be called with; nil for a value that is no tensor.
  ///
  /// - Throws: ``TorchRefusal`` for a tensor that does not lie in its storage, or of a kind that is not read.
  init?(_ value: PickleValue) throws(TorchRefusal) {
    guard let object = value.object else { return nil }
    switch (object.type.module, object.type.name) {
    case ("torch._utils", "_rebuild_parameter"), ("torch._utils", "_rebuild_parameter_with_state"),
      ("torch.nn.parameter", "Parameter"), ("torch.autograd.variable", "Variable"):
      guard let data = object.arguments.first, let tensor = try TorchTensor(data) else { return nil }
      self = tensor
    case ("torch._tensor", "_rebuild_from_type_v2"):
      // A subclass: the function, the class, the arguments, the state.
      guard object.arguments.count >= 3, let function = object.arguments[0].global,
        let arguments = object.arguments[2].elements
      else { throw TorchRefusal("a tensor of a class of its own is not understood") }
      let inner = PickleObject(calling: function.module, function.name, arguments)
      guard function.module == "torch._utils", let tensor = try TorchTensor(.object(inner)) else { return nil }
      self = tensor
    case ("torch._utils", "_rebuild_tensor"), ("torch._utils", "_rebuild_tensor_v2"),
      ("torch._utils", "_rebuild_tensor_v3"):
      try self.init(view: object)
    case ("torch._utils", "_rebuild_qtensor"): throw TorchRefusal("it is quantised, which is not read")
    case ("torch._utils", "_rebuild_sparse_tensor"): throw TorchRefusal("it is sparse, which is not read")
    default: return nil
    }
  }

  /// `(storage, offset, shape, strides, ...)`
  private init(view object: PickleObject) throws(TorchRefusal) {
    guard object.arguments.count >= 4, case .persistent(let identifier) = object.arguments[0],
      let first = object.arguments[1].integer, let shape = Self.lengths(object.arguments[2]),
      let strides = Self.lengths(object.arguments[3]), shape.count == strides.count, shape.count <= Self.maximumRank,
      first >= 0
    else { throw TorchRefusal("it is not described as PyTorch does") }
    let storage = try TorchStorage(identifier)
    let type: NumericType
    switch storage.type {
    case .values(let stored): type = stored
    case .untyped:
      guard object.arguments.count >= 7, let name = object.arguments[6].global, let named = TorchType.named(name) else {
        throw TorchRefusal("its type is not read: \(TorchType.supported)")
      }
      type = named
    }
    let available = storage.count / (type.size / storage.type.size)
    let start = storage.start / (type.size / storage.type.size)
    guard let (count, span) = Self.extent(shape, strides), first <= available, span <= available - first else {
      throw TorchRefusal(
        "its shape \(shape) with strides \(strides) from \(first) on does not lie in its storage of \(available) values"
      )
    }
    // Else a small file could ask for any amount of memory.
    guard count <= available else {
      throw TorchRefusal(
        "it is expanded: \(count) values, of which the file has \(available); save tensor.clone() instead")
    }
    self.storage = storage
    self.type = type
    self.shape = shape
    self.strides = strides
    self.span = span
    self.count = count
    offset = start + first
  }

  private static func lengths(_ value: PickleValue) -> [Int]? {
    // A shape may be a `torch.Size`.
    let value = value.object.flatMap { $0.type.description == "torch.Size" ? $0.arguments.first : nil } ?? value
    guard let elements = value.elements else { return nil }
    let lengths = elements.compactMap { $0.integer.flatMap { $0 >= 0 ? $0 : nil } }
    return lengths.count == elements.count ? lengths : nil
  }

  /// The number of values, and how far they reach; nil where that overflows.
  private static func extent(_ shape: [Int], _ strides: [Int]) -> (count: Int, span: Int)? {
    if shape.contains(0) { return (0, 0) }
    var (count, span) = (1, 1)
    for (length, stride) in zip(shape, strides) {
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      let (step, stepOverflow) = (length - 1).multipliedReportingOverflow(by: stride)
      let (sum, sumOverflow) = span.addingReportingOverflow(step)
      guard !overflow, !stepOverflow, !sumOverflow else { return nil }
      (count, span) = (product, sum)
    }
    return (count, span)
  }

  /// The values in row-major order, out of the bytes that they span.
  func gathered(from bytes: [UInt8]) -> [UInt8] {
    guard !isContiguous, !shape.isEmpty, count > 0 else { return bytes }
    let size = type.size
    var result: [UInt8] = []
    result.reserveCapacity(count * size)
    var place = [Int](repeating: 0, count: shape.count)
    var start = 0
    let (width, step) = (shape[shape.count - 1], strides[shape.count - 1])
    for _ in 0..<(count / width) {
      if step == 1 {
        result += bytes[(start * size)..<((start + width) * size)]
      } else {
        for column in 0..<width {
          result += bytes[((start + column * step) * size)..<((start + column * step + 1) * size)]
        }
      }
      for axis in place.indices.dropLast().reversed() {
        place[axis] += 1
        start += strides[axis]
        if place[axis] < shape[axis] { break }
        start -= shape[axis] * strides[axis]
        place[axis] = 0
      }
    }
    return result
  }
}
