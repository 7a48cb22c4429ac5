import Kernels
import RealModule

/// Adam with gradient-norm clipping (Kingma & Ba 2015; Pascanu et al. 2013).
struct Adam {
  private var firstMoments: [Float]
  private var secondMoments: [Float]
  private var step = 0
  private let clip: Double?

  init(count: Int, clip: Double?) {
    firstMoments = [Float](repeating: 0, count: count)
    secondMoments = firstMoments
    self.clip = clip
  }

  /// Changes the parameters against the gradient.
  ///
  /// - Returns: the gradient's norm before clipping.
  mutating func update(_ parameters: inout [Float], gradient: [Float], learningRate: Double) -> Double {
    let norm = VectorOperations.sumOfSquares(gradient.span).squareRoot()
    // A gradient that is not finite must not spoil the parameters: the caller stops.
    guard norm.isFinite else { return norm }
    step += 1
    let update = AdamUpdate(learningRate: Float(learningRate))
    let scale = clip.map { norm > $0 ? Float($0 / norm) : 1 } ?? 1
    let corrections = (Float(1 - .pow(Double(update.beta1), step)), Float(1 - .pow(Double(update.beta2), step)))
    var values = parameters.mutableSpan
    Self.apply(update, to: &values, &firstMoments, &secondMoments, gradient, scale: scale, corrections)
    return norm
  }

  private static func apply(
    _ update: AdamUpdate, to values: inout MutableSpan<Float>, _ first: inout [Float], _ second: inout [Float],
    _ gradient: [Float], scale: Float, _ corrections: (first: Float, second: Float)
  ) {
    var firstMoments = first.mutableSpan
    var secondMoments = second.mutableSpan
    update.apply(
      to: &values, firstMoments: &firstMoments, secondMoments: &secondMoments, gradients: gradient.span,
      gradientScale: scale, firstCorrection: corrections.first, secondCorrection: corrections.second)
  }
}
