/// Requires that a buffer has exactly the size its shape says; anything else is an error in the program.
@inline(__always)
func requireCount(_ count: Int, _ expected: @autoclosure () -> Int, _ name: @autoclosure () -> String) {
  let wanted = expected()
  precondition(count == wanted, "\(name()) has \(count) elements, its shape asks for \(wanted)")
}

/// Requires that a buffer of slots (time steps) of `size` elements each has a slot `index`.
@inline(__always)
func requireSlot(_ index: Int, size: Int, in count: Int, _ name: @autoclosure () -> String) {
  precondition(
    index >= 0 && (index + 1) * size <= count,
    "\(name()) has \(count) elements, too few for slot \(index) of \(size) elements")
}

/// Requires that no size is negative.
@inline(__always)
func requireSizes(_ sizes: Int..., names: @autoclosure () -> String) {
  precondition(sizes.allSatisfy { $0 >= 0 }, "\(names()) must not be negative: \(sizes)")
}

/// Requires that a buffer holds at least what its shape says: buffers are planned for the largest window.
@inline(__always)
func requireCapacity(_ count: Int, _ expected: @autoclosure () -> Int, _ name: @autoclosure () -> String) {
  let wanted = expected()
  precondition(wanted >= 0 && count >= wanted, "\(name()) has \(count) elements, its shape asks for \(wanted)")
}
