import RNNModel

/// The variables of a model of TensorFlow, sorted into what they belong to by their names and shapes.
struct TensorFlowVariables {
  /// An affine map.
  struct Map {
    let weights: String
    let bias: String?
    let inputs: Int
    let outputs: Int
    /// Whether the matrix is `[outputs, inputs]`, as sampled softmaxes have it.
    let isTransposed: Bool
  }

  /// The recurrent cells, in the order of their names.
  private(set) var cells: [TensorFlowCell] = []
  /// Matrices that may be embeddings: without a bias.
  private(set) var tables: [(name: String, rows: Int, columns: Int)] = []
  /// Affine maps, in the order of their names.
  private(set) var maps: [Map] = []
  /// Vectors that belong to no matrix.
  private(set) var vectors: [(name: String, length: Int)] = []
  /// What is no part of the model, and why.
  private(set) var left: [(name: String, reason: String)] = []

  /// - Parameter isIgnored: whether a variable may be left behind.
  init(_ source: any ArraySource, others: [String: String], isIgnored: (String) -> Bool) {
    let names = source.arrays.keys.filter { !isIgnored($0) }.sorted(by: StateDict.precedes)
    for (name, what) in others.sorted(by: { $0.key < $1.key }) { left.append((name, "it holds \(what)")) }
    var own: [String] = []
    for name in names {
      if let reason = Self.reasonToLeave(name, source) { left.append((name, reason)) } else { own.append(name) }
    }
    let (cells, rest) = TensorFlowCell.find(in: own)
    self.cells = cells
    var matrices = rest.filter { source.arrays[$0]?.shape.count == 2 }
    var vectors = rest.filter { source.arrays[$0]?.shape.count == 1 }
    func shape(_ name: String) -> [Int] { source.arrays[name]?.shape ?? [] }
    // By name first; then what is left over, if there is only one pair of them.
    let biases = Dictionary(vectors.map { (Self.pairing($0), $0) }, uniquingKeysWith: { first, _ in first })
    var paired: Set<String> = []
    for matrix in matrices {
      if let bias = biases[Self.pairing(matrix)], !paired.contains(bias),
        let map = Self.map(matrix, shape(matrix), bias, shape(bias))
      {
        maps.append(map)
        paired.formUnion([matrix, bias])
      }
    }
    matrices.removeAll { paired.contains($0) }
    vectors.removeAll { paired.contains($0) }
    let unnamed = matrices.filter { !Self.isEmbedding($0) }
    if unnamed.count == 1, vectors.count == 1,
      let map = Self.map(unnamed[0], shape(unnamed[0]), vectors[0], shape(vectors[0]))
    {
      maps.append(map)
      vectors.removeAll()
      matrices.removeAll { $0 == unnamed[0] }
    }
    maps.sort { StateDict.precedes($0.weights, $1.weights) }
    tables = matrices.map { ($0, shape($0)[0], shape($0)[1]) }
    self.vectors = vectors.map { ($0, shape($0)[0]) }
  }

  /// Takes a matrix without a bias as an affine map.
  mutating func takeAsMap(_ name: String) {
    guard let place = tables.firstIndex(where: { $0.name == name }) else { return }
    let table = tables.remove(at: place)
    maps.append(
      Map(weights: name, bias: nil, inputs: table.rows, outputs: table.columns, isTransposed: false))
    maps.sort { StateDict.precedes($0.weights, $1.weights) }
  }

  private static func map(_ matrix: String, _ shape: [Int], _ vector: String, _ length: [Int]) -> Map? {
    guard shape.count == 2, length.count == 1 else { return nil }
    if shape[1] == length[0] {
      return Map(weights: matrix, bias: vector, inputs: shape[0], outputs: shape[1], isTransposed: false)
    }
    guard shape[0] == length[0] else { return nil }
    return Map(weights: matrix, bias: vector, inputs: shape[1], outputs: shape[0], isTransposed: true)
  }

  // MARK: - Names

  /// Whether a name says that it is of tokens.
  static func isEmbedding(_ name: String) -> Bool {
    let name = name.lowercased()
    return ["embed", "wte", "lookup"].contains { name.contains($0) }
  }

  private static let weights: Set<String> = ["w", "weight", "weights", "kernel", "matrix"]
  private static let biases: Set<String> = ["b", "bias", "biases"]

  /// A name without the words for weights and biases: the same for the two of an affine map.
  private static func pairing(_ name: String) -> [String] {
    name.lowercased().split(separator: "/", omittingEmptySubsequences: false).map { step in
      step.split(separator: "_").map { word in
        weights.contains(String(word)) || biases.contains(String(word)) ? "@" : String(word)
      }.joined(separator: "_")
    }
  }

  /// What optimizers and averages call their own copy of a variable (`slot_creator.py`).
  private static let slots: Set<String> = [
    "adam", "adamw", "adamax", "nadam", "momentum", "rmsprop", "adagrad", "adagradda", "adadelta", "ftrl", "lamb",
    "exponentialmovingaverage", "lazyadam", "gradientdescent", "proximaladagrad", "m", "v",
  ]

  /// Whether a name is that of an optimizer's or average's own copy of a variable.
  static func isCopy(_ name: String) -> Bool { slot(name).map { $0.slot.count > 1 } ?? false }

  /// What a copy is of, and what it is called; nil for other names.
  private static func slot(_ name: String) -> (base: String, slot: String)? {
    guard let slash = name.lastIndex(of: "/") else { return nil }
    var slot = name[name.index(after: slash)...].lowercased()
    if let underscore = slot.lastIndex(of: "_"), Int(slot[slot.index(after: underscore)...]) != nil {
      slot = String(slot[..<underscore])
    }
    return slots.contains(slot) ? (String(name[..<slash]), slot) : nil
  }

  /// Why a variable is no part of the model; nil if it may be one.
  static func reasonToLeave(_ name: String, _ source: any ArraySource) -> String? {
    guard let array = source.arrays[name] else { return nil }
    if array.shape.isEmpty { return "a single number: it belongs to the training, not to the model" }
    if array.type.tensorType == nil { return "whole numbers: they belong to the program around the model" }
    guard let (base, slot) = slot(name) else { return nil }
    // A copy has the name of what it is of, perhaps below the optimizer's scope, and its shape.
    guard source.arrays[base]?.shape == array.shape || slot.count > 1 else { return nil }
    return slot == "exponentialmovingaverage"
      ? "a running average: the variable itself is taken" : "it belongs to the optimizer, not to the model"
  }
}
