// Each thread's workspace.

#include <pthread.h>
#include <stdlib.h>

#include "kernels.h"

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
// The key's value again: the destructor needs the key, but reading a thread-local variable is quicker.
static _Thread_local float *workspace;

static void make_key(void) {
  if (pthread_key_create(&key, free) != 0) abort();
}

float *kernels_workspace(void) {
  if (workspace) return workspace;
  void *memory = NULL;
  pthread_once(&once, make_key);
  // As Swift's own allocations do, this ends the process when there is no memory. The pages that are never written take none.
  if (posix_memalign(&memory, 64, KERNELS_WORKSPACE * sizeof(float)) != 0 || pthread_setspecific(key, memory) != 0)
    abort();
  return workspace = memory;
}
