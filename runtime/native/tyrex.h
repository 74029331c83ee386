/* The native ABI of Tyrex: what compiled kernels, the runtime and C callers share.
 *
 * Generated code knows `struct tyrex_context` by offsets alone and has no undefined
 * symbol of this library: everything that a kernel needs reaches it through the context.
 * A kernel is `int32_t kernel(void *args)`; `args` is an array of 8-byte words:
 *   word 0                 the context
 *   one word a buffer      its address: inputs, outputs, workspaces, in this order
 *   one word a symbol      the symbol's value, an int64_t
 * It returns TYREX_OK or an error code.
 */
#ifndef TYREX_H
#define TYREX_H

#include "abi.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(TYREX_API) /* -DTYREX_API= keeps the runtime of an exported model to itself */
#elif defined(__GNUC__) && !defined(_WIN32)
#define TYREX_API __attribute__((visibility("default")))
#else
#define TYREX_API
#endif

#define TYREX_ABI_VERSION 2u

/* Every block that the runtime hands out starts at a multiple of this: one cache line,
 * one AVX-512 register. */
#define TYREX_ALIGN_BYTES 64u

/* ---- errors: a code (abi.h), and a message kept per thread ------------------------ */

/* Sets the calling thread's error. A message longer than 511 bytes is cut; NULL is "". */
TYREX_API void tyrex_error_set(int32_t code, const char *message);
TYREX_API void tyrex_error_clear(void);
TYREX_API int32_t tyrex_error_code(void);
/* The calling thread's message: "" when none was set. Valid until the next set or clear. */
TYREX_API const char *tyrex_error_message(void);
/* Sets TYREX_ERROR_BOUNDS and returns it: at `place`, an index is not in [0, extent). */
TYREX_API int32_t tyrex_fail_index(const char *place, int64_t index, int64_t extent);
/* Sets TYREX_ERROR_SHAPE for dims that are not related so (enum tyrex_dims_relation); returns it. */
TYREX_API int32_t tyrex_fail_dims(const char *place, int32_t relation, int64_t found,
                                  int64_t expected);

/* ---- memory ---------------------------------------------------------------------- */

/* A block of at least `bytes` at a multiple of TYREX_ALIGN_BYTES, or NULL with the error
 * set. A block of zero bytes has an address too. */
TYREX_API void *tyrex_memory_allocate(uint64_t bytes);
TYREX_API void tyrex_memory_free(void *block);
/* For tests: there is memory for so many blocks more, in all threads, and then for none; below 0,
 * as at the start, for as many as the system has. */
TYREX_API void tyrex_memory_fail_after(int64_t num_blocks);

typedef struct tyrex_arena_stats {
  uint64_t capacity_bytes; /* held from the system now */
  uint64_t used_bytes;     /* handed out since the last reset */
  uint64_t peak_bytes;     /* the most that used_bytes ever was */
  uint64_t num_grows;      /* blocks taken from the system so far */
} tyrex_arena_stats;

/* One block per execution. It grows on demand without moving what was handed out, and
 * becomes one block again at the next reset. Not thread-safe: one execution, one arena. */
typedef struct tyrex_arena tyrex_arena;
TYREX_API tyrex_arena *tyrex_arena_create(void);
TYREX_API void tyrex_arena_destroy(tyrex_arena *arena);
/* An aligned range that stays valid until the next reset, or NULL with the error set. */
TYREX_API void *tyrex_arena_allocate(tyrex_arena *arena, uint64_t bytes);
/* Takes back everything handed out, blocks too (blocks.c), keeps the memory. */
TYREX_API int32_t tyrex_arena_reset(tyrex_arena *arena);
/* Takes back everything handed out and returns the memory to the system. */
TYREX_API void tyrex_arena_trim(tyrex_arena *arena);
TYREX_API void tyrex_arena_get_stats(const tyrex_arena *arena, tyrex_arena_stats *stats);

/* ---- the processor --------------------------------------------------------------- */

/* An instruction set, and how to ask for it. x86: a bit that CPUID returns (leaf, subleaf;
 * register 0 to 3 for EAX to EDX) and the registers that the system has to save (bits of XCR0).
 * Linux elsewhere: a bit of the entry of the auxiliary vector that has the number `leaf`. */
typedef struct tyrex_cpu_feature {
  const char *name;
  uint32_t leaf, subleaf, reg, bit;
  uint32_t saved;
} tyrex_cpu_feature;

/* The first of `features`, which a NULL name ends, that the processor lacks; NULL when it has
 * all of them, or cannot be asked. */
TYREX_API const char *tyrex_missing_feature(const tyrex_cpu_feature *features);

/* ---- weights in a file ------------------------------------------------------------- */

/* XXH64 with seed 0. */
TYREX_API uint64_t tyrex_checksum(const void *data, uint64_t bytes);
/* Puts bytes of a file at an address of writable memory: mapped, read-only, where pages allow,
 * else read. Fails where the file ends before. Unix alone. */
TYREX_API int32_t tyrex_weights_map(int32_t fd, uint64_t offset, void *address, uint64_t bytes);

/* ---- the context of a run -------------------------------------------------------- */

/* The body of a parallel loop over [begin, end). Non-zero is an error code. */
typedef int32_t (*tyrex_body)(void *closure, int64_t begin, int64_t end);

/* Pointers lie at a distance of eight bytes, also where they have four. */
#if UINTPTR_MAX == UINT64_MAX
#define TYREX_HIGH_HALF(name)
#else
#define TYREX_HIGH_HALF(name) uint32_t name##_high;
#endif

