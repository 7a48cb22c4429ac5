import RNNModel

extension ModelDocument {
  /// What a reader has to know beyond version 1.0 of the format, sorted: `docs/FORMAT.md`, section 3.
  public var features: [String] {
    (architecture.features + (vocabulary?.features ?? []) + (labels == nil ? [] : ["labels"])).sorted()
  }

  /// The oldest version whose readers understand the document.
  var minimumReaderVersion: Version {
    features.compactMap { LayoutSchema.current.features[$0] }.reduce(Version(major: 1, minor: 0), max)
  }
}

extension Architecture {
  /// Why a vocabulary cannot be that of this architecture; nil if it can.
  func violation(of vocabulary: Vocabulary) -> String? {
    guard input == .tokens else { return "has tokens, but the architecture takes features" }
    return vocabulary.count == size ? nil : "has \(vocabulary.count) tokens, but the architecture takes \(size)"
  }
}
