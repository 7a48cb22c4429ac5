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
