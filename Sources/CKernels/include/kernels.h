// The hot loops of recurrent networks, over row-major float32 matrices.
//
// Every function runs the version compiled for the best instruction set of the processor (see kernels_level). Sizes are
// trusted: the Swift module over this one checks them. No function allocates. The same inputs give the same bits at
// the same level. Pointers of empty buffers may be null. Buffers must not overlap unless a comment says so.
#ifndef RNNTOOL_KERNELS_H
#define RNNTOOL_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// MARK: Level

typedef enum {
  KERNELS_PORTABLE = 0,  // SSE2 on x86-64, NEON on arm64
  KERNELS_AVX2 = 1,      // AVX2 and FMA
  KERNELS_AVX512 = 2     // AVX-512 F, BW, CD, DQ, VL
} kernels_level;

/// Whether this processor and this build run a level.
bool kernels_is_supported(kernels_level level);
/// The level that calls from this thread use.
kernels_level kernels_active(void);
/// Sets the level of the process; false, and no change, if it is not supported.
bool kernels_select(kernels_level level);
/// Sets a level for the calling thread alone, or with a negative number none, so that it follows the process again.
/// Returns what was set before, negative for none. An unsupported level changes nothing.
int kernels_select_for_thread(int level);
/// The value of RNNTOOL_KERNELS if it names no supported level, else null.
const char *kernels_refused_environment(void);

// MARK: Activations

typedef enum {
  KERNELS_LINEAR = 0,
  KERNELS_TANH = 1,
  KERNELS_SIGMOID = 2,
  KERNELS_HARD_SIGMOID = 3,        // clip(0.2 x + 0.5, 0, 1)
  KERNELS_HARD_SIGMOID_SIXTH = 4,  // clip(x / 6 + 0.5, 0, 1)
  KERNELS_RELU = 5,
  KERNELS_SOFTSIGN = 6,
  KERNELS_SOFTPLUS = 7,
  KERNELS_ELU = 8,                 // alpha 1
  KERNELS_HARD_TANH = 9            // clip(x, -1, 1)
} kernels_activation;

/// values[i] = y(values[i])
void kernels_activate(kernels_activation activation, float *values, size_t count);
/// gradients[i] *= y'(x), expressed by outputs[i] = y(x)
void kernels_multiply_by_derivative(
    kernels_activation activation, const float *outputs, float *gradients, size_t count);

// MARK: Packed weights
//
// A matrix that is multiplied many times, in blocks for the vectors of the active level: it must be used at the level it
// was packed at. Its size is that of the matrix with the units rounded up to a multiple of KERNELS_MOST_LANES.

enum { KERNELS_MOST_LANES = 16 };

/// W [gates, units, depth], for products with W^T; the gates of a unit lie together. On the team.
void kernels_pack_gates(size_t gates, size_t units, size_t depth, const float *weights, float *packed);
/// W [depth, units], for products with W. On the team.
void kernels_pack_transposed(size_t depth, size_t units, const float *weights, float *packed);

// MARK: Recurrent layers over a window, on the team
//
// States lie in slots: slot t + 1 is the state after step t. The state before the first step is in slot 0, for a layer
// that runs backward, from the last step to the first, in slot steps + 1. So there are steps + 1 or steps + 2 slots.
// What is only for the backward pass may be null in the forward pass.

/// Gates input, forget, candidate, output; coupled: input, candidate, output, and forget is 1 - input.
typedef struct {
  size_t steps, batch, cells;
  size_t outputs_width;             // cells, unless there is a projection
  bool runs_backward;
  bool coupled;
  bool reaches_initial_state;       // whether gradients are wanted at the state before the first step
  kernels_activation recurrent;     // of the gates
  kernels_activation candidate;
  kernels_activation cell_output;   // of the cell on its way to the output
  float forget_bias;                // added to the forget gate's preactivation
  float cell_clip, projection_clip; // largest magnitudes; INFINITY for none
  const float *weights;             // packed [gates, cells, outputs]
  const float *transposed;          // the same, packed transposed as [gates * cells, outputs]
  const float *projection;          // packed [outputs, cells], or null
  const float *projection_transposed;
  const float *bias;                // [gates, cells], added to the preactivations, or null
  const float *peepholes;           // [gates - 1, cells] (none for the candidate), or null
  float *gates;                     // [steps, batch, gates, cells]: the input's part in, gate values out
  float *cell_states;               // [slots, batch, cells]
  float *activated_cells;           // [steps, batch, cells]
  float *unprojected;               // [steps, batch, cells], what the projection is applied to; null without
  float *outputs;                   // [slots, batch, outputs]
  // Backward
  float *output_gradients;          // [slots, batch, outputs]; the recurrent part is added
  float *cell_gradient;             // [batch, cells]: after the last step in, before the first out
  float *gate_gradients;            // [steps, batch, gates, cells], at the preactivations
  float *unprojected_gradient;      // [batch, cells], scratch; null without a projection
  float *peephole_gradients;        // [gates - 1, cells], added to; or null
} kernels_lstm;
void kernels_lstm_forward(const kernels_lstm *layer);
void kernels_lstm_backward(const kernels_lstm *layer);

