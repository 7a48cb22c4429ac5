/// The program and its version.
public enum Generator {
  /// `rnntool`
  public static let name = "rnntool"
  /// The version of this program.
  public static let version = "1.0.0"
  /// Both.
  public static let text = "\(name) \(version)"
}
