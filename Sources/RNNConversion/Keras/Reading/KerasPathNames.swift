/// The names by which Keras 3 keeps the objects of a list: the class in small letters, and a number from the second one of a class on.
struct KerasPathNames {
  private var used: [String: Int] = [:]

  /// The name of the next object, which is of this class.
  mutating func next(_ className: String) -> String {
    let name = Self.snakeCase(className)
    guard let count = used[name] else {
      used[name] = 0
      return name
    }
    used[name] = count + 1
    return "\(name)_\(count + 1)"
  }

  /// As in `simple_rnn` for `SimpleRNN`.
  static func snakeCase(_ name: String) -> String {
    let characters = Array(
      name.unicodeScalars.filter { $0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "_" })
    var result = String.UnicodeScalarView()
    for (index, character) in characters.enumerated() {
      if index > 0, character.properties.isUppercase {
        let before = characters[index - 1]
        let isWord = index + 1 < characters.count && characters[index + 1].properties.isLowercase
        if isWord || before.properties.isLowercase { result.append("_") }
      }
      result.append(character)
    }
    return String(result).lowercased()
  }
}
