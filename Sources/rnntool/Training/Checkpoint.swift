import Foundation
import RNNFormat
import RNNModel
import RNNTraining

/// What an unfinished model file holds to go on with: the recipe, the text it belongs to, and the state of the trainer.
struct Checkpoint {
  /// The small part of it, as JSON.
  private struct Progress: Codable {
    var recipe: Recipe
    var corpus_sha256: String
    /// JSON in a string: what a training counts may be beyond the numbers that JSON documents of the format may hold.
    var training: String
  }

  var recipe: Recipe
  /// The hash of the text that is learned.
  var corpus: String
  var state: TrainingState

  /// What a model file stores.
  func document() throws -> TrainingStateDocument {
    let training = String(decoding: try JSONEncoder().encode(state.progress), as: UTF8.self)
    let progress = Progress(recipe: recipe, corpus_sha256: corpus, training: training)
    return TrainingStateDocument(
      arrays: state.arrays, words: state.words, progress: try JSONValue(encoding: progress))
  }

  init(recipe: Recipe, corpus: String, state: TrainingState) {
    self.recipe = recipe
    self.corpus = corpus
    self.state = state
  }

  /// Reads what a model file stores.
  init(_ file: borrowing ModelFile, path: String) throws {
    guard let document = try file.trainingState() else {
      throw Failure(
        "'\(path.printable)' holds no unfinished training: train with --keep-state to be able to go on after the end",
        code: Failure.refused)
    }
    let progress: Progress
    do {
      progress = try document.progress.decoded()
      let training = try JSONDecoder().decode(TrainingState.Progress.self, from: Data(progress.training.utf8))
      state = try TrainingState(arrays: document.arrays, words: document.words, progress: training)
    } catch {
      throw Failure(
        "the training in '\(path.printable)' cannot be taken up: it is of another version, or damaged (\(error))",
        code: Failure.refused)
    }
    recipe = progress.recipe
    corpus = progress.corpus_sha256
  }
}
