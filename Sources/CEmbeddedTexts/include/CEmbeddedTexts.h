#pragma once
#include <stddef.h>

/// A text of the repository that the program carries with it.
typedef struct {
  const char *name;
  const unsigned char *bytes;
  size_t count;
} embedded_text;

/// The number of embedded texts.
size_t embedded_text_count(void);

/// Text `index`, which must be below the count; its bytes live as long as the program.
embedded_text embedded_text_at(size_t index);
