/* The context of a run, and the plain call of a kernel. */
#include "tyrex.h"

#include <assert.h>
#include <stdlib.h>

static_assert(offsetof(tyrex_context, parallel_for) == 8, "generated code reads offset 8");
static_assert(offsetof(tyrex_context, set_error) == 16, "generated code reads offset 16");
static_assert(offsetof(tyrex_context, allocate) == 24, "generated code reads offset 24");
static_assert(offsetof(tyrex_context, arena) == 32, "runtime/threads.py reads offset 32");
static_assert(offsetof(tyrex_context, fail_index) == 40, "generated code reads offset 40");
static_assert(offsetof(tyrex_context, fail_dims) == 48, "generated code reads offset 48");
static_assert(offsetof(tyrex_context, blocks) == 56, "generated code reads offset 56");
static_assert(offsetof(tyrex_context, poll) == 64, "generated code reads offset 64");
static_assert(offsetof(tyrex_blocks, leave) == 40, "generated code reads offset 40");

static void *allocate_from_arena(void *context, uint64_t bytes) {
  return tyrex_arena_allocate(((tyrex_context *)context)->arena, bytes);
}

tyrex_context *tyrex_context_create(uint32_t num_threads) {
  if (num_threads == 0) {
    tyrex_error_set(TYREX_ERROR_ARGUMENT, "a context needs at least one thread; found 0");
    return NULL;
  }
  tyrex_context *context = calloc(1, sizeof *context);
  tyrex_arena *arena = context ? tyrex_arena_create() : NULL;
  if (!arena) {
    free(context);
    tyrex_error_set(TYREX_ERROR_MEMORY, "no memory for a context");
    return NULL;
  }
  *context = (tyrex_context){
      .abi_version = TYREX_ABI_VERSION,
      .num_threads = num_threads,
      .parallel_for = tyrex_parallel_for,
      .set_error = tyrex_error_set,
      .allocate = allocate_from_arena,
      .arena = arena,
      .fail_index = tyrex_fail_index,
      .fail_dims = tyrex_fail_dims,
      .blocks = &tyrex_block_functions,
      .poll = tyrex_ask,
  };
  return context;
}

void tyrex_context_destroy(tyrex_context *context) {
  if (context) {
    tyrex_arena_destroy(context->arena);
    free(context);
  }
}

uint32_t tyrex_abi_version(void) { return TYREX_ABI_VERSION; }

int32_t tyrex_call(tyrex_kernel kernel, void *args) {
  tyrex_error_clear();
  return kernel(args);
}

int32_t tyrex_call_all(const tyrex_site *sites, uint64_t count, uint64_t *failed) {
  tyrex_error_clear();
  for (uint64_t i = 0; i < count; i++) {
    int32_t code = sites[i].kernel(sites[i].args);
    if (code != TYREX_OK) {
      *failed = i;
      return code;
    }
  }
  return TYREX_OK;
}
