import CKernels

extension VectorOperations {
  /// `values[i] = factor * values[i]`, limited to `-limit ... limit`; what is not a number stays so.
  public static func scaleAndClip(_ values: inout MutableSpan<Float>, by factor: Float = 1, to limit: Float) {
    // Safe: the kernel touches exactly the buffer's own elements, each share its own.
    unsafe values.withUnsafeMutableBufferPointer { values in
      nonisolated(unsafe) let values = unsafe values
      ThreadTeam.forEachShare(of: values.count) { range in
        unsafe kernels_scale_and_clip(range.count, factor, limit, values.slot(1, range.lowerBound))
      }
    }
  }
}
