/* Aligned blocks, and the arena of one execution. */
#define _GNU_SOURCE
#include "tyrex.h"

#include <stdio.h>
#include <stdlib.h>

#if defined(__linux__)
#include <sys/mman.h>
#elif defined(_WIN32)
#include <malloc.h>
#endif

/* From this size on a block starts at a huge page and asks for huge pages: page faults
 * and TLB misses cost more than the memory that the rounding wastes. */
#define HUGE_BLOCK_BYTES (8u << 20)
#define HUGE_PAGE_BYTES (2u << 20)
/* The most that one block may have: leaves room to round up without overflow. */
#define MAX_BLOCK_BYTES ((uint64_t)(PTRDIFF_MAX - HUGE_PAGE_BYTES))

static uint64_t round_up(uint64_t bytes, uint64_t multiple) {
  return (bytes + multiple - 1) / multiple * multiple;
}

static void *out_of_memory(uint64_t bytes) {
  char message[96];
  snprintf(message, sizeof message, "no memory for a block of %llu bytes",
           (unsigned long long)bytes);
  tyrex_error_set(TYREX_ERROR_MEMORY, message);
  return NULL;
}

void *tyrex_memory_allocate(uint64_t bytes) {
  if (bytes > MAX_BLOCK_BYTES) {
    return out_of_memory(bytes);
  }
  uint64_t align = TYREX_ALIGN_BYTES;
#if defined(MADV_HUGEPAGE)
  if (bytes >= HUGE_BLOCK_BYTES) {
    align = HUGE_PAGE_BYTES;
  }
#endif
  uint64_t size = round_up(bytes ? bytes : 1, TYREX_ALIGN_BYTES);
  void *block = NULL;
#if defined(_WIN32)
  block = _aligned_malloc(size, align);
  if (!block) {
    return out_of_memory(bytes);
  }
#else
  if (posix_memalign(&block, align, size) != 0) {
    return out_of_memory(bytes);
  }
#endif
#if defined(MADV_HUGEPAGE)
  if (bytes >= HUGE_BLOCK_BYTES) {
    (void)madvise(block, size, MADV_HUGEPAGE); /* advice: a refusal changes no result */
  }
#endif
  return block;
}

#if defined(_WIN32)
void tyrex_memory_free(void *block) { _aligned_free(block); }
#else
void tyrex_memory_free(void *block) { free(block); }
#endif

/* A block of an arena: blocks older than the current one are chained behind it. */
struct block {
  struct block *older;
  char *data;
  uint64_t capacity_bytes;
  uint64_t used_bytes;
};

struct tyrex_arena {
  struct block *newest;
  tyrex_arena_stats stats;
};

tyrex_arena *tyrex_arena_create(void) {
  tyrex_arena *arena = calloc(1, sizeof *arena);
  if (!arena) {
    out_of_memory(sizeof *arena);
  }
  return arena;
}

static void free_blocks(tyrex_arena *arena) {
  while (arena->newest) {
    struct block *block = arena->newest;
    arena->newest = block->older;
    tyrex_memory_free(block->data);
    free(block);
  }
  arena->stats.capacity_bytes = 0;
  arena->stats.used_bytes = 0;
}

void tyrex_arena_destroy(tyrex_arena *arena) {
  if (arena) {
    free_blocks(arena);
    free(arena);
  }
}

static int32_t push_block(tyrex_arena *arena, uint64_t capacity_bytes) {
  struct block *block = calloc(1, sizeof *block);
  char *data = block ? tyrex_memory_allocate(capacity_bytes) : out_of_memory(sizeof *block);
  if (!data) {
    free(block);
    return TYREX_ERROR_MEMORY;
  }
  block->older = arena->newest;
  block->data = data;
  block->capacity_bytes = capacity_bytes;
  arena->newest = block;
  arena->stats.capacity_bytes += capacity_bytes;
  arena->stats.num_grows += 1;
  return TYREX_OK;
}

void *tyrex_arena_allocate(tyrex_arena *arena, uint64_t bytes) {
  if (bytes > MAX_BLOCK_BYTES) {
    return out_of_memory(bytes);
  }
  uint64_t size = round_up(bytes ? bytes : 1, TYREX_ALIGN_BYTES);
  struct block *block = arena->newest;
  if (!block || block->capacity_bytes - block->used_bytes < size) {
    if (arena->stats.used_bytes == 0) {
      free_blocks(arena); /* nothing lives in it: replace it, do not chain it */
    }
    if (push_block(arena, size) != TYREX_OK) {
      return NULL;
    }
    block = arena->newest;
  }
  char *address = block->data + block->used_bytes;
  block->used_bytes += size;
  arena->stats.used_bytes += size;
  if (arena->stats.used_bytes > arena->stats.peak_bytes) {
    arena->stats.peak_bytes = arena->stats.used_bytes;
  }
  return address;
}

int32_t tyrex_arena_reset(tyrex_arena *arena) {
  uint64_t used_bytes = arena->stats.used_bytes;
  if (arena->newest && arena->newest->older) {
    /* It grew: one block for all that was used, so that the next execution fits in it. */
    free_blocks(arena);
    return push_block(arena, used_bytes);
  }
  if (arena->newest) {
    arena->newest->used_bytes = 0;
  }
  arena->stats.used_bytes = 0;
  return TYREX_OK;
}

void tyrex_arena_trim(tyrex_arena *arena) { free_blocks(arena); }

void tyrex_arena_get_stats(const tyrex_arena *arena, tyrex_arena_stats *stats) {
  *stats = arena->stats;
}
