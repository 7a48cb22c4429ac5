import CZlib

/// Compresses data that come in parts, as one gzip member (RFC 1952).
public final class GzipEncoder {
  /// zlib's state points back to the stream, which therefore must not move: it lies on the heap and is freed in `deinit`.
  private let stream: UnsafeMutablePointer<z_stream>

  /// Begins a member; nil if there is no memory for it.
  public init?() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard rnn_deflate_gzip_init(stream) == Z_OK else {
      stream.deallocate()
      return nil
    }
  }

  deinit {
    deflateEnd(stream)
    stream.deinitialize(count: 1)
    stream.deallocate()
  }

  /// Compresses the next part of the data; what it gives may be empty, since zlib collects.
  public func encode(_ part: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    for start in Swift.stride(from: 0, to: part.count, by: Self.partSize) {
      output += run(part[start..<min(part.count, start + Self.partSize)], Z_NO_FLUSH)
    }
    return output
  }

  /// The last bytes of the member, after which nothing may come.
  public func finish() -> [UInt8] { run([], Z_FINISH) }

  private static let partSize = 1 << 16

  private func run(_ part: ArraySlice<UInt8>, _ flush: Int32) -> [UInt8] {
    var input = Array(part)
    var output: [UInt8] = []
    input.withUnsafeMutableBufferPointer { source in
      stream.pointee.next_in = source.baseAddress
      stream.pointee.avail_in = UInt32(source.count)
      repeat {
        output += [UInt8](unsafeUninitializedCapacity: Self.partSize) { target, filled in
          // zlib reads `avail_in` bytes from `next_in` and writes `avail_out` to `next_out`: both lie inside the buffers, and the
          // pointers are not used after these closures. Both sizes are at most 64 KiB. It does not write to its input.
          stream.pointee.next_out = target.baseAddress
          stream.pointee.avail_out = UInt32(Self.partSize)
          _ = deflate(stream, flush)
          filled = Self.partSize - Int(stream.pointee.avail_out)
          stream.pointee.next_out = nil
        }
        // zlib had more to say where it filled the buffer.
      } while output.count % Self.partSize == 0 && !output.isEmpty && stream.pointee.avail_out == 0
      stream.pointee.next_in = nil
    }
    return output
  }
}
