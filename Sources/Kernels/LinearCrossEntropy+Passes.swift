import CKernels

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension LinearCrossEntropy {
  /// The passes over a batch of rows.
  ///
  /// With few outputs each member of the team takes a share of the rows. With a softmax over more outputs than rows the
  /// columns are cut into parts, and each member takes some of them: it alone reads and writes their rows of W and dL/dW,
  /// and what it needs at a time are the logits of one block of columns. The parts are the same for any number of
  /// threads, since sums are made over each part.
  ///
  /// Sendable although it holds addresses: the members write different elements, with a barrier before others read them.
  @unsafe struct Passes: @unchecked Sendable {
    private let inputs: Int
    private let outputs: Int
    private let rows: Int
    /// Into how many parts the columns are cut; 1 if the rows are shared instead.
    private let parts: Int
    private let h: UnsafePointer<Float>?
    private let weights: UnsafePointer<Float>?
    private let bias: UnsafePointer<Float>?
    /// `[rows]`.
    var targets: UnsafePointer<Int32>?
    /// `[rows, outputs]`.
    var bits: UnsafePointer<UInt8>?
    /// What the gradients are multiplied by.
    var scale: Float = 1
    var weightGradient: UnsafeMutablePointer<Float>?
    var biasGradient: UnsafeMutablePointer<Float>?
    /// `[rows, inputs]`.
    var inputGradient: UnsafeMutablePointer<Float>?
    /// Whether dL/dh is added to what is there.
    var adds = false
    /// `[rows]`: what comes out.
    var losses: UnsafeMutablePointer<Double>?
    /// The logits of shared rows, `[rows, outputs]`, or of blocks of columns one after another, `[blocks][rows, width]`.
    private var logits: UnsafeMutablePointer<Float>?
    /// `[parts, rows, inputs]`: what each part adds to dL/dh.
    private var inputShares: UnsafeMutablePointer<Float>?
    /// `[parts, rows]`: the largest logit, and the sum of exp(logit - largest).
    private var largest: UnsafeMutablePointer<Float>
    private var sums: UnsafeMutablePointer<Double>
    /// `[rows]`: the largest logit of all parts, and the gradient's scale over the sum of all parts.
    private var shifts: UnsafeMutablePointer<Float> { unsafe largest + parts * rows }
    private var factors: UnsafeMutablePointer<Float> { unsafe largest + (parts + 1) * rows }
    /// `[rows]`: the logit of the target.
    private var targetLogits: UnsafeMutablePointer<Double> { unsafe sums + parts * rows }

    init(_ operation: LinearCrossEntropy, rows batch: Range<Int>, _ addresses: Addresses) {
      (inputs, outputs, rows) = (operation.inputs, operation.outputs, batch.count)
      unsafe h = addresses.h.map { unsafe $0 + batch.lowerBound * operation.inputs }
      unsafe weights = addresses.weights
      unsafe bias = addresses.bias
      parts =
        outputs < max(Self.fewestColumnsToCut, rows)
        ? 1 : min(Self.mostParts, outputs / Self.fewestColumnsOfPart)
      unsafe largest = operation.rowFloats.reserve((parts + 2) * rows)
      unsafe sums = operation.rowDoubles.reserve((parts + 2) * rows)
    }

    // MARK: Scoring

    /// Fills `losses` with the log-probabilities of the targets.
    mutating func score(_ operation: LinearCrossEntropy) {
      // As many as the section will have, unless the number is changed just now: then some members do nothing.
      let members = ThreadTeam.threadCount
      unsafe logits = operation.logits.reserve(parts == 1 ? rows * outputs : members * rows * Self.mostColumns)
      let passes = unsafe self
      ThreadTeam.run { member in
        guard unsafe passes.parts > 1 else { return unsafe passes.scoreRows(passes.rowShare(of: member)) }
        unsafe passes.computeStatistics(member, limit: members)
        member.barrier()
        unsafe passes.combine(member.range(of: passes.rows)) { row, logProbability in
          unsafe passes.losses?[row] = logProbability
        }
      }
    }

    private func scoreRows(_ range: Range<Int>) {
      guard !range.isEmpty else { return }
      unsafe computeLogits(range)
      unsafe kernels_target_log_probabilities(
        range.count, outputs, logits.map { unsafe $0 + range.lowerBound * outputs },
        targets.map { unsafe $0 + range.lowerBound }, losses.map { unsafe $0 + range.lowerBound })
    }

    /// Fills `losses` with the binary cross-entropy of each row.
    mutating func scoreBits(_ operation: LinearCrossEntropy) {
      unsafe logits = operation.logits.reserve(rows * outputs)
      let passes = unsafe self
      ThreadTeam.run { member in
        unsafe passes.computeBinaryLosses(passes.rowShare(of: member), differentiates: false)
      }
    }

    // MARK: Gradients

    /// Fills `losses` with -ln p of the targets, and the gradients.
    mutating func differentiateSoftmax(_ operation: LinearCrossEntropy) {
      unsafe logits = operation.logits.reserve(rows * outputs)
      guard parts > 1 else {
        return unsafe differentiateRows { passes, range in
          unsafe passes.computeLogits(range)
          unsafe kernels_cross_entropy(
            range.count, passes.outputs, passes.logits.map { unsafe $0 + range.lowerBound * passes.outputs },
            passes.targets.map { unsafe $0 + range.lowerBound }, passes.scale,
            passes.losses.map { unsafe $0 + range.lowerBound })
        }
      }
      unsafe inputShares = operation.inputShares.reserve(parts * rows * inputs)
      let passes = unsafe self
      ThreadTeam.run { member in
        unsafe passes.computeStatistics(member, limit: nil)
        member.barrier()
        unsafe passes.combine(member.range(of: passes.rows)) { row, logProbability in
          unsafe passes.losses?[row] = -logProbability
        }
        member.barrier()
        unsafe passes.differentiateColumns(member)
        member.barrier()
        unsafe passes.addInputShares(member.range(of: passes.rows * passes.inputs, multiple: MatrixFactors.lanes))
      }
    }

    /// Fills `losses` with the binary cross-entropy of each row, and the gradients.
    mutating func differentiateSigmoid(_ operation: LinearCrossEntropy) {
      unsafe logits = operation.logits.reserve(rows * outputs)
      unsafe differentiateRows { passes, range in
        unsafe passes.computeBinaryLosses(range, differentiates: true)
      }
    }

    /// Shares the rows; `differentiate` leaves dL/dz of its rows in place of their logits.
    private func differentiateRows(_ differentiate: @Sendable (Passes, Range<Int>) -> Void) {
      let passes = unsafe self
      ThreadTeam.run { member in
        let range = unsafe passes.rowShare(of: member)
        if !range.isEmpty {
          unsafe differentiate(passes, range)
          unsafe passes.propagateRows(range)
        }
        member.barrier()
        unsafe passes.accumulateRows(member)
      }
    }

    // MARK: Shared rows

    private func rowShare(of member: ThreadTeam.Member) -> Range<Int> {
      unsafe member.range(of: rows, multiple: MatrixFactors.tileRows)
    }

    /// z = W h + b of some rows.
    private func computeLogits(_ range: Range<Int>) {
      let z = unsafe logits.map { unsafe $0 + range.lowerBound * outputs }
      unsafe MatrixFactors(
        a: h.map { unsafe $0 + range.lowerBound * inputs }, strideA: inputs, b: weights, transposeB: true,
        strideB: inputs, c: z, strideC: outputs, inner: inputs, bias: bias
      ).multiplyAlone(rows: range.count, columns: outputs)
    }

    private func computeBinaryLosses(_ range: Range<Int>, differentiates: Bool) {
      guard !range.isEmpty else { return }
      unsafe computeLogits(range)
      let z = unsafe logits.map { unsafe $0 + range.lowerBound * outputs }
      unsafe kernels_binary_cross_entropy(
        range.count, outputs, z, bits.map { unsafe $0 + range.lowerBound * outputs }, scale,
        losses.map { unsafe $0 + range.lowerBound }, differentiates ? z : nil)
    }

    /// dL/dh of some rows.
    private func propagateRows(_ range: Range<Int>) {
      unsafe MatrixFactors(
        a: logits.map { unsafe $0 + range.lowerBound * outputs }, strideA: outputs, b: weights, strideB: inputs,
        c: inputGradient.map { unsafe $0 + range.lowerBound * inputs }, strideC: inputs, inner: outputs,
        beta: adds ? 1 : 0
      ).multiplyAlone(rows: range.count, columns: inputs)
    }

    /// A member's share of dL/dW and dL/db, when dL/dz of all rows is known.
    private func accumulateRows(_ member: ThreadTeam.Member) {
      unsafe MatrixFactors(
        a: logits, transposeA: true, strideA: outputs, b: h, strideB: inputs, c: weightGradient, strideC: inputs,
        inner: rows, beta: 1
      ).multiplyShare(of: member, rows: outputs, columns: inputs)
      guard unsafe biasGradient != nil else { return }
      let columns = unsafe member.range(of: outputs, multiple: MatrixFactors.lanes)
      unsafe kernels_add_rows(
        rows, columns.count, logits.map { unsafe $0 + columns.lowerBound }, outputs,
        biasGradient.map { unsafe $0 + columns.lowerBound })
    }

    // MARK: Parts of the columns

    /// Fewer columns than this are not cut: the logits of some rows then lie in the cache, and rows are enough to share.
    private static let fewestColumnsToCut = 2048
    /// The fewest columns of a part, so that each part's products are large.
    private static let fewestColumnsOfPart = 512
    /// The most parts, which is the most members that have something to do. They cannot be as many as there are members, or the bits
    /// would depend on them; and each costs memory for its share of dL/dh, and the time to add it.
    private static let mostParts = 16
    /// The most columns of a block: its products are large, and its logits do not go far away between two uses.
    private static let mostColumns = 768

    /// The blocks of columns of a part.
    private func blocks(of part: Int) -> [Range<Int>] {
      let columns = ThreadTeam.Member(index: part, count: parts).range(of: outputs, multiple: MatrixFactors.lanes)
      let count = (columns.count + Self.mostColumns - 1) / Self.mostColumns
      return (0..<count).map { index in
        let block = ThreadTeam.Member(index: index, count: count).range(
          of: columns.count, multiple: MatrixFactors.lanes)
        return columns.lowerBound + block.lowerBound..<columns.lowerBound + block.upperBound
      }
    }

    /// The first pass: the logits of a member's parts, and what the softmax has to know of them. With a limit there is
    /// memory for one block of that many members only, where nothing is kept.
    private func computeStatistics(_ member: ThreadTeam.Member, limit: Int?) {
      let count = min(member.count, limit ?? .max)
      guard member.index < count else { return }
      for part in unsafe ThreadTeam.Member(index: member.index, count: count).range(of: parts) {
        let (largest, sums) = unsafe (self.largest + part * rows, self.sums + part * rows)
        for row in 0..<rows { unsafe (largest[row], sums[row]) = (-.infinity, 0) }
        for block in unsafe blocks(of: part) {
          let place = unsafe limit == nil ? rows * block.lowerBound : member.index * rows * Self.mostColumns
          let z = unsafe logits.map { unsafe $0 + place }
          unsafe MatrixFactors(
            a: h, strideA: inputs, b: weights.map { unsafe $0 + block.lowerBound * inputs }, transposeB: true,
            strideB: inputs, c: z, strideC: block.count, inner: inputs,
            bias: bias.map { unsafe $0 + block.lowerBound }
          ).multiplyAlone(rows: rows, columns: block.count)
          unsafe kernels_softmax_statistics(rows, block.count, z, largest, sums)
          guard let z = unsafe z, let targets = unsafe targets else { continue }
          for row in 0..<rows {
            let target = unsafe Int(targets[row])
            if block.contains(target) {
              unsafe targetLogits[row] = Double(z[row * block.count + target - block.lowerBound])
            }
          }
        }
      }
    }

    /// Between the passes: brings the parts of some rows together. Calls `body` with ln p of each row's target, 0 for
    /// a row that is ignored.
    private func combine(_ range: Range<Int>, _ body: (_ row: Int, _ logProbability: Double) -> Void) {
      for row in range {
        var shift = -Float.infinity
        for part in 0..<parts { unsafe shift = max(shift, largest[part * rows + row]) }
        var sum = 0.0
        for part in 0..<parts {
          unsafe sum += sums[part * rows + row] * exp(Double(largest[part * rows + row]) - Double(shift))
        }
        unsafe (shifts[row], factors[row]) = (shift, Float(Double(scale) / sum))
        let isIgnored = unsafe targets.map { unsafe $0[row] < 0 } ?? true
        body(row, isIgnored ? 0 : unsafe targetLogits[row] - Double(shift) - log(sum))
      }
    }

    /// The second pass: the gradients of a member's parts, beginning with the logits that were computed last, since
    /// those may still be in a cache.
    private func differentiateColumns(_ member: ThreadTeam.Member) {
      for part in unsafe member.range(of: parts).reversed() {
        var isFirst = true
        for block in unsafe blocks(of: part).reversed() {
          let z = unsafe logits.map { unsafe $0 + rows * block.lowerBound }
          unsafe kernels_softmax_gradient(
            rows, block.count, z, shifts, factors, targets, block.lowerBound, scale)
          if unsafe biasGradient != nil {
            unsafe kernels_add_rows(
              rows, block.count, z, block.count, biasGradient.map { unsafe $0 + block.lowerBound })
          }
          unsafe MatrixFactors(
            a: z, transposeA: true, strideA: block.count, b: h, strideB: inputs,
            c: weightGradient.map { unsafe $0 + block.lowerBound * inputs }, strideC: inputs, inner: rows, beta: 1
          ).multiplyAlone(rows: block.count, columns: inputs)
          unsafe MatrixFactors(
            a: z, strideA: block.count, b: weights.map { unsafe $0 + block.lowerBound * inputs }, strideB: inputs,
            c: inputShares.map { unsafe $0 + part * rows * inputs }, strideC: inputs, inner: block.count,
            beta: isFirst ? 0 : 1
          ).multiplyAlone(rows: rows, columns: inputs)
          isFirst = false
        }
      }
    }

    /// dL/dh: the sum over the parts, for some elements.
    private func addInputShares(_ range: Range<Int>) {
      guard !range.isEmpty, let target = unsafe inputGradient.map({ unsafe $0 + range.lowerBound }) else { return }
      for part in 0..<parts {
        let share = unsafe inputShares.map { unsafe $0 + part * rows * inputs + range.lowerBound }
        if part == 0, !adds, let share = unsafe share {
          unsafe target.update(from: share, count: range.count)
        } else {
          unsafe kernels_axpy(range.count, 1, share, target)
        }
      }
    }
  }
}
