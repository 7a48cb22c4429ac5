import ArgumentParser

/// Refuses wrong usage.
///
/// - Parameter message: one sentence with its full stop.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
  if !condition { throw ValidationError(message()) }
}
