// The LSTM step. One body serves all activations; the usual ones are constants and so cost no test.

static const kernels_lstm_activations usual_lstm = {KERNELS_SIGMOID, KERNELS_TANH, KERNELS_TANH};

static bool is_usual_lstm(kernels_lstm_activations f) {
  return f.recurrent == KERNELS_SIGMOID && f.candidate == KERNELS_TANH && f.cell_output == KERNELS_TANH;
}

INLINE void lstm_forward_of(
    kernels_lstm_activations f, float forget_bias, size_t batch, size_t hidden, float *gates,
    const float *previous_cell, float *cell, float *activated_cell, float *output) {
#pragma clang fp contract(fast)
  for (size_t row = 0; row < batch; row++) {
    BLOCKS(
        j, count, hidden,
        const vec i = activation(f.recurrent, load(gates + j, count));
        const vec r = activation(f.recurrent, load(gates + hidden + j, count) + forget_bias);
        const vec g = activation(f.candidate, load(gates + 2 * hidden + j, count));
        const vec o = activation(f.recurrent, load(gates + 3 * hidden + j, count));
        const vec c = r * load(previous_cell + j, count) + i * g;
        const vec k = activation(f.cell_output, c);
        store(gates + j, i, count);
        store(gates + hidden + j, r, count);
        store(gates + 2 * hidden + j, g, count);
        store(gates + 3 * hidden + j, o, count);
        store(cell + j, c, count);
        store(activated_cell + j, k, count);
        store(output + j, o * k, count);)
    gates += 4 * hidden;
    previous_cell += hidden;
    cell += hidden;
    activated_cell += hidden;
    output += hidden;
  }
}

static void lstm_forward(
    kernels_lstm_activations f, float forget_bias, size_t batch, size_t hidden, float *gates,
    const float *previous_cell, float *cell, float *activated_cell, float *output) {
  if (is_usual_lstm(f))
    lstm_forward_of(
        usual_lstm, forget_bias, batch, hidden, gates, previous_cell, cell, activated_cell, output);
  else
    lstm_forward_of(f, forget_bias, batch, hidden, gates, previous_cell, cell, activated_cell, output);
}

INLINE void lstm_backward_of(
    kernels_lstm_activations f, size_t batch, size_t hidden, const float *gates, const float *previous_cell,
    const float *activated_cell, const float *output_gradient, float *cell_gradient, float *gate_gradients) {
#pragma clang fp contract(fast)
  for (size_t row = 0; row < batch; row++) {
    BLOCKS(
        j, count, hidden,
        const vec i = load(gates + j, count);
        const vec r = load(gates + hidden + j, count);
        const vec g = load(gates + 2 * hidden + j, count);
        const vec o = load(gates + 3 * hidden + j, count);
        const vec k = load(activated_cell + j, count);
        const vec dh = load(output_gradient + j, count);
        const vec dc = load(cell_gradient + j, count) + dh * o * derivative(f.cell_output, k);
        store(gate_gradients + j, dc * g * derivative(f.recurrent, i), count);
        store(gate_gradients + hidden + j, dc * load(previous_cell + j, count) * derivative(f.recurrent, r), count);
        store(gate_gradients + 2 * hidden + j, dc * i * derivative(f.candidate, g), count);
        store(gate_gradients + 3 * hidden + j, dh * k * derivative(f.recurrent, o), count);
        store(cell_gradient + j, dc * r, count);)
    gates += 4 * hidden;
    previous_cell += hidden;
    activated_cell += hidden;
    output_gradient += hidden;
    cell_gradient += hidden;
    gate_gradients += 4 * hidden;
  }
}

static void lstm_backward(
    kernels_lstm_activations f, size_t batch, size_t hidden, const float *gates, const float *previous_cell,
    const float *activated_cell, const float *output_gradient, float *cell_gradient, float *gate_gradients) {
  if (is_usual_lstm(f))
    lstm_backward_of(
        usual_lstm, batch, hidden, gates, previous_cell, activated_cell, output_gradient, cell_gradient,
        gate_gradients);
  else
    lstm_backward_of(
        f, batch, hidden, gates, previous_cell, activated_cell, output_gradient, cell_gradient, gate_gradients);
}
