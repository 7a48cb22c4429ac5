import HDF5
import RNNFormat

/// Reads the texts that Keras keeps in attributes.
///
/// They come as scalars and lists, of fixed and variable length, in ASCII and UTF-8; an empty list comes as numbers. Whatever is longer
/// than an attribute may be is cut into `name0`, `name1` and so on.
struct KerasAttributes {
  /// The file, for errors.
  let file: String

  /// The most parts that a list is taken from.
  private static let maximumParts = 10_000
  /// The longest description of a model that is read.
  static let maximumText = 64 << 20

  /// A text; nil where there is no such attribute.
  func text<Object: Attributed & ~Copyable>(_ name: String, of object: borrowing Object) throws -> String? {
    guard try object.hasAttribute(name) else { return nil }
    let (_, shape) = try object.attributeDescription(name)
    if shape.isEmpty { return try object.stringAttribute(name) }
    let texts = try object.stringsAttribute(name)
    guard texts.count == 1 else { throw malformed(name, object, "it is not one text") }
    return texts[0]
  }

  /// A list of texts; nil where there is none.
  func list<Object: Attributed & ~Copyable>(_ name: String, of object: borrowing Object) throws -> [String]? {
    if try object.hasAttribute(name) { return try part(name, of: object) }
    var list: [String]?
    for index in 0..<Self.maximumParts {
      guard try object.hasAttribute("\(name)\(index)") else { return list }
      list = (list ?? []) + (try part("\(name)\(index)", of: object))
    }
    throw malformed(name, object, "it has more than \(Self.maximumParts) parts")
  }

  private func part<Object: Attributed & ~Copyable>(_ name: String, of object: borrowing Object) throws -> [String] {
    let (datatype, shape) = try object.attributeDescription(name)
    guard shape.count == 1 else { throw malformed(name, object, "it is not a list") }
    // NumPy has no empty list of texts: it is one of float64.
    if shape == [0] { return [] }
    switch datatype {
    case .fixedString, .variableString: return try object.stringsAttribute(name)
    default: throw malformed(name, object, "it is a list of \(datatype), not of texts")
    }
  }

  private func malformed<Object: Attributed & ~Copyable>(
    _ name: String, _ object: borrowing Object, _ reason: String
  ) -> ConversionError {
    .malformed(file: file, place: "\(object.location.path ?? "")@\(name)", reason: reason)
  }
}
