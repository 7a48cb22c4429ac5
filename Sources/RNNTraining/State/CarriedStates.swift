import RNNModel

/// The states of a network at the positions where the next windows may begin, in the order of the positions.
///
/// Windows that overlap begin before the last one ended; each begins at the last kept position that is not after its start.
struct CarriedStates {
  /// A state; nil for the initial state.
  struct Entry {
    var position: Int
    var state: Network.State?
  }

  private(set) var entries: [Entry]

  /// At the beginning of the streams.
  init(_ state: Network.State? = nil) { entries = [Entry(position: 0, state: state)] }

  /// Takes up stored entries; nil unless their positions rise.
  init?(_ entries: [Entry]) {
    guard !entries.isEmpty, entries.first.map({ $0.position >= 0 }) ?? false else { return nil }
    for (entry, next) in zip(entries, entries.dropFirst()) where entry.position >= next.position { return nil }
    self.entries = entries
  }

  /// The one that the next window begins from.
  var first: Entry { entries[0] }

  /// Forgets what is not needed for windows that begin at a position or after it: all before the last one up to there.
  mutating func forget(before position: Int) {
    entries.removeFirst(entries.lastIndex { $0.position <= position } ?? 0)
  }

  /// Keeps the state at a position.
  mutating func append(_ state: Network.State, at position: Int) {
    entries.append(Entry(position: position, state: state))
  }
}

extension Network.State {
  /// All numbers in one array, in the order of the names.
  var flat: [Float] { values.sorted { $0.key < $1.key }.flatMap(\.value) }

  /// The same names and sizes with other numbers; nil if there are more or fewer of them.
  func replacing(flat numbers: [Float]) -> Network.State? {
    guard numbers.count == values.reduce(0, { $0 + $1.value.count }) else { return nil }
    var state = Network.State(values: [:])
    var rest = numbers[...]
    for (name, values) in values.sorted(by: { $0.key < $1.key }) {
      state.values[name] = Array(rest.prefix(values.count))
      rest = rest.dropFirst(values.count)
    }
    return state
  }
}
