import Foundation
import RNNFormat
import Testing

/// Every option of `train`, from the flag to a file that is valid and evaluates.
@Suite(.enabled(if: Program.path != nil, "there is no rnntool: set RNNTOOL to its path"))
struct TrainingOptionTests {
  /// Flags, and what the architecture or the plan in the file then says.
  private static let options: [(flags: String, says: [String])] = [
    ("--peepholes --cell-clip 3", ["\"peepholes\":true", "\"cell_clip\":3"]),
    ("--coupled-gates", ["\"coupled_gates\":true"]),
    ("--projection 5 --projection-clip 2 --layers 2", ["\"cells\":8", "\"clip\":2", "\"outputs\":5"]),
    ("--cell gru --reset before --initial-state learned", ["\"reset\":\"before\"", "\"initial_state\":\"learned\""]),
    ("--cell elman --activation softsign --leak 0.5", ["\"activation\":\"softsign\"", "\"leak\":0.5"]),
    ("--cell echo-state --spectral-radius 0.8", ["\"spectral_radius\":0.8", "elman_1/recurrent_weights"]),
    ("--layers 3 --layer-norm --residual --concatenate", ["layer_norm", "\"sum\"", "concatenation"]),
    ("--embedding 8 --tied --locked-dropout --dropout 0.2", ["\"weights_of\":\"embedding\"", "\"locked\":true"]),
    ("--vocabulary bpe --vocabulary-size 270", ["\"size\":270"]),
    ("--vocabulary words --normalisation whitespace --layout word-language-model", ["word-language-model"]),
    (
      "--optimizer sgd --momentum 0.9 --nesterov --schedule plateau --patience 2",
      ["\"momentum\":0.9", "\"patience\":2"]
    ),
    ("--optimizer rmsprop --alpha 0.95 --schedule exponential --decay-from 3", ["\"alpha\":0.95", "\"from\":3"]),
    ("--optimizer adagrad --schedule step --decay-every 2 --warm-up 5", ["\"every\":2", "\"warm_up\":5"]),
    ("--optimizer adamw --weight-decay 0.1 --clip-value 1", ["\"weight_decay\":0.1"]),
    ("--optimizer averaged-sgd --non-monotone 3 --schedule constant", ["\"non_monotone\":3"]),
    (
      "--embedding 8 --embedding-dropout 0.1 --weight-drop 0.5 --activation-penalty 2 --temporal-penalty 1",
      ["\"embedding_dropout\":0.1", "\"weight_drop\":0.5", "\"activation_penalty\":2", "\"temporal_penalty\":1"]
    ),
    ("--update-every 3", ["\"update_interval\":3"]), ("--random-lengths", ["\"random_lengths\""]),
    ("--initialisation glorot-orthogonal --forget-bias 2", ["\"orthogonal\"", "\"forget_bias\":2"]),
    ("--preset char-rnn", ["\"preset\":\"char-rnn\"", "\"rmsprop\""]),
    (
      "--preset zaremba-small --embedding 8 --vocabulary characters --validation-fraction 0.3",
      ["zaremba-small", "\"norm\":5"]
    ),
    ("--preset word-language-model --embedding 8 --tied", ["\"weights_of\":\"embedding\""]),
    ("--preset awd-lstm --embedding 8", ["\"half_probability\"", "averaged-sgd"]),
  ]

  @Test(arguments: options.indices) func trainsToAValidModel(index: Int) throws {
    let (flags, says) = Self.options[index]
    let scratch = try Scratch()
    let model = scratch.path("model.h5")
    let text = try scratch.file("text", Samples.text)
    let run = try Program.run(
      ["train", text, "-o", model] + Samples.brief + flags.split(separator: " ").map(String.init))
    #expect(run.code == 0, "\(flags): \(run.errors)")
    let inspected = try Program.run(["inspect", model, "--json"]).text.replacing(" ", with: "").replacing(
      "\n", with: "")
    for words in says { #expect(inspected.contains(words), "\(flags): \(words)") }
    #expect(try Program.run(["validate", model]).code == 0, "\(flags)")
    #expect(try Program.run(["evaluate", model, text, "--batch", "3"]).code == 0, "\(flags)")
    #expect(try Program.run(["sample", model, "--length", "5"]).code == 0, "\(flags)")
  }

  @Test func anArchitectureCanBeGivenWhole() throws {
    let scratch = try Scratch()
    let text = try scratch.file("text", Samples.text)
    let size = Set(Samples.text).count
    let json = """
      {"context":{"kind":"stream"},"input":{"kind":"tokens","size":\(size)},"layers":[
      {"kind":"embedding","name":"e","inputs":\(size),"outputs":6},
      {"kind":"elman","name":"a","inputs":6,"outputs":6,"gates":["hidden"],"activation":"relu","bias":true,
       "recurrent_bias":false,"direction":"forward","initial_state":"zero"},
      {"kind":"sum","name":"s","of":["e","a"]},
      {"kind":"linear","name":"o","inputs":6,"outputs":\(size),"bias":true}],"output":{"activation":"softmax"}}
      """
    let architecture = try scratch.file("architecture.json", Array(json.utf8))
    let model = scratch.path("model.h5")
    let flags = ["--batch", "4", "--length", "8", "--steps", "20", "--quiet"]
    let run = try Program.run(["train", text, "-o", model, "--architecture", architecture] + flags)
    #expect(run.code == 0, "\(run.errors)")
    #expect(try Program.run(["validate", model]).code == 0)
    let other = try Program.run(
      ["train", text, "-o", scratch.path("b.h5"), "--vocabulary", "bytes", "--architecture", architecture] + flags)
    #expect(other.code == 1 && other.errors.contains("256"), "\(other.errors)")
  }

  /// The published number of char-rnn at its 30th epoch, 1.395 nats, is reached within 0.01; five deviations below the mean of our own seeds
  /// (1.3849 ± 0.0021) would mean that the validation text leaks into the training. Some minutes: only where RNNTOOL_SLOW_TESTS says so.
  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["RNNTOOL_SLOW_TESTS"] != nil
        && FileManager.default.fileExists(atPath: tinyShakespeare),
      "slow: set RNNTOOL_SLOW_TESTS, and have ../shared/corpora/tiny-shakespeare beside the repository"))
  func charRNNReachesItsPublishedLoss() throws {
    let scratch = try Scratch()
    let model = scratch.path("model.h5")
    let run = try Program.run(
      ["train", Self.tinyShakespeare, "-o", model, "--preset", "char-rnn", "--epochs", "30", "--quiet"])
    #expect(run.code == 0, "\(run.errors)")
    let history = try Program.run(["inspect", model, "--json"]).json["history"]
    let losses = try #require(history?["valid_loss"]?.array)
    #expect(losses.count == 30)
    #expect((1.375...1.405).contains(try #require(losses.last?.number)))
  }

  private static let tinyShakespeare =
    Samples.repository.deletingLastPathComponent().appending(path: "shared/corpora/tiny-shakespeare/input.txt").path
}
