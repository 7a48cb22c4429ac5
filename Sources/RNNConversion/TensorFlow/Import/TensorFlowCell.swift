import RNNModel

/// A recurrent cell of TensorFlow, found by the names of its variables.
///
/// A cell keeps its variables below its own name, which older versions write as `BasicLSTMCell` and newer ones as `basic_lstm_cell`. What stands below it
/// was `Linear/Matrix` and `Linear/Bias` (0.x), `weights` and `biases` (1.0, 1.1), `kernel` and `bias` (from 1.2 on).
struct TensorFlowCell {
  /// What a cell computes.
  enum Kind: Hashable {
    case lstm, gru, elman
  }

  /// What a variable is in its cell.
  enum Role: Hashable {
    /// Of all gates; of a GRU, of the update and reset gates.
    case kernel, bias
    /// Of a GRU's candidate.
    case candidateKernel, candidateBias
    /// The peepholes of a gate.
    case peephole(String)
    case projection
  }

  /// The path of the cell, its own name last.
  let scope: String
  let kind: Kind
  /// Whether it may limit its cells and outputs, which no variable shows.
  let mayClip: Bool
  /// Whether it was trained by cuDNN, which adds nothing to the forget gate.
  let isCuDNN: Bool
  /// The names of the variables; several where one is kept in pieces along its first axis.
  private(set) var variables: [Role: [String]] = [:]

  /// The cells by their names, without underscores.
  private static let kinds: [String: Kind] = [
    "basiclstmcell": .lstm, "lstmcell": .lstm, "lstmblockcell": .lstm, "lstmblockfusedcell": .lstm,
    "lstmblockwrapper": .lstm, "lstmfusedcell": .lstm, "grucell": .gru, "grublockcell": .gru, "grublockcellv2": .gru,
    "cudnncompatiblelstmcell": .lstm, "basicrnncell": .elman,
  ]

  private static let kernels: Set<String> = ["kernel", "weights", "matrix"]
  private static let biases: Set<String> = ["bias", "biases", "b"]

  /// Finds the cells, and the variables that belong to none.
  ///
  /// - Parameter names: in the order in which pieces are joined.
  static func find(in names: [String]) -> (cells: [TensorFlowCell], rest: [String]) {
    var cells: [String: TensorFlowCell] = [:]
    var rest: [String] = []
    for name in names {
      guard let (scope, own, role) = place(of: name), let kind = kinds[own] else {
        rest.append(name)
        continue
      }
      var cell =
        cells[scope]
        ?? TensorFlowCell(
          scope: scope, kind: kind, mayClip: own.hasPrefix("lstm"), isCuDNN: own.hasPrefix("cudnn"))
      cell.variables[role, default: []].append(name)
      cells[scope] = cell
    }
    return (cells.values.sorted { StateDict.precedes($0.scope, $1.scope) }, rest)
  }

  private init(scope: String, kind: Kind, mayClip: Bool, isCuDNN: Bool) {
    self.scope = scope
    self.kind = kind
    self.mayClip = mayClip
    self.isCuDNN = isCuDNN
  }

  /// The cell that a variable belongs to, and what it is there.
  private static func place(of name: String) -> (scope: String, own: String, role: Role)? {
    let steps = name.split(separator: "/", omittingEmptySubsequences: false)
    func plain(_ step: Substring) -> String {
      var step = step.lowercased()
      // The second cell of a scope has `_1` behind its name.
      if let underscore = step.lastIndex(of: "_"), Int(step[step.index(after: underscore)...]) != nil {
        step = String(step[..<underscore])
      }
      return step.replacing("_", with: "")
    }
    guard let place = steps.dropLast().lastIndex(where: { kinds[plain($0)] != nil }) else { return nil }
    let own = plain(steps[place])
    let below = steps[(place + 1)...].map { $0.lowercased() }.filter { $0 != "linear" }
    guard let kind = kinds[own], let role = role(below, kind) else { return nil }
    return (steps[...place].joined(separator: "/"), own, role)
  }

  private static func role(_ below: [String], _ kind: Kind) -> Role? {
    guard let last = below.last, below.count <= 2 else { return nil }
    let group = below.count == 2 ? below[0] : ""
    switch (kind, group) {
    case (.gru, "gates"): return kernels.contains(last) ? .kernel : biases.contains(last) ? .bias : nil
    case (.gru, "candidate"):
      return kernels.contains(last) ? .candidateKernel : biases.contains(last) ? .candidateBias : nil
    case (.gru, ""):
      return ["w_ru": .kernel, "b_ru": .bias, "w_c": .candidateKernel, "b_c": .candidateBias][last]
    case (.lstm, "projection"): return kernels.contains(last) ? .projection : nil
    case (.lstm, ""), (.elman, ""):
      if kernels.contains(last) { return .kernel }
      if biases.contains(last) { return .bias }
      guard kind == .lstm else { return nil }
      if let match = last.wholeMatch(of: /w_([ifo])_diag/) {
        return .peephole(["i": "input", "f": "forget", "o": "output"][String(match.1)] ?? "")
      }
      // The first versions kept an LSTM's matrices in pieces, even where there was only one.
      if last.wholeMatch(of: /w_[0-9]+/) != nil { return .kernel }
      return last.wholeMatch(of: /w_p_[0-9]+/) != nil ? .projection : nil
    default: return nil
    }
  }

  /// Which of two directions the cell reads in: the part of the path before `fw` or `bw`; nil for a cell of one direction.
  var pair: (path: String, direction: Architecture.Direction)? {
    let steps = scope.split(separator: "/", omittingEmptySubsequences: false)
    guard
      let place = steps.lastIndex(where: { step in
        let step = step.lowercased()
        return step == "fw" || step == "bw" || step.hasSuffix("_fw") || step.hasSuffix("_bw")
      })
    else { return nil }
    let isForward = steps[place].lowercased().hasSuffix("fw")
    // `BiRNN_FW` and `BiRNN_BW` share what is before the underscore.
    let own = steps[place].dropLast(3)
    return ((steps[..<place] + (own.isEmpty ? [] : [own])).joined(separator: "/"), isForward ? .forward : .backward)
  }
}
