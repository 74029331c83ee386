/* What the runtime uses of stdlib.h, for targets without a C library. */
#ifndef TYREX_FREESTANDING_STDLIB_H
#define TYREX_FREESTANDING_STDLIB_H

#include <stddef.h>

void *calloc(size_t count, size_t size);
void free(void *block);
int posix_memalign(void **block, size_t align, size_t size);

#endif
