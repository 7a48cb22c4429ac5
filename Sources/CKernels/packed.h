// Products with packed weights: C += A W^T for a W that is multiplied many times, cut into blocks of LANES of its rows.
//
// A block holds, for each inner index k, the LANES elements W[block rows][k]; with several gates the blocks of the same
// units, one of each gate, lie together. Lanes beyond the last row are zero. Each element of C is
// one sum in the order of k, whatever tile it falls into: neither the batch nor the number of threads changes a bit.

// How many vectors a tile is wide at most, and how many rows it then has, so that the sums fit into the registers.
#if LANES == 16 || defined(__aarch64__)
enum { WIDTH = 4 };
#else
enum { WIDTH = 2 };
#endif

// One product over some rows of A and up to WIDTH vectors of columns.
typedef struct {
  const float *a;        // [rows, depth]
  size_t a_stride, depth;
  const float *weights;  // those of vector v and inner index k lie at v * vector_step + k * depth_step
  size_t vector_step, depth_step;
  struct {
    float *to;  // [rows, count]
    size_t stride, count;
    bool adds;  // whether to what is there, or over it
  } c[WIDTH];
} packed_product;

INLINE void packed_tile(const packed_product *p, const size_t first, const size_t rows, const size_t vectors) {
#pragma clang fp contract(fast)
  vec sums[rows][vectors];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) sums[i][v] = 0;
  // The rows of C lie so far apart that the processor does not foresee them. They arrive while the sums are made.
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++)
      __builtin_prefetch(p->c[v].to + (first + i) * p->c[v].stride + p->c[v].count - 1, 1);
  const float *a = p->a + first * p->a_stride;
  const float *weights = p->weights;
  const size_t a_stride = p->a_stride, vector_step = p->vector_step, depth_step = p->depth_step;
  for (size_t k = p->depth; k > 0; k--, a++, weights += depth_step) {
    vec w[vectors];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) w[v] = load(weights + v * vector_step, LANES);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows; i++) {
      const vec factor = a[i * a_stride];
#pragma clang loop unroll(full)
      for (size_t v = 0; v < vectors; v++) sums[i][v] += factor * w[v];
    }
  }
#pragma clang loop unroll(full)
  for (size_t i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
      const size_t count = p->c[v].count;
      float *to = p->c[v].to + (first + i) * p->c[v].stride;
      store(to, p->c[v].adds ? sums[i][v] + load(to, count) : sums[i][v], count);
    }
}

// All rows, in tiles of as even a height as can be: 20 rows are 4 tiles of 5, not 3 of 6 and one of 2.
#define PACKED_ROWS(vectors, most) \
  static void packed_rows_##vectors(const packed_product *p, size_t m) { \
    const size_t tiles = (m + most - 1) / most; \
    for (size_t tile = 0; tile < tiles; tile++) { \
      const size_t first = m * tile / tiles; \
      switch (m * (tile + 1) / tiles - first) { PACKED_CASES_##most(vectors) } \
    } \
  }
#define PACKED_CASE(rows, vectors) \
  case rows: packed_tile(p, first, rows, vectors); break;
#define PACKED_CASES_6(v) \
  PACKED_CASE(1, v) PACKED_CASE(2, v) PACKED_CASE(3, v) PACKED_CASE(4, v) PACKED_CASE(5, v) PACKED_CASE(6, v)
#define PACKED_CASES_8(v) PACKED_CASES_6(v) PACKED_CASE(7, v) PACKED_CASE(8, v)
#define PACKED_CASES_12(v) \
  PACKED_CASES_8(v) PACKED_CASE(9, v) PACKED_CASE(10, v) PACKED_CASE(11, v) PACKED_CASE(12, v)
#if LANES == 16 || defined(__aarch64__)
PACKED_ROWS(1, 12)
PACKED_ROWS(2, 12)
PACKED_ROWS(3, 8)
PACKED_ROWS(4, 6)
#else
PACKED_ROWS(1, 8)
PACKED_ROWS(2, 6)
#endif

static void packed_rows(const packed_product *p, size_t m, size_t vectors) {
  switch (vectors) {
    case 1: packed_rows_1(p, m); break;
    case 2: packed_rows_2(p, m); break;
#if LANES == 16 || defined(__aarch64__)
    case 3: packed_rows_3(p, m); break;
    case 4: packed_rows_4(p, m); break;
#endif
    default: break;
  }
}

INLINE size_t blocks_of(size_t units) { return (units + LANES - 1) / LANES; }
INLINE size_t lanes_of(size_t units, size_t block) {
  const size_t rest = units - block * LANES;
  return rest < LANES ? rest : LANES;
}

