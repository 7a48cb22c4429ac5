import CKernels

/// Softmax, its logarithm, and the cross-entropy against target ids, over rows of logits.
///
/// Each row's largest logit is subtracted first, so logits of any size are safe. The sum over a row is kept in double
/// precision. A negative target marks a row to ignore.
public enum CrossEntropy {
  /// The negative log-likelihood of each row's target, and the gradient in place of the logits.
  ///
  ///     negativeLogLikelihoods[r] = -log p[r, targets[r]]        p = softmax(logits)
  ///     logits[r, v] = (p[r, v] - [v = targets[r]]) * scale
  ///
  /// An ignored row gets a likelihood entry of 0 and a gradient of 0.
  ///
  /// - Parameters:
  ///   - logits: `[rows, classes]`; becomes the gradient.
  ///   - targets: `[rows]`, ids below `classes`, or negative to ignore the row.
  ///   - negativeLogLikelihoods: `[rows]`, in nats.
  ///   - classes: the number of classes, at least 1 when there are rows.
  ///   - scale: the factor of the gradient, such as one over the number of rows that count.
  public static func gradient(
    logits: inout MutableSpan<Float>, targets: Span<Int32>, negativeLogLikelihoods: inout MutableSpan<Double>,
    classes: Int, scale: Float
  ) {
    let rows = targets.count
    requireCount(logits.count, rows * classes, "logits [rows, classes]")
    requireCount(negativeLogLikelihoods.count, rows, "negativeLogLikelihoods [rows]")
    requireTargets(targets, below: classes)
    // Safe: the sizes were checked, every target is either negative or below `classes`, and shares are ranges of the rows.
    unsafe logits.withUnsafeMutableBufferPointer { logits in
      unsafe targets.withUnsafeBufferPointer { targets in
        unsafe negativeLogLikelihoods.withUnsafeMutableBufferPointer { likelihoods in
          nonisolated(unsafe) let (logits, targets, likelihoods) = unsafe (logits, targets, likelihoods)
          forEachShare(of: rows, classes) { range in
            unsafe kernels_cross_entropy(
              range.count, classes, logits.slot(classes, range.lowerBound), targets.slot(1, range.lowerBound), scale,
              likelihoods.slot(1, range.lowerBound))
          }
        }
      }
    }
  }

  /// The log-probability of each row's target, leaving the logits alone.
  ///
  /// - Parameters:
  ///   - logits: `[rows, classes]`.
  ///   - targets: `[rows]`, ids below `classes`, or negative to ignore the row, which then gets 0.
  ///   - logProbabilities: `[rows]`, in nats, receives `log softmax(logits)[r, targets[r]]`.
  ///   - classes: the number of classes, at least 1 when there are rows.
  public static func logProbabilities(
    logits: Span<Float>, targets: Span<Int32>, into logProbabilities: inout MutableSpan<Double>, classes: Int
  ) {
    let rows = targets.count
    requireCount(logits.count, rows * classes, "logits [rows, classes]")
    requireCount(logProbabilities.count, rows, "logProbabilities [rows]")
    requireTargets(targets, below: classes)
    // Safe: the sizes were checked, every target is either negative or below `classes`, and shares are ranges of the rows.
    unsafe logits.withUnsafeBufferPointer { logits in
      unsafe targets.withUnsafeBufferPointer { targets in
        unsafe logProbabilities.withUnsafeMutableBufferPointer { logProbabilities in
          nonisolated(unsafe) let (logits, targets) = unsafe (logits, targets)
          nonisolated(unsafe) let logProbabilities = unsafe logProbabilities
          forEachShare(of: rows, classes) { range in
            unsafe kernels_target_log_probabilities(
              range.count, classes, logits.slot(classes, range.lowerBound), targets.slot(1, range.lowerBound),
              logProbabilities.slot(1, range.lowerBound))
          }
        }
      }
    }
  }

  /// Replaces each row of `logits`, `[rows, classes]`, by its log-softmax, in nats.
  public static func logSoftmax(_ logits: inout MutableSpan<Float>, rows: Int, classes: Int) {
    requireSizes(rows, classes, names: "rows, classes")
    requireCount(logits.count, rows * classes, "logits [rows, classes]")
    // Safe: the buffer holds rows * classes elements, checked above, and shares are ranges of the rows.
    unsafe logits.withUnsafeMutableBufferPointer { logits in
      nonisolated(unsafe) let logits = unsafe logits
      forEachShare(of: rows, classes) { range in
        unsafe kernels_log_softmax(range.count, classes, logits.slot(classes, range.lowerBound))
      }
    }
  }

  /// Replaces each row of `logits`, `[rows, classes]`, by its softmax.
  public static func softmax(_ logits: inout MutableSpan<Float>, rows: Int, classes: Int) {
    requireSizes(rows, classes, names: "rows, classes")
    requireCount(logits.count, rows * classes, "logits [rows, classes]")
    // Safe: the buffer holds rows * classes elements, checked above, and shares are ranges of the rows.
    unsafe logits.withUnsafeMutableBufferPointer { logits in
      nonisolated(unsafe) let logits = unsafe logits
      forEachShare(of: rows, classes) { range in
        unsafe kernels_softmax(range.count, classes, logits.slot(classes, range.lowerBound))
      }
    }
  }

  /// The rows are shared if there are some thousands of logits for each member.
  private static func forEachShare(of rows: Int, _ classes: Int, _ body: @Sendable (Range<Int>) -> Void) {
    ThreadTeam.forEachShare(of: rows, multiple: 1, minimum: max(2, 8192 / max(1, classes)), body)
  }

  private static func requireTargets(_ targets: Span<Int32>, below classes: Int) {
    precondition(classes >= 0, "classes must not be negative: \(classes)")
    for row in targets.indices {
      precondition(Int(targets[row]) < classes, "target \(targets[row]) of row \(row) is not below classes \(classes)")
    }
  }
}
