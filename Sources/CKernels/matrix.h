// The matrix product: tiles of TILE_ROWS by PANEL columns are kept in registers while the inner index runs. B is copied
// block by block into panels, so that what a tile reads lies close together; a transposed A is copied into strips of
// TILE_ROWS, any other is read where it is (Goto and van de Geijn 2008).
//
// An element of C is always summed in the same order, wherever its tile begins: the shares of several threads give the
// bits of one.

enum {
  TILE_ROWS = 6,
  PANEL = PANEL_VECTORS * LANES,
  // So many products are added up in registers, between two visits to C.
  DEPTH = 384,
  // A block of B, three megabytes, comes from the outer cache once for each block of A, which stays in the second.
  BLOCK_COLUMNS = 2048,
  BLOCK_ROWS = 40 * TILE_ROWS,
  // Between strips of A, so that they do not all begin at the same place of a cache.
  STRIP_GAP = 16,
  STRIP = DEPTH * TILE_ROWS + STRIP_GAP,
  FEW_ROWS = KERNELS_FEW_ROWS,
};
_Static_assert(
    DEPTH * BLOCK_COLUMNS + BLOCK_ROWS / TILE_ROWS * STRIP <= KERNELS_WORKSPACE, "the workspace holds both blocks");

// C[rows, width] = alpha A[rows, depth] panel[depth, vectors * LANES] + beta C, plus the bias [width] for each row unless
// it is null. `rows` and `vectors` are constants wherever this is inlined.
INLINE void tile(
    const size_t rows, const size_t vectors, size_t width, size_t depth, float alpha, const float *a, size_t row_step,
    size_t depth_step, const float *panel, size_t panel_step, float beta, const float *bias, float *c,
    size_t stride_c) {
#pragma clang fp contract(fast)
  vec sums[TILE_ROWS][PANEL_VECTORS] = {0};
  for (size_t p = 0; p < depth; p++) {
    vec b[PANEL_VECTORS];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) b[v] = load(panel + p * panel_step + v * LANES, LANES);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
      const vec factor = a[i * row_step + p * depth_step];
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; v++) sums[i][v] += factor * b[v];
    }
  }
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
      const size_t count = width - v * LANES < LANES ? width - v * LANES : LANES;
      float *to = c + i * stride_c + v * LANES;
      vec value = alpha * sums[i][v];
      // A beta of 0 means that C may hold anything, even NaN.
      if (beta != 0.0f) value += beta * load(to, count);
      if (bias) value += load(bias + v * LANES, count);
      store(to, value, count);
    }
  }
}

