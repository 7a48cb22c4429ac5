import RNNFormat

extension ONNXInterpreter {
  /// Gives the outputs of a node their meaning.
  mutating func interpret(_ node: ONNXNode) throws(ConversionError) {
    switch node.operatorType {
    case "Constant": try constant(node)
    case "Identity": set(node, try required(node, 0))
    case "Dropout": try dropout(node)
    case "Cast": try cast(node)
    case "Shape": try shape(node)
    case "ConstantOfShape": try constantOfShape(node)
    case "Mul": try multiply(node)
    case "ReduceSum": try reduceSum(node)
    case "ReduceMean", "Pow", "Sqrt": try normalisation(node)
    case "Div", "Sub":
      if try !isNormalisation(node) { try integerArithmetic(node) }
    case "Min", "Max", "Equal", "Where", "ReduceProd":
      try integerArithmetic(node)
    case "Add": try add(node)
    case "Transpose": try transpose(node)
    case "Reshape": try reshape(node)
    case "Flatten": try flatten(node)
    case "Squeeze", "Unsqueeze": try squeeze(node)
    case "Expand", "Tile": try expand(node)
    case "Concat": try concat(node)
    case "Slice": try slice(node)
    case "Split": try split(node)
    case "Gather": try gather(node)
    case "OneHot": try oneHot(node)
    case "LSTM", "GRU", "RNN": try recurrent(node)
    case "MatMul", "Gemm": try product(node)
    case "LayerNormalization": try layerNormalization(node)
    case "Softmax", "LogSoftmax", "Sigmoid", "Log": try head(node)
    case "Tanh", "Relu", "HardSigmoid", "Softsign", "Softplus", "Elu", "Clip": try activation(node)
    default: throw refused(node, "the operator is not one that recurrent networks are read from")
    }
  }

  private mutating func constant(_ node: ONNXNode) throws(ConversionError) {
    if let tensor = node.attributes["value"] {
      guard case .tensor = tensor else { throw refused(node, "its value is not a tensor") }
      // The array has it under the name of the output.
      guard let name = node.outputs.first, arrays.tensors[name] != nil else { throw refused(node, "it has no output") }
      return
    }
    switch (node.attributes["value_int"], node.attributes["value_ints"], node.attributes["value_float"]) {
    case (.integer(let value)?, nil, nil): set(node, .integers([.known(value)], isScalar: true))
    case (nil, .integers(let values)?, nil) where values.count <= Self.mostIntegers:
      set(node, .integers(values.map { .known($0) }, isScalar: false))
    case (nil, nil, .float(let value)?): set(node, .fill(Double(value)))
    default: throw refused(node, "its value is of a kind that is not supported")
    }
  }

  /// Outside of training, dropout does nothing.
  private mutating func dropout(_ node: ONNXNode) throws(ConversionError) {
    if node.inputs.indices.contains(2), !node.inputs[2].isEmpty {
      guard try constant(try required(node, 2)) == 0 else { throw refused(node, "it is in training mode") }
    }
    set(node, try required(node, 0))
  }

  private mutating func cast(_ node: ONNXNode) throws(ConversionError) {
    let target = ONNXElementType(rawValue: try integer(node, "to", 0))
    let isFloat = target?.numericType?.tensorType != nil
    let meaning = try required(node, 0)
    switch meaning {
    case .tokens:
      if isFloat, case .tokens(let axes) = meaning { return set(node, .numbers(axes, scale: 1)) }
      guard target == .int64 || target == .int32 else { throw refused(node, "tokens become numbers") }
    case .integers, .fill: break
    case .input(_, let axes) where target == .int64 || target == .int32:
      // Keras hands ids over as floats.
      return set(node, .tokens(axes))
    case .weights, .flow, .input, .numbers, .givenState, .lastState:
      // The precision of the computation is ours, not the graph's.
      guard isFloat else { throw refused(node, "\(meaning.text) becomes \(target.map { "\($0)" } ?? "another type")") }
    }
    set(node, meaning)
  }

  // MARK: - Integers

