// One step of the optimizers other than Adam, each in one pass over memory. A slot that a setting does not need is null.

static void sgd_update(kernels_sgd s, size_t n, float *p, float *buffer, float *average, const float *g) {
#pragma clang fp contract(fast)
  const float fresh = 1.0f - s.dampening;
  BLOCKS(
      i, count, n,
      vec parameter = load(p + i, count);
      vec step = load(g + i, count) * s.gradient_scale + s.weight_decay * parameter;
      if (buffer) {
        const vec velocity = s.momentum * load(buffer + i, count) + fresh * step;
        store(buffer + i, velocity, count);
        step = s.nesterov ? step + s.momentum * velocity : velocity;
      }
      parameter -= s.learning_rate * step;
      store(p + i, parameter, count);
      if (average) {
        const vec mean = load(average + i, count);
        store(average + i, mean + s.average_weight * (parameter - mean), count);
      })
}

static void rmsprop_update(
    kernels_rmsprop s, size_t n, float *p, float *squares, float *mean, float *buffer, const float *g) {
#pragma clang fp contract(fast)
  const float fresh = 1.0f - s.alpha;
  BLOCKS(
      i, count, n,
      const vec parameter = load(p + i, count);
      const vec gradient = load(g + i, count) * s.gradient_scale + s.weight_decay * parameter;
      const vec square = s.alpha * load(squares + i, count) + fresh * (gradient * gradient);
      store(squares + i, square, count);
      vec variance = square;
      if (mean) {
        const vec before = load(mean + i, count);
        const vec first = before + fresh * (gradient - before);
        store(mean + i, first, count);
        // Rounding may take what is zero below it.
        variance = at_least(square - first * first, 0.0f);
      }
      vec step = gradient / (__builtin_elementwise_sqrt(variance) + s.epsilon);
      if (buffer) {
        step = s.momentum * load(buffer + i, count) + step;
        store(buffer + i, step, count);
      }
      store(p + i, parameter - s.learning_rate * step, count);)
}

static void adagrad_update(kernels_adagrad s, size_t n, float *p, float *sum, const float *g) {
#pragma clang fp contract(fast)
  BLOCKS(
      i, count, n,
      const vec parameter = load(p + i, count);
      const vec gradient = load(g + i, count) * s.gradient_scale + s.weight_decay * parameter;
      const vec total = load(sum + i, count) + gradient * gradient;
      store(sum + i, total, count);
      store(p + i, parameter - s.learning_rate * gradient / (__builtin_elementwise_sqrt(total) + s.epsilon), count);)
}

static void scale_and_clip(size_t n, float factor, float limit, float *x) {
  BLOCKS(i, count, n, store(x + i, clip(load(x + i, count) * factor, -limit, limit), count);)
}
