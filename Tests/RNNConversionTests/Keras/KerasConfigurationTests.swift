import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

/// What a description says is read, or refused by its name: nothing is passed over that would change the numbers.
@Suite struct KerasConfigurationTests {
  private static func model(_ text: String, version: String? = "2.2.4") throws -> KerasModel {
    let version = try #require(KerasVersion(version))
    return try KerasModel(try JSONValue(parsing: text), version: version, file: "test")
  }

  private static func sequence(_ layers: String...) -> String {
    #"{"class_name":"Sequential","config":{"name":"m","layers":[\#(layers.joined(separator: ","))]}}"#
  }

  private static func layer(_ className: String, _ options: String) -> String {
    #"{"class_name":"\#(className)","config":{"name":"x","batch_input_shape":[null,4,5]\#(options.isEmpty ? "" : ",")\#(options)}}"#
  }

  /// A layer of a functional model.
  private static func node(_ name: String, _ className: String, _ options: String, _ nodes: String) -> String {
    #"{"class_name":"\#(className)","name":"\#(name)","config":{"name":"\#(name)"\#(options)},"inbound_nodes":\#(nodes)}"#
  }

  private static func graph(_ layers: [String], output: String = #"[["d",0,0]]"#) -> String {
    #"{"class_name":"Model","config":{"name":"m","layers":[\#(layers.joined(separator: ","))],"input_layers":[["i",0,0]],"output_layers":\#(output)}}"#
  }