  private mutating func shape(_ node: ONNXNode) throws(ConversionError) {
    let lengths: [ONNXLength?]
    switch try required(node, 0) {
    case .tokens(let axes), .input(_, let axes): lengths = (0..<axes.rank).map { axes.length($0) }
    case .flow(let flow): lengths = (0..<flow.axes.rank).map { flow.axes.length($0) }
    case .weights(let formula, _): lengths = formula.shape.map { .known($0) }
    case .integers(let values, let isScalar): lengths = isScalar ? [] : [.known(values.count)]
    case let other: throw refused(node, "the shape of \(other.text) is not known")
    }
    func clamped(_ value: Int) -> Int { max(0, min(lengths.count, value < 0 ? value + lengths.count : value)) }
    let start = clamped(max(-lengths.count, try integer(node, "start", 0)))
    let end = clamped(max(-lengths.count, try integer(node, "end", lengths.count)))
    set(node, .integers(start < end ? Array(lengths[start..<end]) : [], isScalar: false))
  }

  private mutating func constantOfShape(_ node: ONNXNode) throws(ConversionError) {
    guard case .tensor(let tensor)? = node.attributes["value"] else { return set(node, .fill(0)) }
    guard tensor.count == 1, let type = tensor.type.numericType else {
      throw refused(node, "its value is not one number")
    }
    let bytes = try file.bytes(of: tensor)
    if let type = type.tensorType {
      return set(node, .fill(LittleEndian.values(bytes, type: type, as: Double.self)[0]))
    }
    let value = bytes.enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * UInt64($1.offset)) }
    guard let lengths = try knownIntegers(node, 0) else { return set(node, .fill(Double(Int64(bitPattern: value)))) }
    var count = 1
    for length in lengths {
      guard length >= 0, length <= Self.mostIntegers, count * length <= Self.mostIntegers else {
        throw refused(node, "it makes more integers than shapes need")
      }
      count *= length
    }
    let length = ONNXLength.known(Int(Int64(bitPattern: value)))
    set(node, .integers([ONNXLength?](repeating: length, count: count), isScalar: lengths.isEmpty))
  }

  /// Arithmetic of lengths. Where it goes beyond products of symbols the result is not known, which is fine until it is needed.
  mutating func integerArithmetic(_ node: ONNXNode) throws(ConversionError) {
    var operands: [(values: [ONNXLength?], isScalar: Bool)] = []
    for index in node.inputs.indices {
      guard case .integers(let values, let isScalar)? = try meaning(node, index) else {
        throw refused(node, "it computes with \(try meaning(node, index)?.text ?? "nothing")")
      }
      operands.append((values, isScalar))
    }
    let count = operands.map(\.values.count).max() ?? 0
    guard operands.allSatisfy({ $0.values.count == count || $0.values.count == 1 }), !operands.isEmpty else {
      throw refused(node, "its operands have \(operands.map(\.values.count)) elements")
    }
    let isScalar = operands.allSatisfy(\.isScalar)
    if node.operatorType == "ReduceProd" {
      var product: ONNXLength? = .known(1)
      for value in operands[0].values { product = value.flatMap { product?.times($0) } }
      return set(node, .integers([product], isScalar: try integer(node, "keepdims", 1) == 0))
    }
    let results = (0..<count).map { place -> ONNXLength? in
      let values = operands.map { $0.values.count == 1 ? $0.values[0] : $0.values[place] }
      return Self.result(node.operatorType, values)
    }
    set(node, .integers(results, isScalar: isScalar))
  }

  static func result(_ operation: String, _ values: [ONNXLength?]) -> ONNXLength? {
    if operation == "Where" {
      guard values.count == 3, let condition = values[0]?.known else { return nil }
      return condition != 0 ? values[1] : values[2]
    }
    guard values.count == 2, let first = values[0], let second = values[1] else { return nil }
    if operation == "Mul" { return first.times(second) }
    if operation == "Div", second == .known(1) { return first }
    if operation == "Equal", first == second { return .known(1) }
    guard let first = first.known, let second = second.known else { return nil }
    switch operation {
    case "Add":
      let (sum, overflow) = first.addingReportingOverflow(second)
      return overflow ? nil : .known(sum)
    case "Sub":
      let (difference, overflow) = first.subtractingReportingOverflow(second)
      return overflow ? nil : .known(difference)
    case "Div": return first >= 0 && second > 0 ? .known(first / second) : nil
    case "Equal": return .known(0)
    case "Min": return .known(min(first, second))
    case "Max": return .known(max(first, second))
    default: return nil
    }
  }
}
