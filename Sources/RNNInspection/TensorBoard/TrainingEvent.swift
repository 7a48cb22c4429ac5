import RNNFormat

/// One moment of a training as TensorBoard shows it: values under names, at a step.
///
/// The fields are those of `tensorflow/core/util/event.proto` and `tensorflow/core/framework/summary.proto`.
public struct TrainingEvent: Sendable {
  /// What can be shown under a name.
  public enum Value: Sendable {
    /// A point of a curve.
    case scalar(Double)
    /// How some numbers are spread.
    case histogram(TensorStatistics)
    /// A text, shown as Markdown.
    case text(String)
  }

  /// The number of updates.
  public let step: Int
  /// Seconds since 1970.
  public let time: Double
  /// The values, by name; what stands before a `/` groups them.
  public let values: [(name: String, value: Value)]

  /// Whether what was written for later steps has not happened: a training goes on from an earlier one.
  public let isRestart: Bool

  /// Makes an event.
  public init(step: Int, time: Double, values: [(name: String, value: Value)]) {
    (self.step, self.time, self.values) = (step, time, values)
    isRestart = false
  }

  /// Says that a training goes on after a step, so that TensorBoard forgets what came after it before.
  public init(restartingAfter step: Int, time: Double) {
    (self.step, self.time, values) = (step + 1, time, [])
    isRestart = true
  }

  /// The message `Event`.
  var message: [UInt8] {
    var summary = EventMessage()
    for (name, value) in values {
      var entry = EventMessage()
      entry.add(1, name)
      switch value {
      case .scalar(let number): entry.add(2, Float(number))
      case .histogram(let figures): entry.add(5, Self.histogram(figures))
      case .text(let text):
        entry.add(9, Self.textPlugin)
        entry.add(8, Self.text(text))
      }
      summary.add(1, entry)
    }
    var event = Self.frame(time: time)
    event.add(2, step)
    if isRestart {
      // `SessionLog` whose status is START.
      var log = EventMessage()
      log.add(1, 1)
      event.add(7, log)
    } else {
      event.add(5, summary)
    }
    return event.bytes
  }

  /// What every file begins with.
  static func head(time: Double) -> [UInt8] {
    var event = frame(time: time)
    event.add(3, "brain.Event:2")
    return event.bytes
  }

  private static func frame(time: Double) -> EventMessage {
    var event = EventMessage()
    event.add(1, time)
    return event
  }

  /// `HistogramProto`: a bucket holds the values up to its limit, from that of the one before it.
  private static func histogram(_ figures: TensorStatistics) -> EventMessage {
    let count = Double(figures.count - figures.nonFinite)
    var message = EventMessage()
    guard count > 0 else { return message }
    message.add(1, figures.minimum)
    message.add(2, figures.maximum)
    message.add(3, count)
    message.add(4, figures.mean * count)
    message.add(5, (figures.deviation * figures.deviation + figures.mean * figures.mean) * count)
    message.add(6, packed: Array(figures.histogram.edges.dropFirst()))
    message.add(7, packed: figures.histogram.counts.map(Double.init))
    return message
  }

  /// `SummaryMetadata` that says that a tensor is a text.
  private static var textPlugin: EventMessage {
    var plugin = EventMessage()
    plugin.add(1, "text")
    var metadata = EventMessage()
    metadata.add(1, plugin)
    return metadata
  }

  /// `TensorProto` of one string: DT_STRING is 7, and the shape has one dimension of 1.
  private static func text(_ text: String) -> EventMessage {
    var (dimension, shape, tensor) = (EventMessage(), EventMessage(), EventMessage())
    dimension.add(1, 1)
    shape.add(2, dimension)
    tensor.add(1, 7)
    tensor.add(2, shape)
    tensor.add(8, text)
    return tensor
  }
}
