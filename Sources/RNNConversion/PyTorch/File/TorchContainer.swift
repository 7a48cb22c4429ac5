import RNNFormat

/// A file that `torch.save` wrote: one pickled object, and storages beside it.
protocol TorchContainer: AnyObject {
  /// What was saved.
  var root: PickleValue { get }

  /// The bytes of a part of a storage, little-endian.
  func bytes(of storage: TorchStorage, _ range: Range<Int>) throws -> [UInt8]
}

extension PickleValue {
  /// All storages that the tensors in a value are views of, by key.
  ///
  /// - Throws: ``TorchRefusal`` for storages that contradict one another.
  func storages() throws(TorchRefusal) -> [String: TorchStorage] {
    var storages: [String: TorchStorage] = [:]
    try collectStorages(into: &storages)
    return storages
  }

  fileprivate func collectStorages(into storages: inout [String: TorchStorage]) throws(TorchRefusal) {
    switch self {
    case .persistent(let identifier):
      var storage = try TorchStorage(identifier)
      // A view ends within the whole storage, whose length comes first.
      if let count = identifier.elements?[4].integer { storage = TorchStorage(storage, count: count) }
      if let other = storages.updateValue(storage, forKey: storage.key), other != storage {
        throw TorchRefusal("storage \(storage.key) is described in two ways")
      }
    case .list(let values), .tuple(let values), .set(let values):
      for value in values { try value.collectStorages(into: &storages) }
    case .dictionary(let dictionary): try dictionary.collectStorages(into: &storages)
    case .object(let object):
      for value in object.arguments + object.elements { try value.collectStorages(into: &storages) }
      try object.pairs.collectStorages(into: &storages)
      try object.state?.collectStorages(into: &storages)
    case .none, .bool, .integer, .longInteger, .real, .string, .bytes, .global: break
    }
  }
}

extension PickleDictionary {
  fileprivate func collectStorages(into storages: inout [String: TorchStorage]) throws(TorchRefusal) {
    for pair in pairs { try pair.value.collectStorages(into: &storages) }
  }
}