  private static let input = node("i", "InputLayer", #","batch_input_shape":[null,4,5]"#, "[]")
  private static let dense = #","units":5"#

  static let refused: [(text: String, says: String)] = [
    (sequence(layer("Lambda", #""function":["4wEAAAA"]"#)), "class 'Lambda'"),
    (sequence(layer("Conv1D", #""filters":3"#)), "class 'Conv1D'"),
    (sequence(layer("LSTM", #""units":3,"time_major":true"#)), "'time_major' is true"),
    (sequence(layer("LSTM", #""units":3,"projection":2"#)), "option 'projection' (2) is not known"),
    (sequence(layer("LSTM", #""units":0"#)), "no number of units"),
    (sequence(layer("LSTM", #""units":99999999999"#)), "no number of units"),
    (sequence(layer("LSTM", #""units":2.5"#)), "no number of units"),
    (sequence(layer("LSTM", #""units":"3""#)), "no number of units"),
    (sequence(layer("LSTM", "")), "no 'units'"),
    (sequence(layer("LSTM", #""units":3,"activation":"swish""#)), "activation 'swish'"),
    (sequence(layer("LSTM", #""units":3,"activation":{"class_name":"LeakyReLU","config":{}}"#)), "LeakyReLU"),
    (sequence(layer("LSTM", #""units":3,"use_bias":"yes""#)), "neither true nor false"),
    (sequence(layer("LSTM", #""units":3,"batch_input_shape":[null,-1,5]"#)), "occurs twice"),
    (sequence(layer("Dropout", #""rate":1"#)), "not in 0 ..< 1"),
    (sequence(layer("Dropout", #""rate":0.5,"noise_shape":[null,1,5]"#)), "noise_shape"),
    (sequence(layer("Concatenate", #""axis":1"#)), "axis 1"),
    (sequence(layer("LayerNormalization", #""axis":[1]"#)), "normalises along"),
    (sequence(layer("Softmax", #""axis":2"#)), "axis"),
    (sequence(layer("Softmax", #""axis":1"#)), "part of attention"),
    (sequence(layer("Flatten", "")), "part of attention"),
    (sequence(layer("ReLU", #""negative_slope":0.1"#)), "negative_slope"),
    (
      sequence(layer("Bidirectional", #""merge_mode":"concat","layer":{"class_name":"Dense","config":{"units":3}}"#)),
      "two directions"
    ),
    (
      sequence(layer("Bidirectional", #""merge_mode":null,"layer":{"class_name":"LSTM","config":{"units":3}}"#)),
      "not joined"
    ),
    (sequence(layer("TimeDistributed", #""layer":{"class_name":"LSTM","config":{"units":3}}"#)), "single steps"),
    (sequence(layer("RNN", #""cell":{"class_name":"MyCell","config":{"units":3}}"#)), "'MyCell'"),
    (sequence(layer("RNN", #""cell":{"class_name":"StackedRNNCells","config":{"cells":[]}}"#)), "no cells"),
    (sequence(layer("InputLayer", #""sparse":true"#)), "sparse"),
    (sequence(layer("LSTM", #""units":3"#), layer("LSTM", #""units":3"#)), "two of this name"),
    (#"{"class_name":"MyModel","config":{}}"#, "class 'MyModel'"),
    (#"{"class_name":"Sequential","config":{"layers":[]}}"#, "no layers"),
    (#"{"class_name":"Sequential","config":{"layers":[{"class_name":"LSTM"}]}}"#, "no 'class_name' and 'config'"),
    (graph([input, node("d", "Dense", dense, #"[[["d",0,0,{}]]]"#)]), "takes its own output"),
    (
      graph([
        input, node("a", "Add", "", #"[[["i",0,0,{}],["d",0,0,{}]]]"#), node("d", "Dense", dense, #"[[["a",0,0,{}]]]"#),
      ]), "takes its own output"
    ),
    (graph([input, node("d", "Dense", dense, #"[[["z",0,0,{}]]]"#)]), "no layer 'z'"),
    (graph([input, node("d", "Dense", dense, #"[[["i",1,0,{}]]]"#)]), "second use"),
    (graph([input, node("d", "Dense", dense, #"[[["i",0,1,{}]]]"#)]), "takes the state"),
    (graph([input, node("d", "Dense", dense, #"[[["i",0,0,{}]],[["i",0,0,{}]]]"#)]), "used 2 times"),
    (graph([input, node("d", "Dense", dense, #"[[["i",0,0,{}],["i",0,0,{}]]]"#)]), "takes 2 inputs"),
    (graph([input, node("d", "Dense", dense, #"[[["i",0,0,{"initial_state":["i",0,0]}]]]"#)]), "'initial_state'"),
    (graph([input, node("d", "Dense", dense, "[]")]), "nothing goes into it"),
    (graph([input, node("d", "Dense", dense, "7")]), "no 'inbound_nodes'"),
    (graph([input, node("d", "Dense", dense, "[[7]]")]), "not understood"),
    (graph([input, node("d", "Dense", dense, #"[{"args":[{"class_name":"Op"}],"kwargs":{}}]"#)]), "not understood"),
    (graph([input, node("d", "Dense", dense, #"[[["i",0,0,{}]]]"#)], output: #"[["d",0,0],["i",0,0]]"#), "2 outputs"),
    (graph([input, node("d", "Dense", dense, #"[[["i",0,0,{}]]]"#)], output: "7"), "not understood"),
  ]

  @Test(arguments: refused.indices)
  func refuses(index: Int) throws {
    let (text, says) = Self.refused[index]
    do {
      _ = try Self.model(text)
      Issue.record("it was read: \(text)")
    } catch {
      #expect("\(error)".contains(says), "\(error)")
    }
  }

  @Test func refusesMoreLayersThanCanBe() throws {
    let layers = (0...KerasGraph.maximumLayers).map {
      #"{"class_name":"Dropout","config":{"name":"\#($0)","rate":0.1}}"#
    }
    #expect(throws: ConversionError.self) {
      try Self.model(#"{"class_name":"Sequential","config":[\#(layers.joined(separator: ","))]}"#)
    }
  }

  @Test func readsAChainAsLongAsCanBeWithoutRecursion() throws {
    var layers = [Self.input]
    for index in 1..<(KerasGraph.maximumLayers - 1) {
      let before = index == 1 ? "i" : "n\(index - 1)"
      layers.append(Self.node("n\(index)", "Dropout", #","rate":0.1"#, #"[[["\#(before)",0,0,{}]]]"#))
    }
    layers.append(
      Self.node("d", "Dense", Self.dense, #"[[["n\#(KerasGraph.maximumLayers - 2)",0,0,{}]]]"#))
    #expect(try Self.model(Self.graph(layers)).layers.count == KerasGraph.maximumLayers)
  }

  /// The gates' activation of an LSTM that does not say it.
  private static func gates(_ version: String?, _ options: String = #""units":3"#) throws -> KerasCell {
    let model = try model(sequence(layer("LSTM", options)), version: version)
    guard case .recurrent(let layer)? = model.layers.last?.kind else { throw Missing() }
    return layer.cells[0]
  }

  private struct Missing: Error {}

  @Test func hasTheDefaultsOfEachVersion() throws {
    #expect(try Self.gates(nil).recurrentActivation == .function(.hardSigmoid))
    #expect(try Self.gates("1.2.2").recurrentActivation == .function(.hardSigmoid))
    #expect(try Self.gates("2.2.4").recurrentActivation == .function(.hardSigmoid))
    #expect(try Self.gates("2.2.4-tf").recurrentActivation == .function(.sigmoid))
    #expect(try Self.gates("2.15.0").recurrentActivation == .function(.sigmoid))
    #expect(try Self.gates("3.9.2").recurrentActivation == .function(.sigmoid))
  }

  @Test func hardSigmoidIsThatOfTheVersion() throws {
    let options = #""units":3,"recurrent_activation":"hard_sigmoid""#
    #expect(try Self.gates("2.15.0", options).recurrentActivation == .function(.hardSigmoid))
    #expect(try Self.gates("3.0.0", options).recurrentActivation == .function(.hardSigmoidSixth))
  }

  @Test func readsTheNamesOfKeras1() throws {
    let cell = try Self.gates(
      nil,
      #""output_dim":7,"inner_activation":"sigmoid","activation":"softsign","consume_less":"gpu","forget_bias_init":"one","dropout_W":0,"dropout_U":0,"W_regularizer":null,"input_dim":5,"input_length":null"#
    )
    #expect(
      cell.units == 7 && cell.recurrentActivation == .function(.sigmoid) && cell.activation == .function(.softsign))
  }

  @Test func namesPathsAsKeras3Does() {
    for (className, name) in [
      ("LSTM", "lstm"), ("SimpleRNN", "simple_rnn"), ("TimeDistributed", "time_distributed"), ("LSTMCell", "lstm_cell"),
      ("SpatialDropout1D", "spatial_dropout1d"), ("StackedRNNCells", "stacked_rnn_cells"),
      ("InputLayer", "input_layer"),
      ("GRU", "gru"), ("LayerNormalization", "layer_normalization"), ("Bidirectional", "bidirectional"),
    ] {
      #expect(KerasPathNames.snakeCase(className) == name)
    }
    var names = KerasPathNames()
    #expect(["LSTM", "GRU", "LSTM", "LSTM"].map { names.next($0) } == ["lstm", "gru", "lstm_1", "lstm_2"])
  }
}
