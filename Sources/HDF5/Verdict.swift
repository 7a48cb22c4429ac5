/// Remembers that a dataset of a read-only file has passed its checks, which for chunked data count every chunk.
///
/// Safe to share: read and written only between `Library.enter` and `Library.leave`.
final class Verdict: @unchecked Sendable {
  var passed = false
}
