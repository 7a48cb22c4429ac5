import RNNFormat
import RNNModel

/// What two networks do not have in common.
public struct ArchitectureDifference: Sendable {
  /// Which layer is which.
  public let alignment: LayerAlignment
  /// Keys of the documents that are not the same; those of layers begin with `layers/` and the first network's name for them. A layer that
  /// has another name has a difference at its `name`.
  public let keys: [JSONDifference]
  /// Whether the layers that both have come in another order.
  public let isReordered: Bool

  /// Compares two networks.
  public init(_ first: Architecture, _ second: Architecture) {
    let alignment = LayerAlignment(first, second)
    var (left, right) = (first.json.object ?? [:], second.json.object ?? [:])
    (left["layers"], right["layers"]) = (nil, nil)
    var keys = JSONDifference.all(.object(left), .object(right))
    let (layers, others) = (Self.layers(of: first), Self.layers(of: second))
    for pair in alignment.pairs {
      // A name that stands for the same layer is no difference.
      let renamed = Self.renaming(others[pair.second], alignment)
      keys += JSONDifference.all(layers[pair.first], renamed, at: "layers/\(pair.first)")
    }
    self.keys = keys
    self.alignment = alignment
    let order = second.layers.map(\.name)
    let places = alignment.pairs.compactMap { order.firstIndex(of: $0.second) }
    isReordered = zip(places, places.dropFirst()).contains { $0 > $1 }
  }

  /// Whether the networks compute the same from the same numbers: names count only where `names` says so.
  public func isNone(names: Bool) -> Bool {
    (names ? keys : keys.filter { !Self.isName($0) }).isEmpty && alignment.onlyFirst.isEmpty
      && alignment.onlySecond.isEmpty && !isReordered
  }

  /// Whether a difference is only the name of a layer.
  public static func isName(_ difference: JSONDifference) -> Bool {
    let parts = difference.path.split(separator: "/")
    return parts.count == 3 && parts[0] == "layers" && parts[2] == "name"
  }

  private static func layers(of architecture: Architecture) -> [String: JSONValue] {
    let layers = architecture.json["layers"]?.array ?? []
    return Dictionary(layers.map { ($0["name"]?.string ?? "", $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// A layer of the second network with the first one's names for the layers that it refers to.
  private static func renaming(_ layer: JSONValue?, _ alignment: LayerAlignment) -> JSONValue? {
    guard case .object(var members)? = layer else { return layer }
    func name(_ value: JSONValue) -> JSONValue {
      alignment.pairs.first { $0.second == value.string }.map { .string($0.first) } ?? value
    }
    for key in ["of", "weights_of"] {
      switch members[key] {
      case .string(let other)?: members[key] = name(.string(other))
      case .array(let others)?: members[key] = .array(others.map(name))
      default: break
      }
    }
    return .object(members)
  }
}
