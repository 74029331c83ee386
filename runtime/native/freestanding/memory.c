/* Memory of a WebAssembly module, whose linear memory is all there is.
 *
 * Free blocks are a list in the order of their addresses: neighbours become one block again,
 * the first that is large enough is taken. Models take few blocks, and keep them. */
#include "stdlib.h"
#include "string.h"

#include <stdbool.h>
#include <stdint.h>

#define ALIGN_BYTES 64u
#define PAGE_BYTES 65536u
#define MAX_BYTES (SIZE_MAX - 2u * PAGE_BYTES)

/* In front of every block, its own alignment wide. */
struct block {
  size_t bytes; /* this header included */
  struct block *next;
};

extern unsigned char __heap_base; /* the linker's: where data and stack end */

static struct block *first_free;
static uintptr_t heap_end;

static size_t round_up(size_t bytes, size_t multiple) {
  return (bytes + multiple - 1) / multiple * multiple;
}

static void give_back(struct block *block) {
  struct block **link = &first_free;
  struct block *before = NULL;
  while (*link && *link < block) {
    before = *link;
    link = &before->next;
  }
  block->next = *link;
  *link = block;
  if (block->next && (char *)block + block->bytes == (char *)block->next) {
    block->bytes += block->next->bytes;
    block->next = block->next->next;
  }
  if (before && (char *)before + before->bytes == (char *)block) {
    before->bytes += block->bytes;
    before->next = block->next;
  }
}

static bool grow(size_t bytes) {
  if (!heap_end) {
    heap_end = round_up((uintptr_t)&__heap_base, ALIGN_BYTES);
  }
  size_t pages = __builtin_wasm_memory_size(0);
  size_t rest = pages * PAGE_BYTES - heap_end;
  if (rest < bytes) {
    size_t more = round_up(bytes - rest, PAGE_BYTES) / PAGE_BYTES;
    if (__builtin_wasm_memory_grow(0, more) == SIZE_MAX) {
      return false;
    }
    rest += more * PAGE_BYTES;
  }
  struct block *block = (struct block *)heap_end;
  block->bytes = rest;
  heap_end += rest;
  give_back(block);
  return true;
}

static struct block *take(size_t bytes) {
  for (struct block **link = &first_free; *link; link = &(*link)->next) {
    struct block *block = *link;
    if (block->bytes < bytes) {
      continue;
    }
    if (block->bytes - bytes >= 2 * ALIGN_BYTES) {
      struct block *rest = (struct block *)((char *)block + bytes);
      rest->bytes = block->bytes - bytes;
      rest->next = block->next;
      *link = rest;
      block->bytes = bytes;
    } else {
      *link = block->next;
    }
    return block;
  }
  return NULL;
}

static void *allocate(size_t size) {
  if (size > MAX_BYTES) {
    return NULL;
  }
  size_t bytes = ALIGN_BYTES + round_up(size ? size : 1, ALIGN_BYTES);
  struct block *block = take(bytes);
  if (!block && grow(bytes)) {
    block = take(bytes);
  }
  return block ? (char *)block + ALIGN_BYTES : NULL;
}

int posix_memalign(void **block, size_t align, size_t size) {
  *block = align > ALIGN_BYTES ? NULL : allocate(size);
  return *block ? 0 : 12; /* ENOMEM */
}

void *calloc(size_t count, size_t size) {
  if (size && count > MAX_BYTES / size) {
    return NULL;
  }
  void *block = allocate(count * size);
  if (block) {
    memset(block, 0, count * size);
  }
  return block;
}

void free(void *address) {
  if (address) {
    give_back((struct block *)((char *)address - ALIGN_BYTES));
  }
}

/* With bulk memory each of these is one instruction, no call of itself. */
void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  return __builtin_memcpy(to, from, size);
}

void *memmove(void *to, const void *from, size_t size) {
  return __builtin_memmove(to, from, size);
}

void *memset(void *to, int value, size_t size) { return __builtin_memset(to, value, size); }
