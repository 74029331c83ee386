/* The weights of an exported model as a file beside it. */
#ifndef TYREX_WEIGHTS_FILE_H
#define TYREX_WEIGHTS_FILE_H

#include "tyrex.h"

#define TYREX_WEIGHTS_HEADER_BYTES 64u

typedef struct tyrex_weights_file {
  const char *name;            /* of the file, beside the library or the program */
  unsigned char *memory;       /* what is reserved for it, in pages of its own */
  uint64_t bytes;              /* of the file */
  uint64_t checksum;           /* of the file, tyrex_checksum */
  const unsigned char *header; /* what the file begins with */
} tyrex_weights_file;

/* Maps the file at `path` to where the model expects it, and compares its checksum; does nothing
 * once that was done. Runs must not be under way before. */
int32_t tyrex_weights_load(const tyrex_weights_file *file, int32_t *loaded, const char *path);
/* The same for the file beside the library or the program that the model is in. */
int32_t tyrex_weights_require(const tyrex_weights_file *file, int32_t *loaded);

#endif
