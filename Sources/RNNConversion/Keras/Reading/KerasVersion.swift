/// Which Keras wrote a file: the same names mean different formulas in different versions.
struct KerasVersion: Hashable, Sendable, CustomStringConvertible {
  /// As the file has it, such as `2.2.4-tf`; nil where the file names none.
  let text: String?
  /// 1, 2 or 3.
  let major: Int
  /// The number behind the major one.
  let minor: Int
  /// Whether it is the Keras inside TensorFlow, whose second version has other defaults than the Keras that stood alone.
  let isTensorFlow: Bool

  /// The Keras of files with paths in place of names, which have no version in them.
  static let three = KerasVersion(text: nil, major: 3, minor: 0, isTensorFlow: false)

  private init(text: String?, major: Int, minor: Int, isTensorFlow: Bool) {
    self.text = text
    self.major = major
    self.minor = minor
    self.isTensorFlow = isTensorFlow
  }

  /// Reads what a file says; a file that says nothing is one of Keras 1.
  ///
  /// - Returns: nil for a text that names no version from 1 to 3.
  init?(_ text: String?) {
    guard let text else {
      self.init(text: nil, major: 1, minor: 0, isTensorFlow: false)
      return
    }
    let numbers = text.split(separator: ".", omittingEmptySubsequences: false).map {
      Int($0.prefix { $0.isASCII && $0.isNumber })
    }
    guard let first = numbers.first, let major = first, (1...3).contains(major) else { return nil }
    let minor = numbers.count > 1 ? numbers[1] ?? 0 : 0
    // The last version that stood alone was 2.4, and it only passed on what TensorFlow has.
    self.init(text: text, major: major, minor: minor, isTensorFlow: major == 2 && (text.hasSuffix("-tf") || minor >= 4))
  }

  /// As in `Keras 2.2.4`.
  var description: String { "Keras \(text ?? (major == 1 ? "1, as it names no version" : "\(major)"))" }

  /// Whether layers without the option have the defaults of TensorFlow 2: gates with a sigmoid, a GRU's reset after the product.
  var hasNewDefaults: Bool { major >= 3 || isTensorFlow }
}
