extension ONNXInterpreter {
  // Parts of values, and values made of parts.

  mutating func concat(_ node: ONNXNode) throws(ConversionError) {
    var parts: [ONNXMeaning] = []
    for index in node.inputs.indices {
      try makeScalar(node, index)
      parts.append(try required(node, index))
    }
    let axis = try integer(node, "axis", 0)
    let integers = parts.compactMap { part -> [ONNXLength?]? in
      if case .integers(let values, _) = part { values } else { nil }
    }
    if integers.count == parts.count {
      guard integers.reduce(0, { $0 + $1.count }) <= Self.mostIntegers else {
        throw refused(node, "it makes more integers than shapes need")
      }
      return set(node, .integers(Array(integers.joined()), isScalar: false))
    }
    let formulas = parts.compactMap { part -> (TensorFormula, Int)? in
      if case .weights(let formula, let depth) = part { (formula, depth) } else { nil }
    }
    if formulas.count == parts.count, let first = formulas.first {
      guard formulas.reduce(0, { $0 + $1.0.operands.count }) <= Self.mostIntegers else {
        throw refused(node, "a parameter is made of too many parts")
      }
      let place = axis < 0 ? axis + first.0.shape.count : axis
      let depth = formulas.map(\.1).max() ?? 0
      return set(
        node,
        try weights(node, depth: depth) { () throws(TensorFormulaError) in
          try TensorFormula.joining(formulas.map(\.0), axis: place)
        })
    }
    try concat(node, parts, axis)
  }

  /// Joins what is known when the network runs.
  private mutating func concat(_ node: ONNXNode, _ parts: [ONNXMeaning], _ axis: Int) throws(ConversionError) {
    var flows: [ONNXFlow] = []
    var fills: Set<Double> = []
    var states = 0
    for part in parts {
      switch part {
      case .flow(let flow):
        flows.append(flow)
        if flow.isFinal { states += 1 }
      case .lastState: states += 1
      case .fill(let value): fills.insert(value)
      default: throw refused(node, "\(part.text) is joined with something else")
      }
    }
    if let value = fills.first, fills.count == 1, flows.isEmpty, states == 0 { return set(node, .fill(value)) }
    guard let first = flows.first, flows.count == parts.count, first.axes.index(axis) == first.axes.rank - 1,
      flows.allSatisfy({ $0.hasFeaturesLast && $0.outerAxes == first.outerAxes })
    else {
      // The states of all layers one after another: fine as long as nothing is computed from them.
      guard states == parts.count else { throw refused(node, "it joins values along another axis than that of units") }
      return set(node, .lastState)
    }
    var names: [String] = []
    for flow in flows { names.append(try materialized(flow, node)) }
    names = network.distinct(names)
    let sources = names
    let width = flows.reduce(0) { $0.addingReportingOverflow($1.width).partialValue }
    let name = network.connection("concatenation") { .concatenation(.init(name: $0, of: sources)) }
    set(node, flow(name, width: width, outer: first.outerAxes))
  }

  mutating func slice(_ node: ONNXNode) throws(ConversionError) {
    let starts, ends: [Int]?
    let axes, steps: [Int]?
    if node.attributes["starts"] != nil {
      (starts, ends) = (try integers(node, "starts"), try integers(node, "ends"))
      (axes, steps) = (try integers(node, "axes"), nil)
    } else {
      (starts, ends) = (try knownIntegers(node, 1), try knownIntegers(node, 2))
      (axes, steps) = (try knownIntegers(node, 3), try knownIntegers(node, 4))
    }
    let meaning = try required(node, 0)
    if case .input = meaning { return set(node, .givenState) }
    if case .fill = meaning { return set(node, meaning) }
    switch meaning {
    case .givenState, .lastState: return set(node, meaning)
    default: break
    }
    guard let starts, let ends, starts.count == ends.count, steps?.allSatisfy({ $0 == 1 }) ?? true,
      axes == nil || axes?.count == starts.count
    else { throw refused(node, "where it cuts is not known, or it leaves out steps") }
    var result = meaning
    for (index, (start, end)) in zip(starts, ends).enumerated() {
      result = try part(node, result, axis: axes?[index] ?? index, start, end)
    }
    set(node, result)
  }

  /// The part of an axis from `start` to before `end`, both perhaps counted from the back or beyond the axis.
  private mutating func part(
    _ node: ONNXNode, _ meaning: ONNXMeaning, axis: Int, _ start: Int, _ end: Int
  ) throws(ConversionError) -> ONNXMeaning {
    func range(_ length: Int) -> Range<Int> {
      func place(_ value: Int) -> Int { value < 0 ? max(0, max(value, -length) + length) : min(value, length) }
      return place(start)..<max(place(start), place(end))
    }
    switch meaning {
    case .integers(let values, false): return .integers(Array(values[range(values.count)]), isScalar: false)
    case .weights(let formula, let depth):
      let place = axis < 0 ? axis + formula.shape.count : axis
      guard formula.shape.indices.contains(place) else { throw refused(node, "there is no axis \(axis)") }
      return try weights(node, depth: depth) { () throws(TensorFormulaError) in
        try formula.slice(axis: place, range(formula.shape[place]))
      }
    case .flow(let flow):
      guard let place = flow.axes.index(axis) else { throw refused(node, "there is no axis \(axis)") }
      if start == 0, end >= Int(Int32.max) { return meaning }
      let length = flow.axes.length(place)?.known
      if let length, range(length) == 0..<length { return meaning }
      if let length {
        let range = range(length)
        guard range.count == 1 else { throw refused(node, "a part of what layers give is cut out") }
        return try picked(node, flow, place, range.lowerBound, removing: false)
      }
      // Of a length that only a run decides, the last step or the first.
      guard start == -1 && end >= Int(Int32.max) || start == 0 && end == 1 else {
        throw refused(node, "a part of what layers give is cut out")
      }
      return try picked(node, flow, place, start, removing: false)
    default: throw refused(node, "a part of \(meaning.text) is cut out")
    }
  }

