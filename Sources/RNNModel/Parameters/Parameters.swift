/// The parameters of an architecture in one flat buffer.
public struct Parameters: Sendable {
  /// Where each tensor lies.
  public let table: ParameterTable
  /// All values, in the order of the table.
  public var values: [Float]

  /// Takes values.
  ///
  /// - Precondition: there are as many as the table has parameters.
  public init(table: ParameterTable, values: [Float]) {
    precondition(values.count == table.count, "\(table.count) parameters, \(values.count) values")
    self.table = table
    self.values = values
  }
}
