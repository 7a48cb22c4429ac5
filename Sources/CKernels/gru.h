// GRU over a whole window, with the reset after or before the recurrent product. The division of the work is that of
// the LSTM; with the reset before, the candidate's product needs everybody's reset states: a second barrier.

// Calls a body with its activations as constants where they are the usual ones.
#define WITH_USUAL_GRU(s, call) \
  if ((s)->recurrent == KERNELS_SIGMOID && (s)->candidate == KERNELS_TANH) { \
    const gru_options f = {KERNELS_SIGMOID, KERNELS_TANH, (s)->keeps_previous}; \
    call; \
  } else { \
    const gru_options f = {(s)->recurrent, (s)->candidate, (s)->keeps_previous}; \
    call; \
  }
typedef struct {
  kernels_activation recurrent, candidate;
  bool keeps_previous;
} gru_options;

// The share of h(t-1) in h(t); the candidate has the rest.
INLINE vec kept_share(gru_options f, vec z) { return f.keeps_previous ? z : 1.0f - z; }

INLINE vec load_bias(const kernels_gru *s, size_t gate, size_t unit, size_t count) {
  return s->bias ? load(s->bias + gate * s->hidden + unit, count) : (vec)0.0f;
}

// What the rows of one step are; `previous` is h(t-1).
typedef struct {
  float *gate, *part;
  const float *previous;
  float *output;
} gru_row;
INLINE gru_row gru_row_at(const kernels_gru *s, size_t t, size_t row, size_t unit) {
  const size_t at = (t * s->batch + row) * s->hidden + unit;
  return (gru_row){
      s->gates + (t * s->batch + row) * 3 * s->hidden + unit, s->parts + at,
      s->outputs + (slot_before(s->runs_backward, t) * s->batch + row) * s->hidden + unit,
      s->outputs + at + s->batch * s->hidden};
}

// All of a step, reset after the product: `parts` holds U_n h(t-1) and gets its bias.
INLINE void gru_units_after(const kernels_gru *s, gru_options f, size_t t, size_t first, size_t end) {
#pragma clang fp contract(fast)
  const size_t hidden = s->hidden;
  for (size_t row = 0; row < s->batch; row++) {
    const gru_row x = gru_row_at(s, t, row, first);
    BLOCKS(
        j, count, end - first,
        const vec z = activation(f.recurrent, load(x.gate + j, count) + load_bias(s, 0, first + j, count));
        const vec r = activation(f.recurrent, load(x.gate + hidden + j, count) + load_bias(s, 1, first + j, count));
        const vec u = load(x.part + j, count) + load_bias(s, 2, first + j, count);
        const vec n = activation(f.candidate, load(x.gate + 2 * hidden + j, count) + r * u);
        const vec kept = kept_share(f, z);
        store(x.gate + j, z, count);
        store(x.gate + hidden + j, r, count);
        store(x.gate + 2 * hidden + j, n, count);
        store(x.part + j, u, count);
        store(x.output + j, kept * load(x.previous + j, count) + (1.0f - kept) * n, count);)
  }
}

// The gates, reset before the product, and in `parts` the reset state r h(t-1).
INLINE void gru_units_gates(const kernels_gru *s, gru_options f, size_t t, size_t first, size_t end) {
  const size_t hidden = s->hidden;
  for (size_t row = 0; row < s->batch; row++) {
    const gru_row x = gru_row_at(s, t, row, first);
    BLOCKS(
        j, count, end - first,
        const vec z = activation(f.recurrent, load(x.gate + j, count) + load_bias(s, 0, first + j, count));
        const vec r = activation(f.recurrent, load(x.gate + hidden + j, count) + load_bias(s, 1, first + j, count));
        store(x.gate + j, z, count);
        store(x.gate + hidden + j, r, count);
        store(x.part + j, r * load(x.previous + j, count), count);)
  }
}

