/* Errors: a code and a message, one of each per thread. */
#include "tyrex.h"

#include <stdio.h>
#include <string.h>

#define MESSAGE_BYTES 512

#if defined(__wasm__)
#define PER_THREAD /* an instance of a module is one thread */
#else
#define PER_THREAD _Thread_local
#endif

static PER_THREAD int32_t current_code;
static PER_THREAD char current_message[MESSAGE_BYTES];

void tyrex_error_set(int32_t code, const char *message) {
  const char *text = message ? message : "";
  size_t length = 0;
  while (length < MESSAGE_BYTES - 1 && text[length] != '\0') {
    length++;
  }
  current_code = code;
  memmove(current_message, text, length); /* text may be current_message itself */
  current_message[length] = '\0';
}

void tyrex_error_clear(void) {
  current_code = TYREX_OK;
  current_message[0] = '\0';
}

int32_t tyrex_error_code(void) { return current_code; }

const char *tyrex_error_message(void) { return current_message; }

int32_t tyrex_fail_index(const char *place, int64_t index, int64_t extent) {
  char message[MESSAGE_BYTES];
  snprintf(message, sizeof message, "%s: found index %lld, the extent is %lld", place,
           (long long)index, (long long)extent);
  tyrex_error_set(TYREX_ERROR_BOUNDS, message);
  return TYREX_ERROR_BOUNDS;
}

int32_t tyrex_fail_dims(const char *place, int32_t relation, int64_t found, int64_t expected) {
  static const char *const words[][2] = {
      [TYREX_DIMS_EQUAL] = {"", ""},
      [TYREX_DIMS_BROADCAST] = {"", " or 1"},
      [TYREX_DIMS_EXPAND] = {"", " or 1"},
      [TYREX_DIMS_AT_MOST] = {"at most ", ""},
      [TYREX_DIMS_AT_LEAST] = {"at least ", ""},
  };
  char message[MESSAGE_BYTES];
  snprintf(message, sizeof message, "%.400s: found %lld, expected %s%lld%s", place, (long long)found,
           words[relation][0], (long long)expected, words[relation][1]);
  tyrex_error_set(TYREX_ERROR_SHAPE, message);
  return TYREX_ERROR_SHAPE;
}
