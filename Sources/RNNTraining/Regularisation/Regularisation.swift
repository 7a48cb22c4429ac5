import RNNModel

/// What keeps a model from learning its text by heart, beside the dropout layers of its architecture and weight decay.
///
/// Together with locked dropout layers this is the recipe of AWD-LSTM (Merity, Keskar & Socher 2018).
public struct Regularisation: Hashable, Sendable, Codable {
  /// The probability with which a token's whole row of the embedding is zero in a window; the other rows are divided by
  /// 1 - p (Gal & Ghahramani 2016; Merity et al. 2018, section 4.3). A tied output sees the undropped matrix.
  public var embeddingDropout: Double
  /// The probability with which an element of `recurrent_weights` is zero in a window, the same for all its steps and
  /// streams; the others are divided by 1 - p (DropConnect: Wan et al. 2013; Merity et al. 2018, section 2).
  public var weightDrop: Double
  /// Alpha of activation regularisation: alpha mean(h²) of the last layer's outputs, after dropout, is added to the loss
  /// (Merity, McCann & Socher 2017).
  public var activationPenalty: Double
  /// Beta of temporal activation regularisation: beta mean((h(t+1) - h(t))²) of the last recurrent layer's outputs, before
  /// dropout, is added to the loss.
  public var temporalPenalty: Double

  /// No regularisation but for what is given.
  public init(
    embeddingDropout: Double = 0, weightDrop: Double = 0, activationPenalty: Double = 0, temporalPenalty: Double = 0
  ) {
    self.embeddingDropout = embeddingDropout
    self.weightDrop = weightDrop
    self.activationPenalty = activationPenalty
    self.temporalPenalty = temporalPenalty
  }

  private enum CodingKeys: String, CodingKey {
    case embeddingDropout = "embedding_dropout"
    case weightDrop = "weight_drop"
    case activationPenalty = "activation_penalty"
    case temporalPenalty = "temporal_penalty"
  }

  /// Reads a regularisation; what is absent is zero.
  ///
  /// - Throws: `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      embeddingDropout: try values.decode(.embeddingDropout, else: 0),
      weightDrop: try values.decode(.weightDrop, else: 0),
      activationPenalty: try values.decode(.activationPenalty, else: 0),
      temporalPenalty: try values.decode(.temporalPenalty, else: 0))
  }
}
