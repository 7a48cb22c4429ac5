// Vectors of LANES floats, as the compiler's own vector types: arithmetic and comparisons work lane by lane.

#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((ext_vector_type(LANES)));
typedef int32_t vec_int __attribute__((ext_vector_type(LANES)));
typedef uint32_t vec_bits __attribute__((ext_vector_type(LANES)));
typedef double vec_double __attribute__((ext_vector_type(LANES)));

// Runs the statements over 0..<n in blocks: `i` is the first element, `count` how many there are. `count` is the
// constant LANES but for the last block, which is compiled apart, so that whole blocks carry no tests.
#define BLOCKS(i, count, n, ...) \
  { \
    size_t i = 0; \
    for (; i + LANES <= (n); i += LANES) { \
      const size_t count = LANES; \
      __VA_ARGS__ \
    } \
    if (i < (n)) { \
      const size_t count = (n) - i; \
      __VA_ARGS__ \
    } \
  }

// The first `count` of LANES elements; the other lanes are 0.
INLINE vec load(const float *from, size_t count) {
  vec x = 0;
  if (count == LANES) {
    memcpy(&x, from, sizeof x);
  } else {
#if LANES == 16
    x = (vec)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), from);
#else
    memcpy(&x, from, count * sizeof(float));
#endif
  }
  return x;
}

INLINE void store(float *to, vec x, size_t count) {
  if (count == LANES) {
    memcpy(to, &x, sizeof x);
  } else {
#if LANES == 16
    _mm512_mask_storeu_ps(to, (__mmask16)((1u << count) - 1), (__m512)x);
#else
    memcpy(to, &x, count * sizeof(float));
#endif
  }
}

// The first `count` lanes of x; the others are 0.
INLINE vec first_lanes(vec x, size_t count) {
  if (count == LANES) return x;
#if LANES == 16
  return (vec)_mm512_maskz_mov_ps((__mmask16)((1u << count) - 1), (__m512)x);
#else
  vec first = 0;
  memcpy(&first, &x, count * sizeof(float));
  return first;
#endif
}

// The first `count` of LANES bytes as numbers; the other lanes are 0.
INLINE vec load_bytes(const uint8_t *from, size_t count) {
  typedef uint8_t vec_bytes __attribute__((ext_vector_type(LANES)));
  vec_bytes bytes = 0;
  memcpy(&bytes, from, count == LANES ? LANES : count);
  return __builtin_convertvector(bytes, vec);
}

INLINE vec_bits bits_of(vec x) {
  vec_bits bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

INLINE vec from_bits(vec_bits bits) {
  vec x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

// A NaN in x stays: comparisons with it are false.
INLINE vec at_least(vec x, float low) { return x < low ? (vec)low : x; }
INLINE vec at_most(vec x, float high) { return x > high ? (vec)high : x; }

// x * 2^n, where `whole` is n as a float. Other processors than those with AVX-512 need two factors, because 2^n itself
// may overflow or underflow where the result does not.
INLINE vec times_power_of_two(vec x, vec whole, vec_bits n) {
#if LANES == 16
  (void)n;
  return (vec)_mm512_scalef_ps((__m512)x, (__m512)whole);
#else
  (void)whole;
  const vec_bits half = (vec_bits)((vec_int)n >> 1);
  return x * from_bits((half + 127) << 23) * from_bits((n - half + 127) << 23);
#endif
}

// The magnitude of the first with the sign of the second.
INLINE vec with_sign(vec magnitude, vec sign) {
  return from_bits((bits_of(magnitude) & 0x7fffffffu) | (bits_of(sign) & 0x80000000u));
}

// Transposes the 4 by 4 square at `from` into the one at `to`; the strides are those between rows.
INLINE void transpose_square(const float *from, size_t stride, float *to, size_t to_stride) {
  typedef float row __attribute__((ext_vector_type(4)));
  row r[4];
  for (int i = 0; i < 4; i++) memcpy(&r[i], from + (size_t)i * stride, sizeof(row));
  const row a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5), b = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5);
  const row c = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7), d = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
  r[0] = __builtin_shufflevector(a, b, 0, 1, 4, 5);
  r[1] = __builtin_shufflevector(a, b, 2, 3, 6, 7);
  r[2] = __builtin_shufflevector(c, d, 0, 1, 4, 5);
  r[3] = __builtin_shufflevector(c, d, 2, 3, 6, 7);
  for (int i = 0; i < 4; i++) memcpy(to + (size_t)i * to_stride, &r[i], sizeof(row));
}

// Transposes from[rows, columns] into to[columns, rows]; the strides are those between rows. In blocks of 16 by 16, of
// which each row and each column is about one cache line.
INLINE void transpose_block(
    size_t rows, size_t columns, const float *from, size_t stride, float *to, size_t to_stride) {
  for (size_t top = 0; top < rows; top += 16) {
    const size_t bottom = top + 16 < rows ? top + 16 : rows;
    for (size_t left = 0; left < columns; left += 16) {
      const size_t right = left + 16 < columns ? left + 16 : columns;
      size_t row = top;
      for (; row + 4 <= bottom; row += 4) {
        size_t column = left;
        for (; column + 4 <= right; column += 4)
          transpose_square(from + row * stride + column, stride, to + column * to_stride + row, to_stride);
        for (; column < right; column++)
          for (size_t i = row; i < row + 4; i++) to[column * to_stride + i] = from[i * stride + column];
      }
      for (; row < bottom; row++)
        for (size_t column = left; column < right; column++)
          to[column * to_stride + row] = from[row * stride + column];
    }
  }
}

// The sum of the lanes, by halves. By address, since a vector wider than a register is no argument on every processor.
INLINE double sum_lanes(const vec_double *x) {
  double lanes[LANES];
  memcpy(lanes, x, sizeof lanes);
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
  return lanes[0];
}

// The largest of the lanes; of a NaN and a number either may come out.
INLINE float largest_lane(vec x) {
  float lanes[LANES];
  memcpy(lanes, &x, sizeof lanes);
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int lane = 0; lane < half; lane++) {
      const float other = lanes[lane + half];
      // Not an if: its branches, never foreseeable, took longer than all the rest of a short row.
      lanes[lane] = lanes[lane] > other ? lanes[lane] : other;
    }
  return lanes[0];
}

// The sum of the lanes in single precision, by halves.
INLINE float sum_float_lanes(const vec *x) {
  float lanes[LANES];
  memcpy(lanes, x, sizeof lanes);
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
  return lanes[0];
}
