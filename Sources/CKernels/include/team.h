// A team of threads for short parallel sections.
//
// The threads live as long as the process. Between two sections they spin for some tens of microseconds, so that a hot
// loop of sections pays well under a microsecond for each, and then sleep.
#ifndef RNNTOOL_TEAM_H
#define RNNTOOL_TEAM_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { KERNELS_MOST_THREADS = 1024 };

/// What each member runs: `index` is in 0..<`count`.
typedef void (*kernels_team_body)(void *context, size_t index, size_t count);

/// How many processors the process may use, from 1 to KERNELS_MOST_THREADS.
size_t kernels_processor_count(void);
/// How many members a section has from now on.
size_t kernels_team_count(void);
/// Sets it; clamped to 1...KERNELS_MOST_THREADS.
void kernels_team_set_count(size_t count);
/// Runs `body` on all members, the calling thread among them as member 0, and returns when all have returned. Inside
/// another section, and while another thread has the team, the caller runs it alone, with a count of 1. The kernel
/// level of the calling thread holds on all members.
void kernels_team_run(kernels_team_body body, void *context);
/// The same for at most so many members, where there is too little work for more.
void kernels_team_run_up_to(size_t most, kernels_team_body body, void *context);
/// Waits until all `count` members of the running section are here. Memory written before is seen after it.
void kernels_team_barrier(size_t count);

#ifdef __cplusplus
}
#endif

#endif
