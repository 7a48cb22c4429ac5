import CZlib

/// Decompresses gzip data (RFC 1952) that come in parts: one member after another, as `gzip` writes and `cat` joins them.
///
/// zlib checks each member's length and CRC-32.
final class GzipDecoder {
  enum Failure: Error {
    case corrupt
  }

  /// zlib's state points back to the stream, which therefore must not move: it lies on the heap and is freed in `deinit`.
  private let stream: UnsafeMutablePointer<z_stream>
  private var isReady: Bool
  /// Between two members.
  private var isAtEnd = false
  /// Between two members, where only zeros may follow: some archivers pad with them.
  private var isPadding = false
  /// What is to be decompressed, from `read` on.
  private var input: [UInt8] = []
  private var read = 0

  init() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    isReady = rnn_inflate_gzip_init(stream) == Z_OK
  }

  deinit {
    if isReady { inflateEnd(stream) }
    stream.deinitialize(count: 1)
    stream.deallocate()
  }

  /// Whether all input is used up.
  var needsInput: Bool { read == input.count }

  /// Whether the data may end here.
  var mayEnd: Bool { needsInput && isAtEnd }

  /// Gives the next part of the data.
  ///
  /// - Precondition: ``needsInput``.
  func feed(_ part: [UInt8]) {
    input = part
    read = 0
  }

  /// Decompresses the next bytes, at most `count`; none where more input is needed.
  func decode(upTo count: Int) throws(Failure) -> [UInt8] {
    guard isReady else { throw .corrupt }
    var output: [UInt8] = []
    while output.isEmpty && !needsInput {
      if isAtEnd {
        // The first byte tells the next member from padding; a false one fails in zlib.
        if input[read] == 0 { isPadding = true }
        if isPadding {
          guard input[read] == 0 else { throw .corrupt }
          read += 1
          continue
        }
        guard inflateReset(stream) == Z_OK else { throw .corrupt }
        isAtEnd = false
      }
      output = try inflateSome(count)
    }
    return output
  }

  private func inflateSome(_ count: Int) throws(Failure) -> [UInt8] {
    var status = Z_OK
    var used = 0
    let output = [UInt8](unsafeUninitializedCapacity: count) { target, filled in
      input.withUnsafeMutableBufferPointer { source in
        // zlib reads `avail_in` bytes from `next_in` and writes `avail_out` to `next_out`: both lie inside the buffers, and the
        // pointers are not used after this closure. It does not write to its input.
        let available = UInt32(clamping: source.count - read)
        let room = UInt32(clamping: count)
        stream.pointee.next_in = source.baseAddress.map { $0 + read }
        stream.pointee.avail_in = available
        stream.pointee.next_out = target.baseAddress
        stream.pointee.avail_out = room
        status = inflate(stream, Z_NO_FLUSH)
        used = Int(available - stream.pointee.avail_in)
        filled = Int(room - stream.pointee.avail_out)
        stream.pointee.next_in = nil
        stream.pointee.next_out = nil
      }
    }
    read += used
    switch status {
    case Z_STREAM_END: isAtEnd = true
    case Z_OK: break
    // No progress was possible: it ate all input, and there is no output to be had from it.
    case Z_BUF_ERROR where needsInput: break
    default: throw .corrupt
    }
    return output
  }
}
