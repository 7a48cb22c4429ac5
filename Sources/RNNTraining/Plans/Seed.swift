/// A seed as JSON: a number where every reader of JSON reads it exactly, else a string of digits.
struct Seed: Hashable, Sendable, Codable {
  var value: UInt64

  init(value: UInt64) { self.value = value }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(UInt64.self) {
      value = number
    } else if let number = UInt64(try container.decode(String.self)) {
      value = number
    } else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "the seed is no 64-bit number")
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if value < 1 << 53 {
      try container.encode(value)
    } else {
      try container.encode(String(value))
    }
  }
}
