// The kernels for x86-64 processors with AVX2 and FMA.

#if defined(__x86_64__)

#define KERNELS_TABLE kernels_table_avx2
#define KERNELS_LEVEL KERNELS_AVX2
#define LANES 8
#define PANEL_VECTORS 2

// Before the push: these may not be compiled for one level only.
#include <math.h>
#include <string.h>

#include "table.h"
#include "team.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,bmi2"))), apply_to = function)
#include "body.h"
#pragma clang attribute pop

#endif
