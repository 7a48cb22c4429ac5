import Foundation
import Kernels
import Synchronization
import Testing

/// The number of threads belongs to the process, so that these tests run one after another; others may run beside them and
/// have the team, which is why a section may always find itself alone.
@Suite(.serialized) struct ThreadTeamTests {
  /// Runs `body` with each number of threads, and puts the number back.
  private func withThreadCounts(_ counts: [Int], _ body: (Int) throws -> Void) rethrows {
    let before = ThreadTeam.threadCount
    defer { ThreadTeam.threadCount = before }
    for count in counts {
      ThreadTeam.threadCount = count
      try body(count)
    }
  }

  @Test func everyMemberRunsOnce() {
    withThreadCounts([1, 2, 3, 8, 1, 4]) { _ in
      for _ in 0..<50 {
        let seen = Mutex<[Int]>([])
        let counts = Mutex<Set<Int>>([])
        ThreadTeam.run { member in
          seen.withLock { $0.append(member.index) }
          _ = counts.withLock { $0.insert(member.count) }
        }
        let distinct = Array(counts.withLock { $0 })
        let count = distinct.first ?? 0
        #expect(distinct == [count])
        // Another test may have asked for another number meanwhile; none asks for more than these.
        #expect((1...8).contains(count))
        #expect(seen.withLock { $0.sorted() } == Array(0..<count))
      }
    }
  }

  /// In a process of its own, where no other test has the team.
  @Test func hasAsManyMembersAsWereAskedFor() async {
    await #expect(processExitsWith: .success) {
      for threads in [1, 2, 3, 8, 1, 4] {
        ThreadTeam.threadCount = threads
        let counts = Mutex<[Int]>([])
        ThreadTeam.run { member in counts.withLock { $0.append(member.count) } }
        precondition(counts.withLock { $0 } == Array(repeating: threads, count: threads))
      }
    }
  }

  @Test func barriersSeparateWhatComesBeforeFromWhatComesAfter() {
    withThreadCounts([1, 2, 3, 8]) { _ in
      let arrived = Atomic(0)
      let early = Atomic(0)
      ThreadTeam.run { member in
        for phase in 1...200 {
          arrived.wrappingAdd(1, ordering: .relaxed)
          member.barrier()
          if arrived.load(ordering: .relaxed) < phase * member.count { early.wrappingAdd(1, ordering: .relaxed) }
          member.barrier()
        }
      }
      #expect(early.load(ordering: .relaxed) == 0)
      #expect(arrived.load(ordering: .relaxed) % 200 == 0)
    }
  }

  @Test func aSectionInsideAnotherRunsAlone() {
    withThreadCounts([1, 2, 3]) { _ in
      let inner = Atomic(0)
      let wrong = Atomic(0)
      let outer = Atomic(0)
      ThreadTeam.run { member in
        outer.wrappingAdd(1, ordering: .relaxed)
        ThreadTeam.run { nested in
          if nested.index != 0 || (nested.count != 1 && member.count != 1) { wrong.wrappingAdd(1, ordering: .relaxed) }
          nested.barrier()
          inner.wrappingAdd(1, ordering: .relaxed)
        }
        member.barrier()
      }
      #expect(wrong.load(ordering: .relaxed) == 0)
      #expect(inner.load(ordering: .relaxed) == outer.load(ordering: .relaxed))
    }
  }

  @Test func manyCallersAtTheSameTimeAreServed() async {
    let before = ThreadTeam.threadCount
    defer { ThreadTeam.threadCount = before }
    let right = Count()
    await withTaskGroup { group in
      for caller in 0..<16 {
        group.addTask {
          for round in 0..<500 {
            let sum = Atomic(0)
            ThreadTeam.run { member in
              for index in member.range(of: 100) { sum.wrappingAdd(index, ordering: .relaxed) }
              member.barrier()
            }
            if sum.load(ordering: .relaxed) == 4950 { right.value.wrappingAdd(1, ordering: .relaxed) }
            // The number of threads may change while others run.
            if caller == 0, round % 50 == 0 { ThreadTeam.threadCount = 1 + round / 50 % 4 }
          }
        }
      }
    }
    #expect(right.value.load(ordering: .relaxed) == 8000)
  }

  @Test func theKernelLevelOfTheCallerHoldsOnAllMembers() {
    withThreadCounts([1, 3]) { _ in
      for level in KernelLevel.supported {
        let others = Atomic(0)
        level.run {
          for _ in 0..<20 {
            ThreadTeam.run { _ in
              if KernelLevel.active != level { others.wrappingAdd(1, ordering: .relaxed) }
            }
          }
        }
        #expect(others.load(ordering: .relaxed) == 0)
      }
    }
  }

  @Test func sharesCoverEverythingOnceInWholeMultiples() {
    withThreadCounts([1, 2, 3, 7]) { _ in
      for (total, multiple) in [(0, 1), (1, 1), (5, 16), (16, 16), (100, 16), (97, 1), (1000, 3), (Int.max, 1)] {
        let shares = Mutex<[Range<Int>]>([])
        ThreadTeam.run { member in
          let share = member.range(of: total, multiple: multiple)
          shares.withLock { $0.append(share) }
        }
        let sorted = shares.withLock { $0.sorted { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) } }
        #expect(sorted.first?.lowerBound == 0 && sorted.last?.upperBound == total)
        for (first, second) in zip(sorted, sorted.dropFirst()) {
          #expect(first.upperBound == second.lowerBound)
          #expect(first.upperBound % multiple == 0 || first.upperBound == total)
        }
        let sizes = sorted.map { ($0.count - 1) / multiple }
        #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
      }
    }
  }

  @Test func elementsAreSharedOutOnce() {
    withThreadCounts([1, 2, 3]) { _ in
      for total in [0, 1, 15, 16, 17, 1000] {
        let seen = Mutex([Int](repeating: 0, count: total))
        ThreadTeam.forEachShare(of: total, minimum: 16) { range in
          seen.withLock { for index in range { $0[index] += 1 } }
        }
        #expect(seen.withLock { $0.allSatisfy { $0 == 1 } })
      }
    }
  }

  @Test func startsWithTheProcessorsOfTheProcess() async {
    await #expect(processExitsWith: .success) {
      precondition(ThreadTeam.threadCount >= 1)
      precondition(ThreadTeam.threadCount <= ProcessInfo.processInfo.processorCount)
    }
  }
}

/// A number that tasks count up together.
private final class Count: Sendable {
  let value = Atomic(0)
}
