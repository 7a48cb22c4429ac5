import RNNText

/// A protocol as JSON: in receipts and as a model's own. Only parameters that matter are written; read, what is absent is that of the protocol
/// of the same name, or of `stream`.
extension EvaluationProtocol: Codable {
  private enum CodingKeys: String, CodingKey {
    case name, cut, layout, streams, window, stride, context, part, start, unknown, divisor
    case countsWrittenUnknown = "written_unknown"
    case blankLines = "blank_lines"
  }

  /// Reads a protocol; parameters are not checked, see ``check()``.
  ///
  /// - Throws: `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let name = try values.decode(String.self, forKey: .name)
    self = Self.named(name) ?? EvaluationProtocol(name: name)
    func read<Value: Decodable>(_ key: CodingKeys, _ value: inout Value) throws {
      if let found = try values.decodeIfPresent(Value.self, forKey: key) { value = found }
    }
    try read(.cut, &cut)
    try read(.layout, &layout)
    try read(.streams, &streams)
    try read(.window, &window)
    try read(.stride, &stride)
    try read(.context, &context)
    part = try values.decodeIfPresent(TextLayout.Part.self, forKey: .part) ?? part
    try read(.start, &start)
    try read(.unknown, &unknown)
    try read(.countsWrittenUnknown, &countsWrittenUnknown)
    try read(.blankLines, &blankLines)
    try read(.divisor, &divisor)
  }

  /// Writes what matters.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(name, forKey: .name)
    try values.encode(cut, forKey: .cut)
    switch cut {
    case .streams:
      try values.encode(layout, forKey: .layout)
      try values.encode(streams, forKey: .streams)
      if usesWindow { try values.encode(window, forKey: .window) }
      try values.encodeIfPresent(part, forKey: .part)
    case .windows:
      try values.encode(window, forKey: .window)
      try values.encode(stride, forKey: .stride)
      try values.encode(context, forKey: .context)
    case .lines: try values.encode(blankLines, forKey: .blankLines)
    }
    try values.encode(start, forKey: .start)
    try values.encode(unknown, forKey: .unknown)
    try values.encode(countsWrittenUnknown, forKey: .countsWrittenUnknown)
    try values.encode(divisor, forKey: .divisor)
  }

  /// Whether the length of a window decides about what is scored.
  private var usesWindow: Bool {
    switch layout {
    case .charRNN, .torchRNN, .zaremba: true
    case .streams, .wordLanguageModel: false
    }
  }
}
