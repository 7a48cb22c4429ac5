import Testing

@testable import RNNConversion

@Suite struct PickleTests {
  private func read(_ text: String) throws -> PickleValue {
    try PickleReader.read(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
  }

  private static let values: [(pickle: String, value: PickleValue)] = [
    ("N.", .none), ("\u{88}.", .bool(true)), ("I01\n.", .bool(true)), ("I-12\n.", .integer(-12)),
    ("L7L\n.", .integer(7)),
    ("K\u{FF}.", .integer(255)), ("M\u{34}\u{12}.", .integer(0x1234)), ("J\u{FE}\u{FF}\u{FF}\u{FF}.", .integer(-2)),
    ("\u{8A}\u{00}.", .integer(0)), ("\u{8A}\u{01}\u{80}.", .integer(-128)),
    ("\u{8A}\u{02}\u{80}\u{00}.", .integer(128)),
    ("\u{8A}\u{09}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{01}.", .longInteger([0, 0, 0, 0, 0, 0, 0, 0, 1])),
    ("F-1.5\n.", .real(-1.5)), ("G\u{3F}\u{F8}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}.", .real(1.5)),
    ("S'a\\n\\x41\\''\n.", .string("a\nA'")), ("S'\\xff'\n.", .bytes([255])), ("V\u{E9}\\u20ac\n.", .string("é€")),
    ("X\u{02}\u{00}\u{00}\u{00}hi.", .string("hi")), ("\u{8C}\u{02}hi.", .string("hi")),
    ("U\u{01}\u{FF}.", .bytes([255])),
    ("C\u{02}hi.", .bytes([104, 105])), ("B\u{01}\u{00}\u{00}\u{00}h.", .bytes([104])),
    (")K\u{01}K\u{02}\u{86}\u{86}.", .tuple([.tuple([]), .tuple([.integer(1), .integer(2)])])),
    ("(K\u{01}l.", .list([.integer(1)])), ("]q\u{00}(h\u{00}0K\u{01}K\u{02}e.", .list([.integer(1), .integer(2)])),
    ("\u{80}\u{04}\u{95}\u{04}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{8F}(K\u{01}\u{90}.", .set([.integer(1)])),
    ("cos\nsystem\n.", .global(PickleName(module: "os", name: "system"))),
    ("\u{8C}\u{01}a\u{94}\u{8C}\u{01}b\u{93}.", .global(PickleName(module: "a", name: "b"))),
    ("c_codecs\nencode\n(V\u{FF}a\nVlatin1\ntR.", .bytes([255, 97])), ("Pkey\n.", .persistent(.string("key"))),
    ("(Vmodule\ncmodel\nNet\nVsource\ntQ.", .global(PickleName(module: "model", name: "Net"))),
    ("c__builtin__\nset\n(](K\u{01}etR.", .set([.integer(1)])), ("(K\u{01}1N.", .none),
    ("K\u{01}20\u{85}.", .tuple([.integer(1)])),
  ]

  @Test(arguments: values.indices)
  func readsValues(index: Int) throws {
    let (pickle, value) = Self.values[index]
    #expect(try read(pickle) == value)
  }

  @Test func readsDictionariesOfAllKinds() throws {
    let expected: PickleValue = .dictionary(
      try #require(PickleDictionary([.init(key: .string("a"), value: .integer(1))])))
    for pickle in [
      "}Va\nK\u{01}s.", "}(Va\nK\u{01}u.", "(Va\nK\u{01}d.", "ccollections\nOrderedDict\n)RVa\nK\u{01}s.",
      "ccollections\nOrderedDict\n](](Va\nK\u{01}ee\u{85}R.",
      "ccollections\ndefaultdict\nc__builtin__\nint\n\u{85}RVa\nK\u{01}s.",
      "ccollections\nCounter\n}Va\nK\u{01}s\u{85}R.", "ccollections\nOrderedDict\n)R(Va\nK\u{01}u}Vversion\nK\u{02}sb.",
    ] {
      #expect(try read(pickle) == expected, "\(pickle)")
    }
    #expect(expected.dictionary?["a"] == .integer(1))
  }

  @Test func readsObjectsAsData() throws {
    for pickle in [
      "c__main__\nNet\n)\u{81}}Va\nK\u{01}sb.",
      "ccopy_reg\n_reconstructor\n(c__main__\nNet\nc__builtin__\nobject\nNtR}Va\nK\u{01}sb.",
      "c__main__\nNet\n)}\u{92}}Va\nK\u{01}sb.",
    ] {
      let object = try #require(try read(pickle).object)
      #expect(object.type == PickleName(module: "__main__", name: "Net"))
      #expect(object.attributes?["a"] == .integer(1))
    }
  }

  private static let hostile: [(pickle: String, says: String)] = [
    ("cos\nsystem\n(S'true'\ntR.", "os.system"), ("c__builtin__\neval\n(S'1'\ntR.", "__builtin__.eval"),
    ("(S'true'\nios\nsystem\n.", "os.system"), ("(cos\nsystem\nS'true'\no.", "os.system"),
    ("\u{8C}\u{05}posix\u{8C}\u{06}system\u{93}\u{8C}\u{04}true\u{85}R.", "posix.system"),
    ("ctorch.storage\n_load_from_bytes\n(C\u{01}atR.", "torch.storage._load_from_bytes"),
    ("cbuiltins\ngetattr\n(NNtR.", "builtins.getattr"), ("ccollections\nnamedtuple\n)R.", "collections.namedtuple"),
    ("ctorch._utils.os\nsystem\n)R.", "torch._utils.os.system"), ("K\u{01})R.", "not a name"),
    ("cos\nsystem\nK\u{01}R.", "not a tuple"),
    ("]q\u{00}h\u{00}a.", "contains itself"), ("]q\u{00}\u{85}q\u{01}0h\u{00}h\u{01}a.", "contains itself"),
    ("}(Va\nNVa\nNu.", "twice"), ("}(NNNu.", "no value"), ("}(NNu", "too early"), ("", "too early"),
    (".", "other than one"),
    ("NN.", "other than one"), ("(.", "other than one"), ("R.", "more values"), ("(R.", "more values"), ("t.", "mark"),
    ("h\u{05}.", "memo is empty"), ("q\u{00}.", "nothing to remember"), ("a.", "more values"),
    ("NNa.", "no container"),
    ("}Na.", "no list"), ("]NNs.", "no dictionary"), ("NNb.", "no container"), ("]}b.", "no object"),
    ("X\u{FF}\u{FF}\u{FF}\u{7F}a.", "too early"),
    ("\u{8D}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}a.", "too large"),
    ("\u{8B}\u{FF}\u{FF}\u{00}\u{00}.", "too early"), ("\u{80}\u{06}N.", "protocol 6"), ("\u{82}\u{01}.", "registry"),
    ("\u{97}.", "outside"), ("\u{FE}.", "not known"), ("I1x\n.", "not a number"), ("Fx\n.", "not a number"),
    ("Sx\n.", "quotes"),
    ("S'\\q'\n.", "escape"), ("V\\ud800\n.", "escape"), ("gx\n.", "not a number"), ("N.N", "after the end"),
  ]

  @Test(arguments: hostile.indices)
  func refuses(index: Int) throws {
    let (pickle, says) = Self.hostile[index]
    do {
      let value = try read(pickle)
      Issue.record("read as \(value)")
    } catch {
      #expect("\(error)".contains(says), "\(error)")
    }
  }

  @Test func refusesNestingThatIsTooDeep() throws {
    #expect(try read(String(repeating: "]", count: 100) + String(repeating: "a", count: 99) + ".").elements != nil)
    do {
      _ = try read(String(repeating: "]", count: 1_000_000) + String(repeating: "a", count: 999_999) + ".")
      Issue.record("it was read")
    } catch {
      #expect("\(error)".contains("nested deeper"))
    }
  }

  @Test func refusesFewBytesThatStandForManyValues() throws {
    // Each list holds the one before it twice.
    var pickle = "]q\u{00}0"
    for level in 0..<60 {
      let (last, next) = (Unicode.Scalar(UInt8(level)), Unicode.Scalar(UInt8(level + 1)))
      pickle += "]q\(next)(h\(last)h\(last)e0"
    }
    do {
      _ = try read(pickle + "h\u{3C}.")
      Issue.record("it was read")
    } catch {
      #expect("\(error)".contains("stands for more than"))
    }
    let many = "](" + String(repeating: "N", count: 10_000) + "eq\u{00}0("
    #expect(throws: PickleHeap.Refusal.self) {
      do {
        _ = try read(many + String(repeating: "c__builtin__\nset\nh\u{00}\u{85}R", count: 1000) + "t.")
      } catch let error as PickleError {
        throw PickleHeap.Refusal(reason: error.reason)
      }
    }
  }

  @Test func everyCutIsRefused() throws {
    for (pickle, _) in Self.values {
      for end in 0..<pickle.unicodeScalars.count {
        #expect(throws: PickleError.self) { try read(String(pickle.unicodeScalars.prefix(end))) }
      }
    }
  }

  @Test func writesWhatItReads() throws {
    let dictionary = try #require(
      PickleDictionary([.init(key: .string("a"), value: .integer(1)), .init(key: .integer(-70_000), value: .none)]))
    let value: PickleValue = .list([
      .none, .bool(true), .integer(0), .integer(255), .integer(256), .integer(.min),
      .longInteger(TorchLegacyFile.magic),
      .real(-0.1), .string("é\n"), .bytes([0, 255]), .tuple([.integer(1)]), .set([.integer(2)]),
      .dictionary(dictionary),
      .global(PickleName(module: "a", name: "b")), .persistent(.string("p")),
      .object(PickleObject(calling: "torch", "Size", [.tuple([.integer(3)])])),
    ])
    #expect(try PickleReader.read(PickleWriter.bytes(of: value)) == value)
  }

  @Test func textsThatLookAlikeAreDifferentKeys() throws {
    // The Ångström sign and the letter.
    let value = try read("}(V\\u212b\nK\u{01}V\u{C5}\nK\u{02}u.")
    #expect(value.dictionary?["\u{212B}"] == .integer(1))
    #expect(value.dictionary?["\u{C5}"] == .integer(2))
  }
}
