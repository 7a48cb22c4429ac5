import CKernels

/// A team of threads for short parallel sections, such as one matrix product or one window of a recurrent layer.
///
/// There is one team in a process. Its threads spin for some tens of microseconds between two sections and then sleep:
/// a hot loop pays well under a microsecond for a section, and an idle program no processor time.
///
/// Work is divided by fixed rules, never by who comes first, and no sum is divided: the same inputs give the same bits, whatever
/// ``threadCount`` is.
public enum ThreadTeam {
  /// The most threads that ``threadCount`` may ask for.
  public static let mostThreads = KERNELS_MOST_THREADS

  /// How many members a section has, the calling thread included; at first the number of processors that the process
  /// may use. A section that already runs keeps its number.
  ///
  /// - Precondition: from 1 to ``mostThreads``.
  public static var threadCount: Int {
    get { kernels_team_count() }
    set {
      precondition(1...mostThreads ~= newValue, "threadCount must be in 1...\(mostThreads), not \(newValue)")
      kernels_team_set_count(newValue)
    }
  }

  /// One of the threads that run a section.
  public struct Member: Sendable {
    /// Which one: `0..<count`. Member 0 is the calling thread.
    public let index: Int
    /// How many there are.
    public let count: Int

    /// Waits until every member of the section has come here; what they wrote before can be read after it.
    ///
    /// All members must call it equally often. Not for a section inside another, which has one member only.
    public func barrier() { kernels_team_barrier(count) }

    /// This member's share of `0..<total`: whole multiples of `multiple`, as even as they can be, the last one cut off
    /// at `total`.
    ///
    /// - Precondition: `total` is not negative and `multiple` is positive.
    public func range(of total: Int, multiple: Int = 1) -> Range<Int> {
      precondition(total >= 0 && multiple > 0, "a share of \(total) in multiples of \(multiple)")
      let blocks = total / multiple + (total % multiple == 0 ? 0 : 1)
      func start(_ member: Int) -> Int {
        // Written so that nothing overflows.
        let first = blocks / count * member + blocks % count * member / count
        return first == blocks ? total : first * multiple
      }
      return start(index)..<start(index + 1)
    }
  }

  /// Runs `body` on all members at the same time and returns when all have returned.
  ///
  /// Inside another section, or while another thread's section runs, the caller runs `body` alone, as the only member.
  /// The kernel level of the calling thread (``KernelLevel/run(_:)``) holds on all members.
  public static func run(_ body: @Sendable (Member) -> Void) {
    // Safe: the context outlives the call, which returns only when no member uses it any more.
    withoutActuallyEscaping(body) { body in
      unsafe withUnsafePointer(to: body) { pointer in
        unsafe kernels_team_run(
          { context, index, count in
            guard let context else { return }
            unsafe context.assumingMemoryBound(to: (@Sendable (Member) -> Void).self)
              .pointee(Member(index: index, count: count))
          }, UnsafeMutableRawPointer(mutating: pointer))
      }
    }
  }

  /// Runs `body` on shares of `0..<total`: on all members, or in one piece on this thread if there is too little work.
  ///
  /// - Parameters:
  ///   - total: the number of elements; nothing is called for 0.
  ///   - multiple: shares are whole multiples of it, except the last.
  ///   - minimum: fewer elements than this are not worth a section.
  ///   - body: called with a range that is not empty, at most once a member.
  public static func forEachShare(
    of total: Int, multiple: Int = 16, minimum: Int = 16384, _ body: @Sendable (Range<Int>) -> Void
  ) {
    guard total > 0 else { return }
    guard total >= minimum else { return body(0..<total) }
    run { member in
      let share = member.range(of: total, multiple: multiple)
      if !share.isEmpty { body(share) }
    }
  }
}
