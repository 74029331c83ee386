/* snprintf, as much of it as messages need. */
#include "stdio.h"

#include <stdbool.h>
#include <stdint.h>

struct sink {
  char *text;
  size_t size; /* room, the final zero included */
  size_t used; /* characters so far, also those that had no room */
};

static void put(struct sink *sink, char character) {
  if (sink->used + 1 < sink->size) {
    sink->text[sink->used] = character;
  }
  sink->used++;
}

static void put_text(struct sink *sink, const char *text) {
  for (; *text; text++) {
    put(sink, *text);
  }
}

static void put_number(struct sink *sink, uint64_t value, unsigned base) {
  char digits[24];
  int count = 0;
  do {
    digits[count++] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value);
  while (count) {
    put(sink, digits[--count]);
  }
}

static void put_signed(struct sink *sink, int64_t value) {
  if (value < 0) {
    put(sink, '-');
  }
  put_number(sink, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10);
}

int vsnprintf(char *text, size_t size, const char *format, va_list values) {
  struct sink sink = {text, size, 0};
  for (const char *at = format; *at; at++) {
    if (*at != '%') {
      put(&sink, *at);
      continue;
    }
    bool is_long = at[1] == 'l' && at[2] == 'l';
    at += is_long ? 3 : 1;
    switch (*at) {
    case 's':
      put_text(&sink, va_arg(values, const char *));
      break;
    case 'd':
      put_signed(&sink, is_long ? va_arg(values, long long) : va_arg(values, int));
      break;
    case 'u':
      put_number(&sink, is_long ? va_arg(values, unsigned long long) : va_arg(values, unsigned),
                 10);
      break;
    case 'p':
      put_text(&sink, "0x");
      put_number(&sink, (uintptr_t)va_arg(values, void *), 16);
      break;
    default:
      put(&sink, *at);
    }
  }
  if (size) {
    text[sink.used < size ? sink.used : size - 1] = '\0';
  }
  return (int)sink.used;
}

int snprintf(char *text, size_t size, const char *format, ...) {
  va_list values;
  va_start(values, format);
  int length = vsnprintf(text, size, format, values);
  va_end(values);
  return length;
}
