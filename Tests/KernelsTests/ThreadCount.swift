import Kernels

/// Runs `body` with a number of threads, as far as no test beside it asks for another one.
func atThreadCount<Result>(_ count: Int, _ body: () -> Result) -> Result {
  let before = ThreadTeam.threadCount
  ThreadTeam.threadCount = count
  defer { ThreadTeam.threadCount = before }
  return body()
}
