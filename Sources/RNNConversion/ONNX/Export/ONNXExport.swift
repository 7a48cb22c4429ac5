import RNNFormat
import RNNModel

/// Writes models as ONNX graphs.
///
/// The graph takes `tokens` [time, batch] or `features` [time, batch, width] and gives `logits` and `log_probabilities`, `probabilities` or
/// `values`. The states of a stream are inputs `<layer>.hidden` and `<layer>.cell`, and outputs with `.next` behind that. The architecture
/// and the vocabulary stand in the metadata.
struct ONNXExport: ModelExport {
  /// The most bytes that readers of protocol buffers take.
  private static let largestFile = Int(Int32.max)

  private let graph: ONNXGraphBuilder
  let lost: [String]
  var arrays: [ExportedArray] { graph.arrays }

  init(_ document: ModelDocument, _ tensors: [TensorDescription]) throws {
    var planner = ONNXPlanner(document.architecture, tensors)
    try planner.plan()
    var graph = planner.graph
    graph.metadata =
      ONNXMetadata(
        architecture: document.architecture, vocabulary: document.vocabulary, metadata: document.metadata
      ).entries
    guard graph.model.count <= Self.largestFile else {
      throw ConversionError.inexpressible(
        .onnx, reasons: ["it has more than 2 GiB, the limit of the format without files beside it"])
    }
    self.graph = graph
    var lost: [String] = []
    if !document.history.columns.isEmpty { lost.append("the history of the training") }
    if !document.lineage.isEmpty { lost.append("the lineage") }
    if document.architecture.layers.contains(where: { $0.kind == "dropout" }) {
      lost.append("dropout, of which only the description in the metadata is left")
    }
    self.lost = lost
  }

  func write<Source: TensorSource & ~Copyable>(_ source: borrowing Source, creating path: String) throws {
    try graph.model.write(creating: path) { try source.bytes(of: arrays[$0].formula) }
  }
}
