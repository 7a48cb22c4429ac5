import RNNFormat
import Testing

@Suite struct JSONTests {
  /// RFC 8785, appendix B.
  private static let numbers: [(UInt64, String)] = [
    (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
    (0x8000_0000_0000_0001, "-5e-324"), (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
    (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
    (0xC340_0000_0000_0000, "-9007199254740992"), (0x4430_0000_0000_0000, "295147905179352830000"),
    (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"), (0x44B5_2D02_C7E1_4AF6, "1e+23"),
    (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"), (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
    (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"), (0x444B_1AE4_D6E2_EF50, "1e+21"),
    (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
    (0x41B3_DE43_5555_5553, "333333333.3333332"), (0x41B3_DE43_5555_5554, "333333333.33333325"),
    (0x41B3_DE43_5555_5555, "333333333.3333333"), (0x41B3_DE43_5555_5556, "333333333.3333334"),
    (0x41B3_DE43_5555_5557, "333333333.33333343"), (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
    (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
  ]

  @Test func printsTheNumbersOfTheRFC() {
    for (bits, text) in Self.numbers { #expect(JSONValue.number(Double(bitPattern: bits)).canonical == text) }
    #expect(JSONValue.number(.nan).canonical == "null")
    #expect(JSONValue.number(.infinity).canonical == "null")
  }

  @Test func printsTheDocumentOfTheRFC() throws {
    let text = #"""
      {
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
      }
      """#
    let canonical =
      #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#
      + #""string":"€$\u000f\nA'B\"\\\\\"/"}"#
    #expect(try JSONValue(parsing: text).canonical == canonical)
  }

  @Test func sortsKeysByUTF16() throws {
    let text = "{\"\u{20AC}\":1,\"\\r\":2,\"\u{FB33}\":3,\"1\":4,\"\u{1F600}\":5,\"\u{80}\":6,\"\u{F6}\":7}"
    #expect(
      try JSONValue(parsing: text).canonical
        == "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{F6}\":7,\"\u{20AC}\":1,\"\u{1F600}\":5,\"\u{FB33}\":3}")
  }

  @Test func readsEscapes() throws {
    #expect(try JSONValue(parsing: #""\"\\\/\b\f\n\r\tAé\uD83D\uDE00""#) == "\"\\/\u{8}\u{C}\n\r\tAé😀")
    #expect(JSONValue.string("\u{0}\u{1F}\u{7F}\u{2028}").canonical == "\"\\u0000\\u001f\u{7F}\u{2028}\"")
  }

  private static let refused: [(text: [UInt8], says: String)] =
    [
      ("", "too early"), (" ", "too early"), ("nul", "value was expected"), ("NaN", "value was expected"),
      ("Infinity", "value was expected"), ("'a'", "value was expected"), ("+1", "value was expected"),
      ("\u{FEFF}1", "value was expected"), ("1 2", "after the end"), ("{}{}", "after the end"), ("01", "after the end"),
      ("1x", "after the end"), ("-", "digit was expected"), ("1.", "digit was expected"), (".5", "value was expected"),
      ("1e", "digit was expected"), ("1e+", "digit was expected"), ("-a", "digit was expected"),
      ("1e999", "too large"), ("-1e999", "too large"), ("9007199254740992", "2^53"), ("-9007199254740992", "2^53"),
      ("1e20", "2^53"), ("9007199254740993.0", "2^53"), ("100000000000000000000000", "2^53"),
      ("[1,]", "value was expected"), ("[1 2]", "',' or ']'"), ("[1", "',' or ']'"), ("[", "too early"),
      ("{1:2}", "key was expected"), (#"{"a" 1}"#, "':' was expected"), (#"{"a":1,}"#, "key was expected"),
      (#"{"a":1 "b":2}"#, "',' or '}'"), (#"{"a":1"#, "',' or '}'"), (#"{"a":1,"a":1}"#, "occurs twice"),
      (#"{"a":{"b":1,"b":2}}"#, "occurs twice"), (#"{"a":1,"\u0061":2}"#, "occurs twice"),
      ("{\"\u{E9}\":1,\"e\u{301}\":2}", "occurs twice"),
      (#"""#, "does not end"), (#""\"#, "does not end"), (#""\x""#, "escape is not known"),
      (#""\u12""#, "four hexadecimal"), (#""\u+123""#, "four hexadecimal"), (#""\ud800""#, "surrogate"),
      (#""\udc00""#, "surrogate"), (#""\ud800A""#, "surrogate"), ("\"\n\"", "control character"),
      ("\"\u{0}\"", "control character"),
    ].map { (Array($0.0.utf8), $0.1) } + [
      ([0x22, 0xFF, 0x22], "not UTF-8"), ([0x22, 0xC0, 0x80, 0x22], "not UTF-8"),
      ([0x22, 0xED, 0xA0, 0x80, 0x22], "not UTF-8"), ([0xFF], "value was expected"),
    ]

  @Test func refusesEverythingElse() {
    for (text, says) in Self.refused {
      do throws(JSONError) {
        let value = try JSONValue(parsing: text)
        Issue.record("\(String(decoding: text, as: UTF8.self)) was read as \(value)")
      } catch {
        #expect(error.message.contains(says), "\(String(decoding: text, as: UTF8.self)): \(error)")
        #expect((0...text.count).contains(error.offset))
      }
    }
  }

  @Test func boundsTheDepth() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(try JSONValue(parsing: nested(64)).canonical == nested(64))
    #expect(throws: JSONError.self) { try JSONValue(parsing: nested(65)) }
    #expect(throws: JSONError.self) { try JSONValue(parsing: String(repeating: "{\"a\":", count: 100_000)) }
    #expect(throws: JSONError.self) { try JSONValue(parsing: Array("[[1]]".utf8), maximumDepth: 1) }
  }

  @Test(arguments: 0..<200)
  func whatWasPrintedIsReadAgain(seed: Int) throws {
    var chance = Chance(seed)
    let value = Self.draw(&chance, depth: 0)
    let text = value.canonical
    #expect(try JSONValue(parsing: text) == value)
    #expect(try JSONValue(parsing: text).canonical == text)
    #expect(try JSONValue(parsing: value.indented) == value)
  }

  @Test func aCutTextIsNeverRead() throws {
    let text = Array(#"{"a":[1,-2.5e-7,"xé😀\n",null,true,false,{"b":{}}]}"#.utf8)
    _ = try JSONValue(parsing: text)
    for end in 0..<text.count {
      #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text[..<end])) }
    }
  }

  private static func draw(_ chance: inout Chance, depth: Int) -> JSONValue {
    switch chance.count(0...(depth < 4 ? 7 : 5)) {
    case 0: return .null
    case 1: return .bool(chance.flag())
    case 2: return .integer(chance.count(-9_007_199_254_740_991...9_007_199_254_740_991))
    case 3:
      let value = Double(bitPattern: chance.next())
      let isStorable = value.isFinite && (abs(value) < 9e15 || abs(value) >= 1e21)
      return .number(isStorable ? value : 0.1)
    case 4, 5: return .string(text(&chance))
    case 6: return .array((0..<chance.count(0...4)).map { _ in draw(&chance, depth: depth + 1) })
    default:
      var members: [String: JSONValue] = [:]
      for _ in 0..<chance.count(0...4) { members[text(&chance)] = draw(&chance, depth: depth + 1) }
      return .object(members)
    }
  }

  private static func text(_ chance: inout Chance) -> String {
    var text = ""
    for _ in 0..<chance.count(0...6) {
      let limit = [0x20, 0x7F, 0x7FF, 0xFFFF, 0x10FFFF][chance.count(0...4)]
      text.unicodeScalars.append(Unicode.Scalar(UInt32(chance.count(0...limit))) ?? "x")
    }
    return text
  }
}
