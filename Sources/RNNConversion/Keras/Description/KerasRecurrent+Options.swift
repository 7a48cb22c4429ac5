import Kernels
import RNNFormat

extension KerasRecurrent {
  /// The classes of recurrent layers that are one cell.
  static let classes: Set<String> = ["SimpleRNN", "LSTM", "GRU", "CuDNNLSTM", "CuDNNGRU"]

  /// Reads the options of a layer of one of ``classes``.
  init(_ className: String, _ options: inout KerasOptions, _ remarks: inout [KerasLayer.Remark]) throws {
    let cell = try KerasCell(className, &options, path: "cell", &remarks)
    try self.init([cell], &options)
  }

  /// Reads the options of the class `RNN`, which names its cells.
  init(ofCells options: inout KerasOptions, _ remarks: inout [KerasLayer.Remark]) throws {
    guard let value = options.value(["cell"]), let name = value["class_name"]?.string else {
      throw options.malformed("it names no cell")
    }
    func cell(_ value: JSONValue, _ name: String, path: String) throws -> KerasCell {
      var own = try KerasOptions(value["config"], file: options.file, place: options.place, version: options.version)
      guard name.hasSuffix("Cell"), KerasRecurrent.classes.contains(String(name.dropLast(4))) else {
        throw options.malformed("cells of class '\(name)' are not known")
      }
      let cell = try KerasCell(String(name.dropLast(4)), &own, path: path, &remarks)
      try own.checkAllKnown()
      return cell
    }
    guard name == "StackedRNNCells" else {
      try self.init([try cell(value, name, path: "cell")], &options)
      return
    }
    guard let list = value["config"]?["cells"]?.array, (1...KerasGraph.maximumLayers).contains(list.count)
    else {
      throw options.malformed("its 'StackedRNNCells' has no cells, or too many")
    }
    var names = KerasPathNames()
    let cells = try list.map { element in
      guard let name = element["class_name"]?.string else { throw options.malformed("a cell has no class") }
      return try cell(element, name, path: "cell/cells/\(names.next(name))")
    }
    try self.init(cells, &options)
  }

  private init(_ cells: [KerasCell], _ options: inout KerasOptions) throws {
    try options.require("time_major", false, because: "only sequences with the batch first are read")
    self.init(
      cells: cells, returnsSequences: try options.truth("return_sequences", absent: false),
      goesBackwards: try options.truth("go_backwards", absent: false),
      isStateful: try options.truth("stateful", absent: false))
  }
}

extension KerasCell {
  /// Reads the options of a cell; those of its layer stand beside them.
  init(
    _ className: String, _ options: inout KerasOptions, path: String, _ remarks: inout [KerasLayer.Remark]
  ) throws {
    kind = className.hasSuffix("LSTM") ? .lstm : className.hasSuffix("GRU") ? .gru : .simple
    isCuDNN = className.hasPrefix("CuDNN")
    self.path = path
    units = try options.count("units", "output_dim")
    if isCuDNN {
      // The library has these formulas only, and the layers have no options for them.
      activation = .function(.tanh)
      recurrentActivation = .function(.sigmoid)
      hasBias = true
      resetsAfter = true
    } else {
      activation = try options.activation("activation", absent: .function(.tanh))
      let gates = KerasActivation.function(options.version.hasNewDefaults ? .sigmoid : .hardSigmoid)
      recurrentActivation =
        kind == .simple
        ? gates
        : try options.activation(
          "recurrent_activation", "inner_activation", absent: gates)
      hasBias = try options.truth("use_bias", absent: true)
      resetsAfter = kind == .gru ? try options.truth("reset_after", absent: options.version.hasNewDefaults) : false
    }
    for name in ["dropout", "recurrent_dropout"] {
      if let rate = try options.number(name, name == "dropout" ? "dropout_W" : "dropout_U"), rate > 0 {
        remarks.append(.training("\(name) \(rate)"))
      }
    }
  }
}
