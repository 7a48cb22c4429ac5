import Kernels
import RNNFormat
import RNNModel

/// Writes the Python program that belongs to a state dict.
struct TorchLoader {
  private let plan: TorchPlan

  init(_ plan: TorchPlan) { self.plan = plan }

  /// Narrower parameters are computed with in float32, as here.
  private var dtype: String { plan.arrays.contains { $0.formula.type == .float64 } ? "float64" : "float32" }

  /// What the program needs beside PyTorch to read the file.
  private var imports: String {
    switch plan.format {
    case .torchSafetensors: "import torch\nfrom safetensors.torch import load_file\nfrom torch import nn"
    case .torchNPZ: "import numpy\nimport torch\nfrom torch import nn"
    default: "import torch\nfrom torch import nn"
    }
  }

  /// The expression that reads the state dict.
  private var reading: String {
    switch plan.format {
    case .torchSafetensors: "load_file(path)"
    case .torchNPZ: "{name: torch.from_numpy(array) for name, array in numpy.load(path).items()}"
    default: "torch.load(path, map_location=\"cpu\", weights_only=True)"
    }
  }

  /// The program.
  var text: String {
    """
    \(imports)


    class Model(nn.Module):
        \"""\(summary)\"""

        def __init__(self):
            super().__init__()
    \(indented(constructors.isEmpty ? ["pass"] : constructors, 8))

        def forward(self, inputs, states=None):
            \"""inputs: \(inputs). states: what an earlier call gave, or None for the initial state.

            Returns \(outputs), and the states after the last step, by layer.
            \"""
            states = states or {}
            last = {}
            x = inputs
    \(indented(steps, 8))
            return x, last


    def load(path):
        model = Model().to(torch.\(dtype))
        model.load_state_dict(\(reading))
        return model.eval()

    """
  }

  private func indented(_ lines: [String], _ count: Int) -> String {
    lines.map { String(repeating: " ", count: count) + $0 }.joined(separator: "\n")
  }

  private var summary: String {
    switch plan.architecture.context {
    case .stream: "Reads a stream: hand the states on from call to call."
    case .sequence: "Reads whole sequences, each from the initial state."
    case .window(let length, let padding):
      "Reads windows of \(length) steps, each from the initial state\(padding.map { ", with token \($0) in front of shorter ones" } ?? ""); its prediction is at the last step."
    }
  }

  private var inputs: String {
    plan.architecture.input == .tokens
      ? "ids of tokens [step, batch]" : "vectors [step, batch, \(plan.architecture.size)]"
  }

  private var outputs: String {
    let values = "[step, batch, \(plan.architecture.outputSize)]"
    return switch plan.architecture.output {
    case .softmax: "logits \(values), whose softmax are the probabilities"
    case .sigmoid: "logits \(values), whose sigmoids are the probabilities"
    case .values, .logProbabilities: "values \(values)"
    }
  }

  /// The lines that make the modules.
  private var constructors: [String] {
    plan.modules.compactMap { module in
      let own = "self.\(module.name)"
      switch module.kind {
      case .embedding(let layer): return "\(own) = nn.Embedding(\(layer.inputs), \(layer.outputs))"
      case .oneHot: return nil
      case .recurrent(let stack): return "\(own) = \(constructor(stack))"
      case .norm(let layer):
        return "\(own) = nn.LayerNorm(\(layer.width), eps=\(layer.epsilon)\(layer.bias ? "" : ", bias=False"))"
      case .linear(let layer):
        let line = "\(own) = nn.Linear(\(layer.inputs), \(layer.outputs)\(layer.bias ? "" : ", bias=False"))"
        guard let owner = layer.weightsOf, let embedding = embeddingName(owner) else { return line }
        return "\(line)\n        \(own).weight = self.\(embedding).weight"
      case .activation(let activation): return "\(own) = \(Self.constructor(activation))"
      case .dropout(let rate): return "\(own) = nn.Dropout(\(rate))"
      }
    }
  }

  private func embeddingName(_ layer: String) -> String? {
    plan.modules.first { if case .embedding(let embedding) = $0.kind { embedding.name == layer } else { false } }?.name
  }

  private func constructor(_ stack: TorchPlannedStack) -> String {
    guard let shape = stack.rows[0][0].shape else { return "None" }
    var options = ["\(shape.inputs)", "\(shape.hidden)"]
    if stack.rows.count > 1 { options.append("num_layers=\(stack.rows.count)") }
    if shape.kind == .elman, shape.activation == .relu { options.append("nonlinearity=\"relu\"") }
    if !(shape.bias || shape.recurrentBias) { options.append("bias=False") }
    if let dropout = stack.dropout, dropout > 0 { options.append("dropout=\(dropout)") }
    if stack.isBidirectional { options.append("bidirectional=True") }
    if let projected = shape.projected { options.append("proj_size=\(projected)") }
    return "nn.\(shape.kind.rawValue)(\(options.joined(separator: ", ")))"
  }

  private static func constructor(_ activation: Activation) -> String {
    switch activation {
    case .linear: "nn.Identity()"
    case .tanh: "nn.Tanh()"
    case .sigmoid: "nn.Sigmoid()"
    // PyTorch has no module with this slope: half of a hard tanh of 0.4 x, and a half.
    case .hardSigmoid: "nn.Hardtanh()"
    case .hardSigmoidSixth: "nn.Hardsigmoid()"
    case .relu: "nn.ReLU()"
    case .softsign: "nn.Softsign()"
    case .softplus: "nn.Softplus()"
    case .elu: "nn.ELU()"
    case .hardTanh: "nn.Hardtanh()"
    }
  }

  /// The lines that compute a step after another.
  private var steps: [String] {
    plan.modules.map { module in
      switch module.kind {
      case .oneHot(let size): "x = nn.functional.one_hot(x, \(size)).to(next(self.parameters()).dtype)"
      case .recurrent: "x, last[\"\(module.name)\"] = self.\(module.name)(x, states.get(\"\(module.name)\"))"
      case .activation(.hardSigmoid): "x = self.\(module.name)(x * 0.4) * 0.5 + 0.5"
      case .embedding, .norm, .linear, .activation, .dropout: "x = self.\(module.name)(x)"
      }
    }
  }
}
