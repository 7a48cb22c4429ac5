// Giving up rights for good: what a process needs that reads a file of strangers with a large C library.
#ifndef RNNTOOL_CSANDBOX_H
#define RNNTOOL_CSANDBOX_H

#include <stdint.h>

enum {
  csandbox_limits = 1,    // Memory, processor time; no file can grow, no core is dumped.
  csandbox_landlock = 2,  // No file can be opened, no port used (Linux 5.13, ports 6.7).
  csandbox_seccomp = 4,   // Only system calls that work on what is open already.
};

// Closes every descriptor above `last`.
void csandbox_close_above(int last);

// Confines the calling process, which must have one thread. Nothing takes it back.
//
// memory: bytes of address space beyond what is in use; seconds: of processor time.
// Returns the layers that are active, of those above.
int csandbox_confine(uint64_t memory, uint64_t seconds);

#endif
