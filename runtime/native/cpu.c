/* What the processor can do: asked before code runs that would end the process otherwise. */
#include "tyrex.h"

#if defined(__x86_64__)
#include <cpuid.h>

#define OSXSAVE (1u << 27)

/* Registers that the system saves when it switches threads: XCR0. */
static uint32_t saved_registers(void) {
  uint32_t a, b, c, d, low, high;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & OSXSAVE)) {
    return 0;
  }
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

static int has(const tyrex_cpu_feature *f) {
  uint32_t r[4] = {0, 0, 0, 0};
  return __get_cpuid_count(f->leaf, f->subleaf, &r[0], &r[1], &r[2], &r[3]) &&
         (r[f->reg & 3] >> f->bit & 1u) && (f->saved & ~saved_registers()) == 0;
}

#elif defined(__linux__)
#include <sys/auxv.h>

static int has(const tyrex_cpu_feature *f) { return (int)(getauxval(f->leaf) >> f->bit & 1u); }

#else

static int has(const tyrex_cpu_feature *f) {
  (void)f; /* an engine of WebAssembly has looked; Macs of one architecture have one baseline */
  return 1;
}

#endif

const char *tyrex_missing_feature(const tyrex_cpu_feature *features) {
  for (const tyrex_cpu_feature *f = features; f->name; f++) {
    if (!has(f)) {
      return f->name;
    }
  }
  return NULL;
}
