import Kernels
import RNNModel

/// A recurrent language model in the usual form: an input, recurrent layers of one kind, a softmax, and dropout between them.
public struct ModelShape: Hashable, Sendable, Codable {
  /// The kind of the recurrent layers.
  public enum Cell: String, Hashable, Sendable, Codable, CaseIterable {
    /// Simple recurrent units.
    case elman
    /// Long short-term memory.
    case lstm
    /// Gated recurrent units.
    case gru
  }

  /// The kind of the recurrent layers.
  public var cell: Cell
  /// The number of recurrent layers.
  public var layers: Int
  /// The units of each; with tied weights the last one has as many as the embedding is wide.
  public var hidden: Int
  /// The width of the embedding; nil for one-hot input.
  public var embedding: Int?
  /// Whether the output's weights are those of the embedding (Press & Wolf 2017; Inan et al. 2017).
  public var isTied: Bool
  /// Whether recurrent layers have two biases, as in PyTorch and Torch 7.
  public var recurrentBias: Bool
  /// The activation of elman cells.
  public var activation: Activation
  /// The rate of dropout of the embedding's outputs.
  public var inputDropout: Double
  /// The rate of dropout between the recurrent layers.
  public var hiddenDropout: Double
  /// The rate of dropout of the last recurrent layer's outputs.
  public var outputDropout: Double
  /// Whether one mask holds for all steps of a window (Gal & Ghahramani 2016).
  public var lockedDropout: Bool

  /// Makes a shape; without dropout unless it is given.
  public init(
    cell: Cell = .lstm, layers: Int = 1, hidden: Int = 256, embedding: Int? = nil, isTied: Bool = false,
    recurrentBias: Bool = false, activation: Activation = .tanh, inputDropout: Double = 0, hiddenDropout: Double = 0,
    outputDropout: Double = 0, lockedDropout: Bool = false
  ) {
    self.cell = cell
    self.layers = layers
    self.hidden = hidden
    self.embedding = embedding
    self.isTied = isTied
    self.recurrentBias = recurrentBias
    self.activation = activation
    self.inputDropout = inputDropout
    self.hiddenDropout = hiddenDropout
    self.outputDropout = outputDropout
    self.lockedDropout = lockedDropout
  }

  private enum CodingKeys: String, CodingKey {
    case cell, layers, hidden, embedding, activation
    case isTied = "tied"
    case recurrentBias = "recurrent_bias"
    case inputDropout = "input_dropout"
    case hiddenDropout = "hidden_dropout"
    case outputDropout = "output_dropout"
    case lockedDropout = "locked_dropout"
  }

  /// The architecture for a vocabulary.
  ///
  /// - Parameter size: the number of tokens.
  /// - Throws: ``TrainingError/invalidPlan(_:)`` for tied weights without an embedding and for no layers; whether the sizes can
  ///   be computed is said by `Architecture.check()`.
  public func architecture(size: Int) throws(TrainingError) -> Architecture {
    if layers < 1 { throw .invalidPlan("the model has \(layers) recurrent layers, but needs at least 1") }
    if isTied, embedding == nil { throw .invalidPlan("tied weights need an embedding") }
    var result: [Architecture.Layer] = []
    var width = size
    func dropout(_ rate: Double, _ index: Int) {
      if rate > 0 { result.append(.dropout(.init(name: "dropout_\(index)", rate: rate, locked: lockedDropout))) }
    }
    if let embedding {
      result.append(.embedding(.init(name: "embedding", inputs: size, outputs: embedding)))
      width = embedding
    } else {
      result.append(.oneHot(.init(name: "input", size: size)))
    }
    dropout(inputDropout, 0)
    for index in 1...layers {
      let units = isTied && index == layers ? embedding ?? hidden : hidden
      result.append(layer("\(cell.rawValue)_\(index)", inputs: width, outputs: units))
      dropout(index < layers ? hiddenDropout : outputDropout, index)
      width = units
    }
    result.append(
      .linear(.init(name: "output", inputs: width, outputs: size, weightsOf: isTied ? "embedding" : nil)))
    return Architecture(size: size, layers: result)
  }

  private func layer(_ name: String, inputs: Int, outputs: Int) -> Architecture.Layer {
    switch cell {
    case .elman:
      .elman(
        .init(
          name: name, inputs: inputs, outputs: outputs, activation: activation, recurrentBias: recurrentBias))
    case .lstm: .lstm(.init(name: name, inputs: inputs, outputs: outputs, recurrentBias: recurrentBias))
    // The reset gate after the product needs the second bias.
    case .gru: .gru(.init(name: name, inputs: inputs, outputs: outputs))
    }
  }
}
