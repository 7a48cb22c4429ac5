// The kernels for what every processor of the architecture has.

#define KERNELS_TABLE kernels_table_portable
#define KERNELS_LEVEL KERNELS_PORTABLE
#define LANES 4
#define PANEL_VECTORS 2

#include "body.h"
