import Kernels

/// y = gain (x - mean) / sqrt(variance + epsilon) + bias over the units of each row: ``Architecture/LayerNorm``.
final class LayerNormLayer: NetworkLayer {
  private let gain: Range<Int>
  private let bias: Range<Int>
  private let epsilon: Double
  /// (x - mean) / sqrt(variance + epsilon) `[rows, width]`.
  private var normalised: [Float]
  /// 1 / sqrt(variance + epsilon) `[rows]`.
  private var scales: [Float]

  init(_ layer: Architecture.LayerNorm, _ table: ParameterTable, capacity: Window, trains: Bool) {
    gain = table.range(layer.name, "gain")
    bias = table.range(layer.name, "bias")
    epsilon = layer.epsilon
    normalised = [Float](repeating: 0, count: capacity.rows * layer.width)
    scales = [Float](repeating: 0, count: capacity.rows)
    super.init(width: layer.width, leadingSlots: 0, capacity: capacity, trains: trains)
  }

  override func forward(_ input: LayerInput, _ window: Window, parameters: [Float]) {
    guard case .layer(let below) = input else { return }
    let source = below.outputs
    var (values, normal, scale) = (outputs.taken(), normalised.taken(), scales.taken())
    defer { (outputs, normalised, scales) = (values, normal, scale) }
    let x = source.span.extracting(below.range(window))
    var y = values.mutableSpan
    var xHat = normal.mutableSpan
    var s = scale.mutableSpan
    let weights = parameters.span
    for row in 0..<window.rows {
      let first = row * width
      var (sum, squares) = (0.0, 0.0)
      for unit in 0..<width { sum += Double(x[first + unit]) }
      let mean = sum / Double(width)
      for unit in 0..<width {
        let difference = Double(x[first + unit]) - mean
        squares += difference * difference
      }
      let factor = Float(1 / (squares / Double(width) + epsilon).squareRoot())
      s[row] = factor
      for unit in 0..<width {
        let value = (x[first + unit] - Float(mean)) * factor
        xHat[first + unit] = value
        y[first + unit] = value * weights[gain.lowerBound + unit] + (bias.isEmpty ? 0 : weights[bias.lowerBound + unit])
      }
    }
  }

  /// With g = dL/dy gain: dL/dx = (g - mean(g) - x̂ mean(g x̂)) / sqrt(variance + epsilon).
  override func backward(_ input: LayerInput, _ window: Window, parameters: [Float], gradient: inout [Float]) {
    guard case .layer(let below) = input else { return }
    let (deltas, normal, scale) = (outputGradients, normalised, scales)
    let (dy, xHat, weights) = (deltas.span, normal.span, parameters.span)
    var sums = gradient.mutableSpan
    below.receiveGradient(window) { dx, adds in
      for row in 0..<window.rows {
        let first = row * width
        var (mean, projection) = (0.0, 0.0)
        for unit in 0..<width {
          let g = dy[first + unit] * weights[gain.lowerBound + unit]
          mean += Double(g)
          projection += Double(g * xHat[first + unit])
          sums[gain.lowerBound + unit] += dy[first + unit] * xHat[first + unit]
          if !bias.isEmpty { sums[bias.lowerBound + unit] += dy[first + unit] }
        }
        let (meanG, meanGX) = (Float(mean / Double(width)), Float(projection / Double(width)))
        for unit in 0..<width {
          let g = dy[first + unit] * weights[gain.lowerBound + unit]
          let slope = (g - meanG - xHat[first + unit] * meanGX) * scale[row]
          dx[first + unit] = adds ? dx[first + unit] + slope : slope
        }
      }
    }
  }
}
