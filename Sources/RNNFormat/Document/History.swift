/// How a training went: columns of equal length, one row for each validation.
public struct History: Hashable, Sendable {
  /// The values of one column.
  public enum Column: Hashable, Sendable {
    /// Whole numbers, such as steps.
    case integers([Int64])
    /// Real numbers, such as losses in nats.
    case reals([Double])

    /// The number of rows.
    public var count: Int {
      switch self {
      case .integers(let values): values.count
      case .reals(let values): values.count
      }
    }

    /// The values as real numbers.
    public var values: [Double] {
      switch self {
      case .integers(let values): values.map(Double.init)
      case .reals(let values): values
      }
    }
  }

  /// The columns by name, as in `docs/FORMAT.md`, section 9.
  public var columns: [String: Column]

  /// Makes a history.
  public init(columns: [String: Column] = [:]) { self.columns = columns }

  /// The number of rows.
  public var count: Int { columns.values.first?.count ?? 0 }
}
