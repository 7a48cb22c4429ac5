import CEmbeddedTexts

/// The specification and the schemas, as the program carries them.
public enum EmbeddedTexts {
  /// The text of `docs/FORMAT.md`.
  public static let specification = text("FORMAT.md")

  /// The files of `schemas/`, by name.
  public static let schemas: [String: String] = {
    var schemas: [String: String] = [:]
    for index in 0..<embedded_text_count() {
      let name = String(cString: embedded_text_at(index).name)
      if name.hasSuffix(".json") { schemas[name] = text(name) }
    }
    return schemas
  }()

  private static func text(_ name: String) -> String {
    for index in 0..<embedded_text_count() {
      let text = embedded_text_at(index)
      if String(cString: text.name) == name {
        // Safe: the bytes are a constant of the program.
        return String(decoding: UnsafeBufferPointer(start: text.bytes, count: text.count), as: UTF8.self)
      }
    }
    return ""
  }
}
