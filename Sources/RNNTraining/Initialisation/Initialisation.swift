import Kernels
import RNNModel

/// How the parameters of a model are drawn before its training.
///
/// Each kind of tensor has a distribution of its own.
public struct Initialisation: Hashable, Sendable, Codable {
  /// What a tensor is drawn from.
  public enum Distribution: Hashable, Sendable {
    /// What this kind of tensor is drawn from if nothing is said: weights uniform in ± 1 / sqrt(fan), the customs of PyTorch, the fan
    /// being the number of outputs of recurrent layers, of inputs of others; embeddings uniform in ± 0.1; biases and initial states
    /// zero; gains one.
    case customary
    /// Uniform in ± range.
    case uniform(range: Double)
    /// Uniform in ± 1 / sqrt(hidden units), PyTorch's for all tensors of a recurrent layer, biases included; for other layers the
    /// fan is the number of inputs.
    case uniformFan
    /// Normal around 0.
    case normal(deviation: Double)
    /// Uniform in ± sqrt(6 / (inputs + outputs)), gate by gate (Glorot & Bengio 2010, equation 16).
    case glorotUniform
    /// Normal with variance 2 / (inputs + outputs), gate by gate (Glorot & Bengio 2010).
    case glorotNormal
    /// A random orthogonal matrix times `gain`, gate by gate (Saxe, McClelland & Ganguli 2014); rows or columns are
    /// orthonormal if it is not square.
    case orthogonal(gain: Double)
    /// All the same number.
    case constant(Double)
  }

  /// `input_weights` of recurrent layers.
  public var inputWeights: Distribution
  /// `recurrent_weights` of recurrent layers.
  public var recurrentWeights: Distribution
  /// `bias` and `recurrent_bias` of recurrent layers.
  public var bias: Distribution
  /// `peephole_weights` and `projection_weights`.
  public var otherWeights: Distribution
  /// `weights` of embeddings, which may also be those of a tied output.
  public var embedding: Distribution
  /// `weights` of linear layers.
  public var linear: Distribution
  /// `bias` of linear layers.
  public var linearBias: Distribution
  /// What the bias of an LSTM's forget gate starts at, less the constant that the layer adds itself, whatever ``bias`` is; nil
  /// to leave it to that (Gers et al. 2000; Jozefowicz et al. 2015 recommend 1).
  public var forgetBias: Double?
  /// Makes the Elman layers reservoirs of an echo-state network; nil for layers that learn.
  public var reservoir: Reservoir?

  /// The customs of this program, but for what is given.
  public init(
    inputWeights: Distribution = .customary, recurrentWeights: Distribution = .customary,
    bias: Distribution = .customary, otherWeights: Distribution = .customary, embedding: Distribution = .customary,
    linear: Distribution = .customary, linearBias: Distribution = .customary, forgetBias: Double? = 1,
    reservoir: Reservoir? = nil
  ) {
    self.inputWeights = inputWeights
    self.recurrentWeights = recurrentWeights
    self.bias = bias
    self.otherWeights = otherWeights
    self.embedding = embedding
    self.linear = linear
    self.linearBias = linearBias
    self.forgetBias = forgetBias
    self.reservoir = reservoir
  }

  private enum CodingKeys: String, CodingKey {
    case bias, embedding, linear, reservoir
    case inputWeights = "input_weights"
    case recurrentWeights = "recurrent_weights"
    case otherWeights = "other_weights"
    case linearBias = "linear_bias"
    case forgetBias = "forget_bias"
  }

  /// Reads what is there; what is absent is as this program usually does it.
  ///
  /// - Throws: `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func distribution(_ key: CodingKeys) throws -> Distribution { try values.decode(key, else: .customary) }
    self.init(
      inputWeights: try distribution(.inputWeights), recurrentWeights: try distribution(.recurrentWeights),
      bias: try distribution(.bias), otherWeights: try distribution(.otherWeights),
      embedding: try distribution(.embedding), linear: try distribution(.linear),
      linearBias: try distribution(.linearBias),
      forgetBias: try values.decodeIfPresent(Double.self, forKey: .forgetBias),
      reservoir: try values.decodeIfPresent(Reservoir.self, forKey: .reservoir))
  }

  /// The customs of this program.
  public static let customary = Initialisation()

  /// Every number uniform in ± range, biases too: Zaremba et al. 2014, and with a forget bias char-rnn.
  public static func uniform(_ range: Double, forgetBias: Double? = nil) -> Self {
    let all = Distribution.uniform(range: range)
    return Self(
      inputWeights: all, recurrentWeights: all, bias: all, otherWeights: all, embedding: all, linear: all,
      linearBias: all, forgetBias: forgetBias)
  }

  /// word_language_model and AWD-LSTM: PyTorch's recurrent layers, embedding and output uniform in ± 0.1, the output's bias
  /// zero.
  public static let wordLanguageModel = Initialisation(
    inputWeights: .uniformFan, recurrentWeights: .uniformFan, bias: .uniformFan, otherWeights: .uniformFan,
    embedding: .uniform(range: 0.1), linear: .uniform(range: 0.1), linearBias: .constant(0), forgetBias: nil)

  /// Glorot's uniform weights, and orthogonal recurrent ones: the customs of Keras.
  public static let glorotOrthogonal = Initialisation(
    inputWeights: .glorotUniform, recurrentWeights: .orthogonal(gain: 1), embedding: .uniform(range: 0.05),
    linear: .glorotUniform)

  /// The range, if every number is uniform in the same one, but perhaps for the forget bias; nil for other ways.
  public var uniformRange: Double? {
    guard case .uniform(let range) = inputWeights, isLike(.uniform(range)) else { return nil }
    return range
  }

  /// Whether parameters are drawn in the same way as by another, apart from the forget bias and a reservoir.
  public func isLike(_ other: Self) -> Bool {
    var (first, second) = (self, other)
    (first.forgetBias, first.reservoir, second.forgetBias, second.reservoir) = (nil, nil, nil, nil)
    return first == second
  }

  /// The first number that makes no sense, or that float32 could not hold; nil if there is none.
  public var problem: TrainingPlan.Problem? {
    var check = RangeCheck()
    for (key, distribution) in [
      ("input_weights", inputWeights), ("recurrent_weights", recurrentWeights), ("bias", bias),
      ("other_weights", otherWeights), ("embedding", embedding), ("linear", linear), ("linear_bias", linearBias),
    ] {
      let number: Double
      switch distribution {
      case .customary, .uniformFan, .glorotUniform, .glorotNormal: continue
      case .uniform(let range): number = range
      case .normal(let deviation): number = deviation
      case .orthogonal(let gain): number = gain
      case .constant(let value): number = abs(value)
      }
      check("initialisation.\(key)", number, in: RangeCheck.magnitudes)
    }
    let largest = RangeCheck.magnitudes.upperBound
    check("initialisation.forget_bias", forgetBias, in: -largest...largest)
    reservoir?.check(with: &check)
    return check.problem
  }
}
