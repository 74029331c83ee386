/* Which instruction sets the processor has, and the system saves the registers of. */
#include "tyrex.h"

#if defined(__x86_64__)
#include <cpuid.h>

#define OSXSAVE (1u << 27)

static uint32_t saved_registers(void) {
  uint32_t a, b, c, d, low, high;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & OSXSAVE)) {
    return 0;
  }
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

const char *tyrex_missing_feature(const tyrex_cpu_feature *features) {
  uint32_t saved = saved_registers();
  for (const tyrex_cpu_feature *f = features; f->name; f++) {
    uint32_t r[4] = {0, 0, 0, 0};
    if (!__get_cpuid_count(f->leaf, f->subleaf, &r[0], &r[1], &r[2], &r[3]) ||
        !(r[f->reg] >> f->bit & 1u) || (saved & f->saved) != f->saved) {
      return f->name;
    }
  }
  return NULL;
}
#else
const char *tyrex_missing_feature(const tyrex_cpu_feature *features) { return features[0].name; }
#endif
