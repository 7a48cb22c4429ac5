import ArgumentParser
import Foundation
import RNNFormat

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `rnntool sign`
struct SignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign", abstract: "Sign a model file, or make a key to sign with.",
    discussion: """
      The signature (Ed25519) goes into a small file beside the model, MODEL.sig, and covers everything in the model file: tensors, vocabulary, metadata, history, proof. How the
      file is compressed does not matter: a copy by 'rnntool convert' of the same version, or by h5repack, has the same signature. Keys are PEM files as OpenSSL reads and writes them; the private key stays with you, the public one goes to those who are to verify.

      Examples:
        rnntool sign --new-key me.pem
        rnntool sign book.h5 --key me.pem
        rnntool verify book.h5 --key me.pub.pem
      """)

  @Argument(help: "The model file.")
  var model: String?

  @Option(help: "The private key, a PEM file.")
  var key: String?

  @Option(name: .shortAndLong, help: "Where the signature goes. Default: MODEL.sig.")
  var output: String?

  @Option(
    help: "Make a key: the private one goes into this file, the public one into a file beside it that ends in .pub.pem."
  )
  var newKey: String?

  @Flag(help: "Replace the signature if it exists. A key is never replaced.")
  var force = false

  @OptionGroup(title: "Trust") var trust: TrustOptions

  @OptionGroup(title: "Output") var speech: OutputOptions

  /// Where the signature of a model goes if nobody says otherwise.
  static func signaturePath(of model: String) -> String { model + ".sig" }

  func validate() throws {
    if newKey != nil {
      guard model == nil, key == nil, output == nil else { throw ValidationError("--new-key goes by itself.") }
    } else if model == nil {
      throw ValidationError("name a model file, or make a key with --new-key.")
    } else if key == nil {
      throw ValidationError("--key is missing: the private key to sign with; --new-key makes one.")
    }
  }

  func run() throws {
    if let newKey { return try makeKey(newKey) }
    guard let model, let key else { return }
    let target = output ?? Self.signaturePath(of: model)
    try Input.check(target, isNoneOf: [model, key])
    try Input.check(target, mayReplace: force)
    let signingKey = try SigningKey(pem: try Input.smallText(key), name: key)
    let file = try Input.model(model, through: trust.quarantine)
    // What is damaged must not get a signature that calls it whole.
    let report = try LongWork.announce("checking \(model)", isQuiet: speech.quiet) {
      try Validator.validate(model, level: .hashes, through: trust.quarantine)
    }
    guard report.isValid else { throw FormatError.invalid(file: model, findings: report.findings) }
    let signature = try ModelSignature(signing: file, with: signingKey)
    try AtomicFile.write(Array((signature.json.indented + "\n").utf8), to: target)
    if speech.json { return try Terminal.print(signature.json) }
    guard !speech.quiet else { return }
    try Terminal.print(
      Format.table([
        ["signed", model.printable], ["identity", signature.modelID], ["content", signature.contentID],
        ["key", signature.keyFingerprint], ["signature", target.printable],
      ]))
  }

  private func makeKey(_ path: String) throws {
    let stem = path.hasSuffix(".pem") ? String(path.dropLast(4)) : path
    let publicPath = stem + ".pub.pem"
    for target in [path, publicPath] { try Input.check(target, mayReplace: false) }
    let key = SigningKey()
    // Nobody else may read it, not even for a moment.
    let mask = umask(0o077)
    defer { umask(mask) }
    try AtomicFile.write(Array(key.pem.utf8), to: path)
    umask(mask)
    chmod(path, 0o600)
    try AtomicFile.write(Array(key.verificationKey.pem.utf8), to: publicPath)
    if speech.json {
      return try Terminal.print([
        "private_key": .string(path), "public_key": .string(publicPath),
        "key": .string(key.verificationKey.fingerprint),
      ])
    }
    guard !speech.quiet else { return }
    try Terminal.print(
      Format.table([
        ["private key", "\(path.printable): keep it, and keep it to yourself"],
        ["public key", "\(publicPath.printable): give it to those who are to verify"],
        ["key", key.verificationKey.fingerprint],
      ]))
  }
}
