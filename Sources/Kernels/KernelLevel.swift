import CKernels

/// The instruction set the vector loops are compiled for.
///
/// The best one the processor supports is chosen at first use, or the one named by the environment variable
/// `RNNTOOL_KERNELS`. The same inputs give the same bits at the same level; levels differ in rounding.
public enum KernelLevel: String, CaseIterable, Sendable {
  /// What every processor of the architecture has: SSE2 on x86-64, NEON on arm64.
  case portable
  /// AVX2 and FMA (x86-64-v3).
  case avx2
  /// AVX-512 F, BW, CD, DQ and VL (x86-64-v4).
  case avx512

  /// A level that this processor or this build cannot run.
  public struct Unsupported: Error, Equatable, Sendable, CustomStringConvertible {
    /// The level asked for.
    public let level: KernelLevel
    /// One sentence for people.
    public var description: String { "This processor does not support the kernel level '\(level.rawValue)'." }
  }

  /// The levels that this processor runs, slowest first.
  public static var supported: [KernelLevel] { allCases.filter(\.isSupported) }

  /// The level that kernels called on this thread use now.
  public static var active: KernelLevel { KernelLevel(index: kernels_active()) }

  /// The value of `RNNTOOL_KERNELS` when it names no level that this processor runs, and so was not followed.
  public static var refusedEnvironmentValue: String? {
    guard let value = unsafe kernels_refused_environment() else { return nil }
    return unsafe String(cString: value)
  }

  /// Whether this processor runs this level.
  public var isSupported: Bool { kernels_is_supported(index) }

  /// Makes this the level of the whole process.
  ///
  /// - Throws: `Unsupported` when the processor cannot run it; the level then stays what it was.
  public func select() throws(Unsupported) {
    guard kernels_select(index) else { throw Unsupported(level: self) }
  }

  /// Runs `body` with this level on the current thread only; other threads keep theirs.
  ///
  /// - Throws: whatever `body` throws.
  /// - Precondition: the processor supports the level.
  public func run<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    precondition(isSupported, "kernel level '\(rawValue)' is not supported by this processor")
    let before = kernels_select_for_thread(Int32(index.rawValue))
    defer { _ = kernels_select_for_thread(before) }
    return try body()
  }

  private var index: kernels_level {
    switch self {
    case .portable: KERNELS_PORTABLE
    case .avx2: KERNELS_AVX2
    case .avx512: KERNELS_AVX512
    }
  }

  private init(index: kernels_level) {
    switch index {
    case KERNELS_AVX512: self = .avx512
    case KERNELS_AVX2: self = .avx2
    default: self = .portable
    }
  }
}
