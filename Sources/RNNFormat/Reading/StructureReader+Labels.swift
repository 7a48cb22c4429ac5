import HDF5
import RNNModel

extension StructureReader {
  /// The names of the outputs; nil where there are none, or broken ones.
  func labels(_ root: borrowing Group, _ architecture: Architecture?, _ findings: inout Findings) -> Labels? {
    guard objects["/labels"]?.kind == .group, isArray("/labels/bytes"), isArray("/labels/offsets") else { return nil }
    do {
      let group = try root.group("/labels")
      let labels = try Labels(
        bytes: try group.dataset("bytes").read(as: UInt8.self),
        storedOffsets: try group.dataset("offsets").read(as: UInt64.self))
      if let violation = architecture?.violation(of: labels) { findings.add("labels.size", at: "/labels", violation) }
      return labels
    } catch let error as LabelsError {
      findings.add(error.rule, at: "/labels", "\(error)")
    } catch let error as HDF5Error {
      if !error.isReportedWithLayout { findings.add(error) }
    } catch {
      findings.add("labels.offsets", at: "/labels", "\(error)")
    }
    return nil
  }
}
