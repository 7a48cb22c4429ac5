#if NPZ
  import Foundation
  import RNNFormat
  import RNNModel
  import Testing

  @testable import RNNConversion

  @Suite struct TorchImportTests {
    private func read(_ name: String, _ change: (inout ImportChoices) -> Void = { _ in }) throws -> ImportedModel {
      var choices = ImportChoices()
      change(&choices)
      return try TorchImport.read(TorchFixtures.path(name), choices: choices)
    }

    private func message(_ body: () throws -> Void) -> String {
      do {
        try body()
        return "nothing was thrown"
      } catch { return "\(error)" }
    }

    static let files = [
      "lstm_checkpoint", "gru_parallel", "rnn_tanh", "lstm_bidirectional", "gru_bidirectional", "rnn_bidirectional",
      "lstm_no_bias", "gru_no_bias", "rnn_no_bias", "lstm_projection", "lstm_projection_bidirectional", "layer_norm",
      "cells", "same_widths", "lstm_float64", "lstm_legacy", "tied", "tied_copy", "one_hot", "features",
      "features_bidirectional", "gru_arrays", "module", "module_legacy", "module_sequential",
    ]

    @Test(arguments: files)
    func givesTheNumbersOfPyTorch(name: String) throws {
      let difference = try TorchFixtures.difference(
        try read("\(name).pt"), try TorchFixtures.expected(TorchFixtures.path("\(name).npz")))
      #expect(difference < 1e-6, "\(name): \(difference)")
    }

    @Test func givesTheNumbersOfHalfThePrecision() throws {
      // PyTorch rounds after each step as well.
      let model = try read("lstm_bfloat16.pt")
      #expect(model.tensors.allSatisfy { $0.type == .bfloat16 })
      let expected = try TorchFixtures.expected(TorchFixtures.path("lstm_bfloat16.npz"))
      #expect(try TorchFixtures.difference(model, expected) < 2e-2)
    }

    @Test(arguments: [
      ("gru_arrays", "gru_arrays.safetensors"), ("gru_arrays", "gru_arrays.arrays.npz"), ("features", "features.json"),
    ])
    func readsTheSameNamesInOtherFiles(name: String, file: String) throws {
      let expected = try TorchFixtures.expected(TorchFixtures.path("\(name).npz"))
      #expect(try TorchFixtures.difference(read(file), expected) < 1e-6)
    }

    /// Weights of which a training drops some, by the names of two programs.
    @Test(arguments: ["awd_lstm", "awd_lstm_fastai"])
    func readsWeightsThatAreDropped(name: String) throws {
      let model = try read("\(name).pt")
      let expected = try TorchFixtures.expected(TorchFixtures.path("awd_lstm.npz"))
      #expect(try TorchFixtures.difference(model, expected) < 1e-6)
      let left = model.left.map(\.name)
      #expect(
        left
          == (name == "awd_lstm"
            ? ["decoder.weight"]
            : [
              "0.rnns.0.module.weight_hh_l0", "0.rnns.1.module.weight_hh_l0", "0.encoder_dp.emb.weight",
              "1.decoder.weight",
            ]))
    }

    @Test func readsTheArchivesOf2016() throws {
      let expected = try TorchFixtures.expected(TorchFixtures.path("tar.npz"))
      #expect(try TorchFixtures.difference(read("tar.pt"), expected) < 1e-6)
      #expect(try ModelFormat(of: TorchFixtures.path("tar.pt")) == .pytorch)
      let scratch = try Scratch()
      let bytes = Array(try Data(contentsOf: URL(filePath: TorchFixtures.path("tar.pt"))))
      for length in stride(from: 16, to: bytes.count - 8192, by: 101) {
        let path = try scratch.file("cut.pt", Array(bytes[..<length]))
        #expect(throws: ConversionError.self, "\(length)") { try TorchImport.read(path, choices: ImportChoices()) }
      }
      // Whatever is changed is read or refused, and nothing else.
      for place in stride(from: 0, to: bytes.count, by: 13) {
        var changed = bytes
        changed[place] ^= 0x55
        let path = try scratch.file("changed.pt", changed)
        do {
          let model = try TorchImport.read(path, choices: ImportChoices())
          for tensor in model.tensors { #expect(try model.bytes(of: tensor).count == tensor.byteCount) }
        } catch is ConversionError {}
      }
    }

    @Test func saysWhatToDoWithAProgram() {
      let message = message { _ = try read("script.pt") }
      #expect(message.contains("TorchScript") && message.contains("torch.jit.load(") && message.contains("state_dict"))
    }

    // MARK: - What files do not say

    @Test func asksForTheEpsilonOfANorm() throws {
      let assumed = try read("layer_norm.pt")
      #expect(assumed.assumptions.contains { $0.flag == "--layer-norm-epsilon" && $0.value == "1e-05" && !$0.isGiven })
      let given = try read("layer_norm.pt") { $0.layerNormEpsilon = 0.25 }
      for case .layerNorm(let norm) in given.document.architecture.layers { #expect(norm.epsilon == 0.25) }
      let expected = try TorchFixtures.expected(TorchFixtures.path("layer_norm.npz"))
      #expect(try TorchFixtures.difference(given, expected) > 1e-3)
    }

    @Test func asksForTheActivation() throws {
      let expected = try TorchFixtures.expected(TorchFixtures.path("rnn_relu.npz"))
      let assumed = try read("rnn_relu.pt")
      #expect(assumed.assumptions.contains { $0.subject == "activation of rnn" && $0.value == "tanh" && !$0.isGiven })
      #expect(try TorchFixtures.difference(assumed, expected) > 1e-3)
      let given = try read("rnn_relu.pt") { $0.activation = .relu }
      #expect(given.assumptions.contains { $0.subject == "activation of rnn" && $0.value == "relu" && $0.isGiven })
      #expect(try TorchFixtures.difference(given, expected) < 1e-6)
    }

    @Test func asksWhereAModuleStands() throws {
      let message = message { _ = try read("ambiguous.pt") }
      #expect(message.contains("embedding -> rnn -> norm -> fc"))
      #expect(message.contains("embedding -> norm -> rnn -> fc"))
      #expect(message.contains("--architecture"))
      let given = try read("ambiguous.pt") {
        $0.architecture = ["layers": ["embedding", "rnn", "norm", "fc"]]
      }
      let expected = try TorchFixtures.expected(TorchFixtures.path("ambiguous.npz"))
      #expect(try TorchFixtures.difference(given, expected) < 1e-6)
      for wrong: JSONValue in [
        ["layers": ["embedding", "rnn", "fc"]], ["layers": ["embedding", "rnn", "rnn", "norm", "fc"]], ["layers": []],
        ["layers": ["embedding", "rnn", "norm", "softmax", "fc"]], "fc",
      ] {
        #expect(throws: ConversionError.self) { try read("ambiguous.pt") { $0.architecture = wrong } }
      }
    }

    @Test func saysWhatItAssumed() throws {
      let model = try read("same_widths.pt")
      #expect(model.assumptions.map(\.subject) == ["order of modules", "output", "context"])
      #expect(model.assumptions[0].value == "embedding -> rnn1 -> rnn2 -> fc")
      #expect(model.assumptions[0].reason.contains("that of the file"))
      #expect(model.document.architecture.context == .stream)
      #expect(try read("lstm_bidirectional.pt").document.architecture.context == .sequence)
      let module = try read("module.pt")
      #expect(module.assumptions.map(\.subject) == ["output", "context", "vocabulary"])
    }

    @Test func takesOneHotVectorsForTokens() throws {
      let model = try read("one_hot.pt")
      #expect(model.document.architecture.input == .tokens)
      #expect(model.assumptions.contains { $0.subject == "input" })
      #expect(model.document.vocabulary.map { Array($0[4]) } == Array("é".utf8))
      #expect(try read("one_hot.pt") { $0.input = .features }.document.architecture.input == .features)
    }

    @Test func keepsTiedWeightsTied() throws {
      for name in ["tied.pt", "tied_copy.pt"] {
        let model = try read(name)
        guard case .linear(let linear)? = model.document.architecture.layers.last else {
          Issue.record("\(model.document.architecture.layers)")
          continue
        }
        #expect(linear.weightsOf == "encoder")
        #expect(model.left.map(\.name) == ["decoder.weight"])
      }
    }

    @Test func readsWholeModules() throws {
      for name in ["module.pt", "module_legacy.pt"] {
        let layers = try read(name).document.architecture.layers
        guard layers.count == 5, case .elman(let first) = layers[1], case .dropout(let dropout) = layers[2] else {
          Issue.record("\(layers)")
          continue
        }
        #expect(first.activation == .relu)
        #expect(dropout.rate == 0.1)
      }
      let layers = try read("module_sequential.pt").document.architecture.layers
      #expect(layers.contains { if case .layerNorm(let norm) = $0 { norm.epsilon == 1e-3 } else { false } })
      #expect(layers.contains { if case .activation(let layer) = $0 { layer.activation == .relu } else { false } })
    }

    @Test(arguments: ["lstm_checkpoint.pt", "one_hot.pt", "module.pt"])
    func findsTheVocabulary(name: String) throws {
      let vocabulary = try #require(try read(name).document.vocabulary)
      #expect(vocabulary.kind == .characters)
      #expect((0..<5).map { Array(vocabulary[$0]) } == ["a", "b", " ", "\n", "é"].map { Array($0.utf8) })
    }

    @Test func leavesTheTrainingBehind() throws {
      let model = try read("lstm_checkpoint.pt")
      #expect(!model.left.isEmpty)
      #expect(
        model.left.allSatisfy { $0.name.hasPrefix("optimizer_state_dict.") && $0.reason == "the state of the training" }
      )
      #expect(model.document.architecture.layers.map(\.name) == ["embedding", "rnn_l0", "rnn_l1", "output"])
    }

    // MARK: - Files that contradict themselves

    /// A state dict of zeros by name and shape, as JSON.
    private func json(_ shapes: [(name: String, shape: [Int])], in scratch: Scratch) throws -> String {
      func zeros(_ shape: ArraySlice<Int>) -> JSONValue {
        guard let length = shape.first else { return 0 }
        return .array((0..<length).map { _ in zeros(shape.dropFirst()) })
      }
      let members = shapes.map { ($0.name, zeros($0.shape[...])) }
      return try scratch.file(
        "a.json", Array(JSONValue.object(Dictionary(uniqueKeysWithValues: members)).canonical.utf8))
    }

    private static let rnn: [(name: String, shape: [Int])] = [
      ("rnn.weight_ih_l0", [16, 3]), ("rnn.weight_hh_l0", [16, 4]), ("rnn.bias_ih_l0", [16]), ("rnn.bias_hh_l0", [16]),
    ]
    private static let ends: [(name: String, shape: [Int])] = [
      ("embedding.weight", [5, 3]), ("fc.weight", [5, 4]), ("fc.bias", [5]),
    ]

    private static let hostile: [(name: String, arrays: [(name: String, shape: [Int])], says: String)] = [
      ("no recurrent layer", ends, "no recurrent layer"),
      ("an unknown array", rnn + ends + [("crf.transitions", [5, 5])], "crf.transitions"),
      ("a convolution", rnn + ends + [("conv.weight", [2, 2, 2])], "conv.weight"),
      ("no recurrent weights", [rnn[0]] + ends, "not weight_hh_l0"),
      ("rows of no kind", [("rnn.weight_ih_l0", [8, 3]), ("rnn.weight_hh_l0", [8, 4])] + ends, "neither an RNN"),
      ("matrices of different rows", [("rnn.weight_ih_l0", [12, 3]), rnn[1]] + ends, "have the shapes"),
      ("a bias of another length", rnn.dropLast() + [("rnn.bias_hh_l0", [12])] + ends, "rnn.bias_hh_l0"),
      (
        "a second layer of another width",
        rnn + [("rnn.weight_ih_l1", [16, 5]), ("rnn.weight_hh_l1", [16, 4])] + ends, "does not fit"
      ),
      (
        "a layer that is missing", rnn + [("rnn.weight_ih_l2", [16, 4]), ("rnn.weight_hh_l2", [16, 4])] + ends,
        "weight_hh_l2"
      ),
      ("widths that do not fit", rnn + [("embedding.weight", [5, 6])] + ends.dropFirst(), "there is no order"),
      ("a linear bias of another length", rnn + ends.dropLast() + [("fc.bias", [6])], "fc.bias"),
      ("two maps in a row", rnn + ends + [("out.weight", [5, 5]), ("out.bias", [5])], "which activation"),
      ("several models", rnn.map { ("a.\($0.name)", $0.shape) } + rnn.map { ("b.\($0.name)", $0.shape) }, "a and b"),
      ("a peculiar vector", rnn + ends + [("rnn.weight_ch_l0", [16])], "rnn.weight_ch_l0"),
    ]

    @Test(arguments: hostile.indices)
    func refuses(index: Int) throws {
      let scratch = try Scratch()
      let (name, arrays, says) = Self.hostile[index]
      let path = try json(arrays, in: scratch)
      let message = message { _ = try TorchImport.read(path, choices: ImportChoices()) }
      #expect(message.contains(says), "\(name): \(message)")
    }

    @Test func acceptsWhatTheHostileOnesAreMadeOf() throws {
      let scratch = try Scratch()
      let path = try json(Self.rnn + Self.ends, in: scratch)
      #expect(try TorchImport.read(path, choices: ImportChoices()).document.architecture.size == 5)
      // A model beside another one can be left behind.
      let twice = Self.rnn + Self.ends
      let both = try json(
        twice.map { ("a.\($0.name)", $0.shape) } + twice.map { ("b.\($0.name)", $0.shape) }, in: scratch)
      var choices = ImportChoices()
      choices.ignored = ["b.*"]
      #expect(try TorchImport.read(both, choices: choices).document.architecture.layers.count == 3)
    }

    @Test func manyAlikeModulesEndTheSearch() throws {
      let scratch = try Scratch()
      let norms = (0..<40).flatMap { index in
        [(name: "n\(index).weight", shape: [4])] + (index % 2 == 0 ? [] : [(name: "n\(index).bias", shape: [4])])
      }
      let path = try json(Self.rnn + Self.ends + norms, in: scratch)
      #expect(throws: ConversionError.self) { try TorchImport.read(path, choices: ImportChoices()) }
    }

    @Test(arguments: [
      "[]", "{}", "{\"a\": 1}", "{\"a\": [1, [2]]}", "{\"a\": [[1], [2, 3]]}", "{\"a\": [\"x\"]}", "{\"a\": [1", "",
    ])
    func refusesJSONThatIsNotArrays(text: String) throws {
      let scratch = try Scratch()
      let path = try scratch.file("a.json", Array(text.utf8))
      #expect(throws: ConversionError.self) { try TorchImport.read(path, choices: ImportChoices()) }
    }
  }
#endif
