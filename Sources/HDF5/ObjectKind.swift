internal import CHDF5

/// What a name in a group leads to. Only groups and datasets can be opened.
public enum ObjectKind: Equatable, Sendable, CustomStringConvertible {
  /// A group.
  case group
  /// A dataset.
  case dataset
  /// A datatype stored as an object of its own.
  case committedType
  /// A link to a path, which may lead anywhere or nowhere.
  case softLink
  /// A link into another file.
  case externalLink
  /// A link of a class that a program defined, with its number.
  case userLink(Int)
  /// An object of a class that this library does not know.
  case unknown

  /// As in `a soft link`.
  public var description: String {
    switch self {
    case .group: "a group"
    case .dataset: "a dataset"
    case .committedType: "a committed datatype"
    case .softLink: "a soft link"
    case .externalLink: "a link into another file"
    case .userLink(let number): "a user-defined link of class \(number)"
    case .unknown: "an object of unknown class"
    }
  }

  /// The rule that forbids opening it; nil for groups and datasets.
  public var refusal: HDF5Error.Rule? {
    switch self {
    case .group, .dataset: nil
    case .committedType: .committedType
    case .softLink: .softLink
    case .externalLink: .externalLink
    case .userLink, .unknown: .userLink
    }
  }

  /// Finds out about the link `name` of an open group without following it.
  init(of name: String, in group: Location) throws(HDF5Error) {
    let place = group.child(name)
    guard try place.truth(H5Lexists(group.id, name, 0), "find") else {
      throw place.refusal(.missing, "find", "there is no such object")
    }
    var link: Int32 = 0
    try place.check(chdf5_link_type(group.id, name, &link), "find")
    switch Int(link) {
    case Int(H5L_TYPE_HARD.rawValue): self = try Self.object(name, in: group, at: place)
    case Int(H5L_TYPE_SOFT.rawValue): self = .softLink
    case Int(H5L_TYPE_EXTERNAL.rawValue): self = .externalLink
    default: self = .userLink(Int(link))
    }
  }

  private static func object(_ name: String, in group: Location, at place: Location) throws(HDF5Error) -> ObjectKind {
    var type = H5O_TYPE_UNKNOWN
    try place.check(chdf5_object_type(group.id, name, &type), "find", .damaged)
    return switch type {
    case H5O_TYPE_GROUP: .group
    case H5O_TYPE_DATASET: .dataset
    case H5O_TYPE_NAMED_DATATYPE: .committedType
    default: .unknown
    }
  }

  /// Refuses everything but `self`, which is what the caller wants at `place`.
  func require(_ found: ObjectKind, at place: Location) throws(HDF5Error) {
    if let rule = found.refusal { throw place.refusal(rule, "open", "it is \(found)") }
    if found != self { throw place.refusal(.kind, "open", "it is \(found), not \(self)") }
  }
}