/* A place of the program that holds a block of memory, or none: all zeros. */
typedef struct tyrex_slot {
  uint64_t data; /* its address */
  uint64_t capacity_bytes;
} tyrex_slot;

/* Memory that a run takes and gives back on its way (blocks.c); offsets are part of the ABI.
 * `slots` are those of one place of the program, one more than there are addresses in `live`. */
typedef struct tyrex_blocks {
  /*  0: memory that none of `live` points into, in one of the slots; NULL with the error set */
  void *(*take)(void *context, tyrex_slot *slots, uint64_t count, const uint64_t *live,
                uint64_t num_live, uint64_t bytes);
  TYREX_HIGH_HALF(take)
  /*  8: puts a block that a function handed over into one of the slots */
  void (*adopt)(void *context, tyrex_slot *slots, uint64_t count, const uint64_t *live,
                uint64_t num_live, void *data);
  TYREX_HIGH_HALF(adopt)
  /* 16: what lies at `data` as a block that is in no slot of the function: that of the slot whose
   *     data it is, else a copy; NULL with the error set */
  void *(*hand_over)(void *context, tyrex_slot *slots, uint64_t count, void *data, uint64_t bytes);
  TYREX_HIGH_HALF(hand_over)
  /* 24: takes back the blocks of all slots of a function, which is left */
  void (*give_back)(void *context, tyrex_slot *slots, uint64_t count);
  TYREX_HIGH_HALF(give_back)
  /* 32: memory for a call of a function that calls itself, up to a depth; else the error */
  int32_t (*enter)(void *context, const char *function, uint64_t bytes, void **memory);
  TYREX_HIGH_HALF(enter)
  /* 40: the call is over */
  void (*leave)(void *context, void *memory);
  TYREX_HIGH_HALF(leave)
} tyrex_blocks;
TYREX_API extern const tyrex_blocks tyrex_block_functions;

/* Offsets are part of the ABI. */
typedef struct tyrex_context {
  uint32_t abi_version; /*  0: TYREX_ABI_VERSION */
  uint32_t num_threads; /*  4: threads of this run, the caller's included */
  /*  8: runs body over [0, n) in min(num_threads, n) contiguous chunks; returns the error
   *     of the lowest failing chunk, its message set in the calling thread. */
  int32_t (*parallel_for)(void *context, tyrex_body body, void *closure, int64_t n);
  TYREX_HIGH_HALF(parallel_for)
  /* 16: tyrex_error_set, for code without undefined symbols */
  void (*set_error)(int32_t code, const char *message);
  TYREX_HIGH_HALF(set_error)
  /* 24: memory of this execution, from the arena; NULL with the error set */
  void *(*allocate)(void *context, uint64_t bytes);
  TYREX_HIGH_HALF(allocate)
  tyrex_arena *arena; /* 32 */
  TYREX_HIGH_HALF(arena)
  /* 40: tyrex_fail_index, for kernels whose accesses are checked */
  int32_t (*fail_index)(const char *place, int64_t index, int64_t extent);
  TYREX_HIGH_HALF(fail_index)
  /* 48: tyrex_fail_dims, for host programs that check dims on their way */
  int32_t (*fail_dims)(const char *place, int32_t relation, int64_t found, int64_t expected);
  TYREX_HIGH_HALF(fail_dims)
  const tyrex_blocks *blocks; /* 56 */
  TYREX_HIGH_HALF(blocks)
  /* 64: tyrex_ask, for loops that take long: a code other than TYREX_OK ends the run */
  int32_t (*poll)(void *context);
} tyrex_context;

/* NULL with the error set when num_threads is 0 or memory is short. */
TYREX_API tyrex_context *tyrex_context_create(uint32_t num_threads);
TYREX_API void tyrex_context_destroy(tyrex_context *context);

/* context->parallel_for of every context made here; see pool.c. */
TYREX_API int32_t tyrex_parallel_for(void *context, tyrex_body body, void *closure, int64_t n);
/* Asked about every 50 ms of a loop, by the thread that runs it, with the loop's own state
 * whole: a code other than TYREX_OK ends the loop. NULL, as at the start: nobody is asked. */
typedef int32_t (*tyrex_poll)(void);
TYREX_API void tyrex_set_poll(tyrex_poll poll);
/* Asks where that is due; cheap enough for every iteration of a loop of kernels. */
TYREX_API int32_t tyrex_ask(void *context);
/* Cores that this process may run on. */
TYREX_API uint32_t tyrex_num_cores(void);
/* Worker threads alive in this process. */
TYREX_API uint32_t tyrex_pool_num_workers(void);
/* Ends the workers unless a loop is running. The next loop starts new ones. */
TYREX_API void tyrex_pool_shutdown(void);

/* TYREX_ABI_VERSION of the library that is loaded. */
TYREX_API uint32_t tyrex_abi_version(void);

typedef int32_t (*tyrex_kernel)(void *args);

/* Clears the thread's error, then calls the kernel. */
TYREX_API int32_t tyrex_call(tyrex_kernel kernel, void *args);

typedef struct tyrex_site {
  tyrex_kernel kernel;
  void *args;
} tyrex_site;

/* As tyrex_call for each site in order, up to the first that fails: its index is in *failed. */
TYREX_API int32_t tyrex_call_all(const tyrex_site *sites, uint64_t count, uint64_t *failed);

#ifdef __cplusplus
}
#endif

#endif
