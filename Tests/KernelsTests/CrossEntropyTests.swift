import Foundation
import Kernels
import Testing

@Suite struct CrossEntropyTests {
  @Test(arguments: KernelLevel.supported, sizes)
  func gradientAndLikelihoodsAgreeWithTheirFormulas(level: KernelLevel, classes: Int) {
    let rows = 5
    let logits = floats(rows * classes, in: -8..<8)
    let targets = (0..<rows).map { $0 == 2 ? Int32(-1) : Int32($0 * 31 % classes) }
    var gradient = logits
    var likelihoods = [Double](repeating: 9, count: rows)
    level.run {
      var gradientSpan = gradient.mutableSpan
      var likelihoodSpan = likelihoods.mutableSpan
      CrossEntropy.gradient(
        logits: &gradientSpan, targets: targets.span, negativeLogLikelihoods: &likelihoodSpan, classes: classes,
        scale: 0.5)
    }
    for row in 0..<rows {
      let place = row * classes..<(row + 1) * classes
      guard targets[row] >= 0 else {
        #expect(likelihoods[row] == 0 && gradient[place].allSatisfy { $0 == 0 })
        continue
      }
      let target = Int(targets[row])
      let plain = plainLogSoftmax(logits[place])
      #expect(abs(likelihoods[row] + plain[target]) < 5e-7)
      let expected = plain.enumerated().map { 0.5 * (exp($1) - ($0 == target ? 1 : 0)) }
      #expect(largestError(Array(gradient[place]), expected) < 1e-7)
    }
  }

  @Test(arguments: KernelLevel.supported, sizes)
  func binaryGradientAndLossesAgreeWithTheirFormulas(level: KernelLevel, bits: Int) {
    let rows = 4
    let logits = floats(rows * bits, in: -8..<8)
    let targets = (0..<(rows * bits)).map { UInt8($0 * 5 % 3) }
    var gradient = logits
    var losses = [Double](repeating: 9, count: rows)
    var lossesOnly = losses
    level.run {
      var gradientSpan = gradient.mutableSpan
      var lossSpan = losses.mutableSpan
      BinaryCrossEntropy.gradient(logits: &gradientSpan, targets: targets.span, losses: &lossSpan, scale: 3)
      var onlySpan = lossesOnly.mutableSpan
      BinaryCrossEntropy.losses(logits: logits.span, targets: targets.span, into: &onlySpan)
    }
    for row in 0..<rows {
      var loss = 0.0
      for bit in 0..<bits {
        let (z, target) = (Double(logits[row * bits + bit]), targets[row * bits + bit])
        let p = 1 / (1 + exp(-z))
        // 2 is no bit: it does not count.
        let expected = target == 2 ? 0 : 3 * (p - Double(target))
        #expect(abs(Double(gradient[row * bits + bit]) - expected) < 1e-6)
        if target != 2 { loss -= log(target == 1 ? p : 1 - p) }
      }
      #expect(abs(losses[row] - loss) < 1e-6 * max(1, loss) && losses[row] == lossesOnly[row])
    }
  }

  @Test(arguments: KernelLevel.supported, sizes)
  func logProbabilitiesAndSoftmaxAgreeWithTheirFormulas(level: KernelLevel, classes: Int) {
    let rows = 4
    let logits = floats(rows * classes, in: -8..<8)
    let targets = (0..<rows).map { $0 == 1 ? Int32(-5) : Int32(classes - 1) }
    var logProbabilities = [Double](repeating: 9, count: rows)
    var logSoftmax = logits
    var softmax = logits
    level.run {
      var probabilitySpan = logProbabilities.mutableSpan
      CrossEntropy.logProbabilities(
        logits: logits.span, targets: targets.span, into: &probabilitySpan, classes: classes)
      var logSpan = logSoftmax.mutableSpan
      CrossEntropy.logSoftmax(&logSpan, rows: rows, classes: classes)
      var span = softmax.mutableSpan
      CrossEntropy.softmax(&span, rows: rows, classes: classes)
    }
    for row in 0..<rows {
      let place = row * classes..<(row + 1) * classes
      let plain = plainLogSoftmax(logits[place])
      let expected = targets[row] < 0 ? 0 : plain[classes - 1]
      #expect(abs(logProbabilities[row] - expected) < 5e-7)
      #expect(largestError(Array(logSoftmax[place]), plain) < 2e-7)
      #expect(largestError(Array(softmax[place]), plain.map { exp($0) }) < 2e-7)
    }
  }

