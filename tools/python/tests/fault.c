// Preloaded into a program (LD_PRELOAD), it counts the calls that change regular files, and at one of them the fault begins.
//
//   FAULT_AT     the number of that call, from 1; 0 for none
//   FAULT_KIND   kill    the process is killed before the call
//                half    it is killed after half of a write's bytes, or after any other call
//                enospc  a write takes half of its bytes; from then on all calls but unlink fail with ENOSPC
//                eio     this call and all that follow fail with EIO
//   FAULT_LOG    a file that receives the name of each call, one to a line
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { NONE, KILL, HALF, ENOSPC_, EIO_ };
enum decision { GO, PART, FAIL, GO_AND_DIE, PART_AND_DIE };

static atomic_long calls;
static long fault_at;
static enum kind fault_kind;
static int log_descriptor = -1;

__attribute__((constructor)) static void read_environment(void) {
  const char *at = getenv("FAULT_AT"), *kind = getenv("FAULT_KIND"), *log = getenv("FAULT_LOG");
  fault_at = at ? atol(at) : 0;
  if (kind && !strcmp(kind, "kill")) fault_kind = KILL;
  if (kind && !strcmp(kind, "half")) fault_kind = HALF;
  if (kind && !strcmp(kind, "enospc")) fault_kind = ENOSPC_;
  if (kind && !strcmp(kind, "eio")) fault_kind = EIO_;
  // By number, past the functions below, here and wherever this library itself writes.
  if (log) log_descriptor = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static void die(void) {
  syscall(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

static enum decision decide(const char *name, int is_write) {
  if (log_descriptor >= 0) {
    char line[64];
    int length = snprintf(line, sizeof line, "%s\n", name);
    syscall(SYS_write, log_descriptor, line, (size_t)length);
  }
  long number = atomic_fetch_add(&calls, 1) + 1;
  if (fault_at == 0 || number < fault_at) return GO;
  switch (fault_kind) {
  case KILL: die(); return GO;
  case HALF: return is_write ? PART_AND_DIE : GO_AND_DIE;
  case ENOSPC_:
    if (!strcmp(name, "unlink")) return GO;
    if (is_write && number == fault_at) return PART;
    errno = ENOSPC;
    return FAIL;
  case EIO_: errno = EIO; return FAIL;
  default: return GO;
  }
}

static int is_regular(int descriptor) {
  struct stat status;
  return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

// Or will be one.
static int is_file(const char *path) {
  struct stat status;
  return path && (stat(path, &status) != 0 || S_ISREG(status.st_mode));
}

#define NEXT(type, name, ...)                                           \
  static type (*next)(__VA_ARGS__);                                     \
  if (!next) next = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

// `call` is made with `count` bytes.
#define WRITE(label, descriptor, call)                                  \
  do {                                                                  \
    if (!is_regular(descriptor)) return call;                           \
    enum decision what = decide(label, 1);                              \
    if (what == FAIL) return -1;                                        \
    if ((what == PART || what == PART_AND_DIE) && count > 1) count /= 2; \
    ssize_t result = call;                                              \
    if (what == PART_AND_DIE) die();                                    \
    return result;                                                      \
  } while (0)

#define OTHER(label, failed, call)                                      \
  do {                                                                  \
    enum decision what = decide(label, 0);                              \
    if (what == FAIL) return failed;                                    \
    if (what != GO_AND_DIE) return call;                                \
    (void)!call;                                                        \
    die();                                                              \
    return failed;                                                      \
  } while (0)

ssize_t write(int descriptor, const void *bytes, size_t count) {
  NEXT(ssize_t, write, int, const void *, size_t);
  WRITE("write", descriptor, next(descriptor, bytes, count));
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
  NEXT(ssize_t, pwrite, int, const void *, size_t, off_t);
  WRITE("pwrite", descriptor, next(descriptor, bytes, count, offset));
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
  NEXT(ssize_t, pwrite64, int, const void *, size_t, off64_t);
  WRITE("pwrite", descriptor, next(descriptor, bytes, count, offset));
}

ssize_t writev(int descriptor, const struct iovec *parts, int number) {
  NEXT(ssize_t, writev, int, const struct iovec *, int);
  size_t count = (size_t)number;
  WRITE("writev", descriptor, next(descriptor, parts, (int)count));
}

// What libzip writes goes through the buffers of the C library, whose own writes cannot be seen from here.
size_t fwrite(const void *bytes, size_t size, size_t number, FILE *file) {
  NEXT(size_t, fwrite, const void *, size_t, size_t, FILE *);
  if (!is_regular(fileno(file))) return next(bytes, size, number, file);
  enum decision what = decide("fwrite", 1);
  if (what == FAIL) return 0;
  int part = what == PART || what == PART_AND_DIE;
  size_t done = next(bytes, size, part ? number / 2 : number, file);
  if (what == PART_AND_DIE) {
    fflush(file);
    die();
  }
  // Unlike write, fwrite that stops early says why.
  if (what == PART) errno = ENOSPC;
  return done;
}

int fflush(FILE *file) {
  NEXT(int, fflush, FILE *);
  if (!file || !is_regular(fileno(file))) return next(file);
  OTHER("fflush", EOF, next(file));
}

int fsync(int descriptor) {
  NEXT(int, fsync, int);
  OTHER("fsync", -1, next(descriptor));
}

int fdatasync(int descriptor) {
  NEXT(int, fdatasync, int);
  OTHER("fdatasync", -1, next(descriptor));
}

int rename(const char *from, const char *to) {
  NEXT(int, rename, const char *, const char *);
  OTHER("rename", -1, next(from, to));
}

int renameat(int folder, const char *from, int other, const char *to) {
  NEXT(int, renameat, int, const char *, int, const char *);
  OTHER("rename", -1, next(folder, from, other, to));
}

int renameat2(int folder, const char *from, int other, const char *to, unsigned flags) {
  NEXT(int, renameat2, int, const char *, int, const char *, unsigned);
  OTHER("rename", -1, next(folder, from, other, to, flags));
}

int unlink(const char *path) {
  NEXT(int, unlink, const char *);
  OTHER("unlink", -1, next(path));
}

int unlinkat(int folder, const char *path, int flags) {
  NEXT(int, unlinkat, int, const char *, int);
  OTHER("unlink", -1, next(folder, path, flags));
}

int ftruncate(int descriptor, off_t size) {
  NEXT(int, ftruncate, int, off_t);
  OTHER("ftruncate", -1, next(descriptor, size));
}

int ftruncate64(int descriptor, off64_t size) {
  NEXT(int, ftruncate64, int, off64_t);
  OTHER("ftruncate", -1, next(descriptor, size));
}

static int writes(int flags) { return (flags & O_ACCMODE) != O_RDONLY; }

#define MODE(flags)                                                     \
  mode_t mode = 0;                                                      \
  if ((flags) & (O_CREAT | O_TMPFILE)) {                                \
    va_list rest;                                                       \
    va_start(rest, flags);                                              \
    mode = va_arg(rest, mode_t);                                        \
    va_end(rest);                                                       \
  }

int open(const char *path, int flags, ...) {
  NEXT(int, open, const char *, int, ...);
  MODE(flags)
  if (!writes(flags) || !is_file(path)) return next(path, flags, mode);
  OTHER("open", -1, next(path, flags, mode));
}

int open64(const char *path, int flags, ...) {
  NEXT(int, open64, const char *, int, ...);
  MODE(flags)
  if (!writes(flags) || !is_file(path)) return next(path, flags, mode);
  OTHER("open", -1, next(path, flags, mode));
}

int openat(int folder, const char *path, int flags, ...) {
  NEXT(int, openat, int, const char *, int, ...);
  MODE(flags)
  if (!writes(flags) || !is_file(path)) return next(folder, path, flags, mode);
  OTHER("open", -1, next(folder, path, flags, mode));
}

int mkstemp(char *pattern) {
  NEXT(int, mkstemp, char *);
  OTHER("open", -1, next(pattern));
}

FILE *fopen(const char *path, const char *mode) {
  NEXT(FILE *, fopen, const char *, const char *);
  if (!strpbrk(mode, "wa+") || !is_file(path)) return next(path, mode);
  OTHER("open", NULL, next(path, mode));
}
