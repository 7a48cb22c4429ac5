// Plain operations on vectors and rows. The compiler vectorises the simple loops.

static void scale(size_t n, float factor, float *x) {
  for (size_t i = 0; i < n; i++) x[i] *= factor;
}

static void axpy(size_t n, float factor, const float *restrict addend, float *restrict x) {
#pragma clang fp contract(fast)
  for (size_t i = 0; i < n; i++) x[i] += factor * addend[i];
}

static void multiply(size_t n, const float *restrict factors, float *restrict x) {
  for (size_t i = 0; i < n; i++) x[i] *= factors[i];
}

static double sum_of_squares(size_t n, const float *x) {
#pragma clang fp contract(fast)
  // Lanes of their own for even and odd blocks, so that one addition need not wait for the other.
  vec_double even = 0, odd = 0;
  double rest = 0;
  size_t i = 0;
  for (; i + 2 * LANES <= n; i += 2 * LANES) {
    const vec_double first = __builtin_convertvector(load(x + i, LANES), vec_double);
    const vec_double second = __builtin_convertvector(load(x + i + LANES, LANES), vec_double);
    even += first * first;
    odd += second * second;
  }
  for (; i < n; i++) rest += (double)x[i] * (double)x[i];
  return sum_lanes(&even) + sum_lanes(&odd) + rest;
}

static void add_to_rows(size_t rows, size_t columns, const float *restrict bias, float *restrict matrix) {
  for (size_t row = 0; row < rows; row++, matrix += columns)
    for (size_t j = 0; j < columns; j++) matrix[j] += bias[j];
}

static void add_rows(
    size_t rows, size_t columns, const float *restrict matrix, size_t stride, float *restrict sums) {
  // So many columns at a time that their double sums stay in the first cache.
  enum { WIDTH = 512 };
  double total[WIDTH];
  for (size_t first = 0; first < columns; first += WIDTH) {
    const size_t width = columns - first < WIDTH ? columns - first : WIDTH;
    memset(total, 0, sizeof total);
    for (size_t row = 0; row < rows; row++) {
      const float *from = matrix + row * stride + first;
      for (size_t j = 0; j < width; j++) total[j] += (double)from[j];
    }
    for (size_t j = 0; j < width; j++) sums[first + j] = (float)((double)sums[first + j] + total[j]);
  }
}

static void gather_rows(size_t n, size_t columns, const float *table, const int32_t *ids, float *rows) {
  if (columns == 0) return;
  for (size_t i = 0; i < n; i++)
    memcpy(rows + i * columns, table + (size_t)ids[i] * columns, columns * sizeof(float));
}

static void scatter_add_rows(
    size_t n, size_t columns, size_t stride, const float *rows, const int32_t *ids, float *table) {
  for (size_t i = 0; i < n; i++) {
    const float *restrict from = rows + i * stride;
    float *restrict to = table + (size_t)ids[i] * stride;
    for (size_t j = 0; j < columns; j++) to[j] += from[j];
  }
}

static void transpose(size_t rows, size_t columns, const float *source, float *destination, size_t stride) {
  transpose_block(rows, columns, source, columns, destination, stride);
}
