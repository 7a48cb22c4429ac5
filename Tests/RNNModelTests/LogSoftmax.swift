import RealModule

/// ln softmax, by its definition.
func logSoftmax(_ logits: [Double]) -> [Double] {
  let largest = logits.max() ?? 0
  let sum = logits.reduce(0) { $0 + Double.exp($1 - largest) }
  return logits.map { $0 - largest - .log(sum) }
}
