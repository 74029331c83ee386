/* The pool's functions where there are no threads: a parallel loop is a loop. */
#include "tyrex.h"

int32_t tyrex_parallel_for(void *context, tyrex_body body, void *closure, int64_t n) {
  (void)context;
  return n > 0 ? body(closure, 0, n) : TYREX_OK;
}

uint32_t tyrex_num_cores(void) { return 1; }

uint32_t tyrex_pool_num_workers(void) { return 0; }

void tyrex_pool_shutdown(void) {}

int32_t tyrex_ask(void *context) {
  (void)context;
  return TYREX_OK;
}
