import Foundation
import RNNFormat
import RNNTraining

/// The validations of a training as CSV, a line each, in the file as soon as they are known.
struct HistoryFile {
  private let path: String

  private static let head =
    "step,epoch,train_loss,valid_loss,learning_rate,gradient_norm,tokens_per_second,seconds"

  /// - Parameters:
  ///   - path: the file.
  ///   - step: keeps the lines up to this update, of a training that is resumed; nil to begin anew.
  /// - Throws: `FormatError`, ``Failure`` for a file that is no such table.
  init(_ path: String, goingOnAfter step: Int?) throws {
    self.path = path
    if let step, FileManager.default.fileExists(atPath: path) {
      try drop(after: step)
    } else {
      try AtomicFile.write(Array((Self.head + "\n").utf8), to: path)
    }
  }

  /// Takes out what came after an update, which the training will do again.
  func drop(after step: Int) throws {
    let lines = String(decoding: try Input.text(path), as: UTF8.self).split(separator: "\n").map(String.init)
    guard lines.first == Self.head else {
      throw Failure("'\(path.printable)' is not a table that --csv has begun: name another file", code: Failure.refused)
    }
    let kept = lines.dropFirst().filter { line in
      line.split(separator: ",").first.flatMap { Int($0) }.map { $0 <= step } ?? false
    }
    try AtomicFile.write(Array(([Self.head] + kept).map { $0 + "\n" }.joined().utf8), to: path)
  }

  /// Adds a line.
  func append(_ record: ValidationRecord) throws {
    let progress = record.progress
    let values = [
      progress.epoch, record.trainLoss, record.validLoss, progress.learningRate, progress.gradientNorm,
      progress.tokensPerSecond, progress.seconds,
    ]
    let line = (["\(progress.step)"] + values.map { "\($0)" }).joined(separator: ",") + "\n"
    do {
      let file = try FileHandle(forWritingTo: URL(filePath: path))
      defer { try? file.close() }
      try file.seekToEnd()
      try file.write(contentsOf: Data(line.utf8))
    } catch {
      throw FormatError.cannotWrite(file: path, reason: "the file cannot be added to")
    }
  }
}
