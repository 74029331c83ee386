/* Waiting for a word in memory to change: spin a bounded time, then sleep in the kernel. */
#ifndef TYREX_WAIT_H
#define TYREX_WAIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Returns once `*word` differs from `old`. `spin` allows to spin first: only when every
 * thread of the loop has a core, else spinning takes the core from who must make progress.
 * `*sleeping` is non-zero while the caller is or may be asleep. */
void tyrex_wait_while_equal(_Atomic uint32_t *word, uint32_t old, _Atomic uint32_t *sleeping,
                            bool spin);
/* Wakes who sleeps on `word`; to be called after the change of `*word`. Costs one load
 * when nobody sleeps. */
void tyrex_wake(_Atomic uint32_t *word, _Atomic uint32_t *sleeping);
/* A clock that only goes forward. */
int64_t tyrex_now_ns(void);
/* In the child after a fork: forgets the sleepers of the parent. */
void tyrex_wait_after_fork(void);

#endif
