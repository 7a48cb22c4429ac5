// The list of kernels, from which come the table of one level, each level's table, and the public functions.
#ifndef RNNTOOL_KERNELS_TABLE_H
#define RNNTOOL_KERNELS_TABLE_H

#include "kernels.h"

// KERNEL(result, name, (parameters), (arguments))
#define KERNELS_LIST(KERNEL) \
  KERNEL(void, activate, (kernels_activation f, float *x, size_t n), (f, x, n)) \
  KERNEL(void, multiply_by_derivative, (kernels_activation f, const float *y, float *g, size_t n), (f, y, g, n)) \
  KERNEL( \
      void, pack_gates, (size_t gates, size_t units, size_t depth, const float *weights, float *packed), \
      (gates, units, depth, weights, packed)) \
  KERNEL( \
      void, pack_transposed, (size_t depth, size_t units, const float *weights, float *packed), \
      (depth, units, weights, packed)) \
  KERNEL(void, lstm_forward, (const kernels_lstm *layer), (layer)) \
  KERNEL(void, lstm_backward, (const kernels_lstm *layer), (layer)) \
  KERNEL(void, gru_forward, (const kernels_gru *layer), (layer)) \
  KERNEL(void, gru_backward, (const kernels_gru *layer), (layer)) \
  KERNEL(void, elman_forward, (const kernels_elman *layer), (layer)) \
  KERNEL(void, elman_backward, (const kernels_elman *layer), (layer)) \
  KERNEL( \
      void, cross_entropy, \
      (size_t rows, size_t classes, float *logits, const int32_t *targets, float scale, double *likelihoods), \
      (rows, classes, logits, targets, scale, likelihoods)) \
  KERNEL( \
      void, target_log_probabilities, \
      (size_t rows, size_t classes, const float *logits, const int32_t *targets, double *log_probabilities), \
      (rows, classes, logits, targets, log_probabilities)) \
  KERNEL( \
      void, softmax_statistics, \
      (size_t rows, size_t columns, const float *logits, float *largest, double *sums), \
      (rows, columns, logits, largest, sums)) \
  KERNEL( \
      void, softmax_gradient, \
      (size_t rows, size_t columns, float *logits, const float *largest, const float *factors, \
       const int32_t *targets, size_t first, float scale), \
      (rows, columns, logits, largest, factors, targets, first, scale)) \
  KERNEL( \
      void, binary_cross_entropy, \
      (size_t rows, size_t columns, const float *logits, const uint8_t *targets, float scale, double *losses, \
       float *gradient), \
      (rows, columns, logits, targets, scale, losses, gradient)) \
  KERNEL(void, log_softmax, (size_t rows, size_t classes, float *logits), (rows, classes, logits)) \
  KERNEL(void, softmax, (size_t rows, size_t classes, float *logits), (rows, classes, logits)) \
  KERNEL(void, scale, (size_t n, float factor, float *x), (n, factor, x)) \
  KERNEL(void, axpy, (size_t n, float factor, const float *addend, float *x), (n, factor, addend, x)) \
  KERNEL(void, multiply, (size_t n, const float *factors, float *x), (n, factors, x)) \
  KERNEL(double, sum_of_squares, (size_t n, const float *x), (n, x)) \
  KERNEL( \
      void, add_to_rows, (size_t rows, size_t columns, const float *bias, float *matrix), \
      (rows, columns, bias, matrix)) \
  KERNEL( \
      void, add_rows, (size_t rows, size_t columns, const float *matrix, size_t stride, float *sums), \
      (rows, columns, matrix, stride, sums)) \
  KERNEL( \
      void, gather_rows, (size_t n, size_t columns, const float *table, const int32_t *ids, float *rows), \
      (n, columns, table, ids, rows)) \
  KERNEL( \
      void, scatter_add_rows, \
      (size_t n, size_t columns, size_t stride, const float *rows, const int32_t *ids, float *table), \
      (n, columns, stride, rows, ids, table)) \
  KERNEL( \
      void, transpose, (size_t rows, size_t columns, const float *source, float *destination, size_t stride), \
      (rows, columns, source, destination, stride)) \
  KERNEL( \
      void, adam_update, (kernels_adam s, size_t n, float *p, float *m, float *v, const float *g), \
      (s, n, p, m, v, g)) \
  KERNEL( \
      void, sgd_update, (kernels_sgd s, size_t n, float *p, float *buffer, float *average, const float *g), \
      (s, n, p, buffer, average, g)) \
  KERNEL( \
      void, rmsprop_update, \
      (kernels_rmsprop s, size_t n, float *p, float *squares, float *mean, float *buffer, const float *g), \
      (s, n, p, squares, mean, buffer, g)) \
  KERNEL( \
      void, adagrad_update, (kernels_adagrad s, size_t n, float *p, float *sum, const float *g), (s, n, p, sum, g)) \
  KERNEL(void, scale_and_clip, (size_t n, float factor, float limit, float *x), (n, factor, limit, x)) \
  KERNEL( \
      void, sgemm, \
      (bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a, \
       size_t stride_a, const float *b, size_t stride_b, float beta, const float *bias, float *c, size_t stride_c), \
      (transpose_a, transpose_b, m, n, k, alpha, a, stride_a, b, stride_b, beta, bias, c, stride_c)) \
  KERNEL( \
      void, sgemm_few_rows, \
      (bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a, size_t stride_a, const float *b, \
       size_t stride_b, float beta, const float *bias, float *c, size_t stride_c), \
      (transpose_b, m, n, k, alpha, a, stride_a, b, stride_b, beta, bias, c, stride_c))

#define KERNELS_MEMBER(result, name, parameters, arguments) result(*name) parameters;
typedef struct {
  kernels_level level;
  KERNELS_LIST(KERNELS_MEMBER)
} kernels_table;
#undef KERNELS_MEMBER

// Each level's source file defines the table that its name says; only x86-64 has more than one.
extern const kernels_table kernels_table_portable;
#if defined(__x86_64__)
extern const kernels_table kernels_table_avx2;
extern const kernels_table kernels_table_avx512;
#endif

#endif
