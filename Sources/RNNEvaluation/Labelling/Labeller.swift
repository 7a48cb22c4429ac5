import RNNModel
import RNNText
import RealModule

/// A network that names each step of a sequence, or a sequence as a whole.
public struct Labeller {
  private let model: Model
  /// The names.
  public let labels: Labels
  /// What is labelled.
  public let form: LabelledForm
  /// How many sequences of one length are read side by side.
  private let batch: Int

  /// A label, and how sure the model is.
  public struct Answer: Hashable, Sendable {
    /// The output with the largest probability.
    public var label: Int32
    /// ln of that, in nats.
    public var logProbability: Double
  }

  /// What sequences got.
  public struct Answers: Sendable {
    /// One for each step, or one for the sequence: `[sequence][step]`.
    public var answers: [[Answer]]
    /// -ln p of all targets that the model has a label for, in nats.
    public var nats = 0.0
    /// How many those are.
    public var count = 0
  }

  /// The sequences of one length that are read side by side if nothing is said.
  public static let usualBatch = 16

  /// Prepares a model.
  ///
  /// - Throws: ``LabellingError`` for a model without labels, or that sees no whole sequences of tokens.
  public init(_ model: Model, batch: Int = usualBatch) throws(LabellingError) {
    guard let labels = model.labels else { throw .noLabels }
    let architecture = model.architecture
    guard architecture.context == .sequence, architecture.input == .tokens, architecture.output == .softmax else {
      throw .notALabeller
    }
    self.model = model
    self.labels = labels
    self.batch = batch
    form = architecture.hasOneOutput ? .texts : .tokens
  }

  /// Labels sequences of tokens.
  ///
  /// - Parameters:
  ///   - sequences: with the labels that they should get; -1 where that is not known.
  ///   - progress: called often, with the part that is done.
  /// - Throws: `ArchitectureError`.
  public func answers(
    to sequences: EncodedSequences, progress: (Double) -> Void = { _ in }
  ) throws(ArchitectureError) -> Answers {
    guard !sequences.inputs.isEmpty else { return Answers(answers: []) }
    let batches = SequenceBatches(sequences, batch: min(batch, sequences.inputs.count), seed: nil)
    let network = try Network(
      model.architecture, parameters: model.parameters.values, purpose: .inference, batch: batches.batch,
      steps: batches.longestSequence)
    var result = Answers(answers: sequences.inputs.map { _ in [] })
    var logits = [Float](repeating: 0, count: batches.longestSequence * batches.batch * labels.count)
    var (inputs, targets): ([Int32], [Int32]) = ([], [])
    for position in 0..<batches.length {
      batches.fill(position: position, steps: 1, inputs: &inputs, targets: &targets)
      network.logits(inputs: inputs, into: &logits)
      for (column, sequence) in batches.batches[position].enumerated() {
        let steps = form == .texts ? 1 : sequences.inputs[sequence].count
        for step in 0..<steps {
          let first = (step * batches.batch + column) * labels.count
          let (answer, logSum) = Self.best(logits[first..<(first + labels.count)])
          result.answers[sequence].append(answer)
          let target = sequences.targets[sequence][step]
          if target >= 0 {
            result.nats += logSum - Double(logits[first + Int(target)])
            result.count += 1
          }
        }
      }
      progress(Double(position + 1) / Double(batches.length))
    }
    return result
  }

  /// The first of the largest logits, and ln of the sum of e to the power of all of them.
  private static func best(_ logits: ArraySlice<Float>) -> (answer: Answer, logSum: Double) {
    var best = logits.startIndex
    for index in logits.indices where logits[index] > logits[best] { best = index }
    let largest = Double(logits[best])
    let logSum = largest + Double.log(logits.reduce(0) { $0 + Double.exp(Double($1) - largest) })
    return (Answer(label: Int32(best - logits.startIndex), logProbability: largest - logSum), logSum)
  }
}

/// Why a model cannot label.
public enum LabellingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The model does not name its outputs.
  case noLabels
  /// The model does not give one of several labels to whole sequences, or their tokens.
  case notALabeller

  /// One sentence.
  public var description: String {
    switch self {
    case .noLabels: "the model has no labels: it is neither a tagger nor a classifier"
    case .notALabeller: "the model has labels, but does not choose one for each token of a sequence, or for all of it"
    }
  }
}
