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
      (.lstm(.init(name: "a", inputs: 3, outputs: 4, forgetBias: 1)), "forget gate"),
      (.lstm(.init(name: "a", inputs: 3, outputs: 4, peepholes: true)), "peepholes"),
      (.lstm(.init(name: "a", inputs: 3, outputs: 4, coupledGates: true)), "coupled"),
      (.lstm(.init(name: "a", inputs: 3, outputs: 4, cellClip: 3)), "limit of its cells"),
      (.lstm(.init(name: "a", inputs: 3, outputs: 4, projection: .init(cells: 5, clip: 3))), "limit of its projection"),
      (.lstm(.init(name: "a", inputs: 3, outputs: 4, recurrentActivation: .hardSigmoid)), "hard_sigmoid"),
      (.lstm(.init(name: "a", inputs: 3, outputs: 4, initialState: .learned)), "initial state"),
      (.gru(.init(name: "a", inputs: 3, outputs: 4, reset: .before)), "before"),
      (.gru(.init(name: "a", inputs: 3, outputs: 4, updateKeeps: .candidate)), "candidate"),
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
