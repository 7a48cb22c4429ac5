// The kernels for x86-64 processors with AVX-512.

#if defined(__x86_64__)

#define KERNELS_TABLE kernels_table_avx512
#define KERNELS_LEVEL KERNELS_AVX512
#define LANES 16
#define PANEL_VECTORS 4

// Before the push: these may not be compiled for one level only.
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "table.h"
#include "team.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma,bmi2"))), apply_to = function)
#include "body.h"
#pragma clang attribute pop

#endif
