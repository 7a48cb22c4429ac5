/// The length of an axis, as far as a graph says it: a number times lengths that only a run decides; nil in it means not known at all.
struct ONNXLength: Hashable, Sendable {
  private(set) var number: Int
  /// The symbolic lengths that it is multiplied with, sorted.
  private(set) var symbols: [String]

  static func known(_ number: Int) -> ONNXLength { ONNXLength(number: number, symbols: []) }
  static func named(_ symbol: String) -> ONNXLength { ONNXLength(number: 1, symbols: [symbol]) }

  /// The number, if it is one.
  var known: Int? { symbols.isEmpty ? number : nil }

  /// The product; nil where it overflows or has more factors than any tensor has axes.
  func times(_ other: ONNXLength) -> ONNXLength? {
    let (product, overflow) = number.multipliedReportingOverflow(by: other.number)
    guard !overflow, symbols.count + other.symbols.count <= 16 else { return nil }
    return ONNXLength(number: product, symbols: (symbols + other.symbols).sorted())
  }
}

/// A part of an axis that is never cut: the steps, the streams of a batch, the directions of a layer, its units.
///
/// Reshaping joins atoms to one axis and takes them apart again; as long as their order is kept, it is known where each value is.
struct ONNXAtom: Hashable, Sendable {
  let id: Int
  let length: ONNXLength
}

/// The axes of a value, each a row-major product of atoms; one without atoms has the length 1.
struct ONNXAxes: Hashable, Sendable {
  var axes: [[ONNXAtom]]

  init(_ axes: [[ONNXAtom]]) { self.axes = axes }

  var rank: Int { axes.count }
  /// All atoms, outermost first.
  var atoms: [ONNXAtom] { axes.flatMap(\.self) }

  /// An axis counted from the front or, negative, from the back.
  func index(_ axis: Int, rank: Int? = nil) -> Int? {
    let rank = rank ?? self.rank
    // Not the negation of what may be the smallest number.
    guard axis >= -rank, axis < rank else { return nil }
    return axis < 0 ? axis + rank : axis
  }

  /// The length of an axis.
  func length(_ axis: Int) -> ONNXLength? { Self.product(axes[axis]) }

  static func product(_ atoms: [ONNXAtom]) -> ONNXLength? {
    var product = ONNXLength.known(1)
    for atom in atoms {
      guard let next = product.times(atom.length) else { return nil }
      product = next
    }
    return product
  }

  func permuted(_ order: [Int]) -> ONNXAxes? {
    guard order.sorted() == Array(axes.indices) else { return nil }
    return ONNXAxes(order.map { axes[$0] })
  }

  /// Without axes of length 1; all of them for nil.
  func squeezed(_ which: [Int]?) -> ONNXAxes? {
    guard let which else { return ONNXAxes(axes.filter { !$0.isEmpty }) }
    var removed: Set<Int> = []
    for axis in which {
      guard let index = index(axis), axes[index].isEmpty else { return nil }
      removed.insert(index)
    }
    return ONNXAxes(axes.indices.filter { !removed.contains($0) }.map { axes[$0] })
  }

  /// With axes of length 1 at places of the result.
  func unsqueezed(_ which: [Int]) -> ONNXAxes? {
    let rank = rank + which.count
    guard rank <= 32 else { return nil }
    var added: Set<Int> = []
    for axis in which {
      guard let index = index(axis, rank: rank), added.insert(index).inserted else { return nil }
    }
    var rest = axes[...]
    return ONNXAxes((0..<rank).map { added.contains($0) ? [] : rest.popFirst() ?? [] })
  }

  /// The same atoms in the same order as other axes.
  ///
  /// - Parameters:
  ///   - lengths: one for each axis; nil for one that is not known. 0 stands for the length of the axis at the same place, -1 for what is left.
  ///   - takesZero: whether 0 is a length.
  /// - Returns: nil for lengths that would cut an atom, or do not say where the atoms belong.
  func reshaped(_ lengths: [ONNXLength?], takesZero: Bool = false) -> ONNXAxes? {
    var result = [[ONNXAtom]?](repeating: nil, count: lengths.count)
    var left = atoms[...]
    /// Takes the atoms of one axis from one end.
    func take(_ place: Int, fromBack: Bool) -> [ONNXAtom]? {
      guard let wanted = lengths[place] else { return nil }
      var taken: [ONNXAtom] = []
      if wanted.known == 0 && !takesZero {
        guard axes.indices.contains(place) else { return nil }
        taken = axes[place]
        let end = fromBack ? left.suffix(taken.count) : left.prefix(taken.count)
        guard end.elementsEqual(taken) else { return nil }
        left = fromBack ? left.dropLast(taken.count) : left.dropFirst(taken.count)
        return taken
      }
      while Self.product(taken) != wanted {
        guard let next = fromBack ? left.popLast() : left.popFirst() else { return nil }
        if fromBack { taken.insert(next, at: 0) } else { taken.append(next) }
      }
      return taken
    }
    let open = lengths.firstIndex { $0?.known == -1 }
    for place in 0..<(open ?? lengths.count) {
      guard let taken = take(place, fromBack: false) else { return nil }
      result[place] = taken
    }
    if let open {
      for place in lengths.indices.dropFirst(open + 1).reversed() {
        guard lengths[place]?.known != -1, let taken = take(place, fromBack: true) else { return nil }
        result[place] = taken
      }
      result[open] = Array(left)
      left = []
    }
    guard left.isEmpty else { return nil }
    return ONNXAxes(result.map { $0 ?? [] })
  }
}