/// Gates update z, reset r, candidate n.
typedef struct {
  size_t steps, batch, hidden;
  bool runs_backward;
  bool reaches_initial_state;
  bool resets_before;               // n = g(x + U (r h) + bias), else n = g(x + r (U h + bias))
  bool keeps_previous;              // h = z h(t-1) + (1 - z) n, else h = (1 - z) h(t-1) + z n
  kernels_activation recurrent;     // of the gates
  kernels_activation candidate;
  const float *weights;             // packed [3, hidden, hidden]; of z and r only if the reset is before
  const float *candidate_weights;   // packed [hidden, hidden]; null if the reset is after
  const float *transposed;          // packed transposed [3 * hidden, hidden]
  const float *bias;                // [3, hidden], of the recurrent part, or null
  float *gates;                     // [steps, batch, 3, hidden]: the input's part in, gate values out
  float *parts;                     // [steps, batch, hidden]: U_n h + bias, or r h, out
  float *outputs;                   // [slots, batch, hidden]
  // Backward
  float *output_gradients;          // [slots, batch, hidden]; the recurrent part is added
  float *gate_gradients;            // [steps, batch, 3, hidden], at the input's part
  float *part_gradients;            // reset after: [steps, batch, hidden], at U_n h; before: [batch, hidden], scratch
} kernels_gru;
void kernels_gru_forward(const kernels_gru *layer);
void kernels_gru_backward(const kernels_gru *layer);

typedef struct {
  size_t steps, batch, hidden;
  bool runs_backward;
  bool reaches_initial_state;
  kernels_activation activation;
  float leak;                       // h = (1 - leak) h(t-1) + leak y; 1 for h = y
  const float *weights;             // packed [hidden, hidden]
  const float *transposed;
  const float *bias;                // [hidden], or null
  float *values;                    // [steps, batch, hidden]: the input's part in; with a leak below 1, y out
  float *outputs;                   // [slots, batch, hidden]
  // Backward
  float *output_gradients;          // [slots, batch, hidden]; the recurrent part is added
  float *gate_gradients;            // [steps, batch, hidden], at the preactivations
} kernels_elman;
void kernels_elman_forward(const kernels_elman *layer);
void kernels_elman_backward(const kernels_elman *layer);

// MARK: Softmax and cross-entropy; logits [rows, classes], targets [rows] below classes, negative to ignore the row

/// logits become (softmax - one hot) * scale; negative_log_likelihoods [rows] out, 0 for an ignored row.
void kernels_cross_entropy(
    size_t rows, size_t classes, float *logits, const int32_t *targets, float scale,
    double *negative_log_likelihoods);
/// log_probabilities [rows] out: of each row's target, 0 for an ignored row.
void kernels_target_log_probabilities(
    size_t rows, size_t classes, const float *logits, const int32_t *targets, double *log_probabilities);
/// What the softmax of rows that are computed column block by column block has to know of a block. largest, sums [rows]:
/// the largest logit so far and the sum of exp(logit - largest), both brought up to date; before the first block they are
/// -infinity and 0.
void kernels_softmax_statistics(
    size_t rows, size_t columns, const float *logits, float *largest, double *sums);
/// The gradient of such a block, whose first column is `first`: logits become exp(logits - largest) factor, less `scale` at
/// the target, and 0 in an ignored row. factors [rows]: scale over the sum.
void kernels_softmax_gradient(
    size_t rows, size_t columns, float *logits, const float *largest, const float *factors, const int32_t *targets,
    size_t first, float scale);
/// Independent bits. logits [rows, columns], targets of the same shape: 0 or 1, any other value to ignore the bit;
/// losses [rows] out, in nats; gradient [rows, columns] = (sigmoid(logits) - target) scale, unless it is null; it may be
/// `logits`.
void kernels_binary_cross_entropy(
    size_t rows, size_t columns, const float *logits, const uint8_t *targets, float scale, double *losses,
    float *gradient);
/// Each row becomes its log-softmax.
void kernels_log_softmax(size_t rows, size_t classes, float *logits);
/// Each row becomes its softmax.
void kernels_softmax(size_t rows, size_t classes, float *logits);

