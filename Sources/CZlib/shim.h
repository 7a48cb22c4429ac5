#pragma once
#include <zlib.h>

// The initializers are macros, which Swift cannot call. 15 is the largest window; 16 more asks for the gzip format.
static inline int rnn_inflate_gzip_init(z_stream *stream) { return inflateInit2(stream, 15 + 16); }
static inline int rnn_deflate_gzip_init(z_stream *stream) {
  return deflateInit2(stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
