import ArgumentParser
import RNNTraining

extension Preset: ExpressibleByArgument {
  /// The preset of a name.
  public init?(argument: String) {
    guard let preset = Preset.named(argument) else { return nil }
    self = preset
  }

  /// The names.
  public static var allValueStrings: [String] { all.map(\.name) }
}