  mutating func split(_ node: ONNXNode) throws(ConversionError) {
    let axis = try integer(node, "axis", 0)
    let meaning = try required(node, 0)
    switch meaning {
    case .input, .givenState:
      for output in node.outputs { meanings[output] = .givenState }
      return
    case .lastState, .fill:
      for output in node.outputs { meanings[output] = meaning }
      return
    default: break
    }
    let length: Int?
    switch meaning {
    case .weights(let formula, _):
      let place = axis < 0 ? axis + formula.shape.count : axis
      length = formula.shape.indices.contains(place) ? formula.shape[place] : nil
    case .flow(let flow): length = flow.axes.index(axis).flatMap { flow.axes.length($0)?.known }
    case .integers(let values, false): length = values.count
    default: length = nil
    }
    guard let length, !node.outputs.isEmpty else { throw refused(node, "what it cuts is not known") }
    var given = try integers(node, "split")
    if given == nil { given = try knownIntegers(node, 1) }
    let even = (length + node.outputs.count - 1) / node.outputs.count
    let sizes = given ?? [Int](repeating: even, count: node.outputs.count)
    guard sizes.count == node.outputs.count else { throw refused(node, "it has not as many outputs as parts") }
    var start = 0
    for (output, size) in zip(node.outputs, sizes) {
      guard size >= 0, size <= length - start || given == nil else { throw refused(node, "its parts are too long") }
      let end = min(length, start + size)
      meanings[output] = try part(node, meaning, axis: axis, start, end)
      start = end
    }
  }

  mutating func gather(_ node: ONNXNode) throws(ConversionError) {
    let axis = try integer(node, "axis", 0)
    let data = try required(node, 0)
    let index = try required(node, 1)
    switch (data, index) {
    case (.weights(let formula, _), .tokens(let axes)):
      guard axis == 0, formula.shape.count == 2 else { throw refused(node, "tokens pick along another axis than rows") }
      try embedding(node, formula, axes)
    case (.integers(let values, false), .integers(let places, let isScalar)):
      var picked: [ONNXLength?] = []
      for place in places {
        guard let place = place?.known, place >= -values.count, place < values.count else {
          throw refused(node, "it picks what is not there")
        }
        picked.append(values[place < 0 ? place + values.count : place])
      }
      set(node, .integers(picked, isScalar: isScalar))
    case (.flow(let flow), .integers(let places, let isScalar)):
      guard places.count == 1, let place = places[0]?.known, let axis = flow.axes.index(axis) else {
        throw refused(node, "it picks several places")
      }
      set(node, try picked(node, flow, axis, place, removing: isScalar))
    case (.input, .integers), (.givenState, .integers): set(node, .givenState)
    case (.lastState, .integers), (.fill, .integers): set(node, data)
    default: throw refused(node, "\(index.text) picks from \(data.text)")
    }
  }

  /// One place of an axis of what layers give: a direction, or a step.
  ///
  /// - Parameter removing: whether the axis is gone then, or has the length 1.
  private mutating func picked(
    _ node: ONNXNode, _ flow: ONNXFlow, _ axis: Int, _ place: Int, removing: Bool
  ) throws(ConversionError) -> ONNXMeaning {
    var result = flow
    if removing { result.axes.axes.remove(at: axis) } else { result.axes.axes[axis] = [] }
    let picked = flow.axes.axes[axis]
    let length = ONNXAxes.product(picked)?.known
    let index = place < 0 ? length.map { place + $0 } : place
    // An axis of length 1 has only this place.
    if picked.isEmpty {
      guard place == 0 || place == -1 else { throw refused(node, "it picks what is not there") }
      return .flow(result)
    }
    if flow.sources.count == 2, picked == [flow.features[0]], flow.head == nil {
      guard let index, index == 0 || index == 1 else { throw refused(node, "it picks a direction that is not there") }
      result.sources = [flow.sources[index]]
      result.features.removeFirst()
      result.width = flow.width / 2
      return .flow(result)
    }
    guard picked == time, !flow.isFinal, flow.head == nil else {
      throw refused(node, "a part of what layers give is cut out")
    }
    let isLast = place == -1 || (length != nil && index == length.map { $0 - 1 })
    let isBackward = flow.sources.count == 1 && network[flow.sources[0]]?.layer.direction == .backward
    if isBackward {
      // What a backward layer gives at the first step is what it gives last.
      guard place == 0 else { throw refused(node, "it picks a step in the middle of what a layer reads") }
      result.isFinal = true
      return .flow(result)
    }
    guard isLast else { throw refused(node, "it picks another step than the last") }
    if flow.sources.count == 1 {
      result.isFinal = true
      return .flow(result)
    }
    let both = try materialized(flow, node)
    let name = network.connection("final") { .final(.init(name: $0, of: both)) }
    (result.sources, result.revision) = ([name], 0)
    result.isFinal = false
    return .flow(result)
  }
}
