// LSTM over a whole window. A member owns some blocks of units: it computes their gates for all rows, then their cells,
// while the sums are in its cache. One barrier a step: everybody's h(t) goes into the next one.

// The gates' positions; coupled gates have no forget gate.
INLINE size_t lstm_gates(const kernels_lstm *s) { return s->coupled ? 3 : 4; }
INLINE size_t lstm_candidate(const kernels_lstm *s) { return s->coupled ? 1 : 2; }
INLINE size_t lstm_output_gate(const kernels_lstm *s) { return s->coupled ? 2 : 3; }

// The state before and after step t, which a layer that runs backward has on its other side.
INLINE size_t slot_before(bool runs_backward, size_t t) { return runs_backward ? t + 2 : t; }
INLINE size_t step_at(bool runs_backward, size_t steps, size_t position) {
  return runs_backward ? steps - 1 - position : position;
}

// After how many blocks of units their cells follow: so many that a row's part fills more than one cache line, so few
// that the sums are still in the cache.
enum { CELL_GROUP = 4 };

// Calls a body with its settings as constants where they are the usual ones: f is a copy of *s without the options.
#define WITH_USUAL_LSTM(s, call) \
  if ((s)->recurrent == KERNELS_SIGMOID && (s)->candidate == KERNELS_TANH && (s)->cell_output == KERNELS_TANH && \
      !(s)->coupled && !(s)->peepholes && !((s)->cell_clip < INFINITY)) { \
    const lstm_options f = {KERNELS_SIGMOID, KERNELS_TANH, KERNELS_TANH, false, NULL, INFINITY}; \
    call; \
  } else { \
    const lstm_options f = {(s)->recurrent, (s)->candidate, (s)->cell_output, (s)->coupled, (s)->peepholes, \
                            (s)->cell_clip}; \
    call; \
  }
typedef struct {
  kernels_activation recurrent, candidate, cell_output;
  bool coupled;
  const float *peepholes;
  float cell_clip;
} lstm_options;

// c(t), k(c(t)) and h(t), or what is projected, for units [first, end) of one step.
INLINE void lstm_cells_forward(const kernels_lstm *s, lstm_options f, size_t t, size_t first, size_t end) {
#pragma clang fp contract(fast)
  const size_t cells = s->cells, gates = f.coupled ? 3 : 4;
  const size_t g_at = (f.coupled ? 1 : 2) * cells, o_at = (f.coupled ? 2 : 3) * cells;
  const float *bias = s->bias;
  float *const heads = s->projection ? s->unprojected + t * s->batch * cells : s->outputs + (t + 1) * s->batch * cells;
  for (size_t row = 0; row < s->batch; row++) {
    float *gate = s->gates + (t * s->batch + row) * gates * cells + first;
    const float *previous = s->cell_states + (slot_before(s->runs_backward, t) * s->batch + row) * cells + first;
    float *cell = s->cell_states + ((t + 1) * s->batch + row) * cells + first;
    float *activated = s->activated_cells + (t * s->batch + row) * cells + first;
    float *head = heads + row * cells + first;
    BLOCKS(
        j, count, end - first,
        const vec before = load(previous + j, count);
        vec i = load(gate + j, count);
        vec r = f.coupled ? (vec)0.0f : load(gate + cells + j, count) + s->forget_bias;
        vec g = load(gate + g_at + j, count);
        vec o = load(gate + o_at + j, count);
        if (bias) {
          const float *b = bias + first + j;
          i += load(b, count);
          if (!f.coupled) r += load(b + cells, count);
          g += load(b + g_at, count);
          o += load(b + o_at, count);
        }
        const float *p = f.peepholes ? f.peepholes + first + j : NULL;
        if (p) {
          i += load(p, count) * before;
          if (!f.coupled) r += load(p + cells, count) * before;
        }
        i = activation(f.recurrent, i);
        r = f.coupled ? 1.0f - i : activation(f.recurrent, r);
        g = activation(f.candidate, g);
        vec c = r * before + i * g;
        if (f.cell_clip < INFINITY) c = clip(c, -f.cell_clip, f.cell_clip);
        if (p) o += load(p + (f.coupled ? 1 : 2) * cells, count) * c;
        o = activation(f.recurrent, o);
        const vec k = activation(f.cell_output, c);
        store(gate + j, i, count);
        if (!f.coupled) store(gate + cells + j, r, count);
        store(gate + g_at + j, g, count);
        store(gate + o_at + j, o, count);
        store(cell + j, c, count);
        store(activated + j, k, count);
        store(head + j, o * k, count);)
  }
}

