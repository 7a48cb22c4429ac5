extension ONNXInterpreter {
  // Each of these moves values about. What a flow's axes become is followed; for parameters the formula grows; states that come in or go out
  // need no more than that they stay states.

  /// Adds a step to a parameter's formula.
  ///
  /// The limits keep a graph from describing parameters far larger than the file, or deeper than recursion should follow.
  func weights(
    _ node: ONNXNode, depth: Int, _ make: () throws(TensorFormulaError) -> TensorFormula
  ) throws(ConversionError) -> ONNXMeaning {
    guard depth < Self.deepestFormula else { throw refused(node, "the parameter is made in too many steps") }
    let formula: TensorFormula
    do { formula = try make() } catch { throw refused(node, error.description) }
    let (bytes, overflow) = formula.count.multipliedReportingOverflow(by: formula.type.size)
    guard !overflow, formula.count > 0, bytes <= arrays.totalBytes else {
      throw refused(node, "the parameter is empty, or larger than all that it can be made of")
    }
    return .weights(formula, depth: depth + 1)
  }

  /// Changes the axes of whatever has some.
  mutating func relaid(
    _ node: ONNXNode, _ change: (ONNXAxes) -> ONNXAxes?,
    weights makeWeights: (TensorFormula) throws(TensorFormulaError) -> TensorFormula
  ) throws(ConversionError) -> ONNXMeaning {
    func changed(_ axes: ONNXAxes) throws(ConversionError) -> ONNXAxes {
      guard let axes = change(axes) else { throw refused(node, "its result cannot be followed: axes are cut or mixed") }
      return axes
    }
    switch try required(node, 0) {
    case .tokens(let axes): return .tokens(try changed(axes))
    case .input(let name, let axes): return .input(name: name, try changed(axes))
    case .numbers(let axes, let scale): return .numbers(try changed(axes), scale: scale)
    case .flow(var flow):
      flow.axes = try changed(flow.axes)
      return .flow(flow)
    case .weights(let formula, let depth):
      return try weights(node, depth: depth) { () throws(TensorFormulaError) in try makeWeights(formula) }
    case .fill(let value): return .fill(value)
    case .givenState: return .givenState
    case .lastState: return .lastState
    case .integers(let values, _):
      throw refused(node, "\(values.count) integers are laid out in a way that shapes do not need")
    }
  }

  mutating func transpose(_ node: ONNXNode) throws(ConversionError) {
    let given = try integers(node, "perm")
    if case .integers? = try meaning(node, 0) { return set(node, try required(node, 0)) }
    func order(_ rank: Int) -> [Int] { given ?? Array((0..<rank).reversed()) }
    set(
      node,
      try relaid(node) {
        $0.permuted(order($0.rank))
      } weights: { (formula) throws(TensorFormulaError) in
        // The transposition of a transposition is none: shared parameters are known by that.
        if case .permuted(let operand, let axes) = formula, order(axes.count).count == axes.count,
          order(axes.count).allSatisfy({ axes.indices.contains($0) }),
          order(axes.count).map({ axes[$0] }) == Array(axes.indices)
        {
          return operand
        }
        return try formula.permuted(order(formula.shape.count))
      })
  }

  mutating func reshape(_ node: ONNXNode) throws(ConversionError) {
    let takesZero = try integer(node, "allowzero", 0) != 0
    guard case .integers(let lengths, _)? = try meaning(node, 1) else { throw refused(node, "its shape is not known") }
    if case .integers(let values, _)? = try meaning(node, 0) {
      guard lengths.count <= 1 else { throw refused(node, "integers are laid out in a way that shapes do not need") }
      return set(node, .integers(values, isScalar: lengths.isEmpty))
    }
    set(
      node,
      try relaid(node) {
        $0.reshaped(lengths, takesZero: takesZero)
      } weights: { (formula) throws(TensorFormulaError) in
        try formula.reshaped(Self.shape(lengths, of: formula, takesZero: takesZero))
      })
  }

  /// The shape of reshaped parameters; one that does not fit where it is not known.
  private static func shape(_ lengths: [ONNXLength?], of formula: TensorFormula, takesZero: Bool) -> [Int] {
    var shape = lengths.enumerated().map { index, length -> Int in
      guard let known = length?.known else { return -2 }
      return known == 0 && !takesZero && formula.shape.indices.contains(index) ? formula.shape[index] : known
    }
    guard let open = shape.firstIndex(of: -1) else { return shape }
    var rest = 1
    for (index, length) in shape.enumerated() where index != open {
      let (product, overflow) = rest.multipliedReportingOverflow(by: length)
      guard length > 0, !overflow else { return [-2] }
      rest = product
    }
    shape[open] = formula.count % rest == 0 ? formula.count / rest : -2
    return shape
  }

  mutating func flatten(_ node: ONNXNode) throws(ConversionError) {
    let axis = try integer(node, "axis", 1)
    set(
      node,
      try relaid(node) { axes in
        guard let place = axis == axes.rank ? axis : axes.index(axis) else { return nil }
        return ONNXAxes([Array(axes.axes[..<place].joined()), Array(axes.axes[place...].joined())])
      } weights: { (formula) throws(TensorFormulaError) in
        let place = max(0, min(formula.shape.count, axis < 0 ? axis + formula.shape.count : axis))
        let outer = formula.shape[..<place].reduce(1, *)
        return try formula.reshaped([outer, outer == 0 ? 0 : formula.count / outer])
      })
  }

  mutating func squeeze(_ node: ONNXNode) throws(ConversionError) {
    let isSqueeze = node.operatorType == "Squeeze"
    let axes = try axes(node, input: 1)
    guard isSqueeze || axes != nil else { throw refused(node, "its axes are absent") }
    if case .integers(let values, let isScalar)? = try meaning(node, 0) {
      guard isSqueeze ? values.count == 1 : isScalar else { throw refused(node, "integers with several axes") }
      return set(node, .integers(values, isScalar: isSqueeze))
    }
    func changed(_ old: ONNXAxes) -> ONNXAxes? { isSqueeze ? old.squeezed(axes) : old.unsqueezed(axes ?? []) }
    set(
      node,
      try relaid(node, changed) { (formula) throws(TensorFormulaError) in
        let shape = formula.shape.enumerated().map { index, length in
          length == 1 ? [] : [ONNXAtom(id: index, length: .known(length))]
        }
        guard let new = changed(ONNXAxes(shape)) else { throw TensorFormulaError("\(formula.shape) has not such axes") }
        return try formula.reshaped(new.axes.map { $0.first?.length.known ?? 1 })
      })
  }

  /// Repeats values: constants, and states of one stream for all streams of a batch.
  mutating func expand(_ node: ONNXNode) throws(ConversionError) {
    guard case .integers(let lengths, _)? = try meaning(node, 1) else { throw refused(node, "its shape is not known") }
    let isTile = node.operatorType == "Tile"
    switch try required(node, 0) {
    case .fill(let value): set(node, .fill(value))
    case .integers(let values, _) where values.count == 1 && !isTile:
      guard lengths.count == 1, let count = lengths[0]?.known, (0...Self.mostIntegers).contains(count) else {
        // A list as long as the batch: every element is the same.
        if let value = values[0]?.known { return set(node, .fill(Double(value))) }
        throw refused(node, "its result is not known")
      }
      set(node, .integers([ONNXLength?](repeating: values[0], count: count), isScalar: false))
    case .flow(let flow):
      let isSame = isTile ? lengths.allSatisfy { $0 == .known(1) } : isUnchanged(flow.axes, lengths)
      guard isSame else { throw refused(node, "what layers give is repeated") }
      set(node, .flow(flow))
    case .weights(let formula, let depth):
      if let value = try constant(.weights(formula, depth: depth)) { return set(node, .fill(value)) }
      // A learned state [layers, 1, units]: where the batch has its axis, there is one stream.
      guard formula.shape.count == lengths.count,
        zip(formula.shape, lengths).allSatisfy({ ($0 == 1) || $1 == .known(isTile ? 1 : $0) || $1 == .known(1) })
      else { throw refused(node, "parameters are repeated") }
      set(node, .weights(formula, depth: depth))
    case .givenState, .input: set(node, .givenState)
    case let other: throw refused(node, "\(other.text) is repeated")
    }
  }

  private func isUnchanged(_ axes: ONNXAxes, _ lengths: [ONNXLength?]) -> Bool {
    lengths.count <= axes.rank
      && zip((0..<axes.rank).suffix(lengths.count), lengths).allSatisfy { $1 == .known(1) || axes.length($0) == $1 }
  }
}
