import NGram
import RNNAnalysis
import RNNConversion
import RNNEvaluation
import RNNFormat
import RNNGeneration
import RNNModel
import RNNText
import RNNTraining

/// Why a command ends without having done what it was asked: one sentence and an exit code.
struct Failure: Error {
  /// The answer is no: invalid, different, refused.
  static let refused: Int32 = 1
  /// It could not be done: missing file, unreadable, disk full.
  static let impossible: Int32 = 2
  /// Somebody pressed Ctrl-C.
  static let interrupted: Int32 = 130

  let message: String
  let code: Int32

  init(_ message: String, code: Int32) {
    self.message = message
    self.code = code
  }

  /// What an error of the libraries means for the user; nil for those of the argument parser, which prints them itself.
  init?(_ error: any Error) {
    switch error {
    case let error as Failure: self = error
    case let error as FormatError: self.init("\(error)", code: error.isRefusal ? Self.refused : Self.impossible)
    case let error as ConversionError: self.init("\(error)", code: error.isRefusal ? Self.refused : Self.impossible)
    case let error as TensorFormulaError: self.init("the tensors do not fit together: \(error)", code: Self.refused)
    case let error as SigningError: self.init("\(error)", code: Self.refused)
    case let error as VocabularyError: self.init("\(error)", code: Self.refused)
    case let error as AnalysisError: self.init("\(error)", code: Self.refused)
    case let error as EvaluationError: self.init("\(error)", code: Self.refused)
    case let error as ArchitectureError: self.init("\(error)", code: Self.refused)
    case let error as Sampler.NotFinite: self.init("\(error)", code: Self.refused)
    case let error as ContrastiveSearch.NoHiddenState: self.init("\(error)", code: Self.refused)
    case let error as PatternError: self.init("\(error)", code: Self.refused)
    case let error as LabelledTextError: self.init("\(error)", code: Self.refused)
    case let error as LabelsError: self.init("\(error)", code: Self.refused)
    case let error as LabellingError: self.init("\(error)", code: Self.refused)
    case let error as TextError: self.init("\(error)", code: error.isRefusal ? Self.refused : Self.impossible)
    case let error as NGramError: self.init("\(error)", code: error.isRefusal ? Self.refused : Self.impossible)
    case let error as TrainingError: self.init("\(error)", code: Self.refused)
    default: return nil
    }
  }
}
