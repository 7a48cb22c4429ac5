import RNNAnalysis
import RNNModel

/// All that an analysis has found; what was not asked for is absent.
struct AnalysisResults {
  /// A property of the text and how the cells follow it.
  struct Search {
    let track: TextTrack
    let scores: [CellSearch.Score]
  }

  /// What one cell showed.
  struct Cell {
    let layer: String
    let number: Int
    /// After each token of the beginning of the text.
    let values: [Float]

    var name: String { "\(layer)/\(number)" }
  }

  let model: String
  let text: String
  let modelID: String
  /// What stands in the text, token by token.
  var pieces: [[UInt8]] = []
  var window: AnalysisWindow?
  var start = 0
  var flow: GradientFlow?
  var jacobian: SequentialJacobian?
  var contributions: [WeightContributions] = []
  var spectra: [RecurrentSpectrum] = []
  var recording: StateRecording?
  var searches: [Search] = []
  var cells: [Cell] = []
  var check: GradientCheck?

  init(model: String, text: String, modelID: String) { (self.model, self.text, self.modelID) = (model, text, modelID) }

  var gates: [GateStatistics] { recording?.gates ?? [] }
}
