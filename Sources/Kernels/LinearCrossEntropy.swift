import CKernels

/// A linear layer and the cross-entropy of what it gives, `z = W h + b`, as one operation: the losses of many rows and
/// the gradients at W, b and h.
///
/// The loss is that of a softmax over all outputs, or that of a sigmoid for each of them. It runs on the ``ThreadTeam``;
/// the bits do not depend on the number of threads. The memory that it needs between its products is bounded, and kept
/// from call to call. An object is not thread-safe.
public final class LinearCrossEntropy {
  /// The width of h.
  public let inputs: Int
  /// The number of classes, or of bits.
  public let outputs: Int
  /// Where W `[outputs, inputs]` lies in the flat parameters and in the flat gradient.
  public let weights: Range<Int>
  /// Where b `[outputs]` lies; empty if there is none.
  public let bias: Range<Int>

  // The memory of `Passes`.
  var logits = unsafe ReusedBuffer<Float>()
  var inputShares = unsafe ReusedBuffer<Float>()
  var rowFloats = unsafe ReusedBuffer<Float>()
  var rowDoubles = unsafe ReusedBuffer<Double>()
  private var losses = unsafe ReusedBuffer<Double>()

  /// Describes a layer.
  ///
  /// - Precondition: the ranges have the sizes, and do not overlap.
  public init(inputs: Int, outputs: Int, weights: Range<Int>, bias: Range<Int>) {
    requireSizes(inputs, outputs, weights.lowerBound, bias.lowerBound, names: "inputs, outputs, starts of the ranges")
    requireCount(weights.count, outputs * inputs, "weights [outputs, inputs]")
    if !bias.isEmpty { requireCount(bias.count, outputs, "bias [outputs]") }
    precondition(bias.isEmpty || !bias.overlaps(weights), "bias \(bias) overlaps weights \(weights)")
    self.inputs = inputs
    self.outputs = outputs
    self.weights = weights
    self.bias = bias
  }

  /// z = W h + b.
  ///
  /// - Parameters:
  ///   - h: `[rows, inputs]`.
  ///   - rows: how many.
  ///   - parameters: all of them.
  ///   - results: `[rows, outputs]`.
  public func logits(
    _ h: Span<Float>, rows: Int, parameters: Span<Float>, into results: inout MutableSpan<Float>, rowByRow: Bool = false
  ) {
    requireSizes(rows, names: "rows")
    requireCount(h.count, rows * inputs, "h [rows, inputs]")
    requireCount(results.count, rows * outputs, "results [rows, outputs]")
    MatrixProduct.multiply(
      h, parameters.extracting(weights), transposeB: true, into: &results, rows: rows, columns: outputs, inner: inputs,
      bias: bias.isEmpty ? nil : parameters.extracting(bias), rowByRow: rowByRow)
  }

  /// The log-probability of each row's target, with a softmax over the outputs.
  ///
  /// - Parameters:
  ///   - h: `[rows, inputs]`.
  ///   - targets: `[rows]`, ids below `outputs`, or negative to ignore the row, which then gets 0.
  ///   - parameters: all of them.
  ///   - results: `[rows]`, in nats.
  public func logProbabilities(
    _ h: Span<Float>, targets: Span<Int32>, parameters: Span<Float>, into results: inout MutableSpan<Double>
  ) {
    let rows = targets.count
    requireCount(h.count, rows * inputs, "h [rows, inputs]")
    requireCount(results.count, rows, "results [rows]")
    requireTargets(targets, below: outputs)
    // Safe: extracting checks the ranges, and the sizes of all others were checked.
    unsafe withAddresses(h, parameters) { addresses in
      unsafe targets.withUnsafeBufferPointer { targets in
        unsafe results.withUnsafeMutableBufferPointer { results in
          for batch in batches(rows) {
            var passes = unsafe Passes(self, rows: batch, addresses)
            unsafe passes.targets = targets.slot(1, batch.lowerBound)
            unsafe passes.losses = results.slot(1, batch.lowerBound)
            unsafe passes.score(self)
          }
        }
      }
    }
  }

  /// The loss of a softmax over the outputs, and its gradients.
  ///
  /// - Parameters:
  ///   - h: `[rows, inputs]`.
  ///   - targets: `[rows]`, ids below `outputs`, or negative to ignore the row.
  ///   - scale: what the gradients are multiplied by.
  ///   - parameters: all of them.
  ///   - gradient: of the same shape; dL/dW and dL/db are added to it.
  ///   - inputGradient: `[rows, inputs]`, receives dL/dh.
  ///   - adds: whether dL/dh is added to what `inputGradient` holds.
  /// - Returns: -ln p of the targets, summed over the rows, in nats, not scaled.
  public func softmaxGradient(
    _ h: Span<Float>, targets: Span<Int32>, scale: Float, parameters: Span<Float>,
    gradient: inout MutableSpan<Float>, inputGradient: inout MutableSpan<Float>, adds: Bool = false
  ) -> Double {
    requireTargets(targets, below: outputs)
    return targets.withUnsafeBufferPointer { targets in
      // Safe: every target is either negative or below `outputs`.
      unsafe differentiate(
        h, rows: targets.count, scale: scale, parameters: parameters, gradient: &gradient,
        inputGradient: &inputGradient, adds: adds
      ) { passes, first in
        unsafe passes.targets = targets.slot(1, first)
        unsafe passes.differentiateSoftmax(self)
      }
    }
  }

