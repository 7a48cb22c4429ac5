import Foundation
import RNNFormat
import Testing

@Suite struct JSONCodableTests {
  struct Everything: Codable, Hashable {
    enum Kind: String, Codable { case one, two }
    struct Inner: Codable, Hashable { var list: [[Int]] = [[], [1, 2]] }
    var text = "a\u{0}\n😀"
    var flag = true
    var kind = Kind.two
    var nothing: Int?
    var some: Double? = 0.1
    var inner = [Inner(), Inner(list: [])]
    var byName = ["x": -1.5, "y": 0]
    var optionals: [Int?] = [1, nil, 3]
    var doubles: [Double] = [0, -2.5, .leastNonzeroMagnitude, 1e300, 9_007_199_254_740_991]
    var float: Float = 0.1
    var large: [Double] = [9_007_199_254_740_992, 1e17, -1e20, 123_456_789_012_345_683_968]
    var integers: [Int] = [.min, .max, 0, 1 << 53 - 1, -(1 << 53)]
    var words: [UInt64] = [.max, 1 << 53, 5]
    var bytes: [UInt8] = [0, 255]
  }

  @Test func comesBackWithTheSameBits() throws {
    let value = Everything()
    let json = try JSONValue(encoding: value)
    // What a file stores and reads is the same.
    let stored = try JSONValue(parsing: Array(json.canonical.utf8))
    #expect(stored == json)
    #expect(try stored.decoded(as: Everything.self) == value)
    #expect(json["nothing"] == nil && json["kind"] == "two" && json["optionals"] == [1, .null, 3])
  }

  /// Foundation's encoder gives the same document, where numbers are small.
  @Test func isTheDocumentThatFoundationWrites() throws {
    var value = Everything()
    (value.large, value.integers, value.words, value.float) = ([], [7], [7], 0.5)
    value.doubles.removeAll { $0 > 1e20 }
    let (ours, foundations) = (
      try JSONValue(encoding: value), try JSONValue(parsing: Array(try JSONEncoder().encode(value)))
    )
    for key in Set((ours.object ?? [:]).keys).union((foundations.object ?? [:]).keys) {
      #expect(ours[key] == foundations[key], "\(key)")
    }
  }

  @Test func numbersThatReadersRoundAreStrings() throws {
    #expect(try JSONValue(encoding: [1 << 53]) == ["9007199254740992"])
    #expect(try JSONValue(encoding: [1 << 53 - 1]) == [9_007_199_254_740_991])
    #expect(try JSONValue(encoding: [1e17]) == ["1e+17"])
    #expect(try JSONValue.array(["1e+17"]).decoded(as: [Double].self) == [1e17])
    // What could be a number must be one.
    #expect(throws: DecodingError.self) { try JSONValue.array(["5"]).decoded(as: [Int].self) }
    #expect(throws: DecodingError.self) { try JSONValue.array(["0.5"]).decoded(as: [Double].self) }
    #expect(throws: DecodingError.self) { try JSONValue.array(["inf"]).decoded(as: [Double].self) }
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity]) func refusesWhatIsNoNumber(value: Double) {
    #expect(throws: EncodingError.self) { try JSONValue(encoding: [value]) }
  }

  @Test func saysWhereAKeyOrAKindIsWrong() throws {
    var members = try #require(try JSONValue(encoding: Everything()).object)
    members["inner"] = [["list": [[1, "x"]]]]
    #expect {
      _ = try JSONValue.object(members).decoded(as: Everything.self)
    } throws: { error in
      guard case DecodingError.typeMismatch(_, let context)? = error as? DecodingError else { return false }
      return context.codingPath.map(\.stringValue) == ["inner", "0", "list", "0", "1"]
    }
    members["inner"] = nil
    #expect {
      _ = try JSONValue.object(members).decoded(as: Everything.self)
    } throws: { error in
      guard case DecodingError.keyNotFound(let key, _)? = error as? DecodingError else { return false }
      return key.stringValue == "inner"
    }
    #expect(throws: DecodingError.self) { try JSONValue.null.decoded(as: Everything.self) }
    #expect(throws: DecodingError.self) { try JSONValue.array([300]).decoded(as: [UInt8].self) }
    #expect(throws: DecodingError.self) { try JSONValue.array([1.5]).decoded(as: [Int].self) }
    #expect(throws: DecodingError.self) { try JSONValue.array([1]).decoded(as: [Bool].self) }
  }
}