// All rows of one panel. `next_strip` is the distance between strips of TILE_ROWS rows of A.
INLINE void panel_product_of(
    const size_t vectors, size_t m, size_t width, size_t depth, float alpha, const float *a, size_t next_strip,
    size_t row_step, size_t depth_step, const float *panel, size_t panel_step, float beta, const float *bias,
    float *c, size_t stride_c) {
#define TILE(rows) \
  tile(rows, vectors, width, depth, alpha, a, row_step, depth_step, panel, panel_step, beta, bias, c, stride_c)
  for (; m >= TILE_ROWS; m -= TILE_ROWS, a += next_strip, c += TILE_ROWS * stride_c) TILE(TILE_ROWS);
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

static void panel_product(
    size_t m, size_t width, size_t depth, float alpha, const float *a, size_t next_strip, size_t row_step,
    size_t depth_step, const float *panel, size_t panel_step, float beta, const float *bias, float *c,
    size_t stride_c) {
#define PRODUCT(vectors) \
  panel_product_of( \
      vectors, m, width, depth, alpha, a, next_strip, row_step, depth_step, panel, panel_step, beta, bias, c, stride_c)
  switch ((width + LANES - 1) / LANES) {
    case 1: PRODUCT(1); break;
    case 2: PRODUCT(2); break;
#if PANEL_VECTORS > 2
    case 3: PRODUCT(3); break;
    case 4: PRODUCT(4); break;
#endif
    default: break;
  }
#undef PRODUCT
}

// The width of the next panel, when `columns` are left: the same number of registers for all, as far as possible, for a
// narrow last panel would read as much of A as a wide one.
static size_t panel_width(size_t columns) {
  const size_t vectors = (columns + LANES - 1) / LANES;
  const size_t panels = (vectors + PANEL_VECTORS - 1) / PANEL_VECTORS;
  const size_t width = (vectors + panels - 1) / panels * LANES;
  return width < columns ? width : columns;
}

// Copies B[depth, width], the stored matrix being its transpose if `transposed`, into a panel of whole vectors.
static void copy_panel(bool transposed, size_t depth, size_t width, const float *b, size_t stride, float *panel) {
  const size_t step = (width + LANES - 1) / LANES * LANES;
  if (transposed) {
    if (width < step)
      for (size_t p = 0; p < depth; p++)
        for (size_t j = width; j < step; j++) panel[p * step + j] = 0;
    transpose_block(width, depth, b, stride, panel, step);
    return;
  }
  for (size_t p = 0; p < depth; p++)
    for (size_t j = 0; j < step; j += LANES)
      store(panel + p * step + j, load(b + p * stride + j, width - j < LANES ? width - j : LANES), LANES);
}

// Copies A[m, depth], stored as [depth, m], into strips of TILE_ROWS rows, depth-major. The last strip may be padded by
// anything.
static void copy_strips(size_t m, size_t depth, const float *a, size_t stride, float *strips) {
  const size_t whole = m - m % TILE_ROWS;
  for (size_t p = 0; p < depth; p++) {
    const float *from = a + p * stride;
    float *to = strips + p * TILE_ROWS;
    for (size_t row = 0; row < whole; row += TILE_ROWS, to += STRIP)
      memcpy(to, from + row, TILE_ROWS * sizeof(float));
    if (whole < m) memcpy(to, from + whole, (m - whole) * sizeof(float));
  }
}

// The sums over k of `rows` rows of A with four rows of B, which are read side by side.
INLINE void dot_of_four(const size_t rows, size_t k, const float *a, size_t stride_a, const float *b, size_t stride_b,
                        float sums[][4]) {
#pragma clang fp contract(fast)
  vec total[FEW_ROWS][4] = {0};
  BLOCKS(
      p, count, k,
      vec columns[4];
      _Pragma("clang loop unroll(full)") for (size_t j = 0; j < 4; j++) columns[j] = load(b + j * stride_b + p, count);
      _Pragma("clang loop unroll(full)") for (size_t i = 0; i < rows; i++) {
        const vec row = load(a + i * stride_a + p, count);
        _Pragma("clang loop unroll(full)") for (size_t j = 0; j < 4; j++) total[i][j] += row * columns[j];
      })
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (size_t j = 0; j < 4; j++) sums[i][j] = sum_float_lanes(&total[i][j]);
}

INLINE void product_with_transpose_of(
    const size_t m, size_t n, size_t k, float alpha, const float *a, size_t stride_a, const float *b, size_t stride_b,
    float beta, const float *bias, float *c, size_t stride_c) {
  for (size_t column = 0; column < n; column += 4) {
    // The last columns again, where fewer than four are left: each is always summed in the same order.
    const size_t width = n - column < 4 ? n - column : 4;
    float sums[FEW_ROWS][4];
    if (width == 4)
      dot_of_four(m, k, a, stride_a, b + column * stride_b, stride_b, sums);
    else
      for (size_t j = 0; j < width; j++) {
        float same[FEW_ROWS][4];
        dot_of_four(m, k, a, stride_a, b + (column + j) * stride_b, 0, same);
        for (size_t i = 0; i < m; i++) sums[i][j] = same[i][0];
      }
    for (size_t i = 0; i < m; i++)
      for (size_t j = 0; j < width; j++) {
        float *to = c + i * stride_c + column + j;
        const float sum = alpha * sums[i][j] + (bias ? bias[column + j] : 0.0f);
        *to = beta == 0.0f ? sum : sum + beta * *to;
      }
  }
}

// For A of so few rows that all time goes into reading B, which is read where it is. At most FEW_ROWS rows if B is
// stored transposed.
static void sgemm_few_rows(
    bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a, size_t stride_a, const float *b,
    size_t stride_b, float beta, const float *bias, float *c, size_t stride_c) {
  if (transpose_b) {
    switch (m) {
      case 1: product_with_transpose_of(1, n, k, alpha, a, stride_a, b, stride_b, beta, bias, c, stride_c); break;
      case 2: product_with_transpose_of(2, n, k, alpha, a, stride_a, b, stride_b, beta, bias, c, stride_c); break;
      default: break;
    }
    return;
  }
  for (size_t first = 0; first < k; first += DEPTH) {
    const size_t depth = k - first < DEPTH ? k - first : DEPTH;
    const float share = first == 0 ? beta : 1.0f;
    for (size_t column = 0; column < n; column += PANEL) {
      const size_t width = n - column < PANEL ? n - column : PANEL;
      const float *panel = b + first * stride_b + column;
      size_t panel_step = stride_b;
      _Alignas(64) float copy[DEPTH * PANEL];
      // A panel is read in whole vectors.
      if (width < PANEL) {
        copy_panel(false, depth, width, panel, stride_b, copy);
        panel = copy;
        panel_step = (width + LANES - 1) / LANES * LANES;
      }
      panel_product(
          m, width, depth, alpha, a + first, TILE_ROWS * stride_a, stride_a, 1, panel, panel_step, share,
          bias && first == 0 ? bias + column : NULL, c + column, stride_c);
    }
  }
}

static void sgemm(
    bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a, size_t stride_a,
    const float *b, size_t stride_b, float beta, const float *bias, float *c, size_t stride_c) {
  if (k == 0) {
    for (size_t i = 0; i < m; i++)
      for (size_t j = 0; j < n; j++) {
        const float before = beta == 0.0f ? 0.0f : beta * c[i * stride_c + j];
        c[i * stride_c + j] = bias ? before + bias[j] : before;
      }
    return;
  }
  float *const panels = kernels_workspace();
  float *const strips = panels + (size_t)DEPTH * BLOCK_COLUMNS;
  for (size_t column = 0; column < n; column += BLOCK_COLUMNS) {
    const size_t columns = n - column < BLOCK_COLUMNS ? n - column : BLOCK_COLUMNS;
    for (size_t first = 0; first < k; first += DEPTH) {
      const size_t depth = k - first < DEPTH ? k - first : DEPTH;
      const float share = first == 0 ? beta : 1.0f;
      for (size_t j = 0, width; j < columns; j += width) {
        width = panel_width(columns - j);
        const float *from = transpose_b ? b + (column + j) * stride_b + first : b + first * stride_b + column + j;
        copy_panel(transpose_b, depth, width, from, stride_b, panels + j * depth);
      }
      for (size_t row = 0; row < m; row += BLOCK_ROWS) {
        const size_t rows = m - row < BLOCK_ROWS ? m - row : BLOCK_ROWS;
        const float *from = a + row * stride_a + first;
        size_t next_strip = TILE_ROWS * stride_a, row_step = stride_a, depth_step = 1;
        if (transpose_a) {
          copy_strips(rows, depth, a + first * stride_a + row, stride_a, strips);
          from = strips, next_strip = STRIP, row_step = 1, depth_step = TILE_ROWS;
        }
        for (size_t j = 0, width; j < columns; j += width) {
          width = panel_width(columns - j);
          panel_product(
              rows, width, depth, alpha, from, next_strip, row_step, depth_step, panels + j * depth,
              (width + LANES - 1) / LANES * LANES, share, bias && first == 0 ? bias + column + j : NULL,
              c + row * stride_c + column + j, stride_c);
        }
      }
    }
  }
}
