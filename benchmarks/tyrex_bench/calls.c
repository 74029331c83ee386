/* What calls cost in C: of a model of one small kernel, and of a parallel loop whose threads meet. */
#define _POSIX_C_SOURCE 200809L
#include "sum.h"
#include "tyrex.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CALLS 100000
#define PAUSES 200
#define PATIENCE_US 1e5

static int64_t num_threads;
static _Atomic int64_t begun;

static double now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec * 1e-3;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, compare);
  return values[count / 2];
}

/* Chunk 0 waits until every other chunk has begun: else the caller takes back what it posted. */
static int32_t meet(void *closure, int64_t begin, int64_t end) {
  _Atomic int64_t *begun = closure;
  atomic_fetch_add(begun, end - begin);
  double deadline = now_us() + PATIENCE_US;
  while (begin == 0 && atomic_load(begun) % num_threads != 0 && now_us() < deadline) {
  }
  return 0;
}

/* Loops one behind the other: the workers still spin. */
static double hand_off(tyrex_context *context) {
  static double times[CALLS];
  for (int i = 0; i < CALLS; i++) {
    double start = now_us();
    context->parallel_for(context, meet, &begun, num_threads);
    times[i] = now_us() - start;
  }
  return median(times, CALLS);
}

/* Loops after a pause: the workers sleep. */
static double wake(tyrex_context *context) {
  static double times[PAUSES];
  struct timespec pause = {0, 1000000};
  for (int i = 0; i < PAUSES; i++) {
    nanosleep(&pause, NULL);
    double start = now_us();
    context->parallel_for(context, meet, &begun, num_threads);
    times[i] = now_us() - start;
  }
  return median(times, PAUSES);
}

int main(int argc, char **argv) {
  float x[4] = {1, 2, 3, 4}, y[4] = {1, 1, 1, 1}, s[4];
  int64_t shape[] = {2, 2};
  tyrex_tensor tx = {x, 1, 0, 2, 2, 32, 1, shape, NULL, 0}, ty = tx, ts = tx;
  ty.data = y;
  ts.data = s;
  const tyrex_tensor *in[] = {&tx, &ty}, *out[] = {&ts};
  const void *inputs[] = {x, y};
  void *outputs[] = {s};
  sum_context *model;
  if (argc != 2 || sum_create(1, &model)) {
    return 1;
  }
  double start = now_us();
  for (int i = 0; i < CALLS; i++) {
    sum_run(model, inputs, outputs);
  }
  printf("run %f\n", (now_us() - start) / CALLS);
  start = now_us();
  for (int i = 0; i < CALLS; i++) {
    sum_run_tensors(model, in, 2, out, 1);
  }
  printf("run_tensors %f\n", (now_us() - start) / CALLS);
  sum_destroy(model);
  tyrex_context *context = tyrex_context_create((uint32_t)atoi(argv[1]));
  num_threads = context->num_threads;
  printf("hand_off %f\n", hand_off(context));
  printf("wake %f\n", wake(context));
  tyrex_context_destroy(context);
  return s[3] == 5 ? 0 : 2;
}