static void lstm_forward_member(void *context, size_t index, size_t count) {
  const kernels_lstm *s = context;
  const size_t gates = lstm_gates(s), batch = s->batch, cells = s->cells, outputs = s->outputs_width;
  const block_range units = share_of(blocks_of(cells), index, count);
  const block_range columns = share_of(blocks_of(outputs), index, count);
  for (size_t position = 0; position < s->steps; position++) {
    const size_t t = step_at(s->runs_backward, s->steps, position);
    const float *h = s->outputs + slot_before(s->runs_backward, t) * batch * outputs;
    float *gate = s->gates + t * batch * gates * cells;
    if (position > 0) kernels_team_barrier(count);
    for (size_t group = units.first; group < units.end; group += CELL_GROUP) {
      const size_t group_end = group + CELL_GROUP < units.end ? group + CELL_GROUP : units.end;
      for (size_t block = group; block < group_end; block++)
        packed_gates(
            batch, h, outputs, outputs, s->weights, gates, cells, block, gate, gates * cells,
            gate + (gates - 1) * cells, gates * cells, true);
      const size_t end = group_end * LANES < cells ? group_end * LANES : cells;
      WITH_USUAL_LSTM(s, lstm_cells_forward(s, f, t, group * LANES, end))
    }
    if (!s->projection) continue;
    kernels_team_barrier(count);
    float *projected = s->outputs + (t + 1) * batch * outputs;
    packed_columns(
        batch, s->unprojected + t * batch * cells, cells, cells, s->projection, cells, outputs, columns, projected,
        outputs, false);
    if (!(s->projection_clip < INFINITY)) continue;
    const size_t first = columns.first * LANES, end = columns.end * LANES < outputs ? columns.end * LANES : outputs;
    if (first >= end) continue;
    const float limit = s->projection_clip;
    for (size_t row = 0; row < batch; row++) {
      float *x = projected + row * outputs + first;
      BLOCKS(j, lanes, end - first, store(x + j, clip(load(x + j, lanes), -limit, limit), lanes);)
    }
  }
}

static void lstm_forward(const kernels_lstm *s) {
  const size_t products = s->batch * (lstm_gates(s) * s->cells * s->outputs_width);
  kernels_team_run_up_to(members_for(products), lstm_forward_member, (void *)s);
}

// The gradients at the gates of one step, for units [first, end). `head_gradient` [batch, cells] is that of o k(c).
INLINE void lstm_cells_backward(
    const kernels_lstm *s, lstm_options f, size_t t, const float *head_gradient, size_t first, size_t end) {
#pragma clang fp contract(fast)
  const size_t cells = s->cells, gates = f.coupled ? 3 : 4;
  const size_t g_at = (f.coupled ? 1 : 2) * cells, o_at = (f.coupled ? 2 : 3) * cells;
  for (size_t row = 0; row < s->batch; row++) {
    const size_t gate_at = (t * s->batch + row) * gates * cells + first;
    const float *gate = s->gates + gate_at;
    float *delta = s->gate_gradients + gate_at;
    const float *previous = s->cell_states + (slot_before(s->runs_backward, t) * s->batch + row) * cells + first;
    const float *cell = s->cell_states + ((t + 1) * s->batch + row) * cells + first;
    const float *activated = s->activated_cells + (t * s->batch + row) * cells + first;
    const float *head = head_gradient + row * cells + first;
    float *cell_gradient = s->cell_gradient + row * cells + first;
    BLOCKS(
        j, count, end - first,
        const vec before = load(previous + j, count);
        const vec i = load(gate + j, count);
        const vec r = f.coupled ? 1.0f - i : load(gate + cells + j, count);
        const vec g = load(gate + g_at + j, count);
        const vec o = load(gate + o_at + j, count);
        const vec k = load(activated + j, count);
        const vec dh = load(head + j, count);
        const float *p = f.peepholes ? f.peepholes + first + j : NULL;
        const vec output_delta = dh * k * derivative(f.recurrent, o);
        vec dc = load(cell_gradient + j, count) + dh * o * derivative(f.cell_output, k);
        if (p) dc += load(p + (f.coupled ? 1 : 2) * cells, count) * output_delta;
        if (f.cell_clip < INFINITY) {
          // Nothing flows through a cell that has been clipped.
          const vec c = load(cell + j, count);
          dc = ((c < f.cell_clip) & (c > -f.cell_clip)) ? dc : (vec)0.0f;
        }
        const vec input_delta = dc * (f.coupled ? g - before : g) * derivative(f.recurrent, i);
        const vec forget_delta = f.coupled ? (vec)0.0f : dc * before * derivative(f.recurrent, r);
        vec dc_before = dc * r;
        if (p) {
          dc_before += load(p, count) * input_delta;
          if (!f.coupled) dc_before += load(p + cells, count) * forget_delta;
        }
        store(delta + j, input_delta, count);
        if (!f.coupled) store(delta + cells + j, forget_delta, count);
        store(delta + g_at + j, dc * i * derivative(f.candidate, g), count);
        store(delta + o_at + j, output_delta, count);
        store(cell_gradient + j, dc_before, count);)
  }
}

