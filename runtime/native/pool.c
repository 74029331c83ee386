/* The thread pool: one per process, started by the first loop that wants it.
 *
 * A loop [0, n) is cut into contiguous chunks by `n` and the context's number of threads
 * alone. The caller runs chunk 0 and worker i runs chunk i, so that a kernel that follows
 * finds its data in the same core's cache. Each worker has its own mailbox (one cache line):
 * posting a loop is one store a worker. A caller that is done takes back what no worker has
 * begun: a worker that the system does not schedule delays nobody. One loop runs at a time:
 * who finds the pool busy, or is itself inside a loop, runs its loop serially. After a fork
 * the child has no workers and starts its own.
 */
#define _GNU_SOURCE
#include "tyrex.h"
#include "wait.h"

#include <pthread.h>
#include <signal.h>
#include <stdalign.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__)
#include <sched.h>
#endif

#define MAX_WORKERS 255u
/* Kernels keep register tiles and small buffers on the stack; some libcs give 128 KiB. */
#define STACK_BYTES (8u << 20)
/* The affinity mask may change while the process runs; reading it costs a system call. */
#define LOOPS_PER_AFFINITY_READ 256u
#define CACHE_LINE_BYTES 64
/* A loop that takes longer is run in pieces of about PIECE_NS, and the poll is asked between
 * them. The first piece, a small part, tells how long the loop will take. */
#define POLL_NS 50000000
#define PIECE_NS 20000000
#define FIRST_PIECE 1024
/* Questions that follow each other faster than QUICK_NS are asked once in so many times. */
#define QUICK_NS 1000000
#define QUICK_ASKS 16u

struct loop {
  tyrex_body body;
  void *closure;
  int64_t n;
  uint32_t num_chunks;
  uint32_t float_mode; /* the caller's: rounding, flushing of denormals */
  bool spin;           /* every thread of the loop has a core */
};

struct worker {
  /* 1: a chunk waits; who changes it to 0 runs the chunk of `pool.loop`. */
  alignas(CACHE_LINE_BYTES) _Atomic uint32_t posted;
  _Atomic uint32_t sleeping;
  int32_t code;        /* of this loop's chunk; read after `unfinished` became 0 */
  const char *message; /* the worker thread's own message */
  pthread_t thread;
};

static struct {
  alignas(CACHE_LINE_BYTES) atomic_flag busy; /* held by the thread whose loop runs */
  alignas(CACHE_LINE_BYTES) _Atomic uint32_t unfinished; /* chunks that are not the caller's */
  _Atomic uint32_t caller_sleeping;
  alignas(CACHE_LINE_BYTES) struct loop loop; /* written under `busy`, before the posts */
  _Atomic uint32_t num_workers;
  uint32_t num_cores;
  uint32_t num_loops;
  bool stop;
  _Atomic bool cancelled; /* the caller's poll ended this loop */
  struct worker workers[MAX_WORKERS];
} pool = {.busy = ATOMIC_FLAG_INIT};

static pthread_once_t fork_handler_once = PTHREAD_ONCE_INIT;
static _Thread_local bool inside_loop;
static _Atomic(tyrex_poll) poll;
static _Thread_local int64_t last_poll_ns;
static _Thread_local int64_t last_ask_ns;
static _Thread_local uint32_t asks_to_skip;

static void forget_workers_after_fork(void) {
  atomic_flag_clear(&pool.busy);
  atomic_store(&pool.unfinished, 0);
  atomic_store(&pool.caller_sleeping, 0);
  atomic_store(&pool.num_workers, 0);
  pool.stop = false;
  tyrex_wait_after_fork();
}

static void install_fork_handler(void) { pthread_atfork(NULL, NULL, forget_workers_after_fork); }

uint32_t tyrex_num_cores(void) {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    return (uint32_t)CPU_COUNT(&set);
  }
#endif
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (uint32_t)online : 1;
}

/* A worker computes as the caller would: results do not depend on who runs a chunk. */
static uint32_t get_float_mode(void) {
#if defined(__SSE__)
  return __builtin_ia32_stmxcsr();
#elif defined(__aarch64__)
  uint64_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  return (uint32_t)mode;
#else
  return 0;
#endif
}

static void set_float_mode(uint32_t mode) {
#if defined(__SSE__)
  __builtin_ia32_ldmxcsr(mode);
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)mode));
#else
  (void)mode;
#endif
}

void tyrex_set_poll(tyrex_poll function) { atomic_store(&poll, function); }

