import RNNAnalysis

extension AnalysisResults {
  /// A float32 array of an archive.
  typealias NamedArray = (name: String, shape: [Int], values: [Float])

  /// All numbers, by name: matrices `[t, k]` are zero right of their diagonal.
  var arrays: [NamedArray] {
    var arrays: [NamedArray] = []
    func add(_ name: String, _ values: [Double]) { arrays.append((name, [values.count], values.map(Float.init))) }
    func addTriangle(_ name: String, _ rows: [[Double]]) {
      let padded = rows.flatMap { $0 + Array(repeating: 0, count: rows.count - $0.count) }
      arrays.append((name, [rows.count, rows.count], padded.map(Float.init)))
    }
    for layer in flow?.layers ?? [] {
      addTriangle("gradient_flow/\(layer.name)/norms", layer.norms)
      add("gradient_flow/\(layer.name)/mean_by_lag", layer.meanByLag)
    }
    if let jacobian { addTriangle("jacobian/norms", jacobian.norms) }
    for (index, contribution) in contributions.enumerated() {
      addTriangle("contributions/\(index)", contribution.values)
    }
    for spectrum in spectra {
      let values = spectrum.values.flatMap { [Float($0.real), Float($0.imaginary)] }
      arrays.append(("eigenvalues/\(spectrum.layer)/\(spectrum.gate)", [spectrum.values.count, 2], values))
    }
    for gate in gates {
      let name = "gates/\(gate.layer)/\(gate.gate)"
      add("\(name)/below", gate.left)
      add("\(name)/above", gate.right)
      add("\(name)/mean", gate.means)
      add("\(name)/histogram", gate.histogram.map(Double.init))
    }
    for layer in recording?.layers ?? [] where !layer.states.isEmpty {
      arrays.append(("states/\(layer.name)", [layer.states.count / layer.width, layer.width], layer.states))
    }
    for (index, search) in searches.enumerated() { add("tracks/\(index)", search.track.values) }
    return arrays
  }
}
