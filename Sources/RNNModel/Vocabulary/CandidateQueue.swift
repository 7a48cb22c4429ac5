/// Pairs that may be merged next, the best first: a binary heap.
struct CandidateQueue {
  struct Candidate {
    var count: UInt64
    var merge: Vocabulary.Merge
    var pair: Int32

    /// The highest count first; of equals the smallest first token, then the smallest second one.
    func precedes(_ other: Candidate) -> Bool {
      if count != other.count { return count > other.count }
      if merge.first != other.merge.first { return merge.first < other.merge.first }
      return merge.second < other.merge.second
    }
  }

  private var heap: [Candidate] = []

  mutating func insert(_ candidate: Candidate) {
    heap.append(candidate)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].precedes(heap[parent]) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func popFirst() -> Candidate? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      var best = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].precedes(heap[best]) {
        best = child
      }
      guard best != parent else { return first }
      heap.swapAt(best, parent)
      parent = best
    }
  }
}
