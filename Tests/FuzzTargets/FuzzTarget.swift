import Foundation

/// A parser under test: takes any bytes, and neither traps nor breaks a promise.
///
/// The library that calls this finds inputs by which parts of the code they reach (libFuzzer). Errors are fine: every parser here says what
/// is wrong by throwing.
struct FuzzTarget: Sendable {
  let name: String
  let run: @Sendable ([UInt8]) throws -> Void

  static let all: [FuzzTarget] = [
    .json, .architecture, .documents, .safetensors, .npy, .npz, .tree, .vocabulary, .gzip, .signature, .model,
    .onnx, .torch7, .rnnlm, .tensorflow, .tfjs,
  ]

  /// The one that the environment names.
  static let chosen: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
    guard let target = all.first(where: { $0.name == name }) else {
      FileHandle.standardError.write(
        Data("FUZZ_TARGET has to be one of \(all.map(\.name).joined(separator: ", "))\n".utf8))
      exit(64)
    }
    return target
  }()

  /// Calls `body` with the path of a file that has these bytes.
  static func withFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
    let path = "\(folder)/input-\(getpid())"
    _ = FileManager.default.createFile(atPath: path, contents: Data(bytes))
    defer { unlink(path) }
    try body(path)
  }

  /// Memory, where there is such a folder.
  static let folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NSTemporaryDirectory()
}

/// Says that a promise was broken, in a way that the fuzzer notices.
func require(_ condition: Bool, _ promise: String) {
  if !condition { fatalError(promise) }
}

private typealias TestOneInput = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt

/// libFuzzer's own loop.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ testOneInput: TestOneInput
) -> CInt

/// The entry point by the name that the package manager gives to that of a product `fuzz`.
@_cdecl("fuzz_main")
public func fuzzMain(
  _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
  var (count, arguments) = (count, arguments)
  return runFuzzer(&count, &arguments) { data, size in
    // Safe: libFuzzer gives so many bytes, for the time of the call.
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    try? FuzzTarget.chosen.run(bytes)
    return 0
  }
}
