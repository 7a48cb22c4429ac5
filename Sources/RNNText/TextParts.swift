/// The streams of training, validation and test.
public struct TextParts: Sendable {
  /// What is learned.
  public let training: TextStreams
  /// What decides which parameters are kept.
  public let validation: TextStreams
  /// What is scored at the end, if there is something.
  public let test: TextStreams?

  /// The tokens of the part that is learned, those that do not fill the streams included.
  public let trainingCount: Int
  /// The tokens of the part that is held out, counted likewise.
  public let validationCount: Int
  /// The tokens of the part for the test, counted likewise; nil if there is none.
  public let testCount: Int?

  init(
    training: TextStreams, validation: TextStreams, test: TextStreams?,
    counts: (training: Int, validation: Int, test: Int?)
  ) {
    self.training = training
    self.validation = validation
    self.test = test
    (trainingCount, validationCount, testCount) = counts
  }
}
