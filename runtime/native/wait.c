/* Waiting: spinning, then spinning that lets others run, then a futex (Linux) or a condition
 * variable. */
#define _GNU_SOURCE
#include "wait.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

/* The kernels of a model follow each other within microseconds, a serial one may take some
 * hundreds, and to wake a sleeper costs both sides 10 to 50 us: so a waiter stays awake for
 * about the longest serial kernel. After POLITE_NS it offers its core at each look, and where
 * somebody took it, sleeps: a thread that a wake finds asleep is run before one that yields. */
#define SPIN_NS 1000000
#define POLITE_NS 40000
#define TAKEN_NS 20000 /* a look that took longer than this: others ran meanwhile */
#define PAUSES_PER_CLOCK_READ 16

static inline void pause_core(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ volatile("yield");
#endif
}

int64_t tyrex_now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static bool spin_while_equal(_Atomic uint32_t *word, uint32_t old) {
  const int64_t begin_ns = tyrex_now_ns();
  int64_t look_ns;
  int64_t time_ns = begin_ns;
  do {
    look_ns = time_ns;
    for (int i = 0; i < PAUSES_PER_CLOCK_READ; i++) {
      if (atomic_load_explicit(word, memory_order_acquire) != old) {
        return true;
      }
      pause_core();
    }
    if (time_ns - begin_ns > POLITE_NS) {
      sched_yield();
    }
    time_ns = tyrex_now_ns();
  } while (time_ns - begin_ns < SPIN_NS && time_ns - look_ns < TAKEN_NS);
  return atomic_load_explicit(word, memory_order_acquire) != old;
}

#if defined(__linux__)

static void sleep_while_equal(_Atomic uint32_t *word, uint32_t old) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, old, NULL, NULL, 0);
}

static void wake_sleepers(_Atomic uint32_t *word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

void tyrex_wait_after_fork(void) {}

#else

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void sleep_while_equal(_Atomic uint32_t *word, uint32_t old) {
  pthread_mutex_lock(&lock);
  if (atomic_load(word) == old) {
    pthread_cond_wait(&changed, &lock);
  }
  pthread_mutex_unlock(&lock);
}

static void wake_sleepers(_Atomic uint32_t *word) {
  (void)word;
  pthread_mutex_lock(&lock);
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

void tyrex_wait_after_fork(void) {
  lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
  changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
}

#endif

void tyrex_wait_while_equal(_Atomic uint32_t *word, uint32_t old, _Atomic uint32_t *sleeping,
                            bool spin) {
  if (spin && spin_while_equal(word, old)) {
    return;
  }
  /* Both sides write one word and then read the other, in one total order (seq_cst):
   * either the waker sees `sleeping`, or the sleeper sees the change. */
  atomic_store(sleeping, 1);
  while (atomic_load(word) == old) {
    sleep_while_equal(word, old);
  }
  atomic_store(sleeping, 0);
}

void tyrex_wake(_Atomic uint32_t *word, _Atomic uint32_t *sleeping) {
  if (atomic_load(sleeping) != 0) {
    wake_sleepers(word);
  }
}
