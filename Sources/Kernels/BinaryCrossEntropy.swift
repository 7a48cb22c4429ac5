import CKernels

/// The cross-entropy of independent bits, each with a probability `sigmoid(logit)`, over rows of logits.
///
/// Computed from the logits themselves, `log(1 + exp(±z))`, so that none of them can overflow or lose its digits. A target
/// other than 0 and 1 marks a bit to ignore.
public enum BinaryCrossEntropy {
  /// The loss of each row, and the gradient in place of the logits.
  ///
  ///     losses[r] = sum over k of -log(t p + (1 - t) (1 - p))        p = sigmoid(logits[r, k]), t = targets[r, k]
  ///     logits[r, k] = (p - t) * scale
  ///
  /// - Parameters:
  ///   - logits: `[rows, bits]`; becomes the gradient.
  ///   - targets: `[rows, bits]`.
  ///   - losses: `[rows]`, in nats.
  ///   - scale: the factor of the gradient.
  public static func gradient(
    logits: inout MutableSpan<Float>, targets: Span<UInt8>, losses: inout MutableSpan<Double>, scale: Float
  ) {
    let (rows, bits) = shape(losses.count, targets.count)
    requireCount(logits.count, targets.count, "logits [rows, bits]")
    // Safe: there are a logit and a target for each bit of each row.
    unsafe logits.withUnsafeMutableBufferPointer { logits in
      unsafe targets.withUnsafeBufferPointer { targets in
        unsafe losses.withUnsafeMutableBufferPointer { losses in
          unsafe kernels_binary_cross_entropy(
            rows, bits, logits.baseAddress, targets.baseAddress, scale, losses.baseAddress, logits.baseAddress)
        }
      }
    }
  }

  /// The loss of each row, leaving the logits alone.
  ///
  /// - Parameters:
  ///   - logits: `[rows, bits]`.
  ///   - targets: `[rows, bits]`.
  ///   - losses: `[rows]`, in nats.
  public static func losses(logits: Span<Float>, targets: Span<UInt8>, into losses: inout MutableSpan<Double>) {
    let (rows, bits) = shape(losses.count, targets.count)
    requireCount(logits.count, targets.count, "logits [rows, bits]")
    // Safe: there are a logit and a target for each bit of each row.
    unsafe logits.withUnsafeBufferPointer { logits in
      unsafe targets.withUnsafeBufferPointer { targets in
        unsafe losses.withUnsafeMutableBufferPointer { losses in
          unsafe kernels_binary_cross_entropy(
            rows, bits, logits.baseAddress, targets.baseAddress, 1, losses.baseAddress, nil)
        }
      }
    }
  }

  private static func shape(_ rows: Int, _ targets: Int) -> (rows: Int, bits: Int) {
    let bits = rows == 0 ? 0 : targets / rows
    requireCount(targets, rows * bits, "targets [rows, bits]")
    return (rows, bits)
  }
}
