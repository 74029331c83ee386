/* Memory that a run takes and gives back on its way: values in loops, results that data size, the
 * frames of functions that call themselves.
 *
 * A *slot* is a place of the program that holds a block. Where a loop comes by an allocation again,
 * it takes that one of its slots which no value that is still needed points into: the program says
 * which values these are. So a loop holds as many blocks as it has values at once, however often
 * it runs, and nothing is counted or traced.
 *
 * Blocks have sizes of steps, so that what grows a little each time seldom needs a larger one.
 */
#include "arena.h"

#include <stdio.h>
#include <string.h>

#define MIN_BLOCK_BYTES 256u /* from here on a quarter of a power of two is a multiple of 64 */
#define HEADER_BYTES TYREX_ALIGN_BYTES
/* Calls of functions that call themselves; the virtual machine has the same limit (vm.py). */
#define MAX_DEPTH 100u

struct tyrex_block {
  struct tyrex_block *next, *previous; /* of all blocks */
  struct tyrex_block *next_idle;
  uint64_t capacity_bytes;
  uint64_t run; /* that used it last */
  uint32_t size; /* position among the sizes */
  uint32_t in_use;
};
_Static_assert(sizeof(struct tyrex_block) <= HEADER_BYTES, "the data lies behind its header");

static char *data_of(struct tyrex_block *block) { return (char *)block + HEADER_BYTES; }

static struct tyrex_block *block_of(void *data) {
  return (struct tyrex_block *)(void *)((char *)data - HEADER_BYTES);
}

/* The size that serves `bytes`, by its position; its bytes go to *capacity_bytes. */
static uint32_t size_for(uint64_t bytes, uint64_t *capacity_bytes) {
  uint64_t wanted = bytes < MIN_BLOCK_BYTES ? MIN_BLOCK_BYTES : bytes;
  uint32_t log = 63u - (uint32_t)__builtin_clzll(wanted);
  uint64_t power = (uint64_t)1 << log, quarter = power >> 2;
  uint64_t quarters = (wanted - power + quarter - 1) / quarter;
  *capacity_bytes = power + quarters * quarter;
  return 4 * log + (uint32_t)quarters;
}

static void free_block(tyrex_heap *heap, struct tyrex_block *block) {
  if (block->previous) {
    block->previous->next = block->next;
  } else {
    heap->all = block->next;
  }
  if (block->next) {
    block->next->previous = block->previous;
  }
  heap->capacity_bytes -= block->capacity_bytes;
  tyrex_memory_free(block);
}

static void *new_block(tyrex_arena *arena, uint64_t bytes) {
  tyrex_heap *heap = &arena->heap;
  if (bytes >> 62) {
    return tyrex_out_of_memory(bytes);
  }
  uint64_t capacity_bytes;
  uint32_t size = size_for(bytes, &capacity_bytes);
  struct tyrex_block *block = heap->idle[size];
  if (block) {
    heap->idle[size] = block->next_idle;
  } else {
    block = tyrex_memory_allocate(HEADER_BYTES + capacity_bytes);
    if (!block) {
      return NULL;
    }
    *block = (struct tyrex_block){
        .next = heap->all, .capacity_bytes = capacity_bytes, .size = size};
    if (heap->all) {
      heap->all->previous = block;
    }
    heap->all = block;
    heap->capacity_bytes += capacity_bytes;
    heap->num_grows += 1;
  }
  heap->was_used = 1;
  block->in_use = 1;
  block->run = heap->run;
  heap->used_bytes += block->capacity_bytes;
  tyrex_arena_note_peak(arena);
  return data_of(block);
}

static void leave_block(tyrex_heap *heap, struct tyrex_block *block) {
  heap->used_bytes -= block->capacity_bytes;
  block->in_use = 0;
  block->next_idle = heap->idle[block->size];
  heap->idle[block->size] = block;
}

void tyrex_heap_reset(tyrex_heap *heap) {
  heap->depth = 0;
  if (!heap->was_used) {
    return; /* a run may be reset before and after */
  }
  heap->was_used = 0;
  memset(heap->idle, 0, sizeof heap->idle);
  for (struct tyrex_block *block = heap->all, *next; block; block = next) {
    next = block->next;
    if (block->in_use) {
      leave_block(heap, block);
    } else if (block->run != heap->run) {
      free_block(heap, block);
    } else {
      block->next_idle = heap->idle[block->size];
      heap->idle[block->size] = block;
    }
  }
  heap->run += 1;
}

