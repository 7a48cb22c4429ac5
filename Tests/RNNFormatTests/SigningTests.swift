import Foundation
import Testing

@testable import RNNFormat

/// Signatures of model files.
@Suite struct SigningTests {
  /// The first test of RFC 8032, section 7.1, with the keys in the armour of RFC 8410.
  private static let secret =
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
  private static let published =
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
  private static let signature =
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"

  private static func bytes(_ hexadecimal: String) -> [UInt8] {
    stride(from: 0, to: hexadecimal.count, by: 2).compactMap { start in
      UInt8(String(Array(hexadecimal)[start...(start + 1)]), radix: 16)
    }
  }

  private static func pem(_ prefix: String, _ key: String, _ label: String) -> String {
    "-----BEGIN \(label)-----\n\(Data(bytes(prefix + key)).base64EncodedString())\n-----END \(label)-----\n"
  }

  private static let privatePEM = pem("302e020100300506032b657004220420", secret, "PRIVATE KEY")
  private static let publicPEM = pem("302a300506032b6570032100", published, "PUBLIC KEY")

  @Test func agreesWithTheStandard() throws {
    let key = try SigningKey(pem: Self.privatePEM, name: "key")
    #expect(key.verificationKey.pem == Self.publicPEM)
    #expect(key.pem == Self.privatePEM)
    let verificationKey = try VerificationKey(pem: Self.publicPEM, name: "key")
    #expect(verificationKey.accepts(Self.bytes(Self.signature), of: []))
    #expect(!verificationKey.accepts(Self.bytes(Self.signature), of: [0]))
    // Not compared with the standard's own: the library signs with chance, which RFC 8032 allows verifiers not to see.
    #expect(verificationKey.accepts(try key.signature(of: [1, 2, 3]), of: [1, 2, 3]))
  }

  /// For these, anybody can make signatures: RFC 8032 leaves it to the verifier to refuse them.
  @Test(arguments: [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
  ])
  func refusesAKeyThatProvesNothing(key: String) {
    #expect(throws: SigningError.self) {
      _ = try VerificationKey(pem: Self.pem("302a300506032b6570032100", key, "PUBLIC KEY"), name: "key")
    }
  }

  @Test func hasOneSpelling() throws {
    let key = SigningKey()
    let file = try ModelFile(opening: Fixtures.path(golden: "lstm.h5"))
    var object = try #require(try ModelSignature(signing: file, with: key).json.object)
    _ = try ModelSignature(parsing: Array(JSONValue.object(object).canonical.utf8), name: "s")
    let text = try #require(object["signature"]?.string)
    // The last character before the padding holds bits that belong to no byte.
    object["signature"] = .string("\(text.dropLast(3))\(Self.next(text.dropLast(2).last))==")
    #expect(throws: SigningError.self) {
      _ = try ModelSignature(parsing: Array(JSONValue.object(object).canonical.utf8), name: "s")
    }
    object["signature"] = .string(text)
    object["note"] = "and another thing"
    #expect(throws: SigningError.self) {
      _ = try ModelSignature(parsing: Array(JSONValue.object(object).canonical.utf8), name: "s")
    }
  }

  /// The character of base64 after one whose value is a multiple of 16.
  private static func next(_ character: Character?) -> Character {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    let index = character.flatMap { alphabet.firstIndex(of: $0) } ?? 0
    return alphabet[index + 1]
  }

  @Test func holdsForTheFileAndItsCopies() throws {
    let key = SigningKey()
    let scratch = try Scratch()
    let original = try ModelFile(opening: Fixtures.path(golden: "lstm.h5"))
    let text = Array(try ModelSignature(signing: original, with: key).json.indented.utf8)
    let signature = try ModelSignature(parsing: text, name: "s")
    #expect(signature.contentID == original.header.contentID)
    try signature.verify(original, with: key.verificationKey, name: "s")
    // Written anew in another order of bytes, the content is the same.
    try ModelWriter(compresses: true, embedsSpecification: false).write(
      original.document, tensors: original, to: scratch.path("a.h5"))
    try ModelWriter(compresses: false, embedsSpecification: false).write(
      original.document, tensors: original, to: scratch.path("b.h5"))
    let a = try ModelFile(opening: scratch.path("a.h5"))
    let b = try ModelFile(opening: scratch.path("b.h5"))
    try ModelSignature(signing: a, with: key).verify(b, with: key.verificationKey, name: "s")
  }

  @Test func breaksWithTheContentTheKeyAndItself() throws {
    let key = SigningKey()
    let file = try ModelFile(opening: Fixtures.path(golden: "lstm.h5"))
    let other = try ModelFile(opening: Fixtures.path(golden: "elman_tanh.h5"))
    let signature = try ModelSignature(signing: file, with: key)
    func refuses(_ signature: ModelSignature, _ file: borrowing ModelFile, _ key: VerificationKey) {
      do {
        try signature.verify(file, with: key, name: "s")
        Issue.record("it was accepted")
      } catch let error as SigningError {
        if case .mismatch = error { return }
        Issue.record("\(error)")
      } catch {
        Issue.record("\(error)")
      }
    }
    refuses(signature, other, key.verificationKey)
    refuses(signature, file, SigningKey().verificationKey)
    // Each field of the small file, changed.
    for (name, value) in signature.json.object ?? [:] {
      let text = value.string ?? ""
      var changed = signature.json.object ?? [:]
      let first = text.hasPrefix("A") || text.hasPrefix("0") ? "B" : "A"
      changed[name] = .string(first + text.dropFirst())
      guard let forged = try? ModelSignature(parsing: Array(JSONValue.object(changed).canonical.utf8), name: "s") else {
        #expect(name == "format")
        continue
      }
      refuses(forged, file, key.verificationKey)
    }
  }

  @Test(arguments: [
    "", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
  ])
  func refusesWhatIsNoKey(text: String) {
    #expect(throws: SigningError.self) { try SigningKey(pem: text, name: "key") }
    #expect(throws: SigningError.self) { try VerificationKey(pem: text, name: "key") }
    #expect(throws: SigningError.self) { try VerificationKey(pem: Self.privatePEM, name: "key") }
    #expect(throws: SigningError.self) { try SigningKey(pem: Self.publicPEM, name: "key") }
  }

  @Test(arguments: ["", "{}", "[]", #"{"format":"rnn-h5 signature 1"}"#, #"{"format":"rnn-h5 signature 2"}"#])
  func refusesWhatIsNoSignature(text: String) {
    #expect(throws: SigningError.self) { try ModelSignature(parsing: Array(text.utf8), name: "s") }
  }
}
