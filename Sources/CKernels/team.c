// The team: one word that counts sections, which the workers watch, one that counts who is done, and a barrier.

#if defined(__linux__)
#define _GNU_SOURCE
#include <sched.h>
#endif

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "kernels.h"
#include "team.h"

// Each word that many threads watch has a cache line of its own (two, since processors fetch them in pairs).
#define OWN_LINE _Alignas(128)

static struct {
  OWN_LINE atomic_uint section;   // the number of sections begun
  OWN_LINE atomic_uint returned;  // how many workers have returned from the section
  OWN_LINE atomic_uint arrived;   // how many members wait at the barrier
  OWN_LINE atomic_uint passed;    // how often the barrier has opened
  OWN_LINE atomic_uint sleepers;  // how many threads sleep on `wake`
  OWN_LINE atomic_bool busy;      // whether a thread has the team: it alone touches what follows
  size_t workers;                 // how many threads there are beside callers
  size_t kept;                    // workers above this number end after the section
  size_t members;                 // how many members run the body; the others only pass through
  kernels_team_body body;
  void *context;
  kernels_level level;
  pthread_t threads[KERNELS_MOST_THREADS];
} team;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
// What was asked for; 0 for what the processor has.
static atomic_size_t wanted;

size_t kernels_processor_count(void) {
#if defined(__linux__)
  cpu_set_t usable;
  long count = sched_getaffinity(0, sizeof usable, &usable) == 0 ? CPU_COUNT(&usable) : sysconf(_SC_NPROCESSORS_ONLN);
#else
  long count = sysconf(_SC_NPROCESSORS_ONLN);
#endif
  return count < 1 ? 1 : count > KERNELS_MOST_THREADS ? KERNELS_MOST_THREADS : (size_t)count;
}

size_t kernels_team_count(void) {
  size_t count = atomic_load_explicit(&wanted, memory_order_relaxed);
  if (count > 0) return count;
  // A count set in the meantime wins.
  const size_t processors = kernels_processor_count();
  return atomic_compare_exchange_strong(&wanted, &count, processors) ? processors : count;
}

void kernels_team_set_count(size_t count) {
  atomic_store(&wanted, count < 1 ? 1 : count > KERNELS_MOST_THREADS ? KERNELS_MOST_THREADS : count);
}

// Whether every member can have a processor of its own.
static atomic_bool spins_at_all = true;

static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}

enum { PATIENCE = 4000, LITTLE_PATIENCE = 50, CROWDED_WAITS = 8 };

// How many of the next waits within sections had better not spin. Where members have to share a processor, because other
// programs have the rest, the one that spins keeps the one that it waits for from running.
static atomic_int crowded;

// Returns when the word is no longer `value`. Spins for tens of microseconds, unless there are more threads than
// processors or spinning has been in vain; then sleeps. It never yields: on a busy machine that gives a whole slice to
// some other program.
static void wait_while(atomic_uint *word, unsigned value, bool within_section) {
  const int waits = atomic_load_explicit(&crowded, memory_order_relaxed);
  const bool spins = waits == 0 && atomic_load_explicit(&spins_at_all, memory_order_relaxed);
  for (int turn = 0; turn < (spins ? PATIENCE : LITTLE_PATIENCE); turn++) {
    if (atomic_load_explicit(word, memory_order_acquire) != value) return;
    pause_briefly();
  }
  // Not counted exactly where threads meet here, nor need it be. Between sections the wait may just be long.
  const int next = spins ? CROWDED_WAITS : waits > 0 ? waits - 1 : 0;
  if (within_section) atomic_store_explicit(&crowded, next, memory_order_relaxed);
  pthread_mutex_lock(&mutex);
  // In this order, and in the other one in change(), at least one of both sides sees what the other wrote.
  atomic_fetch_add(&team.sleepers, 1);
  while (atomic_load(word) == value) pthread_cond_wait(&wake, &mutex);
  atomic_fetch_sub(&team.sleepers, 1);
  pthread_mutex_unlock(&mutex);
}

