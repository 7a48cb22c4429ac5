import Foundation
import RNNModel
import RNNText
import RNNTraining

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

  /// Refuses to train a model that is too large for that.
  ///
  /// - Parameters:
  ///   - plan: how it is trained.
  ///   - source: what it reads.
  static func check(
    _ architecture: Architecture, training plan: TrainingPlan, reading source: any WindowSource
  ) throws(Failure) {
    try check(
      architecture, batch: plan.batch,
      steps: source.holdsSequences ? source.longestSteps(positions: 1) : plan.longestWindow,
      numbersPerParameter: plan.numbersPerParameter,
      trains: true)
  }

  /// Refuses to read with a model that is too large for that.
  ///
  /// - Parameters:
  ///   - batch: the number of streams.
  ///   - steps: the steps of a window.
  static func check(_ architecture: Architecture, batch: Int, steps: Int) throws(Failure) {
    // The parameters, and packed weights.
    try check(architecture, batch: batch, steps: steps, numbersPerParameter: 2, trains: false)
  }

  private static func check(
    _ architecture: Architecture, batch: Int, steps: Int, numbersPerParameter: Int, trains: Bool
  ) throws(Failure) {
    let parameters = ParameterTable(architecture).count
    try check(
      bytes: [parameters, MemoryLayout<Float>.size, numbersPerParameter],
      for: "a model of \(Format.count(parameters)) parameters")
    // Outputs and gates of each layer, twice with their gradients.
    let units = architecture.layers.filter { !$0.takesTokens }.dropLast().reduce(0) { $0 + ($1.outputs ?? 0) }
    try check(
      bytes: [batch, steps, units, MemoryLayout<Float>.size, trains ? 14 : 7],
      for: "windows of \(batch) x \(steps) tokens")
  }
}