INLINE void gru_units_candidate(const kernels_gru *s, gru_options f, size_t t, size_t first, size_t end) {
#pragma clang fp contract(fast)
  const size_t hidden = s->hidden;
  for (size_t row = 0; row < s->batch; row++) {
    const gru_row x = gru_row_at(s, t, row, first);
    BLOCKS(
        j, count, end - first,
        const vec kept = kept_share(f, load(x.gate + j, count));
        const vec n =
            activation(f.candidate, load(x.gate + 2 * hidden + j, count) + load_bias(s, 2, first + j, count));
        store(x.gate + 2 * hidden + j, n, count);
        store(x.output + j, kept * load(x.previous + j, count) + (1.0f - kept) * n, count);)
  }
}

static void gru_forward_member(void *context, size_t index, size_t count) {
  const kernels_gru *s = context;
  const size_t hidden = s->hidden, batch = s->batch, size = batch * hidden;
  const block_range units = share_of(blocks_of(hidden), index, count);
  const size_t first = units.first * LANES, end = units.end * LANES < hidden ? units.end * LANES : hidden;
  for (size_t position = 0; position < s->steps; position++) {
    const size_t t = step_at(s->runs_backward, s->steps, position);
    const float *h = s->outputs + slot_before(s->runs_backward, t) * size;
    float *gate = s->gates + t * 3 * size, *part = s->parts + t * size;
    if (position > 0) kernels_team_barrier(count);
    for (size_t group = units.first; group < units.end; group += CELL_GROUP) {
      const size_t group_end = group + CELL_GROUP < units.end ? group + CELL_GROUP : units.end;
      const size_t unit = group * LANES, unit_end = group_end * LANES < hidden ? group_end * LANES : hidden;
      for (size_t block = group; block < group_end; block++) {
        if (s->resets_before)
          packed_gates(
              batch, h, hidden, hidden, s->weights, 2, hidden, block, gate, 3 * hidden, gate + hidden, 3 * hidden,
              true);
        else
          packed_gates(batch, h, hidden, hidden, s->weights, 3, hidden, block, gate, 3 * hidden, part, hidden, false);
      }
      if (s->resets_before) {
        WITH_USUAL_GRU(s, gru_units_gates(s, f, t, unit, unit_end))
      } else {
        WITH_USUAL_GRU(s, gru_units_after(s, f, t, unit, unit_end))
      }
    }
    if (!s->resets_before) continue;
    kernels_team_barrier(count);
    packed_columns(
        batch, part, hidden, hidden, s->candidate_weights, hidden, hidden, units, gate + 2 * hidden, 3 * hidden, true);
    if (first < end) {
      WITH_USUAL_GRU(s, gru_units_candidate(s, f, t, first, end))
    }
  }
}

static void gru_forward(const kernels_gru *s) {
  kernels_team_run_up_to(members_for(3 * s->batch * s->hidden * s->hidden), gru_forward_member, (void *)s);
}

// The gradients of the update gate and the candidate, and the direct path to h(t-1). With the reset after the product
// also those of the reset gate, and of U_n h(t-1) in `part_gradients`.
INLINE void gru_units_backward(
    const kernels_gru *s, gru_options f, bool resets_before, size_t t, size_t first, size_t end) {
#pragma clang fp contract(fast)
  const size_t hidden = s->hidden, before = slot_before(s->runs_backward, t);
  const bool is_first = before == (s->runs_backward ? s->steps + 1 : 0);
  for (size_t row = 0; row < s->batch; row++) {
    const gru_row x = gru_row_at(s, t, row, first);
    const size_t at = (t * s->batch + row) * hidden + first;
    float *delta = s->gate_gradients + (t * s->batch + row) * 3 * hidden + first;
    const float *output_gradient = s->output_gradients + at + s->batch * hidden;
    float *previous_gradient = s->output_gradients + (before * s->batch + row) * hidden + first;
    BLOCKS(
        j, count, end - first,
        const vec z = load(x.gate + j, count);
        const vec n = load(x.gate + 2 * hidden + j, count);
        const vec dh = load(output_gradient + j, count);
        const vec kept = kept_share(f, z);
        const vec contrast = load(x.previous + j, count) - n;
        const vec dn = dh * (1.0f - kept) * derivative(f.candidate, n);
        const vec direct = dh * kept;
        store(delta + j, dh * (f.keeps_previous ? contrast : -contrast) * derivative(f.recurrent, z), count);
        store(delta + 2 * hidden + j, dn, count);
        store(previous_gradient + j, is_first ? direct : load(previous_gradient + j, count) + direct, count);
        if (!resets_before) {
          const vec r = load(x.gate + hidden + j, count);
          store(delta + hidden + j, dn * load(x.part + j, count) * derivative(f.recurrent, r), count);
          store(s->part_gradients + at + j, dn * r, count);
        })
  }
}