/* Whether to go on: asks where that is due, for the thread that called. */
static int32_t ask(tyrex_poll function, int64_t now_ns) {
  if (now_ns - last_poll_ns < POLL_NS) {
    return TYREX_OK;
  }
  last_poll_ns = now_ns;
  int32_t code = function();
  if (code != TYREX_OK && inside_loop) {
    atomic_store(&pool.cancelled, true); /* the loop is this thread's */
  }
  return code;
}

int32_t tyrex_ask(void *context) {
  (void)context;
  if (asks_to_skip) {
    asks_to_skip--;
    return TYREX_OK;
  }
  tyrex_poll function = atomic_load_explicit(&poll, memory_order_relaxed);
  if (!function) {
    return TYREX_OK;
  }
  if (inside_loop && atomic_load(&pool.cancelled)) {
    return TYREX_ERROR_INTERRUPTED;
  }
  int64_t now_ns = tyrex_now_ns();
  asks_to_skip = now_ns - last_ask_ns < QUICK_NS ? QUICK_ASKS : 0;
  last_ask_ns = now_ns;
  return ask(function, now_ns);
}

/* Runs [begin, end); what takes long in pieces, so that it can be ended. */
static int32_t run_range(const struct loop *loop, int64_t begin, int64_t end, bool is_caller) {
  tyrex_poll function = atomic_load_explicit(&poll, memory_order_relaxed);
  if (!function) {
    return loop->body(loop->closure, begin, end);
  }
  int64_t step = (end - begin) / FIRST_PIECE + 1;
  int64_t time_ns = tyrex_now_ns();
  for (int64_t i = begin; i < end;) {
    int64_t stop = end - i < step ? end : i + step;
    int32_t code = loop->body(loop->closure, i, stop);
    int64_t now_ns = tyrex_now_ns();
    if (code == TYREX_OK && is_caller) {
      code = ask(function, now_ns);
    } else if (code == TYREX_OK && atomic_load(&pool.cancelled)) {
      code = TYREX_ERROR_INTERRUPTED;
    }
    if (code != TYREX_OK) {
      return code;
    }
    if (i == begin) {
      double in_piece = (double)PIECE_NS / (double)(now_ns - time_ns + 1) * (double)step;
      step = in_piece > (double)(end - stop) ? end - stop : in_piece < 1 ? 1 : (int64_t)in_piece;
    }
    i = stop;
  }
  return TYREX_OK;
}

/* Chunk i of `loop`: the first n % num_chunks chunks have one iteration more. */
static int32_t run_chunk(const struct loop *loop, uint32_t i, bool is_caller) {
  int64_t size = loop->n / loop->num_chunks;
  int64_t rest = loop->n % loop->num_chunks;
  int64_t begin = (int64_t)i * size + (i < rest ? (int64_t)i : rest);
  return run_range(loop, begin, begin + size + (i < rest ? 1 : 0), is_caller);
}

static bool take_chunk(struct worker *worker) {
  return atomic_load_explicit(&worker->posted, memory_order_relaxed) != 0 &&
         atomic_exchange(&worker->posted, 0) != 0;
}

static void finish_chunk(void) {
  if (atomic_fetch_sub(&pool.unfinished, 1) == 1) {
    tyrex_wake(&pool.unfinished, &pool.caller_sleeping);
  }
}

static void *work(void *argument) {
  struct worker *self = argument;
  uint32_t chunk = (uint32_t)(self - pool.workers) + 1;
  bool spin = false;
  inside_loop = true;
  self->message = tyrex_error_message();
  for (;;) {
    tyrex_wait_while_equal(&self->posted, 0, &self->sleeping, spin);
    if (!take_chunk(self)) {
      continue; /* the caller was faster */
    }
    if (pool.stop) {
      return NULL;
    }
    spin = pool.loop.spin;
    tyrex_error_clear();
    set_float_mode(pool.loop.float_mode);
    self->code = run_chunk(&pool.loop, chunk, false);
    finish_chunk();
  }
}

