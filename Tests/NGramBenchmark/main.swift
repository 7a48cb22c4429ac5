// What tools/bench-ngram times: counting, smoothing, writing, reading and scoring, each with its seconds, as JSON.
//
//   ngram-bench train TEXT ORDER VOCABULARY ARPA     the vocabulary's size; 0 for all words
//   ngram-bench score ARPA TEXT [SCORES]             one line of SCORES for each of the text: log10 p
import Foundation
import NGram
import RNNModel

/// Seconds, by what they were spent on, in the order of the work.
var figures: [(name: String, value: Double)] = []

@MainActor func timed<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
  let start = ContinuousClock().now
  let result = try body()
  let duration = (ContinuousClock().now - start).components
  figures.append((name, Double(duration.seconds) + Double(duration.attoseconds) * 1e-18))
  return result
}

@MainActor func train(_ arguments: [String]) throws {
  let (text, order, size, output) = (arguments[0], Int(arguments[1]) ?? 5, Int(arguments[2]) ?? 0, arguments[3])
  let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: text)))
  let vocabulary = try timed("vocabulary") {
    var builder = Vocabulary.Builder(kind: .words, normalisation: .whitespace)
    try builder.add(bytes)
    return try builder.finish(maximumSize: size > 0 ? size : nil)
  }
  let tokens = try timed("encode") { try vocabulary.encode(bytes).tokens }
  let counts = try timed("count") {
    try NGramCounts(tokens, order: order, vocabularySize: vocabulary.count, sentenceEnd: vocabulary.lineEnd)
  }
  let form = try timed("smooth") { try counts.form(.modifiedKneserNey()) }
  let model = try timed("index") { try NGramModel(form) }
  figures.append(("tokens", Double(tokens.count)))
  for order in 1...model.order { figures.append(("ngrams\(order)", Double(model.count(order: order)))) }
  try timed("write") {
    _ = FileManager.default.createFile(atPath: output, contents: nil)
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
    let words = (0..<Int32(vocabulary.count)).map { Array(vocabulary[$0]) }
    var writer = try ARPAWriter(model, words: words, unknown: vocabulary.unknown)
    try writer.write { try handle.write(contentsOf: Data($0)) }
    try handle.close()
  }
}

@MainActor func score(_ arguments: [String]) throws {
  let read = try timed("read") { try ARPAReader.read(arguments[0]) }
  let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: arguments[1])))
  let vocabulary = try read.vocabulary()
  let tokens = try timed("encode") { try vocabulary.encode(bytes).tokens }
  let found = timed("score") { read.model.logProbabilities(of: tokens) }
  figures.append(("tokens", Double(tokens.count)))
  figures.append(("nats", -found.reduce(0) { $0 + Double($1) }))
  guard arguments.count > 2 else { return }
  var (lines, sum) = ("", 0.0)
  for (token, logProbability) in zip(tokens, found) {
    sum += Double(logProbability)
    if token == vocabulary.lineEnd {
      lines += "\(sum / log(10))\n"
      sum = 0
    }
  }
  try lines.write(toFile: arguments[2], atomically: true, encoding: .utf8)
}

let arguments = Array(CommandLine.arguments.dropFirst())
switch (arguments.first, arguments.count) {
case ("train", 5): try train(Array(arguments.dropFirst()))
case ("score", 3...4): try score(Array(arguments.dropFirst()))
default:
  print("usage: ngram-bench train TEXT ORDER VOCABULARY ARPA | score ARPA TEXT [SCORES]")
  exit(2)
}
print("{" + figures.map { "\"\($0.name)\": \($0.value)" }.joined(separator: ", ") + "}")
