import RNNFormat

/// The parameters of a PyTorch model by their names, whatever file they are in.
struct StateDict {
  let source: any ArraySource
  /// The names, in the order of the file where it has one, else by name.
  let names: [String]
  /// Modules that were saved whole, by path, in the order in which they were made; none in a file of parameters alone.
  let modules: [(path: String, object: PickleObject)]
  /// What was saved beside the parameters.
  let root: PickleValue?

  /// Takes the arrays of a file without an order.
  init(_ source: any ArraySource) {
    self.source = source
    names = source.arrays.keys.sorted(by: Self.precedes)
    modules = []
    root = nil
  }

  /// Takes the arrays of a file that has them in an order.
  init(_ source: any ArraySource, names: [String]) {
    self.source = source
    self.names = names
    modules = []
    root = nil
  }

  /// Takes what `torch.save` saved.
  init(_ file: TorchFile) {
    source = file
    names = file.names
    modules = file.modules
    root = file.root
  }

  /// Whether a module was saved whole, with the classes of its parts.
  var isWhole: Bool { !modules.isEmpty }

  /// The order of names in which numbers count as numbers.
  static func precedes(_ first: String, _ second: String) -> Bool {
    let (first, second) = (pieces(first), pieces(second))
    for (first, second) in zip(first, second) where first != second {
      if let first = Int(first), let second = Int(second), first != second { return first < second }
      return first < second
    }
    return first.count < second.count
  }

  /// A name cut into numbers and what is between them.
  private static func pieces(_ name: String) -> [Substring] {
    var pieces: [Substring] = []
    var rest = name[...]
    while let first = rest.first {
      let piece = rest.prefix { $0.isASCIIDigit == first.isASCIIDigit }
      pieces.append(piece)
      rest = rest.dropFirst(piece.count)
    }
    return pieces
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}

/// The parameters of a PyTorch model as nested lists of numbers in JSON, by name.
final class JSONArrays: ArraySource {
  let path: String
  let arrays: [String: ArrayDescription]
  private let values: [String: [UInt8]]

  /// - Throws: ``ConversionError``.
  init(opening path: String) throws {
    self.path = path
    let file = try InputFile(opening: path)
    let json: JSONValue
    do {
      json = try JSONValue(parsing: try file.read(at: 0, count: file.size), maximumDepth: 8)
    } catch let error as JSONError {
      throw ConversionError.malformed(file: path, place: "the text", reason: "\(error)")
    }
    guard let members = json.object, !members.isEmpty else {
      throw ConversionError.malformed(file: path, place: "the text", reason: "it is not an object with arrays")
    }
    var arrays: [String: ArrayDescription] = [:]
    var values: [String: [UInt8]] = [:]
    for (name, value) in members {
      var shape: [Int] = []
      var first: JSONValue? = value
      while let elements = first?.array {
        shape.append(elements.count)
        first = elements.first
      }
      var numbers: [Float] = []
      guard value.array != nil, value.collect(&numbers, shape[...]) else {
        throw ConversionError.malformed(
          file: path, place: name, reason: "it is not a list of numbers, or its lists have different lengths")
      }
      arrays[name] = ArrayDescription(name: name, type: .float32, shape: shape)
      values[name] = LittleEndian.bytes(numbers[...])
    }
    self.arrays = arrays
    self.values = values
  }

  func bytes(of array: ArrayDescription) -> [UInt8] { values[array.name] ?? [] }
}

extension JSONValue {
  /// Appends the numbers of nested lists; false unless they have a shape.
  fileprivate func collect(_ numbers: inout [Float], _ shape: ArraySlice<Int>) -> Bool {
    guard let length = shape.first else {
      guard let number else { return false }
      numbers.append(Float(number))
      return Float(number).isFinite
    }
    guard let elements = array, elements.count == length else { return false }
    return elements.allSatisfy { $0.collect(&numbers, shape.dropFirst()) }
  }
}
