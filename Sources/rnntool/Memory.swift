import Foundation
import RNNModel

/// Whether work fits into the machine's memory, asked before it begins.
enum Memory {
  /// Refuses work that needs more bytes than the machine has.
  ///
  /// - Parameters:
  ///   - factors: their product is the number of bytes.
  ///   - what: what needs them.
  static func check(bytes factors: [Int], for what: String) throws(Failure) {
    var bytes = 1
    for factor in factors {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: factor)
      bytes = overflow ? .max : product
      if overflow { break }
    }
    let available = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    guard bytes <= available else {
      throw Failure(
        "\(what) would need \(Format.bytes(bytes)) of memory, but the machine has \(Format.bytes(available))",
        code: Failure.impossible)
    }
  }

  /// Refuses a network that is too large.
  ///
  /// - Parameters:
  ///   - batch: the number of streams.
  ///   - steps: the steps of a window.
  ///   - trains: whether there are gradients and Adam's moments.
  static func check(_ architecture: Architecture, batch: Int, steps: Int, trains: Bool) throws(Failure) {
    // Parameters, gradient, two moments, and the best ones so far with their proof in float64.
    let parameters = ParameterTable(architecture).count
    try check(
      bytes: [parameters, MemoryLayout<Float>.size, trains ? 8 : 2],
      for: "a model of \(Format.count(parameters)) parameters")
    // Outputs and gates of each layer, twice with their gradients.
    let units = architecture.layers.filter { !$0.takesTokens }.dropLast().reduce(0) { $0 + ($1.outputs ?? 0) }
    try check(
      bytes: [batch, steps, units, MemoryLayout<Float>.size, trains ? 14 : 7],
      for: "windows of \(batch) x \(steps) tokens")
  }
}
