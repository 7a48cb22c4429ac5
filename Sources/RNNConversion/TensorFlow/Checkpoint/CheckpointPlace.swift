import Foundation

/// Finds the file that a model of several files begins with, where the user names the model in the way its framework does.
///
/// A checkpoint of TensorFlow is called by what its files' names have in common, or by the folder that it is in; a model of TensorFlow.js by its folder.
/// Names that a file itself gives are only taken as those of files beside it.
public enum CheckpointPlace {
  /// The longest list of checkpoints that is read.
  private static let longestList = 1 << 20

  /// The name of a file of values.
  static func shard(_ number: Int, of count: Int, stem: String) -> String {
    func digits(_ number: Int) -> String { String(repeating: "0", count: max(0, 5 - "\(number)".count)) + "\(number)" }
    return "\(stem)-\(digits(number))-of-\(digits(count))"
  }

  /// The file that a model begins with; the path itself where it is no model of several files.
  ///
  /// - Throws: ``ConversionError`` for a folder without such a model, or with several.
  public static func file(_ path: String) throws(ConversionError) -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      return exists(path + TensorBundle.indexEnding) ? path + TensorBundle.indexEnding : firstPiece(path) ?? path
    }
    if isFolder.boolValue { return try inFolder(path) }
    let name = path.split(separator: "/").last ?? ""
    if name == "checkpoint" { return try listed(in: path) }
    for ending in [".meta", ".data"] {
      guard let place = path.range(of: ending, options: .backwards) else { continue }
      let isShard = path[place.upperBound...].wholeMatch(of: /-[0-9]{5}-of-[0-9]{5}/) != nil
      guard ending == ".meta" ? place.upperBound == path.endIndex : isShard else { continue }
      let stem = String(path[..<place.lowerBound])
      if exists(stem + TensorBundle.indexEnding) { return stem + TensorBundle.indexEnding }
      if ending == ".meta", exists(stem) { return stem }
    }
    return path
  }

  /// The other files of a checkpoint of the first version that was written in pieces: `name-00001-of-00003`.
  static func pieces(beside path: String) -> [String] {
    guard let match = path.firstMatch(of: /-([0-9]{5})-of-([0-9]{5})$/), let own = Int(match.1),
      let count = Int(match.2)
    else { return [] }
    let stem = String(path[..<match.range.lowerBound])
    return (0..<count).filter { $0 != own }.map { shard($0, of: count, stem: stem) }
  }

  /// The first file of such a checkpoint.
  private static func firstPiece(_ path: String) -> String? {
    let place = URL(filePath: path)
    let names = try? FileManager.default.contentsOfDirectory(atPath: place.deletingLastPathComponent().path)
    let start = "\(place.lastPathComponent)-00000-of-"
    let pieces = (names ?? []).filter { $0.hasPrefix(start) && $0.count == start.count + 5 }
    return pieces.count == 1 ? "\(path)\(pieces[0].dropFirst(place.lastPathComponent.count))" : nil
  }

  private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  private static func inFolder(_ folder: String) throws(ConversionError) -> String {
    let home = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    if exists("\(home)/checkpoint") { return try listed(in: "\(home)/checkpoint") }
    for name in ["model.json", "manifest.json"] where exists("\(home)/\(name)") { return "\(home)/\(name)" }
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: home)) ?? [])
      .filter { $0.hasSuffix(TensorBundle.indexEnding) }.sorted()
    guard names.count == 1, let name = names.first else {
      throw .cannotRead(
        file: folder,
        reason: names.isEmpty
          ? "it is a folder without a model: without 'checkpoint', 'model.json' or 'manifest.json'"
          : "it is a folder with several checkpoints, \(names.joined(separator: ", ")): name one of them")
    }
    return "\(home)/\(name)"
  }

  /// The newest checkpoint that the file `checkpoint` names: the line `model_checkpoint_path: "..."`.
  private static func listed(in list: String) throws(ConversionError) -> String {
    func malformed(_ reason: String) -> ConversionError { .malformed(file: list, place: "the list", reason: reason) }
    let bytes = try InputFile(opening: list).read(at: 0, count: longestList, orFewer: true)
    guard let text = String(validating: bytes, as: UTF8.self),
      let match = text.firstMatch(of: /(?m)^model_checkpoint_path: *"([^"\\]*)"/)
    else { throw malformed("it does not say which checkpoint is the newest one") }
    // Only the name: the path is often one of another machine, and may lead anywhere.
    let name = String(match.1.split(separator: "/").last ?? "")
    guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(0) else {
      throw malformed("'\(match.1)' is not the name of a checkpoint")
    }
    let stem = (list.hasSuffix("/checkpoint") ? String(list.dropLast("checkpoint".count)) : "") + name
    return exists(stem + TensorBundle.indexEnding) ? stem + TensorBundle.indexEnding : stem
  }
}
