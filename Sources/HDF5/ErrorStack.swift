internal import CHDF5

/// The messages of the failed call, taken off the library's error stack of this thread.
struct ErrorStack {
  /// Deepest, hence most specific, message first; none is empty.
  let messages: [String]

  /// Takes the stack, which leaves the library's own one empty. Call it right after the call that failed.
  static func take() -> ErrorStack {
    let stack = H5Eget_current_stack()
    guard stack >= 0 else { return ErrorStack(messages: []) }
    defer { H5Eclose_stack(stack) }
    var messages: [String] = []
    // Safe: the callback runs only within this call, while `messages` is borrowed for it, and copies what it is shown.
    withUnsafeMutablePointer(to: &messages) { pointer in
      _ = H5Ewalk2(
        stack, H5E_WALK_UPWARD,
        { _, entry, context in
          guard let text = entry?.pointee.desc, let context else { return 0 }
          let message = String(cString: text)
          if !message.isEmpty { context.assumingMemoryBound(to: [String].self).pointee.append(message) }
          return 0
        }, pointer)
    }
    return ErrorStack(messages: messages)
  }

  /// The most specific message.
  var cause: String { messages.first ?? "the HDF5 library gives no reason" }

  /// Whether any message contains `text`.
  func mentions(_ text: String) -> Bool { messages.contains { $0.contains(text) } }

  /// The error number of the operating system that some message quotes as `errno = 28`.
  var systemError: Int32? {
    for message in messages {
      guard let start = message.firstRange(of: "errno = ")?.upperBound else { continue }
      if let number = Int32(message[start...].prefix { $0.isNumber }) { return number }
    }
    return nil
  }
}
