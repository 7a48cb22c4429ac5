import RNNConversion
import Foundation
import RNNFormat

/// A file of events that TensorBoard reads while it grows.
///
/// Each record is a length (uint64), its masked CRC-32C, the bytes, and theirs: the framing of TensorFlow's `TFRecord`.
public final class EventFile {
  private let file: OutputFile

  /// Begins a file in a folder, which is made if it is not there. TensorBoard shows all files of a folder as one run, so that a training that is
  /// resumed goes on in a file of its own.
  ///
  /// - Parameters:
  ///   - folder: where it goes.
  ///   - time: seconds since 1970, which is in the name and so orders the files.
  /// - Throws: `FormatError.cannotWrite`.
  public init(in folder: String, time: Double) throws(FormatError) {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw .cannotWrite(file: folder, reason: "the folder cannot be made")
    }
    // Ten digits, as TensorFlow does, and the process, so that no two files have one name.
    let seconds = String(Int(exactly: time.rounded(.down)) ?? 0)
    let digits = String(repeating: "0", count: max(0, 10 - seconds.count)) + seconds
    let name = "events.out.tfevents.\(digits).\(Generator.name).\(ProcessInfo.processInfo.processIdentifier)"
    file = try OutputFile(creating: "\(folder)/\(name)")
    try file.write(Self.record(TrainingEvent.head(time: time)))
  }

  /// Adds an event, which is in the file when this returns.
  ///
  /// - Throws: `FormatError.cannotWrite`.
  public func append(_ event: TrainingEvent) throws(FormatError) { try file.write(Self.record(event.message)) }

  /// A message with its frame.
  static func record(_ message: [UInt8]) -> [UInt8] {
    let length = LittleEndian.bytes([UInt64(message.count)])
    return length + LittleEndian.bytes([CRC32C.masked(CRC32C.checksum(length))]) + message
      + LittleEndian.bytes([CRC32C.masked(CRC32C.checksum(message))])
  }
}
