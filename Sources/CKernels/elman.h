// Simple recurrent units over a whole window, with leaky integration where `leak` is below 1. The division of the work
// is that of the LSTM.

INLINE void elman_units_forward(const kernels_elman *s, kernels_activation f, size_t t, size_t first, size_t end) {
#pragma clang fp contract(fast)
  const size_t hidden = s->hidden;
  for (size_t row = 0; row < s->batch; row++) {
    float *value = s->values + (t * s->batch + row) * hidden + first;
    const float *previous = s->outputs + (slot_before(s->runs_backward, t) * s->batch + row) * hidden + first;
    float *output = s->outputs + ((t + 1) * s->batch + row) * hidden + first;
    BLOCKS(
        j, count, end - first,
        vec y = load(value + j, count);
        if (s->bias) y += load(s->bias + first + j, count);
        y = activation(f, y);
        if (s->leak < 1.0f) {
          store(value + j, y, count);
          y = (1.0f - s->leak) * load(previous + j, count) + s->leak * y;
        }
        store(output + j, y, count);)
  }
}

static void elman_forward_units(const kernels_elman *s, size_t t, size_t first, size_t end) {
#define CASE(code) \
  case code: elman_units_forward(s, code, t, first, end); break;
  switch (s->activation) { FOR_EACH_ACTIVATION(CASE) }
#undef CASE
}

static void elman_forward_member(void *context, size_t index, size_t count) {
  const kernels_elman *s = context;
  const size_t hidden = s->hidden, size = s->batch * hidden;
  const block_range units = share_of(blocks_of(hidden), index, count);
  const size_t first = units.first * LANES, end = units.end * LANES < hidden ? units.end * LANES : hidden;
  for (size_t position = 0; position < s->steps; position++) {
    const size_t t = step_at(s->runs_backward, s->steps, position);
    if (position > 0) kernels_team_barrier(count);
    packed_columns(
        s->batch, s->outputs + slot_before(s->runs_backward, t) * size, hidden, hidden, s->weights, hidden, hidden,
        units, s->values + t * size, hidden, true);
    if (first < end) elman_forward_units(s, t, first, end);
  }
}

static void elman_forward(const kernels_elman *s) {
  kernels_team_run_up_to(members_for(s->batch * s->hidden * s->hidden), elman_forward_member, (void *)s);
}

INLINE void elman_units_backward(const kernels_elman *s, kernels_activation f, size_t t, size_t first, size_t end) {
#pragma clang fp contract(fast)
  const size_t hidden = s->hidden;
  for (size_t row = 0; row < s->batch; row++) {
    const size_t at = (t * s->batch + row) * hidden + first;
    const float *value = s->leak < 1.0f ? s->values + at : s->outputs + at + s->batch * hidden;
    const float *output_gradient = s->output_gradients + at + s->batch * hidden;
    const size_t before = slot_before(s->runs_backward, t);
    float *previous = s->output_gradients + (before * s->batch + row) * hidden + first;
    const bool is_first = before == (s->runs_backward ? s->steps + 1 : 0);
    float *delta = s->gate_gradients + at;
    BLOCKS(
        j, count, end - first,
        const vec dh = load(output_gradient + j, count);
        store(delta + j, s->leak * dh * derivative(f, load(value + j, count)), count);
        if (s->leak < 1.0f || is_first) {
          const vec passed = (1.0f - s->leak) * dh;
          store(previous + j, is_first ? passed : load(previous + j, count) + passed, count);
        })
  }
}

static void elman_backward_units(const kernels_elman *s, size_t t, size_t first, size_t end) {
#define CASE(code) \
  case code: elman_units_backward(s, code, t, first, end); break;
  switch (s->activation) { FOR_EACH_ACTIVATION(CASE) }
#undef CASE
}

static void elman_backward_member(void *context, size_t index, size_t count) {
  const kernels_elman *s = context;
  const size_t hidden = s->hidden, size = s->batch * hidden;
  const block_range units = share_of(blocks_of(hidden), index, count);
  const size_t first = units.first * LANES, end = units.end * LANES < hidden ? units.end * LANES : hidden;
  for (size_t position = s->steps; position > 0; position--) {
    const size_t t = step_at(s->runs_backward, s->steps, position - 1);
    if (first < end) elman_backward_units(s, t, first, end);
    if (position == 1 && !s->reaches_initial_state) break;
    kernels_team_barrier(count);
    packed_columns(
        s->batch, s->gate_gradients + t * size, hidden, hidden, s->transposed, hidden, hidden, units,
        s->output_gradients + slot_before(s->runs_backward, t) * size, hidden, true);
  }
}

static void elman_backward(const kernels_elman *s) {
  kernels_team_run_up_to(members_for(s->batch * s->hidden * s->hidden), elman_backward_member, (void *)s);
}
