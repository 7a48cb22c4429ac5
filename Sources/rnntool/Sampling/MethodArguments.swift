import ArgumentParser
import RNNGeneration
import RNNModel

/// A strategy in one line: the flags of `sample` without their hyphens, as in `top-k 40, temperature 0.7`.
struct MethodArguments {
  private struct Options: ParsableArguments {
    @OptionGroup var strategies: StrategyOptions
    @OptionGroup var search: SearchOptions
  }

  private let options: Options

  init(_ line: String) throws {
    let parts = line.split(separator: ",").map { $0.split(separator: " ").map(String.init) }.filter { !$0.isEmpty }
    let arguments = parts.flatMap { part in part == ["pure"] ? [] : ["--" + part[0]] + part.dropFirst() }
    do {
      options = try Options.parse(arguments)
      try options.search.validate(with: options.strategies)
    } catch {
      throw ValidationError("the strategy '\(line)' is not understood: \(Options.message(for: error))")
    }
  }

  func method(for vocabulary: Vocabulary) throws -> DecodingMethod {
    var strategies = options.strategies
    let tried = options.search.penaltyAlpha == nil ? nil : strategies.topK
    if options.search.penaltyAlpha != nil { strategies.topK = nil }
    return options.search.method(try strategies.chain(for: vocabulary), topK: tried)
  }
}
