#if NPZ
  import Foundation
  import RNNFormat
  import RNNModel
  import Testing

  @testable import RNNConversion

  @Suite struct TorchExportTests {
    /// Exports a model and reads the file again.
    private func again(_ model: ImportedModel, _ scratch: Scratch) throws -> (file: TorchFile, model: ImportedModel) {
      let path = scratch.path("again.pt")
      let export = try TorchExport(model.document, model.tensors)
      try export.write(model, creating: path)
      var choices = ImportChoices(expecting: model.document.architecture)
      choices.architecture = export.companion
      return (try TorchFile(opening: path), try TorchImport.read(path, choices: choices))
    }

    /// Where the first file keeps the parameters.
    private static let prefixes = [
      "lstm_checkpoint": "model_state_dict.", "gru_parallel": "module.", "one_hot": "state_dict.",
    ]

    @Test(arguments: TorchImportTests.files.filter { !["cells", "module_sequential", "same_widths"].contains($0) })
    func givesTheTensorsBackBitForBit(name: String) throws {
      let scratch = try Scratch()
      let original = try TorchFile(opening: TorchFixtures.path("\(name).pt"))
      let model = try TorchImport.read(TorchFixtures.path("\(name).pt"), choices: ImportChoices())
      let (file, found) = try again(model, scratch)
      let prefix = Self.prefixes[name] ?? ""
      let names = original.arrays.keys.filter { $0.hasPrefix(prefix) }
      #expect(Set(names.map { String($0.dropFirst(prefix.count)) }) == Set(file.arrays.keys))
      for name in names {
        let (first, second) = (original.arrays[name], file.arrays[String(name.dropFirst(prefix.count))])
        #expect(first?.type == second?.type && first?.shape == second?.shape)
        if let first, let second { #expect(try original.bytes(of: first) == file.bytes(of: second), "\(name)") }
      }
      let expected = try TorchFixtures.expected(TorchFixtures.path("\(name).npz"))
      #expect(try TorchFixtures.difference(found, expected) < 1e-6)
    }

    /// Cells become layers, and layers that are alike one module: the names are others.
    @Test(arguments: ["cells", "module_sequential", "same_widths"])
    func readsItsOwnFilesWithTheirDescription(name: String) throws {
      let scratch = try Scratch()
      let model = try TorchImport.read(TorchFixtures.path("\(name).pt"), choices: ImportChoices())
      let expected = try TorchFixtures.expected(TorchFixtures.path("\(name).npz"))
      #expect(try TorchFixtures.difference(again(model, scratch).model, expected) < 1e-6)
    }

    @Test func tiedWeightsShareAStorage() throws {
      let scratch = try Scratch()
      let model = try TorchImport.read(TorchFixtures.path("tied.pt"), choices: ImportChoices())
      #expect(try again(model, scratch).file.isSame("encoder.weight", "decoder.weight"))
    }

    @Test(arguments: Fixtures.goldenNetworks)
    func exportsOrSaysWhyNot(name: String) throws {
      let scratch = try Scratch()
      do {
        let report = try Converter().convert(Fixtures.path(golden: name), to: scratch.path("a.pt"))
        #expect(try #require(report.difference) < 1e-5, "\(name)")
        #expect(scratch.names == ["a.pt"])
      } catch ConversionError.inexpressible(.pytorch, let reasons) {
        #expect(!reasons.isEmpty && scratch.names.isEmpty)
      }
    }

    private static let inexpressible: [(layer: Architecture.Layer, says: String)] = [
      (.lstm(.init(name: "a", inputs: 3, outputs: 4, peepholes: true)), "peepholes"),
      (.lstm(.init(name: "a", inputs: 3, outputs: 4, coupledGates: true)), "coupled"),
      (.lstm(.init(name: "a", inputs: 3, outputs: 4, cellClip: 3)), "limit of its cells"),
      (.lstm(.init(name: "a", inputs: 3, outputs: 4, projection: .init(cells: 5, clip: 3))), "limit of its projection"),
      (.lstm(.init(name: "a", inputs: 3, outputs: 4, recurrentActivation: .hardSigmoid)), "hard_sigmoid"),
      (.lstm(.init(name: "a", inputs: 3, outputs: 4, initialState: .learned)), "initial state"),
      (.gru(.init(name: "a", inputs: 3, outputs: 4, reset: .before)), "before"),
      (.elman(.init(name: "a", inputs: 3, outputs: 4, activation: .sigmoid)), "sigmoid"),
      (.elman(.init(name: "a", inputs: 3, outputs: 4, leak: 0.5)), "leaky"),
    ]

    @Test(arguments: inexpressible.indices)
    func refuses(index: Int) throws {
      let (layer, says) = Self.inexpressible[index]
      let architecture = Architecture(
        size: 3, layers: [layer], input: .features, output: .values)
      try architecture.check()
      let tensors = ParameterTable(architecture).entries.map {
        TensorDescription(path: $0.path, type: .float32, shape: $0.shape)
      }
      do {
        _ = try TorchExport(ModelDocument(architecture: architecture, vocabulary: nil), tensors)
        Issue.record("\(layer)")
      } catch {
        #expect("\(error)".contains(says), "\(error)")
      }
    }

    // MARK: - What the parameters can express

    private static let foldable: [(layer: Architecture.Layer, isExact: Bool)] = [
      (.lstm(.init(name: "a", inputs: 3, outputs: 4, forgetBias: 1)), true),
      (.lstm(.init(name: "a", inputs: 3, outputs: 4, forgetBias: 0.5, bias: false)), true),
      (.lstm(.init(name: "a", inputs: 3, outputs: 4, forgetBias: -2, recurrentBias: true)), false),
      (.gru(.init(name: "a", inputs: 3, outputs: 4, updateKeeps: .candidate)), true),
      (.gru(.init(name: "a", inputs: 3, outputs: 4, updateKeeps: .candidate, recurrentBias: false)), true),
    ]

    /// A constant becomes a bias, and a gate that keeps the other side one with the other sign.
    @Test(arguments: foldable.indices)
    func putsConventionsIntoTheParameters(index: Int) throws {
      let (layer, isExact) = Self.foldable[index]
      let scratch = try Scratch()
      let architecture = Architecture(size: 3, layers: [layer], input: .features, output: .values)
      let source = ONNXExportTests.Drawn(architecture)
      let document = ModelDocument(architecture: architecture, vocabulary: nil)
      try ModelWriter().write(document, parameters: source.parameters, to: scratch.path("a.h5"))
      for name in ["a.pt", "a.torch.safetensors", "a.torch.npz"] {
        let report = try Converter().convert(scratch.path("a.h5"), to: scratch.path(name))
        #expect(try #require(report.difference) < 1e-6)
        #expect(report.lost.contains { $0.contains("'a'") })
      }
      let export = try TorchExport(document, source.tensors)
      #expect(export.arrays.allSatisfy(\.formula.isExact) == isExact)
    }

    // MARK: - Other containers

    @Test(arguments: ["gru_bidirectional", "tied", "lstm_projection", "rnn_relu", "layer_norm"])
    func writesTheSameNamesInOtherFiles(name: String) throws {
      let scratch = try Scratch()
      let original = try TorchFile(opening: TorchFixtures.path("\(name).pt"))
      var converter = Converter()
      converter.choices.activation = name == "rnn_relu" ? .relu : nil
      for (file, format) in [("a.torch.safetensors", ModelFormat.torchSafetensors), ("a.torch.npz", .torchNPZ)] {
        let report = try converter.convert(TorchFixtures.path("\(name).pt"), to: scratch.path(file))
        #expect(report.to == format && (report.difference ?? 1) < 1e-6)
        let source: any ArraySource =
          format == .torchNPZ
          ? try NPZArrays(opening: scratch.path(file)) : try SafetensorsArrays(opening: scratch.path(file))
        #expect(Set(source.arrays.keys) == Set(original.arrays.keys))
        for array in source.arrays.values {
          let other = try #require(original.arrays[array.name])
          #expect(array.shape == other.shape && array.type == other.type)
          #expect(try source.bytes(of: array) == original.bytes(of: other), "\(array.name)")
        }
        #expect(report.loader?.contains(format == .torchNPZ ? "numpy.load(path)" : "load_file(path)") == true)
      }
    }

    @Test func numPyHasNoHalfOfThatKind() throws {
      let scratch = try Scratch()
      do {
        try Converter().convert(TorchFixtures.path("lstm_bfloat16.pt"), to: scratch.path("a.torch.npz"))
        Issue.record("it was written")
      } catch { #expect("\(error)".contains("bfloat16")) }
      try Converter().convert(TorchFixtures.path("lstm_bfloat16.pt"), to: scratch.path("a.torch.safetensors"))
    }

    // MARK: - What is lost

    /// There and back, with nothing that an importer would have to be told.
    @Test(arguments: [
      "rnn_tanh", "lstm_no_bias", "gru_bidirectional", "lstm_projection_bidirectional", "layer_norm", "tied", "cells",
      "features",
    ])
    func losesNothing(name: String) throws {
      let scratch = try Scratch()
      try Converter().convert(TorchFixtures.path("\(name).pt"), to: scratch.path("a.h5"))
      var converter = Converter()
      converter.isLossless = true
      let report = try converter.convert(scratch.path("a.h5"), to: scratch.path("a.pt"))
      #expect(report.lost == [])
      let (first, second) = (
        try TorchImport.read(TorchFixtures.path("\(name).pt"), choices: ImportChoices()),
        try TorchImport.read(scratch.path("a.pt"), choices: ImportChoices())
      )
      for (first, second) in zip(first.tensors, second.tensors) where first.path != second.path {
        #expect(name == "cells", "\(first.path) is now \(second.path)")
      }
    }

    @Test func saysWhatIsLost() throws {
      let scratch = try Scratch()
      func lost(_ name: String, _ change: (inout ImportChoices) -> Void = { _ in }) throws -> [String] {
        var converter = Converter()
        change(&converter.choices)
        return try converter.convert(TorchFixtures.path(name), to: scratch.path("a.pt")).lost
      }
      #expect(try lost("rnn_relu.pt") { $0.activation = .relu }.contains { $0.contains("options of the layers") })
      #expect(try lost("layer_norm.pt") { $0.layerNormEpsilon = 0.5 }.contains { $0.contains("options of the layers") })
      #expect(
        try lost("ambiguous.pt") { $0.architecture = ["layers": ["embedding", "rnn", "norm", "fc"]] }
          .contains { $0.contains("the order") })
      #expect(
        try lost("lstm_no_bias.pt") { $0.context = .window(length: 9, padding: nil) }
          == [
            "the context {\"kind\":\"window\",\"length\":9,\"padding\":null}, which is in the Python program that loads the file"
          ])
      #expect(try lost("module.pt").contains { $0.hasPrefix("dropout") })
      #expect(try lost("one_hot.pt").contains("the vocabulary"))
    }

    @Test func theLoaderNamesEveryModule() throws {
      let model = try TorchImport.read(TorchFixtures.path("module_sequential.pt"), choices: ImportChoices())
      let loader = try TorchExport(model.document, model.tensors).loader
      for line in [
        "nn.Embedding(5, 3)", "nn.LayerNorm(3, eps=0.001)", "nn.LSTM(3, 4, bidirectional=True, proj_size=2)",
        "nn.Linear(4, 6)", "nn.ReLU()", "nn.Dropout(0.5)", "nn.Linear(6, 5)", "weights_only=True",
      ] {
        #expect(loader.contains(line), "\(line) is not in\n\(loader)")
      }
    }
  }
#endif
