// All kernels, included once by each level's source file, which defines
//   KERNELS_TABLE, KERNELS_LEVEL   the table to fill and its level
//   LANES                          floats in a vector register
//   PANEL_VECTORS                  registers across a panel of the matrix product

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "table.h"
#include "team.h"

#include "vector.h"

#include "functions.h"

#include "activations.h"
#include "adam.h"
#include "matrix.h"
#include "packed.h"

#include "lstm.h"

#include "elman.h"
#include "gru.h"
#include "rows.h"
#include "softmax.h"

#define KERNELS_ENTRY(result, name, parameters, arguments) .name = name,
const kernels_table KERNELS_TABLE = {.level = KERNELS_LEVEL, KERNELS_LIST(KERNELS_ENTRY)};
