/// Something that a file does not say, and what was taken for it.
public struct Assumption: Hashable, Sendable {
  /// What it is about: "context".
  public let subject: String
  /// What was taken: "stream".
  public let value: String
  /// Why it had to be assumed, or from what it follows: "a state dict does not say whether the state is carried on".
  public let reason: String
  /// The flag that settles it: "--context".
  public let flag: String
  /// Whether the user has said it.
  public let isGiven: Bool

  /// Describes an assumption.
  public init(_ subject: String, _ value: String, because reason: String, flag: String, isGiven: Bool) {
    self.subject = subject
    self.value = value
    self.reason = reason
    self.flag = flag
    self.isGiven = isGiven
  }

  /// One line, as it is printed and as the lineage keeps it.
  public var text: String {
    "\(subject): \(value) (\(isGiven ? "given as \(flag)" : "\(reason); \(flag) says otherwise"))"
  }
}
