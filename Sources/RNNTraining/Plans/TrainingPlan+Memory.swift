/// What the memory of a training depends on, beside its model.
extension TrainingPlan {
  /// The most steps of one window.
  public var longestWindow: Int {
    guard let randomLengths else { return length }
    return length + Int((4 * randomLengths.deviation).rounded(.up))
  }

  /// How many numbers a training holds for each parameter of its model, at the most.
  public var numbersPerParameter: Int {
    var slots = optimizer.slotNames.count
    if case .averagedSGD = optimizer { slots += 1 }
    // The present ones, what the optimizer remembers, and the best ones.
    let state = 1 + slots + 1
    // The gradient and packed weights; the parameters and packed weights of the network that validates.
    let networks = 2 + 2
    return networks + state * (recovery == nil ? 1 : 2)
  }
}
