import Kernels
import Testing

@Suite struct MutableSpanSlicesTests {
  @Test func lendsOneSliceToAKernel() {
    var buffer: [Float] = [-1, -1, -1, -1]
    var span = buffer.mutableSpan
    span.withSlice(1..<3) { slice in Activation.relu.apply(to: &slice) }
    #expect(buffer == [-1, 0, 0, -1])
  }

  @Test func readsAPartOfAnotherArrayBesideASlice() {
    let source: [Float] = [1, 2, 3, 4]
    var buffer = [Float](repeating: 0, count: 4)
    var span = buffer.mutableSpan
    span.withSlice(2..<4) { slice in VectorOperations.add(source.span.extracting(1..<3), to: &slice) }
    #expect(buffer == [0, 0, 2, 3])
  }

  @Test func handlesEmptyParts() {
    var buffer: [Float] = []
    var span = buffer.mutableSpan
    #expect(span.withSlice(0..<0) { $0.count } == 0)
  }

  @Test func passesErrorsOn() {
    struct Failure: Error {}
    var buffer: [Float] = [1]
    #expect(throws: Failure.self) {
      var span = buffer.mutableSpan
      try span.withSlice(0..<1) { _ throws(Failure) in throw Failure() }
    }
  }

  @Test func refusesASliceOutsideTheSpan() async {
    await #expect(processExitsWith: .failure) {
      var buffer: [Float] = [1, 2]
      var span = buffer.mutableSpan
      span.withSlice(1..<3) { slice in Activation.relu.apply(to: &slice) }
    }
  }
}
