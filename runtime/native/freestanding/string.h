/* What the runtime uses of string.h, for targets without a C library. */
#ifndef TYREX_FREESTANDING_STRING_H
#define TYREX_FREESTANDING_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);

#endif