// Adds to `to` [lanes] the sum over the window of the gradients of one gate times what its peephole saw.
INLINE void lstm_peephole_sum(
    const kernels_lstm *s, size_t gate, bool sees_new_cell, size_t first, size_t lanes, float *to) {
  const size_t gates = lstm_gates(s);
  vec_double sum = 0;
  for (size_t t = 0; t < s->steps; t++) {
    const size_t slot = sees_new_cell ? t + 1 : slot_before(s->runs_backward, t);
    for (size_t row = 0; row < s->batch; row++) {
      const vec delta = load(s->gate_gradients + ((t * s->batch + row) * gates + gate) * s->cells + first, lanes);
      const vec cell = load(s->cell_states + (slot * s->batch + row) * s->cells + first, lanes);
      sum += __builtin_convertvector(delta, vec_double) * __builtin_convertvector(cell, vec_double);
    }
  }
  store(to, load(to, lanes) + __builtin_convertvector(sum, vec), lanes);
}

static void lstm_backward_member(void *context, size_t index, size_t count) {
  const kernels_lstm *s = context;
  const size_t gates = lstm_gates(s), batch = s->batch, cells = s->cells, outputs = s->outputs_width;
  const block_range units = share_of(blocks_of(cells), index, count);
  const block_range columns = share_of(blocks_of(outputs), index, count);
  const size_t first = units.first * LANES, end = units.end * LANES < cells ? units.end * LANES : cells;
  const size_t column = columns.first * LANES;
  const size_t columns_end = columns.end * LANES < outputs ? columns.end * LANES : outputs;
  for (size_t position = s->steps; position > 0; position--) {
    const size_t t = step_at(s->runs_backward, s->steps, position - 1);
    float *dh = s->output_gradients + (t + 1) * batch * outputs;
    const float *head_gradient = dh;
    if (s->projection) {
      if (s->projection_clip < INFINITY && column < columns_end) {
        const float *h = s->outputs + (t + 1) * batch * outputs, limit = s->projection_clip;
        for (size_t row = 0; row < batch; row++) {
          const float *y = h + row * outputs + column;
          float *d = dh + row * outputs + column;
          BLOCKS(
              j, lanes, columns_end - column,
              const vec x = load(y + j, lanes);
              store(d + j, ((x < limit) & (x > -limit)) ? load(d + j, lanes) : (vec)0.0f, lanes);)
        }
      }
      kernels_team_barrier(count);
      packed_columns(
          batch, dh, outputs, outputs, s->projection_transposed, outputs, cells, units, s->unprojected_gradient, cells,
          false);
      head_gradient = s->unprojected_gradient;
    }
    if (first < end) {
      WITH_USUAL_LSTM(s, lstm_cells_backward(s, f, t, head_gradient, first, end))
    }
    if (position == 1 && !s->reaches_initial_state) break;
    kernels_team_barrier(count);
    packed_columns(
        batch, s->gate_gradients + t * batch * gates * cells, gates * cells, gates * cells, s->transposed,
        gates * cells, outputs, columns, s->output_gradients + slot_before(s->runs_backward, t) * batch * outputs,
        outputs, position > 1);
  }
  if (!s->peephole_gradients) return;
  for (size_t block = units.first; block < units.end; block++) {
    const size_t unit = block * LANES, lanes = lanes_of(cells, block);
    float *to = s->peephole_gradients + unit;
    lstm_peephole_sum(s, 0, false, unit, lanes, to);
    if (!s->coupled) lstm_peephole_sum(s, 1, false, unit, lanes, to + cells);
    lstm_peephole_sum(s, lstm_output_gate(s), true, unit, lanes, to + (s->coupled ? 1 : 2) * cells);
  }
}

static void lstm_backward(const kernels_lstm *s) {
  const size_t products = s->batch * (lstm_gates(s) * s->cells * s->outputs_width);
  kernels_team_run_up_to(members_for(products), lstm_backward_member, (void *)s);
}
