/* Aligned blocks, and the arena of one execution. */
#define _GNU_SOURCE
#include "arena.h"

#include <stdatomic.h>
#include <stdbool.h>
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

void *tyrex_out_of_memory(uint64_t bytes) {
  char message[96];
  snprintf(message, sizeof message, "no memory for a block of %llu bytes",
           (unsigned long long)bytes);
  tyrex_error_set(TYREX_ERROR_MEMORY, message);
  return NULL;
}

/* How many blocks there will be memory for; below 0: as many as the system has. */
static _Atomic int64_t blocks_left = -1;

void tyrex_memory_fail_after(int64_t num_blocks) { atomic_store(&blocks_left, num_blocks); }

static bool is_to_fail(void) {
  int64_t left = atomic_load_explicit(&blocks_left, memory_order_relaxed);
  if (left > 0) {
    atomic_store(&blocks_left, left - 1);
  }
  return left == 0;
}

void *tyrex_memory_allocate(uint64_t bytes) {
  if (bytes > MAX_BLOCK_BYTES || is_to_fail()) {
    return tyrex_out_of_memory(bytes);
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
    return tyrex_out_of_memory(bytes);
  }
#else
  if (posix_memalign(&block, align, size) != 0) {
    return tyrex_out_of_memory(bytes);
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

/* A piece of an arena: pieces older than the current one are chained behind it. */
struct piece {
  struct piece *older;
  char *data;
  uint64_t capacity_bytes;
  uint64_t used_bytes;
};

tyrex_arena *tyrex_arena_create(void) {
  tyrex_arena *arena = calloc(1, sizeof *arena);
  if (!arena) {
    tyrex_out_of_memory(sizeof *arena);
  }
  return arena;
}

static void free_pieces(tyrex_arena *arena) {
  while (arena->newest) {
    struct piece *piece = arena->newest;
    arena->newest = piece->older;
    tyrex_memory_free(piece->data);
    free(piece);
  }
  arena->stats.capacity_bytes = 0;
  arena->stats.used_bytes = 0;
}

void tyrex_arena_destroy(tyrex_arena *arena) {
  if (arena) {
    tyrex_arena_trim(arena);
    free(arena);
  }
}

static int32_t push_piece(tyrex_arena *arena, uint64_t capacity_bytes) {
  struct piece *piece = calloc(1, sizeof *piece);
  char *data = piece ? tyrex_memory_allocate(capacity_bytes) : tyrex_out_of_memory(sizeof *piece);
  if (!data) {
    free(piece);
    return TYREX_ERROR_MEMORY;
  }
  piece->older = arena->newest;
  piece->data = data;
  piece->capacity_bytes = capacity_bytes;
  arena->newest = piece;
  arena->stats.capacity_bytes += capacity_bytes;
  arena->stats.num_grows += 1;
  return TYREX_OK;
}

void tyrex_arena_note_peak(tyrex_arena *arena) {
  uint64_t used_bytes = arena->stats.used_bytes + arena->heap.used_bytes;
  if (used_bytes > arena->stats.peak_bytes) {
    arena->stats.peak_bytes = used_bytes;
  }
}

void *tyrex_arena_allocate(tyrex_arena *arena, uint64_t bytes) {
  if (bytes > MAX_BLOCK_BYTES) {
    return tyrex_out_of_memory(bytes);
  }
  uint64_t size = round_up(bytes ? bytes : 1, TYREX_ALIGN_BYTES);
  struct piece *piece = arena->newest;
  if (!piece || piece->capacity_bytes - piece->used_bytes < size) {
    if (arena->stats.used_bytes == 0) {
      free_pieces(arena); /* nothing lives in it: replace it, do not chain it */
    }
    if (push_piece(arena, size) != TYREX_OK) {
      return NULL;
    }
    piece = arena->newest;
  }
  char *address = piece->data + piece->used_bytes;
  piece->used_bytes += size;
  arena->stats.used_bytes += size;
  tyrex_arena_note_peak(arena);
  return address;
}

int32_t tyrex_arena_reset(tyrex_arena *arena) {
  uint64_t used_bytes = arena->stats.used_bytes;
  tyrex_heap_reset(&arena->heap);
  if (arena->newest && arena->newest->older) {
    /* It grew: one block for all that was used, so that the next execution fits in it. */
    free_pieces(arena);
    return push_piece(arena, used_bytes);
  }
  if (arena->newest) {
    arena->newest->used_bytes = 0;
  }
  arena->stats.used_bytes = 0;
  return TYREX_OK;
}

void tyrex_arena_trim(tyrex_arena *arena) {
  free_pieces(arena);
  tyrex_heap_trim(&arena->heap);
}

void tyrex_arena_get_stats(const tyrex_arena *arena, tyrex_arena_stats *stats) {
  *stats = arena->stats;
  stats->capacity_bytes += arena->heap.capacity_bytes;
  stats->used_bytes += arena->heap.used_bytes;
  stats->num_grows += arena->heap.num_grows;
}
