#define _GNU_SOURCE
#include "probes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sandbox.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { exit_done = 10, exit_denied = 11 };

static int attempt(sandbox_probe probe, int readable, int writable) {
  char byte = 0;
  struct stat status;
  switch (probe) {
    case probe_nothing: return 1;
    case probe_read: return pread(readable, &byte, 1, 0) == 1;
    case probe_write: return write(writable, &byte, 1) == 1;
    case probe_open: return open("/etc/passwd", O_RDONLY) >= 0;
    case probe_stat: return stat("/etc/passwd", &status) == 0;
    // The flag allows an empty name, and does not ask for one.
    case probe_stat_at: return fstatat(AT_FDCWD, "/etc/passwd", &status, AT_EMPTY_PATH) == 0;
    case probe_socket: return socket(AF_INET, SOCK_STREAM, 0) >= 0;
    case probe_fork: return fork() >= 0;
    case probe_execute: {
      char *arguments[] = {"/bin/true", NULL};
      execv(arguments[0], arguments);
      return 0;
    }
    case probe_executable:
      return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
    case probe_memory: {
      void *block = mmap(NULL, (size_t)1 << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      return block != MAP_FAILED;
    }
    case probe_time:
      for (volatile uint64_t i = 0;; i++) {
      }
  }
  return 0;
}

// In the child only calls that are safe after a fork of a process with threads.
int sandbox_try(sandbox_probe probe) {
  char name[] = "/tmp/sandbox-probe-XXXXXX";
  int writable = mkstemp(name);
  if (writable < 0) return sandbox_failed;
  unlink(name);
  int readable = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
  pid_t child = readable < 0 ? -1 : fork();
  if (child == 0) {
    csandbox_confine((uint64_t)64 << 20, 1);
    _exit(attempt(probe, readable, writable) ? exit_done : exit_denied);
  }
  close(readable);
  close(writable);
  if (child < 0) return sandbox_failed;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) return WTERMSIG(status);
  if (!WIFEXITED(status)) return sandbox_failed;
  return WEXITSTATUS(status) == exit_done ? sandbox_done
         : WEXITSTATUS(status) == exit_denied ? sandbox_denied
                                              : sandbox_failed;
}

int sandbox_layers(void) {
  pid_t child = fork();
  if (child == 0) _exit(csandbox_confine((uint64_t)64 << 20, 1));
  int status = 0;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
