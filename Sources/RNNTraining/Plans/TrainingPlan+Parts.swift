extension TrainingPlan {
  /// Windows of random length, so that not always the same tokens are the last ones (Merity et al. 2018, section 4.1).
  ///
  /// The length is drawn from the normal distribution around the plan's length, or half of it, and the rate of the update is
  /// multiplied by length / plan's length.
  public struct RandomLengths: Hashable, Sendable, Codable {
    /// The probability of a window around half the length.
    public var halfProbability: Double
    /// The standard deviation, in steps.
    public var deviation: Double
    /// The shortest window, in steps. The longest has four deviations more than the plan's length, so that memory is
    /// bounded.
    public var minimum: Int

    /// The numbers of AWD-LSTM: 5% around the half, deviation 5, minimum 5.
    public init(halfProbability: Double = 0.05, deviation: Double = 5, minimum: Int = 5) {
      self.halfProbability = halfProbability
      self.deviation = deviation
      self.minimum = minimum
    }

    fileprivate enum CodingKeys: String, CodingKey {
      case halfProbability = "half_probability"
      case deviation, minimum
    }
  }

  /// How the held-out text is read, and how often.
  public struct Validation: Hashable, Sendable, Codable {
    /// How many updates between two validations; nil for once an epoch.
    public var interval: Int?
    /// The number of streams that the text is cut into; nil for one for every 2000 tokens, up to 16.
    ///
    /// It counts only where the training cuts the text itself, and not where a layout does.
    public var streams: Int?
    /// The steps scored at once; it changes the result only if the remainder is dropped.
    public var window: Int
    /// Whether what does not fill a whole window at the end of the streams is left out.
    public var dropsRemainder: Bool

    /// Once an epoch, everything.
    public init(interval: Int? = nil, streams: Int? = nil, window: Int = 128, dropsRemainder: Bool = false) {
      self.interval = interval
      self.streams = streams
      self.window = window
      self.dropsRemainder = dropsRemainder
    }

    fileprivate enum CodingKeys: String, CodingKey {
      case interval, streams, window
      case dropsRemainder = "drops_remainder"
    }
  }

  /// What to do when a training diverges, beside stopping.
  public struct Recovery: Hashable, Sendable, Codable {
    /// How often at most the training goes back.
    public var attempts: Int
    /// What the learning rate is multiplied with each time.
    public var factor: Double
    /// The number of updates between two states to go back to, which are kept in memory.
    public var interval: Int

    /// Goes back by up to 100 updates and halves the rate, at most five times.
    public init(attempts: Int = 5, factor: Double = 0.5, interval: Int = 100) {
      self.attempts = attempts
      self.factor = factor
      self.interval = interval
    }
  }
}

extension TrainingPlan.RandomLengths {
  /// Reads what is there; what is absent is AWD-LSTM's.
  ///
  /// - Throws: `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    halfProbability = try values.decode(.halfProbability, else: halfProbability)
    deviation = try values.decode(.deviation, else: deviation)
    minimum = try values.decode(.minimum, else: minimum)
  }
}

extension TrainingPlan.Validation {
  /// Reads what is there; what is absent is the default.
  ///
  /// - Throws: `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    interval = try values.decodeIfPresent(Int.self, forKey: .interval)
    streams = try values.decodeIfPresent(Int.self, forKey: .streams)
    window = try values.decode(.window, else: window)
    dropsRemainder = try values.decode(.dropsRemainder, else: dropsRemainder)
  }
}

extension TrainingPlan.Recovery {
  private enum CodingKeys: String, CodingKey { case attempts, factor, interval }

  /// Reads what is there; what is absent is the default.
  ///
  /// - Throws: `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    attempts = try values.decode(.attempts, else: attempts)
    factor = try values.decode(.factor, else: factor)
    interval = try values.decode(.interval, else: interval)
  }
}
