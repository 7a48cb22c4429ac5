// The GRU step, with the reset after or before the recurrent product.

// Calls a body with its activations as constants where they are the usual ones.
#define WITH_USUAL_GRU(s, call) \
  if ((s).recurrent == KERNELS_SIGMOID && (s).candidate == KERNELS_TANH) { \
    const kernels_gru f = {KERNELS_SIGMOID, KERNELS_TANH, (s).keeps_previous}; \
    call; \
  } else { \
    const kernels_gru f = (s); \
    call; \
  }

// The share of h_prev in h; the candidate has the rest.
INLINE vec kept_share(kernels_gru s, vec z) { return s.keeps_previous ? z : 1.0f - z; }

INLINE void gru_after_forward_of(
    kernels_gru s, size_t batch, size_t hidden, float *gates, const float *recurrent_part, const float *previous,
    float *output) {
#pragma clang fp contract(fast)
  for (size_t row = 0; row < batch; row++) {
    BLOCKS(
        j, count, hidden,
        const vec z = activation(s.recurrent, load(gates + j, count) + load(recurrent_part + j, count));
        const vec r =
            activation(s.recurrent, load(gates + hidden + j, count) + load(recurrent_part + hidden + j, count));
        const vec n = activation(
            s.candidate, load(gates + 2 * hidden + j, count) + r * load(recurrent_part + 2 * hidden + j, count));
        const vec kept = kept_share(s, z);
        store(gates + j, z, count);
        store(gates + hidden + j, r, count);
        store(gates + 2 * hidden + j, n, count);
        store(output + j, kept * load(previous + j, count) + (1.0f - kept) * n, count);)
    gates += 3 * hidden;
    recurrent_part += 3 * hidden;
    previous += hidden;
    output += hidden;
  }
}

static void gru_after_forward(
    kernels_gru s, size_t batch, size_t hidden, float *gates, const float *recurrent_part, const float *previous,
    float *output) {
  WITH_USUAL_GRU(s, gru_after_forward_of(f, batch, hidden, gates, recurrent_part, previous, output))
}

INLINE void gru_after_backward_of(
    kernels_gru s, size_t batch, size_t hidden, const float *gates, const float *recurrent_part, const float *previous,
    const float *output_gradient, float *previous_gradient, float *input_gradients, float *recurrent_gradients) {
#pragma clang fp contract(fast)
  for (size_t row = 0; row < batch; row++) {
    BLOCKS(
        j, count, hidden,
        const vec z = load(gates + j, count);
        const vec r = load(gates + hidden + j, count);
        const vec n = load(gates + 2 * hidden + j, count);
        const vec dh = load(output_gradient + j, count);
        const vec kept = kept_share(s, z);
        const vec contrast = load(previous + j, count) - n;
        const vec dz = dh * (s.keeps_previous ? contrast : -contrast) * derivative(s.recurrent, z);
        const vec dn = dh * (1.0f - kept) * derivative(s.candidate, n);
        const vec dr = dn * load(recurrent_part + 2 * hidden + j, count) * derivative(s.recurrent, r);
        store(input_gradients + j, dz, count);
        store(input_gradients + hidden + j, dr, count);
        store(input_gradients + 2 * hidden + j, dn, count);
        store(recurrent_gradients + j, dz, count);
        store(recurrent_gradients + hidden + j, dr, count);
        store(recurrent_gradients + 2 * hidden + j, dn * r, count);
        store(previous_gradient + j, load(previous_gradient + j, count) + dh * kept, count);)
    gates += 3 * hidden;
    recurrent_part += 3 * hidden;
    previous += hidden;
    output_gradient += hidden;
    previous_gradient += hidden;
    input_gradients += 3 * hidden;
    recurrent_gradients += 3 * hidden;
  }
}

static void gru_after_backward(
    kernels_gru s, size_t batch, size_t hidden, const float *gates, const float *recurrent_part, const float *previous,
    const float *output_gradient, float *previous_gradient, float *input_gradients, float *recurrent_gradients) {
  WITH_USUAL_GRU(
      s, gru_after_backward_of(
             f, batch, hidden, gates, recurrent_part, previous, output_gradient, previous_gradient, input_gradients,
             recurrent_gradients))
}

