// What a confined process can still do, tried in a process of its own.
#ifndef RNNTOOL_SANDBOX_PROBES_H
#define RNNTOOL_SANDBOX_PROBES_H

typedef enum {
  probe_nothing,     // Confines itself and ends: to see that this works at all.
  probe_read,        // Reads from what was open before.
  probe_write,       // Writes to a file that was open before.
  probe_open,        // Opens a file.
  probe_stat,        // Asks for a file by its name.
  probe_stat_at,     // The same by the call that newer C libraries use for open files.
  probe_socket,      // Makes a socket.
  probe_fork,        // Starts a process.
  probe_execute,     // Becomes another program.
  probe_executable,  // Asks for memory that can be run.
  probe_memory,      // Asks for more memory than it may have.
  probe_time,        // Takes more time than it may.
} sandbox_probe;

// What a probe can end with: that it was let do it, that it was told no, or the number of the signal that ended it.
enum { sandbox_done = 0, sandbox_denied = -1, sandbox_failed = -2 };

int sandbox_try(sandbox_probe probe);

// The layers that are active in a confined process here.
int sandbox_layers(void);

#endif
