import RNNModel
import RealModule

/// A model of many streams whose numbers are known: the next token depends on the last two, the one before the last being none after a reset.
final class KnownModel: LanguageModel {
  let size: Int
  let streams: Int
  let longestWindow: Int
  private var before: [Int]

  init(size: Int, streams: Int, longestWindow: Int = 5) {
    (self.size, self.streams, self.longestWindow) = (size, streams, longestWindow)
    before = Array(repeating: -1, count: streams)
  }

  /// p(next | before, last), by weights 1, 2, ..., size in an order that depends on both.
  static func probability(of next: Int32, after last: Int32, _ before: Int32?, size: Int) -> Double {
    let place = Int(next) + 2 * Int(last) + 3 * (Int(before ?? -1) + 1)
    return Double(1 + place % size) / Double(size * (size + 1) / 2)
  }

  /// -ln p of a text that is read from the initial state, for the places that count.
  static func nats(_ tokens: [Int32], start: Int32? = nil, size: Int, counting places: (Int) -> Bool) -> Double {
    let read = (start.map { [$0] } ?? []) + tokens
    var nats = 0.0
    for index in read.indices.dropFirst() where places(index - read.count + tokens.count) {
      nats -= .log(
        probability(of: read[index], after: read[index - 1], index > 1 ? read[index - 2] : nil, size: size))
    }
    return nats
  }

  func reset() { before = Array(repeating: -1, count: streams) }

  func advance(_ tokens: [Int32], into logProbabilities: inout [Float]) {
    for stream in 0..<streams {
      let known = before[stream] < 0 ? nil : Int32(before[stream])
      for next in 0..<size {
        logProbabilities[stream * size + next] = Float(
          Double.log(Self.probability(of: Int32(next), after: tokens[stream], known, size: size)))
      }
      before[stream] = Int(tokens[stream])
    }
  }

  func score(inputs: [Int32], targets: [Int32], into results: inout [Double]) {
    precondition(inputs.count <= longestWindow * streams && inputs.count % streams == 0)
    for index in inputs.indices {
      let stream = index % streams
      let known = before[stream] < 0 ? nil : Int32(before[stream])
      results[index] =
        targets[index] < 0
        ? 0 : .log(Self.probability(of: targets[index], after: inputs[index], known, size: size))
      before[stream] = Int(inputs[index])
    }
  }
}
