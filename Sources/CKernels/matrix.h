// The matrix product: tiles of TILE_ROWS by PANEL columns are kept in registers while the inner index runs. The panel
// of B is copied so that it lies close together; A is read where it is, in either order.

enum { TILE_ROWS = 6, PANEL = PANEL_VECTORS * LANES, DEPTH = 256 };

// C[rows, width] = alpha A[rows, depth] panel[depth, PANEL] + beta C. `rows` is a constant wherever this is inlined.
INLINE void tile(
    const size_t rows, size_t width, size_t depth, float alpha, const float *a, size_t row_step, size_t depth_step,
    const float *panel, size_t panel_step, float beta, float *c, size_t stride_c) {
#pragma clang fp contract(fast)
  vec sums[TILE_ROWS][PANEL_VECTORS] = {0};
  for (size_t p = 0; p < depth; p++) {
    vec b[PANEL_VECTORS];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < PANEL_VECTORS; v++) b[v] = load(panel + p * panel_step + v * LANES, LANES);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
      const vec factor = a[i * row_step + p * depth_step];
#pragma clang loop unroll(full)
      for (size_t v = 0; v < PANEL_VECTORS; v++) sums[i][v] += factor * b[v];
    }
  }
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < PANEL_VECTORS; v++) {
      if (v * LANES >= width) continue;
      const size_t count = width - v * LANES < LANES ? width - v * LANES : LANES;
      float *to = c + i * stride_c + v * LANES;
      vec value = alpha * sums[i][v];
      // A beta of 0 means that C may hold anything, even NaN.
      if (beta != 0.0f) value += beta * load(to, count);
      store(to, value, count);
    }
  }
}

// All rows of one panel.
static void panel_product(
    size_t m, size_t width, size_t depth, float alpha, const float *a, size_t row_step, size_t depth_step,
    const float *panel, size_t panel_step, float beta, float *c, size_t stride_c) {
#define TILE(rows) tile(rows, width, depth, alpha, a, row_step, depth_step, panel, panel_step, beta, c, stride_c)
  for (; m >= TILE_ROWS; m -= TILE_ROWS, a += TILE_ROWS * row_step, c += TILE_ROWS * stride_c) TILE(TILE_ROWS);
  switch (m) {
    case 5: TILE(5); break;
    case 4: TILE(4); break;
    case 3: TILE(3); break;
    case 2: TILE(2); break;
    case 1: TILE(1); break;
    default: break;
  }
#undef TILE
}

static float dot(size_t n, const float *x, const float *y) {
#pragma clang fp reassociate(on) contract(fast)
  float sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}

static void sgemm(
    bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a, size_t stride_a,
    const float *b, size_t stride_b, float beta, float *c, size_t stride_c) {
  if (k == 0) {
    for (size_t i = 0; i < m; i++)
      for (size_t j = 0; j < n; j++) c[i * stride_c + j] = beta == 0.0f ? 0.0f : beta * c[i * stride_c + j];
    return;
  }
  // For so few rows, copying the panels would cost more than the product.
  if (m <= 2 && transpose_b && !transpose_a) {
    for (size_t j = 0; j < n; j++) {
      for (size_t i = 0; i < m; i++) {
        const float value = alpha * dot(k, a + i * stride_a, b + j * stride_b);
        float *to = c + i * stride_c + j;
        *to = beta == 0.0f ? value : value + beta * *to;
      }
    }
    return;
  }
  const size_t row_step = transpose_a ? 1 : stride_a;
  const size_t depth_step = transpose_a ? stride_a : 1;
  _Alignas(64) float copy[DEPTH * PANEL];
  for (size_t column = 0; column < n; column += PANEL) {
    const size_t width = n - column < PANEL ? n - column : PANEL;
    for (size_t first = 0; first < k; first += DEPTH) {
      const size_t depth = k - first < DEPTH ? k - first : DEPTH;
      const float *panel = copy;
      size_t panel_step = PANEL;
      if (transpose_b) {
        for (size_t p = 0; p < depth; p++)
          for (size_t j = width; j < PANEL; j++) copy[p * PANEL + j] = 0;
        transpose_block(width, depth, b + column * stride_b + first, stride_b, copy, PANEL);
      } else if (width == PANEL && m <= 4 * TILE_ROWS) {
        panel = b + first * stride_b + column;
        panel_step = stride_b;
      } else {
        for (size_t p = 0; p < depth; p++) {
          memcpy(copy + p * PANEL, b + (first + p) * stride_b + column, width * sizeof(float));
          for (size_t j = width; j < PANEL; j++) copy[p * PANEL + j] = 0;
        }
      }
      panel_product(
          m, width, depth, alpha, a + first * depth_step, row_step, depth_step, panel, panel_step,
          first == 0 ? beta : 1.0f, c + column, stride_c);
    }
  }
}
