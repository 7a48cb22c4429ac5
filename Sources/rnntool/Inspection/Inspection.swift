import RNNConversion
import RNNFormat
import RNNInspection
import RNNModel

/// A model that is looked at, with what has been computed from its numbers, if they have been read.
struct Inspection {
  let model: OpenedModel
  /// In the order of the tensors; nil where the numbers have not been read.
  let statistics: [ParameterStatistics]?

  /// - Parameters:
  ///   - model: the model.
  ///   - readsNumbers: whether to compute statistics, one tensor after another.
  ///   - bar: shows how far that is.
  init(_ model: OpenedModel, readsNumbers: Bool, showing bar: inout ProgressBar) throws {
    self.model = model
    guard readsNumbers else {
      statistics = nil
      return
    }
    let clock = ContinuousClock()
    let start = clock.now
    var (done, statistics): (Int, [ParameterStatistics]) = (0, [])
    for (entry, tensor) in zip(ParameterTable(model.document.architecture).entries, model.tensors) {
      let seconds = (clock.now - start) / .seconds(1)
      bar.update(
        Double(done) / Double(max(1, model.parameterCount)), seconds: seconds, [.init("reading \(tensor.path)")])
      statistics.append(ParameterStatistics(entry, try model.bytes(of: tensor), type: tensor.type))
      done += tensor.count
    }
    bar.clear()
    self.statistics = statistics
  }

  /// The identity that the file states, or that follows from what has been read; nil where neither is known.
  var identity: String? {
    if let stated = model.statedIdentity { return stated }
    return statistics.map { statistics in
      ModelIdentity.identify(
        architecture: model.document.architecture, vocabulary: model.document.vocabulary,
        labels: model.document.labels,
        tensors: zip(model.tensors, statistics).map { ($0, $1.sha256) })
    }
  }

  /// The hash of a tensor: the one that the file gives, or the one of what has been read.
  func sha256(of index: Int) -> String? { model.places[index].sha256 ?? statistics?[index].sha256 }
}
