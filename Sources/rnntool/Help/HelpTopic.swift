import RNNConversion
import RNNTraining

/// A page of help about something that several commands have in common: `rnntool help formats`.
struct HelpTopic {
  let name: String
  let summary: String
  let text: String

  /// All pages, by name.
  static let all = [formats, vocabularies, presets, statistics, environment, exitCodes]

  private static let formats = HelpTopic(
    name: "formats", summary: "The file formats of models, and what each can hold.",
    text: """
      The format of a file that is read is found from its content, that of one that is written from its name.

      \(Format.table(
        [["format", "names", "read", "written", "holds"]]
          + ModelFormat.allCases.map { format in
            [
              format.rawValue, format.endings.map { ".\($0)" }.joined(separator: " "),
              ModelFormat.available.contains(format) ? "yes" : "no", format.canWrite ? "yes" : "no", holds(format),
            ]
          }))

      'convert' moves a model from one to another, runs both, and says what was assumed and what was lost. 'inspect' and 'diff' read all of them as they are.
      Every other command takes rnn-h5 files. What a file leaves open is settled by the options under "Other frameworks": see 'rnntool convert --help'.
      """)

  private static func holds(_ format: ModelFormat) -> String {
    switch format {
    case .rnnH5: "everything; the state of a training too"
    case .safetensors, .npz: "everything; or the parameters of a PyTorch module"
    case .kerasH5, .keras: "layers and weights"
    case .kerasWeights: "weights, the configuration beside them"
    case .pytorch, .pytorchJSON: "the parameters of a module"
    case .onnx: "the computation and its weights"
    case .torch7: "checkpoints of char-rnn and torch-rnn, with vocabulary"
    case .arpa, .arpaGzip: "n-gram models with their words"
    case .torchSafetensors, .torchNPZ: "the parameters of a PyTorch module, and nothing else"
    case .elmo: "the recurrent layers of ELMo"
    case .rnnlm: "models of the RNNLM toolkit, with vocabulary"
    case .tensorflow: "variables by their names"
    case .tfjs: "layers and weights of a model for browsers"
    }
  }

  private static let vocabularies = HelpTopic(
    name: "vocabularies", summary: "What a token can be, and what becomes of unknown symbols.",
    text: """
      bytes       every byte is a token; nothing is ever unknown
      characters  a Unicode scalar value; a byte that is not UTF-8 stands for itself
      words       what stands between white space; with --normalisation whitespace a line ends in a token of its own, and other white space is lost
      bpe         byte pairs: all bytes, and pairs of tokens that were merged; nothing is ever unknown

      'train --vocabulary KIND' chooses one. A symbol without a token becomes the unknown token where there is one; else it is left out and counted, or
      refused with 'evaluate --unknown refuse'. 'inspect MODEL --tokens' lists the tokens, '--find TEXT' searches them. Scores per token can only be compared
      between models with the same tokens; bits per character and per byte between all.
      """)

  private static let presets = HelpTopic(
    name: "presets", summary: "Published experiments that 'train' knows.",
    text: """
      \(Format.table(Preset.all.map { [$0.name, $0.summary] }))

      'train TEXT -o MODEL --preset NAME' sets model, text, protocol and training; every flag beside it overrides its number.
      """)

  private static let statistics = HelpTopic(
    name: "statistics", summary: "What the figures of 'inspect' and 'diff' mean.",
    text: """
      inspect --statistics, of each tensor, and of each gate where there are gates:
        mean, deviation   of all finite values; the deviation is that of the whole population
        zeros             the share of values that are exactly zero
        not finite        how many values are infinite or not a number: they are in none of the other figures
        norm              the spectral norm of a recurrent matrix, its largest singular value: below 1, a gradient that flows back through it shrinks at every step
        histogram         24 intervals from the smallest to the largest value

      diff, of two tensors A and B of the same shape:
        unequal           the share of values that are not the same
        largest           the largest |b - a|, and where it is
        rms               the root of the mean of (b - a)^2
        relative          |B - A| / |A|, with the root of the sum of squares as the norm

      diff --text, of the distributions p and q after every token:
        log-probabilities the largest and the mean |ln q - ln p| over all tokens that may follow
        divergence        the mean over the text of sum p ln(p / q), and of sum q ln(q / p), in nats
      """)

  private static let environment = HelpTopic(
    name: "environment", summary: "Variables that the program reads.",
    text: """
      SOURCE_DATE_EPOCH  seconds since 1970: 'train' writes this time, and nothing that was measured, so that the same training gives the same file
      RNNTOOL_KERNELS    portable, avx2, avx512 or neon: computes with these instructions, where the processor has them
      TMPDIR             the folder for temporary files without a name: texts larger than memory, and copies of files of strangers
      TERM               'dumb': progress is said in lines, and not drawn
      """)

  private static let exitCodes = HelpTopic(
    name: "exit-codes", summary: "What the program ends with.",
    text: """
      0    done
      1    the answer is no: a file is not valid, models differ, a text or a model is refused
      2    it could not be done: missing file, unreadable, disk full
      64   wrong usage: unknown or contradicting flags
      130  stopped by Ctrl-C or SIGTERM; 'train --resume' goes on
      """)
}
