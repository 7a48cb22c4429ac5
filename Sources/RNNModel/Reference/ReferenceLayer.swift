/// A layer, one step at a time, forward beside backward.
protocol ReferenceLayer<Scalar>: Sendable {
  associatedtype Scalar: ReferenceScalar

  /// The order in which the layer takes the steps.
  var direction: Architecture.Direction { get }

  /// h and c before the layer's first step.
  var start: ReferenceStart<Scalar> { get }

  /// Computes step `t` from the layer's input and what the step before has left.
  func step(
    _ input: ReferenceInput<Scalar>, from state: Reference<Scalar>.LayerState, at t: Int
  ) -> ReferenceStep<Scalar>

  /// The chain rule through step `t`.
  ///
  /// - Parameters:
  ///   - step: what ``step(_:from:at:)`` returned.
  ///   - outputGradient: dL/dh(t), of all that takes the layer's output at this step.
  ///   - stateGradient: dL/dh(t) and dL/dc(t), of the steps that come after this one.
  ///   - gradient: dL/dw for all parameters; the layer adds to its own.
  /// - Returns: dL/dx(t), and the gradient of the state before this step.
  func backstep(
    _ step: ReferenceStep<Scalar>, at t: Int, outputGradient: [Scalar], stateGradient: Reference<Scalar>.LayerState,
    into gradient: inout [Scalar]
  ) -> (input: [Scalar], state: Reference<Scalar>.LayerState)
}

extension ReferenceLayer {
  var direction: Architecture.Direction { .forward }
  var start: ReferenceStart<Scalar> { ReferenceStart() }
}

/// What goes into a layer at one step: a token into the first, vectors into the others.
enum ReferenceInput<Scalar: ReferenceScalar>: Sendable {
  case token(Int32)
  case vector([Scalar])

  /// x(t); empty for a token.
  var vector: [Scalar] {
    if case .vector(let vector) = self { return vector }
    return []
  }

  /// The token's id; -1 for a vector.
  var token: Int {
    if case .token(let token) = self { return Int(token) }
    return -1
  }
}

/// One step of a layer, with what its backward pass needs.
struct ReferenceStep<Scalar: ReferenceScalar>: Sendable {
  /// x(t).
  var input: ReferenceInput<Scalar>
  /// What the step before has left.
  var previous: Reference<Scalar>.LayerState
  /// What this step leaves.
  var state: Reference<Scalar>.LayerState
  /// h(t).
  var output: [Scalar]
  /// Whatever else was computed on the way: `[name of the quantity][unit]`.
  var quantities: [[Scalar]] = []
}

/// The state before a layer's first step: zeros, or trained numbers.
struct ReferenceStart<Scalar: ReferenceScalar>: Sendable {
  let state: Reference<Scalar>.LayerState
  private let hidden: ReferenceTensor<Scalar>
  private let cell: ReferenceTensor<Scalar>

  /// - Parameters:
  ///   - widths: the numbers of elements of h and of c.
  ///   - hidden: `initial_hidden`, absent unless it is trained.
  ///   - cell: `initial_cell`, absent unless it is trained.
  init(
    widths: (hidden: Int, cell: Int) = (0, 0), hidden: ReferenceTensor<Scalar> = .absent,
    cell: ReferenceTensor<Scalar> = .absent
  ) {
    (self.hidden, self.cell) = (hidden, cell)
    state = .init(
      hidden: (0..<widths.hidden).map { hidden.element($0) }, cell: (0..<widths.cell).map { cell.element($0) },
      isInitial: hidden.isPresent)
  }

  /// A state that is neither zeros nor trained.
  init(state: Reference<Scalar>.LayerState) {
    self.state = state
    (hidden, cell) = (.absent, .absent)
  }

  /// Adds dL/dh(0) and dL/dc(0) to the gradient, if they are trained.
  func accumulate(_ stateGradient: Reference<Scalar>.LayerState, into gradient: inout [Scalar]) {
    for (unit, delta) in stateGradient.hidden.enumerated() { hidden.accumulate(unit, delta: delta, &gradient) }
    for (unit, delta) in stateGradient.cell.enumerated() { cell.accumulate(unit, delta: delta, &gradient) }
  }
}