// MARK: Vectors and rows

/// values *= factor
void kernels_scale(size_t count, float factor, float *values);
/// values += factor * addend
void kernels_axpy(size_t count, float factor, const float *addend, float *values);
/// values *= factors, element by element
void kernels_multiply(size_t count, const float *factors, float *values);
/// The sum of squares, accumulated in double precision.
double kernels_sum_of_squares(size_t count, const float *values);
/// bias [columns] is added to each row of matrix [rows, columns].
void kernels_add_to_rows(size_t rows, size_t columns, const float *bias, float *matrix);
/// The sum of the rows of matrix [rows, columns], with a stride between rows, accumulated in double precision, is added to
/// sums [columns].
void kernels_add_rows(size_t rows, size_t columns, const float *matrix, size_t stride, float *sums);
/// rows[i] = table[ids[i]]; rows [count, columns]; ids are trusted.
void kernels_gather_rows(size_t count, size_t columns, const float *table, const int32_t *ids, float *rows);
/// table[ids[i]] += rows[i], in order; ids are trusted and may repeat. Both matrices have the stride between rows.
void kernels_scatter_add_rows(
    size_t count, size_t columns, size_t stride, const float *rows, const int32_t *ids, float *table);
/// source [rows, columns] to destination [columns, rows], with a stride between the rows of the latter.
void kernels_transpose(size_t rows, size_t columns, const float *source, float *destination, size_t stride);

// MARK: Adam

typedef struct {
  float learning_rate, beta1, beta2, epsilon, weight_decay;
  float gradient_scale;                       // multiplies each gradient on the fly
  float first_correction, second_correction;  // 1 - beta^t
  bool decoupled_decay;                       // AdamW
} kernels_adam;

/// One step over `count` parameters and their moments.
void kernels_adam_update(
    kernels_adam settings, size_t count, float *parameters, float *first_moments, float *second_moments,
    const float *gradients);

// MARK: Other optimizers

typedef struct {
  float learning_rate, momentum, dampening, weight_decay;
  float gradient_scale;  // multiplies each gradient on the fly
  float average_weight;  // of the new parameters in their average
  bool nesterov;
} kernels_sgd;

/// One step over `count` parameters. `buffer` (the velocity) is null without momentum, `average` without averaging.
void kernels_sgd_update(
    kernels_sgd settings, size_t count, float *parameters, float *buffer, float *average, const float *gradients);

typedef struct {
  float learning_rate, alpha, epsilon, momentum, weight_decay;
  float gradient_scale;  // multiplies each gradient on the fly
} kernels_rmsprop;

/// One step over `count` parameters. `mean` is null unless centred, `buffer` without momentum.
void kernels_rmsprop_update(
    kernels_rmsprop settings, size_t count, float *parameters, float *squares, float *mean, float *buffer,
    const float *gradients);

typedef struct {
  float learning_rate, epsilon, weight_decay;
  float gradient_scale;  // multiplies each gradient on the fly
} kernels_adagrad;

/// One step over `count` parameters and their sums of squares.
void kernels_adagrad_update(
    kernels_adagrad settings, size_t count, float *parameters, float *sum, const float *gradients);

/// values = factor * values, limited to -limit ... limit; NaN stays.
void kernels_scale_and_clip(size_t count, float factor, float limit, float *values);

// MARK: Matrix product

/// The floats of a workspace.
#define KERNELS_WORKSPACE (900 * 1024)
/// The most rows of kernels_sgemm_few_rows with a transposed B.
#define KERNELS_FEW_ROWS 2

/// Memory of the calling thread's own for what a kernel copies, KERNELS_WORKSPACE floats, aligned to 64 bytes; it lives as
/// long as the thread. Ends the process if there is no memory left.
float *kernels_workspace(void);

/// C = alpha op(A) op(B) + beta C, plus the bias [n] for each row unless it is null; op(A) [m, k], op(B) [k, n], C [m, n];
/// strides between stored rows. With beta 0, C is not read. One thread. An element of C gets the same bits whatever other elements are computed with it.
void kernels_sgemm(
    bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a, size_t stride_a,
    const float *b, size_t stride_b, float beta, const float *bias, float *c, size_t stride_c);
/// The same for few rows, A not transposed and k not 0; the same bits as kernels_sgemm only if B is not transposed.
void kernels_sgemm_few_rows(
    bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a, size_t stride_a, const float *b,
    size_t stride_b, float beta, const float *bias, float *c, size_t stride_c);

#ifdef __cplusplus
}
#endif

#endif