// Adds 1 to a word and wakes who sleeps on it.
static void change(atomic_uint *word) {
  atomic_fetch_add(word, 1);
  if (atomic_load(&team.sleepers) == 0) return;
  // A sleeper that has not seen the change holds the mutex until it waits; woken, it should find the mutex free.
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
  pthread_cond_broadcast(&wake);
}

// A worker's life. Its index comes as the argument; the section before its first is that of its birth.
static void *work(void *argument) {
  const size_t index = (size_t)argument;
  unsigned section = atomic_load(&team.section);
  // Tells the thread that made this one that it watches.
  change(&team.returned);
  for (;;) {
    wait_while(&team.section, section, false);
    section++;
    if (index < team.members) {
      const int before = kernels_select_for_thread((int)team.level);
      team.body(team.context, index, team.members);
      kernels_select_for_thread(before);
    }
    const bool ends = index > team.kept;
    change(&team.returned);
    if (ends) return NULL;
  }
}

// Runs the section on the workers too. The caller has the team.
static void run_together(size_t most, kernels_team_body body, void *context) {
  team.members = team.workers + 1 < most ? team.workers + 1 : most;
  team.body = body;
  team.context = context;
  team.level = kernels_active();
  const unsigned workers = (unsigned)team.workers;
  atomic_store_explicit(&team.returned, 0, memory_order_relaxed);
  change(&team.section);
  body(context, 0, team.members);
  for (unsigned returned; (returned = atomic_load_explicit(&team.returned, memory_order_acquire)) < workers;)
    wait_while(&team.returned, returned, true);
}

static void do_nothing(void *context, size_t index, size_t count) {
  (void)context, (void)index, (void)count;
}

// Makes or ends workers until there are `count`; fewer if the system gives no more. The caller has the team.
static void adjust(size_t count) {
  if (team.workers > count) {
    team.kept = count;
    run_together(1, do_nothing, NULL);
    for (; team.workers > count; team.workers--) pthread_join(team.threads[team.workers], NULL);
  }
  if (team.workers < count) {
    // Signals are for the program's own threads, except those that tell of an error in this one.
    sigset_t blocked, before;
    sigfillset(&blocked);
    const int own[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&blocked, own[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    while (team.workers < count) {
      const size_t index = team.workers + 1;
      atomic_store(&team.returned, 0);
      if (pthread_create(&team.threads[index], NULL, work, (void *)index) != 0) break;
      wait_while(&team.returned, 0, false);
      team.workers = index;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
  }
  team.kept = team.workers;
  atomic_store(&spins_at_all, team.workers < kernels_processor_count());
}

void kernels_team_run(kernels_team_body body, void *context) {
  kernels_team_run_up_to(KERNELS_MOST_THREADS, body, context);
}

void kernels_team_run_up_to(size_t most, kernels_team_body body, void *context) {
  const size_t count = kernels_team_count();
  bool busy = false;
  // The load comes first because a failed exchange takes the line away from who has the team.
  if (count == 1 || most <= 1 || atomic_load_explicit(&team.busy, memory_order_relaxed) ||
      !atomic_compare_exchange_strong(&team.busy, &busy, true)) {
    body(context, 0, 1);
    return;
  }
  if (team.workers + 1 != count) adjust(count - 1);
  if (team.workers == 0)
    body(context, 0, 1);
  else
    run_together(most, body, context);
  atomic_store_explicit(&team.busy, false, memory_order_release);
}

void kernels_team_barrier(size_t count) {
  if (count == 1) return;
  const unsigned passed = atomic_load_explicit(&team.passed, memory_order_acquire);
  if (atomic_fetch_add_explicit(&team.arrived, 1, memory_order_acq_rel) + 1 == count) {
    atomic_store_explicit(&team.arrived, 0, memory_order_relaxed);
    change(&team.passed);
  } else {
    wait_while(&team.passed, passed, true);
  }
}
