// The Adam update.

static void adam_update(kernels_adam s, size_t n, float *p, float *m, float *v, const float *g) {
#pragma clang fp contract(fast)
  const float coupled = s.decoupled_decay ? 0.0f : s.weight_decay;
  const float shrink = s.decoupled_decay ? s.learning_rate * s.weight_decay : 0.0f;
  const float rate = s.learning_rate / s.first_correction;
  const float root = 1.0f / sqrtf(s.second_correction);
  BLOCKS(
      i, count, n,
      const vec parameter = load(p + i, count);
      const vec gradient = load(g + i, count) * s.gradient_scale + coupled * parameter;
      const vec first = s.beta1 * load(m + i, count) + (1.0f - s.beta1) * gradient;
      const vec second = s.beta2 * load(v + i, count) + (1.0f - s.beta2) * (gradient * gradient);
      const vec step = rate * first / (__builtin_elementwise_sqrt(second) * root + s.epsilon);
      store(m + i, first, count);
      store(v + i, second, count);
      store(p + i, parameter - shrink * parameter - step, count);)
}