  @Test(arguments: KernelLevel.supported)
  func givesCertaintyToASingleClass(level: KernelLevel) {
    let (gradient, likelihoods) = crossEntropy([-1e30, 0, 1e30], targets: [0, 0, 0], classes: 1, at: level)
    #expect(likelihoods == [0, 0, 0])
    #expect(gradient == [0, 0, 0])
  }

  @Test(arguments: KernelLevel.supported)
  func survivesHugeLogits(level: KernelLevel) {
    let huge: [Float] = [3e38, -3e38, 1e30, 3e38, 0]
    let (gradient, likelihoods) = crossEntropy(huge, targets: [0], classes: 5, at: level)
    #expect(abs(likelihoods[0] - log(2)) < 1e-7)
    #expect(gradient == [-0.5, 0, 0, 0.5, 0])
    let (_, unlikely) = crossEntropy([1000, 0, 0], targets: [1], classes: 3, at: level)
    #expect(unlikely == [1000])
  }

  @Test(arguments: KernelLevel.supported)
  func givesNothingToMaskedClasses(level: KernelLevel) {
    var logits = [Float](repeating: -.infinity, count: 40)
    logits[3] = 1
    logits[35] = 1
    let (gradient, likelihoods) = crossEntropy(logits, targets: [35], classes: 40, at: level)
    #expect(abs(likelihoods[0] - log(2)) < 1e-7)
    #expect(gradient[3] == 0.5 && gradient[35] == -0.5)
    #expect(gradient.indices.allSatisfy { $0 == 3 || $0 == 35 || gradient[$0] == 0 })
  }

  @Test(arguments: KernelLevel.supported, [0, 20, 36])
  func reportsNaNLogits(level: KernelLevel, place: Int) {
    var logits = floats(37)
    logits[place] = .nan
    let (_, likelihoods) = crossEntropy(logits, targets: [1], classes: 37, at: level)
    #expect(likelihoods[0].isNaN)
  }

  @Test func refusesATargetOutsideTheClasses() async {
    await #expect(processExitsWith: .failure) {
      var logits: [Float] = [1, 2]
      var likelihoods = [0.0]
      var logitSpan = logits.mutableSpan
      var likelihoodSpan = likelihoods.mutableSpan
      CrossEntropy.gradient(
        logits: &logitSpan, targets: [2 as Int32].span, negativeLogLikelihoods: &likelihoodSpan, classes: 2, scale: 1)
    }
  }

  private func crossEntropy(
    _ logits: [Float], targets: [Int32], classes: Int, at level: KernelLevel
  ) -> (gradient: [Float], likelihoods: [Double]) {
    var gradient = logits
    var likelihoods = [Double](repeating: 9, count: targets.count)
    level.run {
      var gradientSpan = gradient.mutableSpan
      var likelihoodSpan = likelihoods.mutableSpan
      CrossEntropy.gradient(
        logits: &gradientSpan, targets: targets.span, negativeLogLikelihoods: &likelihoodSpan, classes: classes,
        scale: 1)
    }
    return (gradient, likelihoods)
  }

  private func plainLogSoftmax(_ logits: ArraySlice<Float>) -> [Double] {
    let wide = logits.map(Double.init)
    let largest = wide.max() ?? 0
    let logSum = log(wide.reduce(0) { $0 + exp($1 - largest) })
    return wide.map { $0 - largest - logSum }
  }
}
