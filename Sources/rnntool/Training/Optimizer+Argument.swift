import ArgumentParser
import RNNTraining

extension Optimizer: ExpressibleByArgument {
  /// The optimizer of a name, with its default constants.
  public init?(argument: String) { self.init(name: argument) }

  /// The names.
  public static var allValueStrings: [String] { named.map(\.name) }
}
