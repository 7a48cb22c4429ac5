/// A regular expression as a tree.
indirect enum PatternNode: Hashable, Sendable {
  case scalars(ScalarRanges)
  case sequence([PatternNode])
  case alternatives([PatternNode])
  /// At least `least` times, at most `most` times or as often as one likes.
  case repeated(PatternNode, least: Int, most: Int?)
}
