import Foundation
import RNNFormat
import RNNModel
import RNNTraining

/// An unfinished training as a model file holds it: the model, the recipe, the texts it belongs to, and the state of the trainer.
struct StoredTraining {
  /// The version of its JSON. A new key that may be absent needs no new version. The first one had the plan a second time, in `training`, and all
  /// arrays, also those that are the model's parameters.
  static let version = 2

  /// The small part of it, as JSON.
  private struct Progress: Codable {
    var version: Int
    var recipe: Recipe
    var sha256: TextHashes
    var training: TrainingState.Record
  }

  /// What can be used already: the best parameters, or the present ones.
  var model: Model
  var recipe: Recipe
  var hashes: TextHashes
  var state: TrainingState

  /// What a model file stores beside the model.
  func document() throws -> TrainingStateDocument {
    let progress = Progress(version: Self.version, recipe: recipe, sha256: hashes, training: state.record)
    return TrainingStateDocument(
      arrays: state.arrays(beside: model.parameters.values), words: state.words,
      progress: try JSONValue(encoding: progress))
  }

  init(model: Model, recipe: Recipe, hashes: TextHashes, state: TrainingState) {
    self.model = model
    self.recipe = recipe
    self.hashes = hashes
    self.state = state
  }

  /// Reads what a model file stores.
  init(_ file: borrowing ModelFile, path: String) throws {
    guard let json = file.trainingProgress else {
      throw Failure(
        "'\(path.printable)' holds no unfinished training: train with --keep-state to be able to go on after the end",
        code: Failure.refused)
    }
    func refusal(_ why: String) -> Failure {
      Failure("the training in '\(path.printable)' cannot be taken up: \(why)", code: Failure.refused)
    }
    guard let version = json["version"]?.integer else {
      throw refusal("it was written by an earlier version of this program, or by another one; go on with that")
    }
    guard version <= Self.version else { throw refusal("it was written by a later version of this program") }
    guard let document = try file.trainingState() else { throw refusal("it is damaged") }
    model = try file.loadModel()
    do {
      let progress = try document.progress.decoded(as: Progress.self)
      state = try TrainingState(
        arrays: document.arrays, words: document.words, record: progress.training,
        beside: version == 1 ? [] : model.parameters.values)
      recipe = progress.recipe
      hashes = progress.sha256
    } catch let error as DecodingError {
      throw refusal("it is damaged: \(error.sentence)")
    } catch TrainingError.invalidState(let what) {
      throw refusal("it is damaged: \(what)")
    }
    if let problem = recipe.plan.problem ?? recipe.initialisation.problem {
      throw refusal("it is damaged: \(problem)")
    }
    guard recipe.seed < 1 << 53, !recipe.text.files.isEmpty else { throw refusal("it is damaged: its recipe is none") }
  }
}

/// The SHA-256 of the texts of a training, after decompression.
struct TextHashes: Hashable, Codable {
  /// What is learned.
  var training: String
  /// The text of its own for validation.
  var validation: String?
  /// The text of its own for the test.
  var test: String?
}

extension DecodingError {
  /// What is wrong with a JSON document, and where.
  var sentence: String {
    func at(_ path: [any CodingKey], _ what: String) -> String {
      let place = path.map(\.stringValue).joined(separator: "/")
      return place.isEmpty ? what : "\(place): \(what)"
    }
    switch self {
    case .keyNotFound(let key, let context): return at(context.codingPath, "'\(key.stringValue)' is missing")
    case .typeMismatch(_, let context): return at(context.codingPath, "it is of another kind than is expected there")
    case .valueNotFound(_, let context): return at(context.codingPath, "there is nothing")
    case .dataCorrupted(let context): return at(context.codingPath, context.debugDescription)
    @unknown default: return "it cannot be read"
    }
  }
}
