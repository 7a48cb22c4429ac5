/// The only calls that a pickle may make, and what each becomes: data that says what it is.
enum PickleCalls {
  /// Functions and classes by their modules; what several Python versions name differently stands there twice.
  private static let known: [String: Set<String>] = [
    "collections": ["OrderedDict", "defaultdict", "Counter", "deque"],
    "builtins": ["set", "frozenset", "list", "dict", "tuple", "bytearray", "complex", "range", "slice"],
    "__builtin__": ["set", "frozenset", "list", "dict", "tuple", "bytearray", "complex", "xrange", "slice"],
    "copy_reg": ["_reconstructor"], "copyreg": ["_reconstructor"], "_codecs": ["encode"],
    "argparse": ["Namespace"],
    "pathlib": ["PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath", "Path"],
    "datetime": ["date", "datetime", "time", "timedelta", "timezone"],
    "torch": ["Size", "device"],
    "torch._utils": [
      "_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_parameter",
      "_rebuild_parameter_with_state", "_rebuild_qtensor", "_rebuild_sparse_tensor",
    ],
    "torch._tensor": ["_rebuild_from_type_v2"],
    "torch.nn.parameter": ["Parameter"], "torch.autograd.variable": ["Variable"],
    "torch.serialization": ["_get_layout"],
    "numpy": ["dtype", "ndarray"],
    "numpy.core.multiarray": ["_reconstruct", "scalar"], "numpy._core.multiarray": ["_reconstruct", "scalar"],
    "numpy.core.numeric": ["_frombuffer"], "numpy._core.numeric": ["_frombuffer"],
  ]

  /// What a call becomes.
  ///
  /// - Throws: ``PickleError`` for a function that is not known here.
  static func call(
    _ name: PickleName, _ arguments: [PickleHeap.Node], _ heap: inout PickleHeap, at offset: Int
  ) throws -> PickleHeap.Node {
    guard known[name.module]?.contains(name.name) == true else {
      throw PickleError(
        reason: "it calls '\(name)', which is not one of the functions that data needs; nothing was called",
        offset: offset)
    }
    let first = arguments.first.flatMap { heap[$0] }
    switch (name.module, name.name) {
    case ("collections", "OrderedDict"):
      return try heap.add(.init(kind: .dictionary, pairs: try pairs(first, &heap)))
    // Beside the pairs there is the class of the values that are missing.
    case ("collections", "defaultdict"): return try heap.add(.init(kind: .dictionary))
    case ("collections", "Counter"), ("builtins", "dict"), ("__builtin__", "dict"):
      return try heap.add(.init(kind: .dictionary, pairs: try heap.copying(first?.pairs ?? [])))
    case (_, "set"), (_, "frozenset"):
      return try heap.add(.init(kind: .set, items: try heap.copying(first?.items ?? [])))
    case ("builtins", "list"), ("__builtin__", "list"), ("collections", "deque"):
      return try heap.add(.init(kind: .list, items: try heap.copying(first?.items ?? [])))
    case ("_codecs", "encode"):
      // How protocol 2 says bytes.
      guard case .value(.string(let text))? = arguments.first, arguments.count == 2,
        case .value(.string("latin1")) = arguments[1], text.unicodeScalars.allSatisfy({ $0.value < 256 })
      else { break }
      return .value(.bytes(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }))
    case (_, "_reconstructor"):
      guard let first = arguments.first, case .value(.global(let type)) = first else { break }
      return try instance(type, [], &heap)
    default: break
    }
    return try heap.add(.init(kind: .object(name), items: arguments))
  }

  /// An instance of a class, which need not be known: it is given its attributes as data.
  static func instance(
    _ type: PickleName, _ arguments: [PickleHeap.Node], _ heap: inout PickleHeap
  ) throws -> PickleHeap.Node {
    if type.module == "collections", ["OrderedDict", "defaultdict", "Counter"].contains(type.name) {
      return try heap.add(.init(kind: .dictionary))
    }
    return try heap.add(.init(kind: .object(type), items: arguments))
  }

  /// The pairs of `OrderedDict([[key, value], ...])`, as Python 2 has it.
  private static func pairs(
    _ list: PickleHeap.Container?, _ heap: inout PickleHeap
  ) throws -> [PickleHeap.Node] {
    try heap.copying(list?.items ?? []).flatMap { pair -> [PickleHeap.Node] in
      let items = heap[pair]?.items ?? []
      return items.count == 2 ? items : []
    }
  }
}
