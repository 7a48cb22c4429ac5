import CSandbox
import SandboxProbes
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a confined process cannot do any more, tried.
@Suite struct ConfinementTests {
  private let layers = sandbox_layers()

  private func has(_ layer: Int) -> Bool { layers >= 0 && Int(layers) & layer != 0 }

  @Test func confinesItself() {
    #expect(has(csandbox_limits))
    #if os(Linux)
      #expect(has(csandbox_landlock) || has(csandbox_seccomp))
    #endif
    #expect(sandbox_try(probe_nothing) == sandbox_done)
  }

  @Test func readsWhatWasOpen() { #expect(sandbox_try(probe_read) == sandbox_done) }

  @Test func takesNoMoreMemoryThanItMay() { #expect(sandbox_try(probe_memory) == sandbox_denied) }

  @Test func takesNoMoreTimeThanItMay() { #expect([SIGXCPU, SIGKILL].contains(sandbox_try(probe_time))) }

  @Test func makesNoFileGrow() {
    // The system sends SIGXFSZ for it, which some parents have their children ignore.
    let result = sandbox_try(probe_write)
    #expect(result == SIGXFSZ || result == sandbox_denied)
  }

  #if os(Linux)
    @Test func opensNoFile() { #expect(sandbox_try(probe_open) == sandbox_denied) }

    @Test(arguments: [probe_socket, probe_fork, probe_execute])
    func isEndedForWhatReadingNeedsNot(probe: sandbox_probe) {
      guard has(csandbox_seccomp) else { return }
      #expect(sandbox_try(probe) == SIGSYS)
    }

    @Test(arguments: [probe_stat, probe_stat_at, probe_executable])
    func isDenied(probe: sandbox_probe) {
      guard has(csandbox_seccomp) else { return }
      #expect(sandbox_try(probe) == sandbox_denied)
    }
  #endif
}
