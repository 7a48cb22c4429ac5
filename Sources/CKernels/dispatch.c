// The choice of a level, made once, and the public functions, which call through the chosen table.

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

static const char *const level_names[] = {"portable", "avx2", "avx512"};

// Null until the first call. Threads that get here at the same time all choose the same table.
static _Atomic(const kernels_table *) process_table;
// What this thread was told to use instead, if anything.
static _Thread_local const kernels_table *thread_table;

static const kernels_table *table_of(kernels_level level) {
  switch (level) {
    case KERNELS_PORTABLE:
      return &kernels_table_portable;
#if defined(__x86_64__)
    case KERNELS_AVX2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kernels_table_avx2 : NULL;
    case KERNELS_AVX512:
      return table_of(KERNELS_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                     __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                     __builtin_cpu_supports("avx512vl")
                 ? &kernels_table_avx512
                 : NULL;
#endif
    default:
      return NULL;
  }
}

static const kernels_table *table_named(const char *name) {
  for (int level = KERNELS_PORTABLE; level <= KERNELS_AVX512; level++)
    if (strcmp(name, level_names[level]) == 0) return table_of((kernels_level)level);
  return NULL;
}

static const char *environment(void) {
  const char *name = getenv("RNNTOOL_KERNELS");
  return name && *name ? name : NULL;
}

static const kernels_table *choose(void) {
  const char *name = environment();
  const kernels_table *table = name ? table_named(name) : NULL;
  for (int level = KERNELS_AVX512; !table; level--) table = table_of((kernels_level)level);
  // A level that was selected in the meantime wins.
  const kernels_table *before = NULL;
  return atomic_compare_exchange_strong(&process_table, &before, table) ? table : before;
}

static inline const kernels_table *active(void) {
  if (thread_table) return thread_table;
  const kernels_table *table = atomic_load_explicit(&process_table, memory_order_acquire);
  return table ? table : choose();
}

bool kernels_is_supported(kernels_level level) { return table_of(level) != NULL; }

kernels_level kernels_active(void) { return active()->level; }

bool kernels_select(kernels_level level) {
  const kernels_table *table = table_of(level);
  if (table) atomic_store(&process_table, table);
  return table != NULL;
}

int kernels_select_for_thread(int level) {
  int before = thread_table ? (int)thread_table->level : -1;
  const kernels_table *table = level < 0 ? NULL : table_of((kernels_level)level);
  if (table || level < 0) thread_table = table;
  return before;
}

const char *kernels_refused_environment(void) {
  const char *name = environment();
  return name && !table_named(name) ? name : NULL;
}

#define KERNELS_FUNCTION(result, name, parameters, arguments) \
  result kernels_##name parameters { return active()->name arguments; }
KERNELS_LIST(KERNELS_FUNCTION)
