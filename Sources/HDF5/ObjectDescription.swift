/// What a walk finds at one path.
public struct ObjectDescription: Equatable, Sendable {
  /// The absolute path, `/` for the root.
  public let path: String
  /// Group or dataset.
  public let kind: ObjectKind
  /// The sizes of a dataset's axes; empty for a scalar or a group.
  public let shape: [Int]
  /// The type of a dataset's elements; nil for a group.
  public let datatype: Datatype?
  /// The names of the attributes, in the order of their UTF-8 bytes.
  public let attributeNames: [String]

  /// - Parameters:
  ///   - path: the absolute path
  ///   - kind: group or dataset
  ///   - shape: the sizes of a dataset's axes
  ///   - datatype: the type of a dataset's elements
  ///   - attributeNames: the names of the attributes
  public init(path: String, kind: ObjectKind, shape: [Int], datatype: Datatype?, attributeNames: [String]) {
    self.path = path
    self.kind = kind
    self.shape = shape
    self.datatype = datatype
    self.attributeNames = attributeNames
  }
}
