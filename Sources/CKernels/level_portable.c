// The kernels for what every processor of the architecture has.

#define KERNELS_TABLE kernels_table_portable
#define KERNELS_LEVEL KERNELS_PORTABLE
#define LANES 4
// ARM has twice the registers of x86-64.
#if defined(__aarch64__)
#define PANEL_VECTORS 4
#else
#define PANEL_VECTORS 2
#endif

#include "body.h"
