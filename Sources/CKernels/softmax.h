// Softmax, its logarithm and the cross-entropy, row by row.

static float largest(const float *row, size_t n) {
  vec best = -INFINITY;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    const vec x = load(row + i, LANES);
    best = x > best ? x : best;
  }
  float most = largest_lane(best);
  for (; i < n; i++) most = row[i] > most ? row[i] : most;
  return most;
}

// The sum of exp(row - most) in double precision; the terms go to `terms` unless it is null.
INLINE double sum_of_exponentials(const float *row, size_t n, float most, float *terms) {
  vec_double sum = 0;
  BLOCKS(
      i, count, n,
      const vec term = vector_exp(load(row + i, count) - most);
      if (terms) store(terms + i, term, count);
      sum += __builtin_convertvector(first_lanes(term, count), vec_double);)
  return sum_lanes(&sum);
}

static void scale(size_t n, float factor, float *x);

static void cross_entropy(
    size_t rows, size_t classes, float *logits, const int32_t *targets, float factor, double *likelihoods) {
  for (size_t row = 0; row < rows; row++, logits += classes) {
    const int32_t target = targets[row];
    if (target < 0) {
      memset(logits, 0, classes * sizeof(float));
      likelihoods[row] = 0;
      continue;
    }
    const float most = largest(logits, classes);
    const double offset = (double)logits[target] - (double)most;
    const double sum = sum_of_exponentials(logits, classes, most, logits);
    likelihoods[row] = log(sum) - offset;
    const float rest = (float)(((double)logits[target] / sum - 1.0) * (double)factor);
    scale(classes, (float)((double)factor / sum), logits);
    logits[target] = rest;
  }
}

static void target_log_probabilities(
    size_t rows, size_t classes, const float *logits, const int32_t *targets, double *log_probabilities) {
  for (size_t row = 0; row < rows; row++, logits += classes) {
    const int32_t target = targets[row];
    if (target < 0) {
      log_probabilities[row] = 0;
      continue;
    }
    const float most = largest(logits, classes);
    const double sum = sum_of_exponentials(logits, classes, most, NULL);
    log_probabilities[row] = ((double)logits[target] - (double)most) - log(sum);
  }
}

static void log_softmax(size_t rows, size_t classes, float *logits) {
  for (size_t row = 0; row < rows; row++, logits += classes) {
    const float most = largest(logits, classes);
    const float log_sum = (float)log(sum_of_exponentials(logits, classes, most, NULL));
    BLOCKS(i, count, classes, store(logits + i, (load(logits + i, count) - most) - log_sum, count);)
  }
}

static void softmax(size_t rows, size_t classes, float *logits) {
  for (size_t row = 0; row < rows; row++, logits += classes) {
    const float most = largest(logits, classes);
    const double sum = sum_of_exponentials(logits, classes, most, logits);
    scale(classes, (float)(1.0 / sum), logits);
  }
}

static void softmax_statistics(size_t rows, size_t columns, const float *logits, float *most, double *sums) {
  for (size_t row = 0; row < rows; row++, logits += columns) {
    const float here = largest(logits, columns);
    const float before = most[row];
    const float now = here > before ? here : before;
    // As long as nothing is above -infinity, the difference would be no number.
    const double earlier = before == now ? sums[row] : sums[row] * exp((double)before - (double)now);
    sums[row] = earlier + sum_of_exponentials(logits, columns, now, NULL);
    most[row] = now;
  }
}

static void softmax_gradient(
    size_t rows, size_t columns, float *logits, const float *most, const float *factors, const int32_t *targets,
    size_t first, float factor) {
#pragma clang fp contract(fast)
  for (size_t row = 0; row < rows; row++, logits += columns) {
    if (targets[row] < 0) {
      memset(logits, 0, columns * sizeof(float));
      continue;
    }
    const float shift = most[row], share = factors[row];
    BLOCKS(i, count, columns, store(logits + i, vector_exp(load(logits + i, count) - shift) * share, count);)
    // Below `first` it wraps round to something large.
    const size_t target = (size_t)targets[row] - first;
    if (target < columns) logits[target] -= factor;
  }
}

static void binary_cross_entropy(
    size_t rows, size_t columns, const float *logits, const uint8_t *targets, float factor, double *losses,
    float *gradient) {
#pragma clang fp contract(fast)
  for (size_t row = 0; row < rows; row++, logits += columns, targets += columns) {
    vec_double loss = 0;
    BLOCKS(
        i, count, columns,
        const vec target = load_bytes(targets + i, count);
        // The loss of a 1 at z is that of a 0 at -z, log(1 + exp(z)), which neither overflows nor cancels.
        const vec sign = target == 1.0f ? (vec)-1.0f : target == 0.0f ? (vec)1.0f : (vec)0.0f;
        const vec z = sign * load(logits + i, count);
        const vec term = sign != 0.0f ? vector_softplus(z) : (vec)0.0f;
        loss += __builtin_convertvector(first_lanes(term, count), vec_double);
        if (gradient) store(gradient + i, sign * vector_sigmoid(z) * factor, count);)
    losses[row] = sum_lanes(&loss);
    if (gradient) gradient += columns;
  }
}
