extension KeyedDecodingContainer {
  /// The value of a key, or what its absence means: documents of older versions lack the keys that came later.
  package func decode<Value: Decodable>(_ key: Key, else usual: Value) throws -> Value {
    try decodeIfPresent(Value.self, forKey: key) ?? usual
  }
}
