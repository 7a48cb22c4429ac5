import ArgumentParser

/// What `rnntool analyze` can show of every model, without being told more.
enum AnalysisPart: String, CaseIterable, ExpressibleByArgument {
  /// dJ(t)/dh(k).
  case gradients
  /// Of the recurrent matrices.
  case eigenvalues
  /// How open the gates are.
  case gates
  /// dy(t)/dx(t').
  case jacobian

  /// What is shown unless something else is asked for.
  static let usual: [AnalysisPart] = [.gradients, .eigenvalues, .gates]
}
