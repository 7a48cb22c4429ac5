import ArgumentParser
import RNNEvaluation
import RNNFormat

/// What a model may learn, remember, and be helped with while it is scored.
struct AdaptationOptions: ParsableArguments {
  @Option(help: "Let the model learn from what it has scored: sgd (Mikolov et al. 2010) or rms (Krause et al. 2018).")
  var dynamic: DynamicLanguageModel.Rule?

  @Option(help: "The rate of --dynamic. Default: 0.1 for sgd, 5e-5 for rms.")
  var dynamicRate: Double?

  @Option(help: "How fast the parameters go back to what was trained. Default: 0 for sgd, 0.002 for rms.")
  var dynamicDecay: Double?

  @Option(help: "Tokens between two updates. Default: 5.")
  var dynamicLength: Int?

  @Option(help: "What is added to the gradient's magnitude by rms. Default: 2e-5.")
  var dynamicEpsilon: Double?

  @Option(help: "The training text, on which rms measures how large gradients are.")
  var dynamicStatistics: String?

  @Option(help: "Remember so many hidden states and what came after them (Grave et al. 2017).")
  var cache: Int?

  @Option(help: "How sharply hidden states are told apart. Default: 0.3.")
  var cacheTheta: Double?

  @Option(help: "The weight of the cache. Default: 0.1.")
  var cacheLambda: Double?

  @Option(
    help: ArgumentHelp(
      "Mix the model with another one of the same vocabulary: MODEL=WEIGHT, or MODEL with --mix-fit. Can be repeated.",
      valueName: "model=weight"))
  var mix: [String] = []

  @Option(help: "A held-out text that the weights of the mixture are fitted on.")
  var mixFit: String?

  /// The numbers of dynamic evaluation; nil without it.
  var dynamicSettings: DynamicLanguageModel.Settings? {
    dynamic.map {
      DynamicLanguageModel.Settings(
        $0, length: dynamicLength ?? 5, rate: dynamicRate, decay: dynamicDecay, epsilon: dynamicEpsilon ?? 2e-5)
    }
  }

  /// The numbers of the cache; nil without it.
  var cacheSettings: CacheLanguageModel.Settings? {
    cache.map { CacheLanguageModel.Settings(size: $0, theta: cacheTheta ?? 0.3, lambda: cacheLambda ?? 0.1) }
  }

  /// One of the other models of a mixture.
  struct Part: Hashable {
    var path: String
    var weight: Double?

    init(_ argument: String) {
      // The name of a file may have the sign, too.
      if let sign = argument.lastIndex(of: "="), let weight = Double(argument[argument.index(after: sign)...]) {
        (path, self.weight) = (String(argument[..<sign]), weight)
      } else {
        (path, weight) = (argument, nil)
      }
    }
  }

  /// The other models of the mixture.
  var parts: [Part] { mix.map { Part($0) } }

  /// The weights of the mixture as they were given, the model's own first; nil if they are to be fitted, or there is no mixture.
  var weights: [Double]? {
    let given = parts.compactMap(\.weight)
    guard !mix.isEmpty, given.count == mix.count else { return nil }
    return [1 - given.reduce(0, +)] + given
  }

  func validate() throws {
    try require(
      dynamic != nil
        || [dynamicRate, dynamicDecay, dynamicEpsilon].allSatisfy { $0 == nil } && dynamicLength == nil
          && dynamicStatistics == nil,
      "--dynamic-rate, -decay, -length, -epsilon and -statistics go with --dynamic.")
    if let problem = dynamicSettings?.problem { throw ValidationError("--dynamic: \(problem).") }
    try require(
      dynamic != .rms || dynamicStatistics != nil, "--dynamic rms needs --dynamic-statistics, the training text.")
    try require(dynamic != .sgd || dynamicStatistics == nil, "--dynamic-statistics is for --dynamic rms.")
    try require(
      dynamic == nil || cache == nil, "--dynamic and --cache do not go together: choose one of them.")
    try require(cache != nil || cacheTheta == nil && cacheLambda == nil, "--cache-theta and -lambda go with --cache.")
    if let problem = cacheSettings?.problem { throw ValidationError("--cache: \(problem).") }
    let given = parts.count { $0.weight != nil }
    if mixFit != nil {
      try require(!mix.isEmpty, "--mix-fit goes with --mix.")
      try require(given == 0, "--mix-fit fits the weights: name models without a weight.")
    } else {
      try require(given == mix.count, "--mix is MODEL=WEIGHT, or goes with --mix-fit TEXT, which fits the weights.")
    }
    if let weights {
      try require(
        weights.dropFirst().allSatisfy { $0 > 0 && $0 < 1 } && weights[0] > 0,
        "the weights of --mix have to be positive, and to sum to less than 1: the rest is the model's own.")
    }
  }

  /// What is not as in a plain evaluation, for receipts and programs; nil if nothing is.
  ///
  /// - Parameter mixture: the identities of the other models and the weights.
  func json(mixture: [(modelID: String, weight: Double)]) throws -> JSONValue? {
    let members: [String: JSONValue?] = [
      "dynamic": try dynamicSettings.map { try JSONValue(encoding: $0) },
      "cache": try cacheSettings.map { try JSONValue(encoding: $0) },
      "mixture": mixture.isEmpty
        ? nil : .array(mixture.map { ["model_id": .string($0.modelID), "weight": .number($0.weight)] }),
    ]
    let present = members.compactMapValues { $0 }
    return present.isEmpty ? nil : .object(present)
  }
}

extension DynamicLanguageModel.Rule: ExpressibleByArgument {}
