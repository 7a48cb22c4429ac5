import RNNFormat

/// How far a training has come whose state is in a file.
struct Unfinished: CustomStringConvertible {
  private let step: Int?
  private let steps: Int?
  private let epoch: Double?
  private let epochs: Int?

  /// Reads the progress of a state, of which nothing is sure but that it is JSON; nil if there is none.
  init?(_ progress: JSONValue?) {
    guard let progress else { return nil }
    let (training, plan) = (progress["training"], progress["recipe"]?["plan"])
    (step, steps) = (training?["step"]?.integer, plan?["maximum_steps"]?.integer)
    (epoch, epochs) = (training?["last"]?["epoch"]?.number, plan?["epochs"]?.integer)
  }

  var description: String {
    let parts = [
      step.map { "step \(Format.count($0))" + (steps.map { " of \(Format.count($0))" } ?? "") },
      epoch.map { "epoch \(Format.number($0, 2))" + (epochs.map { " of \(Format.count($0))" } ?? "") },
    ].compactMap(\.self)
    return parts.isEmpty ? "the state of a training" : parts.joined(separator: ", ")
  }

  var json: JSONValue {
    .object(omittingNil: [
      "step": step.map { .integer($0) }, "steps": steps.map { .integer($0) }, "epoch": epoch.map { .number($0) },
      "epochs": epochs.map { .integer($0) },
    ])
  }
}
