import ArgumentParser
import RNNFormat

/// `rnntool verify`
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check who signed a model file, and that nothing in it has changed.",
    discussion: """
      Exit code 0: the holder of the key signed just this content; 1: not so; 2: a file could not be read. The key has to come from somewhere you trust, not with the model.

      Examples:
        rnntool verify book.h5 --key me.pub.pem
        rnntool verify book.h5 --key me.pub.pem --signature elsewhere/book.sig
        rnntool verify book.h5 --manifest > manifest.txt    what is signed, for other programs
      """)

  @Argument(help: "The model file.")
  var model: String

  @Option(help: "The public key of the one who is said to have signed, a PEM file.")
  var key: String?

  @Option(help: "The signature. Default: MODEL.sig.")
  var signature: String?

  @Flag(help: "Print the manifest that is signed, one line for each object and attribute, and check nothing.")
  var manifest = false

  @OptionGroup(title: "Trust") var trust: TrustOptions

  @OptionGroup(title: "Output") var speech: OutputOptions

  func validate() throws {
    if manifest && (key != nil || signature != nil) { throw ValidationError("--manifest takes no key.") }
    if !manifest && key == nil {
      throw ValidationError("--key is missing: without a key that you trust nothing can be verified.")
    }
  }

  func run() throws {
    let file = try Input.model(model, through: trust.quarantine)
    if manifest { return try Terminal.write(Array(try file.contentManifest().utf8)) }
    guard let key else { return }
    let path = signature ?? model + ".sig"
    let verificationKey = try VerificationKey(pem: try Input.smallText(key), name: key)
    let signature = try ModelSignature(parsing: Array(try Input.smallText(path).utf8), name: path)
    do {
      try signature.verify(file, with: verificationKey, name: path)
    } catch let error as SigningError where speech.json {
      try Terminal.print(["file": .string(model), "valid": .bool(false), "reason": .string("\(error)")])
      throw ExitCode(Failure.refused)
    }
    if speech.json {
      return try Terminal.print([
        "file": .string(model), "valid": .bool(true), "model_id": .string(signature.modelID),
        "content_id": .string(signature.contentID), "key": .string(signature.keyFingerprint),
      ])
    }
    guard !speech.quiet else { return }
    try Terminal.print(
      Format.table([
        ["verified", "\(model.printable) is what the holder of the key has signed"], ["identity", signature.modelID],
        ["key", signature.keyFingerprint],
      ]))
  }
}
