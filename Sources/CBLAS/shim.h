// The C interface of OpenBLAS: matrix products and its own thread count.
#ifndef RNNTOOL_CBLAS_SHIM_H
#define RNNTOOL_CBLAS_SHIM_H

#include <cblas.h>

#endif
