/* What the runtime uses of stdio.h, for targets without a C library. */
#ifndef TYREX_FREESTANDING_STDIO_H
#define TYREX_FREESTANDING_STDIO_H

#include <stdarg.h>
#include <stddef.h>

/* Of the conversions: %s %d %p %lld %llu %%. */
int snprintf(char *text, size_t size, const char *format, ...);
int vsnprintf(char *text, size_t size, const char *format, va_list values);

#endif
