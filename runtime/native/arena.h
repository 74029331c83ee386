/* The inside of an arena, which arena.c and blocks.c share. */
#ifndef TYREX_ARENA_H
#define TYREX_ARENA_H

#include "tyrex.h"

/* Sizes of blocks: four to each power of two. */
#define TYREX_NUM_BLOCK_SIZES 256

/* Blocks that come and go within a run; see blocks.c. */
typedef struct tyrex_heap {
  struct tyrex_block *all;
  struct tyrex_block *idle[TYREX_NUM_BLOCK_SIZES];
  uint64_t used_bytes;
  uint64_t capacity_bytes;
  uint64_t num_grows;
  uint64_t run;      /* counts resets */
  uint32_t depth;    /* of calls of functions that call themselves */
  uint32_t was_used; /* since the last reset */
} tyrex_heap;

struct tyrex_arena {
  struct piece *newest;
  tyrex_arena_stats stats; /* of the pieces; the peak is that of both */
  tyrex_heap heap;
};

/* Everything handed out is taken back; what the run did not need goes back to the system. */
void tyrex_heap_reset(tyrex_heap *heap);
/* Everything goes back to the system. */
void tyrex_heap_trim(tyrex_heap *heap);
/* Sets the error; returns NULL. */
void *tyrex_out_of_memory(uint64_t bytes);
/* Called when either side handed something out. */
void tyrex_arena_note_peak(tyrex_arena *arena);

#endif