void tyrex_heap_trim(tyrex_heap *heap) {
  while (heap->all) {
    free_block(heap, heap->all);
  }
  memset(heap->idle, 0, sizeof heap->idle);
  heap->used_bytes = 0;
}

/* ---- slots ------------------------------------------------------------------------------- */

static tyrex_arena *arena_of(void *context) { return ((tyrex_context *)context)->arena; }

static void *data_in(const tyrex_slot *slot) { return (void *)(uintptr_t)slot->data; }

/* A slot that none of `live` points into: there is one more of them than such values. */
static tyrex_slot *free_slot(tyrex_slot *slots, uint64_t count, const uint64_t *live,
                             uint64_t num_live) {
  for (uint64_t i = 0; i + 1 < count; i++) {
    uint64_t at = 0;
    while (at < num_live && live[at] - slots[i].data >= slots[i].capacity_bytes) {
      at++;
    }
    if (at == num_live) {
      return &slots[i];
    }
  }
  return &slots[count - 1];
}

static void *take(void *context, tyrex_slot *slots, uint64_t count, const uint64_t *live,
                  uint64_t num_live, uint64_t bytes) {
  tyrex_arena *arena = arena_of(context);
  tyrex_slot *slot = free_slot(slots, count, live, num_live);
  if (slot->data && slot->capacity_bytes >= bytes) {
    return data_in(slot);
  }
  if (slot->data) { /* it is too small: whatever comes next is larger */
    struct tyrex_block *block = block_of(data_in(slot));
    arena->heap.used_bytes -= block->capacity_bytes;
    free_block(&arena->heap, block);
    *slot = (tyrex_slot){0};
  }
  void *data = new_block(arena, bytes);
  if (data) {
    *slot = (tyrex_slot){(uintptr_t)data, block_of(data)->capacity_bytes};
  }
  return data;
}

static void adopt(void *context, tyrex_slot *slots, uint64_t count, const uint64_t *live,
                  uint64_t num_live, void *data) {
  tyrex_slot *slot = free_slot(slots, count, live, num_live);
  if (slot->data) {
    leave_block(&arena_of(context)->heap, block_of(data_in(slot)));
  }
  *slot = (tyrex_slot){(uintptr_t)data, block_of(data)->capacity_bytes};
}

static void *hand_over(void *context, tyrex_slot *slots, uint64_t count, void *data,
                       uint64_t bytes) {
  for (uint64_t i = 0; i < count; i++) {
    if (data && data_in(&slots[i]) == data) {
      slots[i] = (tyrex_slot){0};
      return data;
    }
  }
  void *copy = new_block(arena_of(context), bytes);
  if (copy) {
    memcpy(copy, data, (size_t)bytes);
  }
  return copy;
}

static void give_back(void *context, tyrex_slot *slots, uint64_t count) {
  for (uint64_t i = 0; i < count; i++) {
    if (slots[i].data) {
      leave_block(&arena_of(context)->heap, block_of(data_in(&slots[i])));
    }
  }
}

/* ---- functions that call themselves ------------------------------------------------------ */

static int32_t enter(void *context, const char *function, uint64_t bytes, void **memory) {
  tyrex_arena *arena = arena_of(context);
  if (arena->heap.depth >= MAX_DEPTH) {
    char message[256];
    snprintf(message, sizeof message, "recursion deeper than %u calls in %s", MAX_DEPTH, function);
    tyrex_error_set(TYREX_ERROR_RECURSION, message);
    return TYREX_ERROR_RECURSION;
  }
  int32_t code = tyrex_ask(context);
  if (code != TYREX_OK) {
    return code;
  }
  *memory = new_block(arena, bytes);
  if (!*memory) {
    return TYREX_ERROR_MEMORY;
  }
  arena->heap.depth += 1;
  return TYREX_OK;
}

static void leave(void *context, void *memory) {
  tyrex_heap *heap = &arena_of(context)->heap;
  heap->depth -= 1;
  leave_block(heap, block_of(memory));
}

const tyrex_blocks tyrex_block_functions = {
    .take = take,
    .adopt = adopt,
    .hand_over = hand_over,
    .give_back = give_back,
    .enter = enter,
    .leave = leave,
};
