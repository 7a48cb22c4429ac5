import RNNFormat

extension Recipe {
  /// The first thing that another recipe says otherwise, as in "model.hidden is 12 there, but 9 here"; nil if there is none.
  func difference(from other: Recipe) throws -> String? {
    let (mine, others) = (try JSONValue(encoding: self), try JSONValue(encoding: other))
    guard let difference = mine.difference(from: others) else { return nil }
    func said(_ value: JSONValue?) -> String { value.map(\.canonical) ?? "not given" }
    return "\(difference.path) is \(said(difference.other)) there, but \(said(difference.own)) here".printable
  }
}

extension JSONValue {
  /// The first place, in the order of the keys, where another value differs; what something is called or what kind it is comes first,
  /// because its other keys follow from that.
  fileprivate func difference(
    from other: JSONValue
  ) -> (path: String, own: JSONValue?, other: JSONValue?)? {
    guard let mine = object, let others = other.object else { return self == other ? nil : ("", self, other) }
    let keys = Set(mine.keys).union(others.keys).sorted()
    for key in ["name", "kind"] + keys where mine[key] != others[key] {
      guard let own = mine[key], let other = others[key], let inner = own.difference(from: other) else {
        return (key, mine[key], others[key])
      }
      return (inner.path.isEmpty ? key : "\(key).\(inner.path)", inner.own, inner.other)
    }
    return nil
  }
}
