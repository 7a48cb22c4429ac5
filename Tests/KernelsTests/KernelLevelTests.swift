import Foundation
import Kernels
import Testing

@Suite struct KernelLevelTests {
  @Test func alwaysSupportsThePortableLevel() {
    #expect(KernelLevel.supported.first == .portable)
    #expect(KernelLevel.supported.contains(KernelLevel.active))
  }

  @Test func runsABodyAtALevelAndReturnsToTheOneBefore() {
    let before = KernelLevel.active
    for level in KernelLevel.supported {
      level.run {
        #expect(KernelLevel.active == level)
        KernelLevel.portable.run { #expect(KernelLevel.active == .portable) }
        #expect(KernelLevel.active == level)
      }
    }
    #expect(KernelLevel.active == before)
  }

  @Test func selectingTheActiveLevelChangesNothing() throws {
    let before = KernelLevel.active
    try before.select()
    #expect(KernelLevel.active == before)
  }

  @Test func refusesUnsupportedLevels() {
    for level in KernelLevel.allCases where !level.isSupported {
      #expect(throws: KernelLevel.Unsupported.self) { try level.select() }
    }
  }

  // The level of a process is chosen once, so each of these runs in a process of its own.
  @Test func followsTheEnvironment() async {
    await #expect(processExitsWith: .success) {
      setenv("RNNTOOL_KERNELS", "portable", 1)
      precondition(KernelLevel.active == .portable)
      precondition(KernelLevel.refusedEnvironmentValue == nil)
    }
  }

  @Test func refusesAnUnknownLevelOfTheEnvironment() async {
    await #expect(processExitsWith: .success) {
      setenv("RNNTOOL_KERNELS", "quantum", 1)
      precondition(KernelLevel.active == KernelLevel.supported.last)
      precondition(KernelLevel.refusedEnvironmentValue == "quantum")
    }
  }

  @Test func selectsALevelForAllThreads() async {
    await #expect(processExitsWith: .success) {
      try KernelLevel.portable.select()
      precondition(KernelLevel.active == .portable)
      let seen = await Task.detached { KernelLevel.active }.value
      precondition(seen == .portable)
    }
  }

  @Test func levelsAgreeWithEachOther() {
    let x = floats(1000)
    let results = KernelLevel.supported.map { level in
      var values = x
      level.run {
        var span = values.mutableSpan
        Activation.sigmoid.apply(to: &span)
      }
      return values
    }
    for result in results { #expect(largestError(result, results[0].map(Double.init)) < 3e-7) }
  }
}
