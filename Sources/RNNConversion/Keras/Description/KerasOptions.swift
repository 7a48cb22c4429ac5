import Kernels
import RNNFormat

/// The options of one layer, read by name: what is not asked for and not known to be harmless is refused.
struct KerasOptions {
  /// The file, for errors.
  let file: String
  /// What the options belong to, as in `layer 'lstm_1'`.
  let place: String
  let version: KerasVersion
  private let members: [String: JSONValue]
  private var asked: Set<String> = []

  /// Makes the options of an object of a configuration.
  init(_ value: JSONValue?, file: String, place: String, version: KerasVersion) throws {
    guard let members = value?.object else {
      throw ConversionError.malformed(file: file, place: place, reason: "it has no configuration")
    }
    self.members = members
    self.file = file
    self.place = place
    self.version = version
  }

  func malformed(_ reason: String) -> ConversionError { .malformed(file: file, place: place, reason: reason) }

  /// The value of the first of these names that is there; nil for none, and for null.
  mutating func value(_ names: [String]) -> JSONValue? {
    asked.formUnion(names)
    for name in names {
      if let value = members[name], value != .null { return value }
    }
    return nil
  }

  mutating func integer(_ names: String...) throws -> Int? {
    guard let value = value(names) else { return nil }
    guard let number = value.integer else { throw malformed("its '\(names[0])' is no whole number") }
    return number
  }

  /// A number of units: at least one, and not more than fit into this project's formats.
  mutating func count(_ names: String...) throws -> Int {
    guard let value = value(names) else { throw malformed("it has no '\(names[0])'") }
    guard let number = value.integer, (1...Int(Int32.max)).contains(number) else {
      throw malformed("its '\(names[0])' is no number of units")
    }
    return number
  }

  mutating func number(_ names: String...) throws -> Double? {
    guard let value = value(names) else { return nil }
    guard let number = value.number else { throw malformed("its '\(names[0])' is no number") }
    return number
  }

  mutating func truth(_ names: String..., absent: Bool) throws -> Bool {
    guard let value = value(names) else { return absent }
    if let truth = value.bool { return truth }
    // Older versions wrote 0 and 1.
    guard let number = value.integer, (0...1).contains(number) else {
      throw malformed("its '\(names[0])' is neither true nor false")
    }
    return number == 1
  }

  mutating func text(_ names: String...) throws -> String? {
    guard let value = value(names) else { return nil }
    guard let text = value.string else { throw malformed("its '\(names[0])' is no text") }
    return text
  }

  /// The sizes of axes of a shape, nil for those that may have any.
  mutating func shape(_ names: String...) throws -> [Int?]? {
    guard let value = value(names) else { return nil }
    guard let axes = value.array, axes.count <= 32 else { throw malformed("its '\(names[0])' is no shape") }
    return try axes.map { axis in
      if axis == .null { return nil }
      guard let size = axis.integer, (0...Int(Int32.max)).contains(size) else {
        throw malformed("its '\(names[0])' is no shape")
      }
      return size
    }
  }

  /// A function by its name; Keras 3 puts the name into an object. Absent and null are the identity.
  mutating func activation(_ names: String..., absent: KerasActivation = .function(.linear)) throws -> KerasActivation {
    asked.formUnion(names)
    guard let value = names.compactMap({ members[$0] }).first else { return absent }
    if value == .null { return .function(.linear) }
    guard let name = value.string ?? value["config"]?.string else {
      let kind = value["class_name"]?.string ?? "an object"
      throw malformed("its '\(names[0])' is not the name of a function but \(kind)")
    }
    return try KerasActivation(name, options: self)
  }

  /// Refuses an option that has another value than the one which changes nothing.
  mutating func require(_ name: String, _ harmless: JSONValue..., because reason: String) throws {
    asked.insert(name)
    guard let value = members[name], value != .null, !harmless.contains(value) else { return }
    throw malformed("'\(name)' is \(value.canonical), and \(reason)")
  }

  /// Refuses what has not been asked for, unless it cannot change the numbers.
  func checkAllKnown() throws {
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      if asked.contains(name) || value == .null || Self.harmless.contains(name) { continue }
      if Self.harmlessEndings.contains(where: { name.hasSuffix($0) }) { continue }
      throw malformed(
        "its option '\(name)' (\(value.canonical.prefix(60))) is not known, so what it computes is not either")
    }
  }

  /// What says how a layer was made, is trained or is computed, but not what.
  private static let harmless: Set<String> = [
    "name", "trainable", "dtype", "input_dtype", "batch_input_shape", "batch_shape", "input_shape", "batch_size",
    "implementation", "consume_less", "unroll", "unit_forget_bias", "return_state", "seed", "input_dim", "input_length",
    "init", "inner_init", "forget_bias_init", "weights", "build_config", "registered_name", "module", "use_cudnn",
    "autocast", "_keras_api_names", "_keras_api_names_v1", "allow_cudnn_kernel", "zero_output_for_mask",
  ]
  private static let harmlessEndings = ["_initializer", "_regularizer", "_constraint"]
}

extension KerasActivation {
  /// - Throws: ``ConversionError/malformed(file:place:reason:)`` for a function that this project does not have.
  init(_ name: String, options: KerasOptions) throws {
    switch name {
    case "linear": self = .function(.linear)
    case "tanh": self = .function(.tanh)
    case "sigmoid": self = .function(.sigmoid)
    // One name, two formulas.
    case "hard_sigmoid": self = .function(options.version.major >= 3 ? .hardSigmoidSixth : .hardSigmoid)
    case "relu": self = .function(.relu)
    case "softsign": self = .function(.softsign)
    case "softplus": self = .function(.softplus)
    case "elu": self = .function(.elu)
    case "hard_tanh": self = .function(.hardTanh)
    case "softmax", "softmax_v2": self = .softmax
    default: throw options.malformed("the activation '\(name)' is not among those that a model of rnntool can have")
    }
  }
}
