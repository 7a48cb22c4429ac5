import Kernels
import RNNModel
import RNNTraining

extension Parameters {
  /// Those that a training begins with if nothing is said.
  init(drawing architecture: Architecture, using generator: inout RandomGenerator) throws {
    self = try Initialisation.customary.parameters(of: architecture, using: &generator)
  }
}