// With the reset before the product: the gradient of the reset gate, and its path to h(t-1), from that of r h(t-1).
INLINE void gru_units_backward_reset(const kernels_gru *s, gru_options f, size_t t, size_t first, size_t end) {
#pragma clang fp contract(fast)
  const size_t hidden = s->hidden;
  for (size_t row = 0; row < s->batch; row++) {
    const gru_row x = gru_row_at(s, t, row, first);
    float *delta = s->gate_gradients + ((t * s->batch + row) * 3 + 1) * hidden + first;
    const float *part_gradient = s->part_gradients + row * hidden + first;
    float *previous_gradient =
        s->output_gradients + (slot_before(s->runs_backward, t) * s->batch + row) * hidden + first;
    BLOCKS(
        j, count, end - first,
        const vec r = load(x.gate + hidden + j, count);
        const vec d = load(part_gradient + j, count);
        store(delta + j, d * load(x.previous + j, count) * derivative(f.recurrent, r), count);
        store(previous_gradient + j, load(previous_gradient + j, count) + d * r, count);)
  }
}

static void gru_backward_member(void *context, size_t index, size_t count) {
  const kernels_gru *s = context;
  const size_t hidden = s->hidden, batch = s->batch, size = batch * hidden;
  const block_range units = share_of(blocks_of(hidden), index, count);
  const size_t first = units.first * LANES, end = units.end * LANES < hidden ? units.end * LANES : hidden;
  // The part of the transposed weights that belongs to the candidate.
  const float *candidate = s->transposed + 2 * hidden * LANES;
  for (size_t position = s->steps; position > 0; position--) {
    const size_t t = step_at(s->runs_backward, s->steps, position - 1);
    const float *delta = s->gate_gradients + t * 3 * size;
    float *previous_gradient = s->output_gradients + slot_before(s->runs_backward, t) * size;
    if (first < end) {
      if (s->resets_before) {
        WITH_USUAL_GRU(s, gru_units_backward(s, f, true, t, first, end))
      } else {
        WITH_USUAL_GRU(s, gru_units_backward(s, f, false, t, first, end))
      }
    }
    if (s->resets_before) {
      kernels_team_barrier(count);
      packed_columns(
          batch, delta + 2 * hidden, 3 * hidden, hidden, candidate, 3 * hidden, hidden, units, s->part_gradients,
          hidden, false);
      if (first < end) {
        WITH_USUAL_GRU(s, gru_units_backward_reset(s, f, t, first, end))
      }
    }
    if (position == 1 && !s->reaches_initial_state) break;
    kernels_team_barrier(count);
    packed_columns(
        batch, delta, 3 * hidden, 2 * hidden, s->transposed, 3 * hidden, hidden, units, previous_gradient, hidden,
        true);
    if (!s->resets_before)
      packed_columns(
          batch, s->part_gradients + t * size, hidden, hidden, candidate, 3 * hidden, hidden, units, previous_gradient,
          hidden, true);
  }
}

static void gru_backward(const kernels_gru *s) {
  kernels_team_run_up_to(members_for(3 * s->batch * s->hidden * s->hidden), gru_backward_member, (void *)s);
}