static bool start_worker(uint32_t index) {
  struct worker *worker = &pool.workers[index];
  atomic_store(&worker->posted, 0);
  atomic_store(&worker->sleeping, 0);
  worker->code = TYREX_OK;
  /* Signals belong to the threads of the application. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  int status = pthread_create(&worker->thread, &attributes, work, worker);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return status == 0;
}

/* Starts what is missing of `wanted` workers; returns how many of them there are. */
static uint32_t ensure_workers(uint32_t wanted) {
  pthread_once(&fork_handler_once, install_fork_handler);
  uint32_t limit = wanted < MAX_WORKERS ? wanted : MAX_WORKERS;
  uint32_t count = atomic_load_explicit(&pool.num_workers, memory_order_relaxed);
  while (count < limit && start_worker(count)) {
    atomic_store(&pool.num_workers, ++count);
  }
  return count < limit ? count : limit;
}

static void post(struct worker *worker) {
  worker->code = TYREX_OK;
  atomic_store(&worker->posted, 1);
  tyrex_wake(&worker->posted, &worker->sleeping);
}

static void wait_for_workers(bool spin) {
  uint32_t left;
  while ((left = atomic_load_explicit(&pool.unfinished, memory_order_acquire)) != 0) {
    tyrex_wait_while_equal(&pool.unfinished, left, &pool.caller_sleeping, spin);
  }
}

/* Runs in ascending order chunk 0, what no worker has begun, and what has no worker since
 * the system refused a thread. Behind a failure chunks are taken and not run: the result is
 * decided. Returns the code and sets `*failed` to the chunk that it came from. */
static int32_t run_own_chunks(const struct loop *loop, uint32_t num_helpers, uint32_t *failed) {
  int32_t code = TYREX_OK;
  for (uint32_t i = 0; i < loop->num_chunks; i++) {
    bool posted = i > 0 && i <= num_helpers;
    if (posted && !take_chunk(&pool.workers[i - 1])) {
      continue;
    }
    if (code == TYREX_OK) {
      code = run_chunk(loop, i, true);
      *failed = i;
    }
    if (posted) {
      finish_chunk();
    }
  }
  return code;
}

/* The error of the lowest failing chunk, when it is a worker's: below `end`. */
static int32_t first_worker_error(uint32_t num_helpers, uint32_t end) {
  for (uint32_t i = 1; i <= num_helpers && i < end; i++) {
    const struct worker *worker = &pool.workers[i - 1];
    if (worker->code != TYREX_OK) {
      tyrex_error_set(worker->code, worker->message);
      return worker->code;
    }
  }
  return TYREX_OK;
}

static bool every_thread_has_a_core(uint32_t num_threads) {
  if (pool.num_loops++ % LOOPS_PER_AFFINITY_READ == 0) {
    pool.num_cores = tyrex_num_cores();
  }
  return num_threads <= pool.num_cores;
}

/* Runs `loop` on the pool, which the caller holds. */
static int32_t run_on_pool(const struct loop *loop) {
  uint32_t num_helpers = ensure_workers(loop->num_chunks - 1);
  pool.loop = *loop;
  pool.loop.spin = every_thread_has_a_core(loop->num_chunks);
  pool.loop.float_mode = get_float_mode();
  atomic_store(&pool.cancelled, false);
  atomic_store(&pool.unfinished, num_helpers);
  for (uint32_t i = 0; i < num_helpers; i++) {
    post(&pool.workers[i]);
  }
  inside_loop = true;
  uint32_t failed = 0;
  int32_t own_code = run_own_chunks(loop, num_helpers, &failed);
  inside_loop = false;
  wait_for_workers(pool.loop.spin);
  uint32_t end = own_code == TYREX_OK ? loop->num_chunks : failed;
  int32_t worker_code = first_worker_error(num_helpers, end);
  return worker_code != TYREX_OK ? worker_code : own_code;
}

int32_t tyrex_parallel_for(void *context, tyrex_body body, void *closure, int64_t n) {
  if (n <= 0) {
    return TYREX_OK;
  }
  uint32_t num_threads = ((const tyrex_context *)context)->num_threads;
  uint32_t num_chunks = n < (int64_t)num_threads ? (uint32_t)n : num_threads;
  struct loop loop = {.body = body, .closure = closure, .n = n, .num_chunks = num_chunks};
  if (inside_loop) {
    return body(closure, 0, n);
  }
  if (num_chunks <= 1 || atomic_flag_test_and_set(&pool.busy)) {
    return run_range(&loop, 0, n, true);
  }
  int32_t code = run_on_pool(&loop);
  atomic_flag_clear(&pool.busy);
  return code;
}

uint32_t tyrex_pool_num_workers(void) { return atomic_load(&pool.num_workers); }

/* Also at exit and at dlclose: no thread may outlive the code that it runs. */
__attribute__((destructor)) void tyrex_pool_shutdown(void) {
  if (inside_loop || atomic_flag_test_and_set(&pool.busy)) {
    return;
  }
  uint32_t count = atomic_load(&pool.num_workers);
  pool.stop = true;
  for (uint32_t i = 0; i < count; i++) {
    post(&pool.workers[i]);
  }
  for (uint32_t i = 0; i < count; i++) {
    pthread_join(pool.workers[i].thread, NULL);
  }
  pool.stop = false;
  atomic_store(&pool.num_workers, 0);
  atomic_flag_clear(&pool.busy);
}
