import RNNFormat

/// How a training went, on a terminal.
struct HistoryTable {
  private let history: History

  init(_ history: History) { self.history = history }

  /// The columns in the order that people read them.
  private var names: [String] {
    let order = [
      "step", "epoch", "train_loss", "valid_loss", "learning_rate", "gradient_norm", "tokens_per_second", "seconds",
    ]
    return history.columns.keys.sorted {
      (order.firstIndex(of: $0) ?? order.count, $0) < (order.firstIndex(of: $1) ?? order.count, $1)
    }
  }

  /// Each column as a small curve with its extremes.
  var curves: String {
    guard history.count > 0 else { return "no history" }
    let head = [["", "first", "last", "min", "max", ""]]
    return Format.table(
      head
        + names.compactMap { name in
          guard let values = history.columns[name]?.values, let first = values.first, let last = values.last else {
            return nil
          }
          let finite = values.filter(\.isFinite)
          return [name.printable]
            + [first, last, finite.min() ?? .nan, finite.max() ?? .nan].map(Format.short)
            + ["▕\(Sparkline.course(values, columns: 60))▏"]
        }, right: [1, 2, 3, 4])
  }

  /// A row for each validation.
  var rows: String {
    let names = names
    return Format.table(
      [names.map(\.printable)]
        + (0..<history.count).map { row in
          names.map { name in
            switch history.columns[name] {
            case .integers(let values)? where row < values.count: "\(values[row])"
            case .reals(let values)? where row < values.count: Format.short(values[row])
            default: ""
            }
          }
        }, right: Set(names.indices))
  }
}
