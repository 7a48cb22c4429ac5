import RNNModel

extension Architecture {
  /// Why labels cannot be those of this architecture; nil if they can.
  func violation(of labels: Labels) -> String? {
    if isLanguageModel { return "names outputs, but those of a language model are its tokens" }
    return labels.count == outputSize ? nil : "has \(labels.count) labels, but the architecture \(outputSize) outputs"
  }
}

extension LabelsError {
  /// The rule that is broken.
  var rule: String {
    switch self {
    case .offsets: "labels.offsets"
    case .count: "labels.size"
    case .empty, .duplicate: "labels.duplicate"
    }
  }
}