  /// The loss of a sigmoid for each output, independent bits, and its gradients.
  ///
  /// - Parameters:
  ///   - h: `[rows, inputs]`.
  ///   - targets: `[rows, outputs]`: 0 or 1; any other value means that this bit does not count.
  ///   - scale: what the gradients are multiplied by.
  ///   - parameters: all of them.
  ///   - gradient: of the same shape; dL/dW and dL/db are added to it.
  ///   - inputGradient: `[rows, inputs]`, receives dL/dh.
  ///   - adds: whether dL/dh is added to what `inputGradient` holds.
  /// - Returns: the binary cross-entropy, summed over bits and rows, in nats, not scaled.
  public func sigmoidGradient(
    _ h: Span<Float>, targets: Span<UInt8>, rows: Int, scale: Float, parameters: Span<Float>,
    gradient: inout MutableSpan<Float>, inputGradient: inout MutableSpan<Float>, adds: Bool = false
  ) -> Double {
    requireSizes(rows, names: "rows")
    requireCount(targets.count, rows * outputs, "targets [rows, outputs]")
    return targets.withUnsafeBufferPointer { targets in
      // Safe: there is a target for each output of each row.
      unsafe differentiate(
        h, rows: rows, scale: scale, parameters: parameters, gradient: &gradient, inputGradient: &inputGradient,
        adds: adds
      ) { passes, first in
        unsafe passes.bits = targets.slot(outputs, first)
        unsafe passes.differentiateSigmoid(self)
      }
    }
  }

  /// The binary cross-entropy of each row, with a sigmoid for each output.
  ///
  /// - Parameters:
  ///   - h: `[rows, inputs]`.
  ///   - targets: `[rows, outputs]`: 0 or 1; any other value means that this bit does not count.
  ///   - parameters: all of them.
  ///   - results: `[rows]`: summed over the bits, in nats.
  public func binaryLosses(
    _ h: Span<Float>, targets: Span<UInt8>, parameters: Span<Float>, into results: inout MutableSpan<Double>
  ) {
    let rows = results.count
    requireCount(h.count, rows * inputs, "h [rows, inputs]")
    requireCount(targets.count, rows * outputs, "targets [rows, outputs]")
    // Safe: extracting checks the ranges, and the sizes of all others were checked.
    unsafe withAddresses(h, parameters) { addresses in
      unsafe targets.withUnsafeBufferPointer { targets in
        unsafe results.withUnsafeMutableBufferPointer { results in
          for batch in batches(rows) {
            var passes = unsafe Passes(self, rows: batch, addresses)
            unsafe passes.bits = targets.slot(outputs, batch.lowerBound)
            unsafe passes.losses = results.slot(1, batch.lowerBound)
            unsafe passes.scoreBits(self)
          }
        }
      }
    }
  }

  /// Calls `body` with all addresses set but those of the targets, batch of rows by batch.
  private func differentiate(
    _ h: Span<Float>, rows: Int, scale: Float, parameters: Span<Float>, gradient: inout MutableSpan<Float>,
    inputGradient: inout MutableSpan<Float>, adds: Bool, _ body: (inout Passes, _ first: Int) -> Void
  ) -> Double {
    requireCount(h.count, rows * inputs, "h [rows, inputs]")
    requireCount(inputGradient.count, rows * inputs, "inputGradient [rows, inputs]")
    requireCount(gradient.count, parameters.count, "gradient")
    var total = 0.0
    // Safe: the sizes were checked; the ranges lie in the parameters (withAddresses), and the gradient is as long.
    unsafe withAddresses(h, parameters) { addresses in
      unsafe gradient.withUnsafeMutableBufferPointer { gradient in
        unsafe inputGradient.withUnsafeMutableBufferPointer { inputGradient in
          for batch in batches(rows) {
            var passes = unsafe Passes(self, rows: batch, addresses)
            unsafe passes.weightGradient = gradient.slot(1, weights.lowerBound)
            unsafe passes.biasGradient = bias.isEmpty ? nil : gradient.slot(1, bias.lowerBound)
            unsafe passes.inputGradient = inputGradient.slot(inputs, batch.lowerBound)
            unsafe passes.adds = adds
            unsafe passes.scale = scale
            let losses = unsafe self.losses.reserve(batch.count)
            unsafe passes.losses = losses
            unsafe body(&passes, batch.lowerBound)
            for row in 0..<batch.count { unsafe total += losses[row] }
          }
        }
      }
    }
    return total
  }

  private func withAddresses(_ h: Span<Float>, _ parameters: Span<Float>, _ body: (Addresses) -> Void) {
    precondition(
      weights.upperBound <= parameters.count && bias.upperBound <= parameters.count,
      "weights \(weights) and bias \(bias) of \(parameters.count) parameters")
    unsafe h.withUnsafeBufferPointer { h in
      unsafe parameters.withUnsafeBufferPointer { parameters in
        unsafe body(
          Addresses(
            h: h.baseAddress, weights: parameters.slot(1, weights.lowerBound),
            bias: bias.isEmpty ? nil : parameters.slot(1, bias.lowerBound)))
      }
    }
  }

  @unsafe struct Addresses {
    var h: UnsafePointer<Float>?
    var weights: UnsafePointer<Float>?
    var bias: UnsafePointer<Float>?
  }

  /// The most logits that are kept at once: 128 MiB.
  static let mostLogits = 1 << 25
  /// The fewest rows that are worked on at once, however many outputs there are: each batch reads all of W.
  static let fewestRows = 128

  /// The rows that are worked on at once.
  private func batches(_ rows: Int) -> [Range<Int>] {
    let most = max(Self.fewestRows, Self.mostLogits / max(1, outputs))
    let count = (rows + most - 1) / most
    return (0..<count).map { rows * $0 / count..<rows * ($0 + 1) / count }
  }

  private func requireTargets(_ targets: Span<Int32>, below classes: Int) {
    for row in targets.indices {
      precondition(Int(targets[row]) < classes, "target \(targets[row]) of row \(row) is not below classes \(classes)")
    }
  }
}
