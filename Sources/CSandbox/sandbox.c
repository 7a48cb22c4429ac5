#define _GNU_SOURCE
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

static int limit(int resource, uint64_t value) {
  struct rlimit now;
  if (getrlimit(resource, &now) != 0) return -1;
  rlim_t wanted = (rlim_t)value;
  if (now.rlim_max != RLIM_INFINITY && wanted > now.rlim_max) wanted = now.rlim_max;
  struct rlimit next = {wanted, wanted};
  return setrlimit(resource, &next);
}

// The address space in use, in bytes.
static uint64_t address_space(void) {
#ifdef __linux__
  FILE *file = fopen("/proc/self/statm", "re");
  if (file != NULL) {
    unsigned long long pages = 0;
    int found = fscanf(file, "%llu", &pages);
    fclose(file);
    if (found == 1) return pages * (uint64_t)sysconf(_SC_PAGESIZE);
  }
#endif
  return (uint64_t)1 << 30;
}

static int confine_resources(uint64_t memory, uint64_t seconds) {
  int failed = 0;
  uint64_t used = address_space();
  failed |= limit(RLIMIT_AS, memory > UINT64_MAX / 2 - used ? UINT64_MAX / 2 : used + memory);
  failed |= limit(RLIMIT_CPU, seconds);
  failed |= limit(RLIMIT_FSIZE, 0);
  failed |= limit(RLIMIT_CORE, 0);
  return failed == 0;
}

#ifdef __linux__

// The numbers of Landlock's calls are the same on every architecture; headers of older systems lack them.
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif
#ifndef SYS_landlock_restrict_self
#define SYS_landlock_restrict_self 446
#endif

// Landlock's rules as of its fifth version; an older kernel takes fewer bits, and a shorter structure.
static int confine_paths(void) {
  struct {
    uint64_t files;
    uint64_t network;
  } handled = {0, 0};
  long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
  if (version < 1) return 0;
  // One bit an operation on files: 13 in the first version, then one more each in the second, third and fifth.
  handled.files = ((uint64_t)1 << 13) - 1;
  if (version >= 2) handled.files |= (uint64_t)1 << 13;
  if (version >= 3) handled.files |= (uint64_t)1 << 14;
  if (version >= 5) handled.files |= (uint64_t)1 << 15;
  if (version >= 4) handled.network = 3;  // TCP: bind, connect.
  size_t size = version >= 4 ? sizeof handled : sizeof handled.files;
  int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, size, 0);
  if (rules < 0) return 0;
  // No rule is added: whatever is handled is forbidden everywhere.
  long result = syscall(SYS_landlock_restrict_self, rules, 0);
  close(rules);
  return result == 0;
}

#if defined(__x86_64__)
#define CSANDBOX_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define CSANDBOX_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef CSANDBOX_ARCHITECTURE

#define ALLOW(name) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
// For calls that the C library makes on the way and can do without.
#define DENY(name) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES)
// Memory may be had, but not to run what is in it. The protection is the third argument; its low half decides.
#define ALLOW_UNLESS_EXECUTABLE(name)                                                                          \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 4),                                                       \
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),                              \
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES), \
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static int confine_calls(void) {
  struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CSANDBOX_ARCHITECTURE, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    ALLOW(read), ALLOW(pread64), ALLOW(write), ALLOW(writev), ALLOW(lseek), ALLOW(close), ALLOW(fstat),
    ALLOW_UNLESS_EXECUTABLE(mmap), ALLOW_UNLESS_EXECUTABLE(mprotect),
    ALLOW(munmap), ALLOW(mremap), ALLOW(madvise), ALLOW(brk),
    ALLOW(futex), ALLOW(sched_yield), ALLOW(restart_syscall), ALLOW(clock_gettime), ALLOW(clock_nanosleep),
    ALLOW(getrandom), ALLOW(getpid), ALLOW(gettid),
    ALLOW(rt_sigaction), ALLOW(rt_sigprocmask), ALLOW(rt_sigreturn), ALLOW(sigaltstack),
    ALLOW(exit), ALLOW(exit_group),
#ifdef SYS_open
    DENY(open), DENY(access), DENY(stat), DENY(readlink),
#endif
    // The C library's fstat() may be this one, which could as well be given a name.
    DENY(newfstatat),
    DENY(openat), DENY(faccessat), DENY(statx), DENY(readlinkat), DENY(fcntl), DENY(ioctl),
    DENY(prlimit64), DENY(sched_getaffinity), DENY(sysinfo), DENY(uname), DENY(getcwd),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

#else

static int confine_calls(void) { return 0; }

#endif
#endif

void csandbox_close_above(int last) {
#if defined(__linux__) && defined(SYS_close_range)
  if (syscall(SYS_close_range, (unsigned)last + 1, ~0U, 0) == 0) return;
#endif
  long count = sysconf(_SC_OPEN_MAX);
  if (count < 0 || count > 65536) count = 65536;
  for (int descriptor = last + 1; descriptor < count; descriptor++) close(descriptor);
}

int csandbox_confine(uint64_t memory, uint64_t seconds) {
  int active = 0;
  if (confine_resources(memory, seconds)) active |= csandbox_limits;
#ifdef __linux__
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
    prctl(PR_SET_DUMPABLE, 0);
    if (confine_paths()) active |= csandbox_landlock;
    if (confine_calls()) active |= csandbox_seccomp;
  }
#endif
  return active;
}