// A member's blocks.
typedef struct { size_t first, end; } block_range;
INLINE block_range share_of(size_t blocks, size_t index, size_t count) {
  return (block_range){blocks * index / count, blocks * (index + 1) / count};
}

// C [m, units] += A [m, depth] W^T for some blocks of a W of one gate; `whole_depth` is that of W, of which `weights`
// may begin at an inner index beyond the first. `adds` tells whether C is added to.
static void packed_columns(
    size_t m, const float *a, size_t a_stride, size_t depth, const float *weights, size_t whole_depth, size_t units,
    block_range range, float *c, size_t c_stride, bool adds) {
  const size_t blocks = range.end - range.first;
  const size_t groups = (blocks + WIDTH - 1) / WIDTH;
  const size_t block_size = whole_depth * LANES;
  for (size_t group = 0; group < groups; group++) {
    const size_t first = range.first + blocks * group / groups;
    const size_t end = range.first + blocks * (group + 1) / groups;
    packed_product p = {
        .a = a, .a_stride = a_stride, .depth = depth, .weights = weights + first * block_size,
        .vector_step = block_size, .depth_step = LANES};
    for (size_t v = 0; v < end - first; v++) {
      p.c[v].to = c + (first + v) * LANES;
      p.c[v].stride = c_stride;
      p.c[v].count = lanes_of(units, first + v);
      p.c[v].adds = adds;
    }
    packed_rows(&p, m, end - first);
  }
}

// C[gate] [m, units] += A [m, depth] W[gate]^T for one block of units and all gates; the last gate has a C of its own.
INLINE void packed_gates(
    size_t m, const float *a, size_t a_stride, size_t depth, const float *weights, size_t gates, size_t units,
    size_t block, float *c, size_t c_stride, float *last, size_t last_stride, bool last_adds) {
  const size_t vector_step = depth * LANES;
  for (size_t first = 0; first < gates; first += WIDTH) {
    const size_t vectors = gates - first < WIDTH ? gates - first : WIDTH;
    packed_product p = {
        .a = a, .a_stride = a_stride, .depth = depth, .weights = weights + (block * gates + first) * vector_step,
        .vector_step = vector_step, .depth_step = LANES};
    for (size_t v = 0; v < vectors; v++) {
      const bool is_last = first + v == gates - 1;
      p.c[v].to = (is_last ? last : c + (first + v) * units) + block * LANES;
      p.c[v].stride = is_last ? last_stride : c_stride;
      p.c[v].count = lanes_of(units, block);
      p.c[v].adds = !is_last || last_adds;
    }
    packed_rows(&p, m, vectors);
  }
}

// How many members a step of so many products is worth: a member's share should take some microseconds.
INLINE size_t members_for(size_t products) { return 1 + products / 131072; }

// MARK: Packing

typedef struct {
  size_t gates, units, depth;
  const float *weights;
  float *packed;
} packing;

static void pack_gates_member(void *context, size_t index, size_t count) {
  const packing *s = context;
  const block_range range = share_of(blocks_of(s->units), index, count);
  for (size_t block = range.first; block < range.end; block++) {
    const size_t lanes = lanes_of(s->units, block);
    for (size_t gate = 0; gate < s->gates; gate++) {
      const float *from = s->weights + (gate * s->units + block * LANES) * s->depth;
      float *to = s->packed + (block * s->gates + gate) * s->depth * LANES;
      if (lanes < LANES) memset(to, 0, s->depth * LANES * sizeof(float));
      transpose_block(lanes, s->depth, from, s->depth, to, LANES);
    }
  }
}

static void pack_gates(size_t gates, size_t units, size_t depth, const float *weights, float *packed) {
  packing s = {gates, units, depth, weights, packed};
  kernels_team_run_up_to(1 + gates * units * depth / 16384, pack_gates_member, &s);
}

static void pack_transposed_member(void *context, size_t index, size_t count) {
  const packing *s = context;
  const block_range range = share_of(blocks_of(s->units), index, count);
  for (size_t block = range.first; block < range.end; block++) {
    const size_t lanes = lanes_of(s->units, block);
    const float *from = s->weights + block * LANES;
    float *to = s->packed + block * s->depth * LANES;
    for (size_t k = 0; k < s->depth; k++, from += s->units, to += LANES) store(to, load(from, lanes), LANES);
  }
}

static void pack_transposed(size_t depth, size_t units, const float *weights, float *packed) {
  packing s = {1, units, depth, weights, packed};
  kernels_team_run_up_to(1 + units * depth / 16384, pack_transposed_member, &s);
}
