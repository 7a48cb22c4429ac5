// Activations over a buffer. Each code gets a loop of its own.

INLINE void activate_all(kernels_activation f, float *x, size_t n) {
  BLOCKS(i, count, n, store(x + i, activation(f, load(x + i, count)), count);)
}

INLINE void multiply_all_by_derivative(kernels_activation f, const float *y, float *g, size_t n) {
  BLOCKS(i, count, n, store(g + i, load(g + i, count) * derivative(f, load(y + i, count)), count);)
}

#define FOR_EACH_ACTIVATION(CASE) \
  CASE(KERNELS_LINEAR) \
  CASE(KERNELS_TANH) \
  CASE(KERNELS_SIGMOID) \
  CASE(KERNELS_HARD_SIGMOID) \
  CASE(KERNELS_HARD_SIGMOID_SIXTH) \
  CASE(KERNELS_RELU) \
  CASE(KERNELS_SOFTSIGN) \
  CASE(KERNELS_SOFTPLUS) \
  CASE(KERNELS_ELU) \
  CASE(KERNELS_HARD_TANH)

static void activate(kernels_activation f, float *x, size_t n) {
#define CASE(code) \
  case code: activate_all(code, x, n); break;
  switch (f) { FOR_EACH_ACTIVATION(CASE) }
#undef CASE
}

static void multiply_by_derivative(kernels_activation f, const float *y, float *g, size_t n) {
#define CASE(code) \
  case code: multiply_all_by_derivative(code, y, g, n); break;
  switch (f) { FOR_EACH_ACTIVATION(CASE) }
#undef CASE
}