INLINE void gru_before_gates_of(
    kernels_gru s, size_t batch, size_t hidden, float *gates, const float *previous, float *reset_output) {
  for (size_t row = 0; row < batch; row++) {
    BLOCKS(
        j, count, hidden,
        const vec z = activation(s.recurrent, load(gates + j, count));
        const vec r = activation(s.recurrent, load(gates + hidden + j, count));
        store(gates + j, z, count);
        store(gates + hidden + j, r, count);
        store(reset_output + j, r * load(previous + j, count), count);)
    gates += 3 * hidden;
    previous += hidden;
    reset_output += hidden;
  }
}

static void gru_before_gates(
    kernels_gru s, size_t batch, size_t hidden, float *gates, const float *previous, float *reset_output) {
  WITH_USUAL_GRU(s, gru_before_gates_of(f, batch, hidden, gates, previous, reset_output))
}

INLINE void gru_before_candidate_of(
    kernels_gru s, size_t batch, size_t hidden, float *gates, const float *previous, float *output) {
#pragma clang fp contract(fast)
  for (size_t row = 0; row < batch; row++) {
    BLOCKS(
        j, count, hidden,
        const vec kept = kept_share(s, load(gates + j, count));
        const vec n = activation(s.candidate, load(gates + 2 * hidden + j, count));
        store(gates + 2 * hidden + j, n, count);
        store(output + j, kept * load(previous + j, count) + (1.0f - kept) * n, count);)
    gates += 3 * hidden;
    previous += hidden;
    output += hidden;
  }
}

static void gru_before_candidate(
    kernels_gru s, size_t batch, size_t hidden, float *gates, const float *previous, float *output) {
  WITH_USUAL_GRU(s, gru_before_candidate_of(f, batch, hidden, gates, previous, output))
}

INLINE void gru_before_candidate_backward_of(
    kernels_gru s, size_t batch, size_t hidden, const float *gates, const float *previous,
    const float *output_gradient, float *previous_gradient, float *gate_gradients) {
#pragma clang fp contract(fast)
  for (size_t row = 0; row < batch; row++) {
    BLOCKS(
        j, count, hidden,
        const vec z = load(gates + j, count);
        const vec n = load(gates + 2 * hidden + j, count);
        const vec dh = load(output_gradient + j, count);
        const vec kept = kept_share(s, z);
        const vec contrast = load(previous + j, count) - n;
        store(
            gate_gradients + j, dh * (s.keeps_previous ? contrast : -contrast) * derivative(s.recurrent, z), count);
        store(gate_gradients + 2 * hidden + j, dh * (1.0f - kept) * derivative(s.candidate, n), count);
        store(previous_gradient + j, load(previous_gradient + j, count) + dh * kept, count);)
    gates += 3 * hidden;
    previous += hidden;
    output_gradient += hidden;
    previous_gradient += hidden;
    gate_gradients += 3 * hidden;
  }
}

static void gru_before_candidate_backward(
    kernels_gru s, size_t batch, size_t hidden, const float *gates, const float *previous,
    const float *output_gradient, float *previous_gradient, float *gate_gradients) {
  WITH_USUAL_GRU(
      s, gru_before_candidate_backward_of(
             f, batch, hidden, gates, previous, output_gradient, previous_gradient, gate_gradients))
}

INLINE void gru_before_gates_backward_of(
    kernels_gru s, size_t batch, size_t hidden, const float *gates, const float *previous,
    const float *reset_output_gradient, float *previous_gradient, float *gate_gradients) {
#pragma clang fp contract(fast)
  for (size_t row = 0; row < batch; row++) {
    BLOCKS(
        j, count, hidden,
        const vec r = load(gates + hidden + j, count);
        const vec d = load(reset_output_gradient + j, count);
        store(gate_gradients + hidden + j, d * load(previous + j, count) * derivative(s.recurrent, r), count);
        store(previous_gradient + j, load(previous_gradient + j, count) + d * r, count);)
    gates += 3 * hidden;
    previous += hidden;
    reset_output_gradient += hidden;
    previous_gradient += hidden;
    gate_gradients += 3 * hidden;
  }
}

static void gru_before_gates_backward(
    kernels_gru s, size_t batch, size_t hidden, const float *gates, const float *previous,
    const float *reset_output_gradient, float *previous_gradient, float *gate_gradients) {
  WITH_USUAL_GRU(
      s, gru_before_gates_backward_of(
             f, batch, hidden, gates, previous, reset_output_gradient, previous_gradient, gate_gradients))
}
