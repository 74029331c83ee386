/* Weights in a file: mapped to where the code expects them, and their checksum. */
#define _POSIX_C_SOURCE 200809L
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_POPULATE */
#endif
#include "tyrex.h"

#include <string.h>

/* XXH64. Source: the xxHash specification, https://github.com/Cyan4973/xxHash,
 * doc/xxhash_spec.md, with seed 0: four sums side by side read memory as fast as it comes. */
#define PRIME_1 0x9E3779B185EBCA87u
#define PRIME_2 0xC2B2AE3D27D4EB4Fu
#define PRIME_3 0x165667B19E3779F9u
#define PRIME_4 0x85EBCA77C2B2AE63u
#define PRIME_5 0x27D4EB2F165667C5u
#define STRIPE_BYTES 32u

static uint64_t rotate(uint64_t x, unsigned bits) { return x << bits | x >> (64u - bits); }

/* Little-endian, as every system that models are exported for. */
static uint64_t read64(const unsigned char *at) {
  uint64_t x;
  memcpy(&x, at, sizeof x);
  return x;
}

static uint32_t read32(const unsigned char *at) {
  uint32_t x;
  memcpy(&x, at, sizeof x);
  return x;
}

static uint64_t mix(uint64_t sum, uint64_t x) { return rotate(sum + x * PRIME_2, 31) * PRIME_1; }

static uint64_t merge(uint64_t hash, uint64_t sum) {
  return (hash ^ mix(0, sum)) * PRIME_1 + PRIME_4;
}

static uint64_t finish(uint64_t hash, const unsigned char *at, const unsigned char *end) {
  for (; end - at >= 8; at += 8) {
    hash = rotate(hash ^ mix(0, read64(at)), 27) * PRIME_1 + PRIME_4;
  }
  if (end - at >= 4) {
    hash = rotate(hash ^ read32(at) * PRIME_1, 23) * PRIME_2 + PRIME_3;
    at += 4;
  }
  for (; at < end; at++) {
    hash = rotate(hash ^ *at * PRIME_5, 11) * PRIME_1;
  }
  hash = (hash ^ hash >> 33) * PRIME_2;
  hash = (hash ^ hash >> 29) * PRIME_3;
  return hash ^ hash >> 32;
}

uint64_t tyrex_checksum(const void *data, uint64_t bytes) {
  const unsigned char *at = data, *end = at + bytes;
  uint64_t hash = PRIME_5;
  if (bytes >= STRIPE_BYTES) {
    uint64_t s[4] = {PRIME_1 + PRIME_2, PRIME_2, 0, 0 - PRIME_1};
    for (; (uint64_t)(end - at) >= STRIPE_BYTES; at += STRIPE_BYTES) {
      s[0] = mix(s[0], read64(at));
      s[1] = mix(s[1], read64(at + 8));
      s[2] = mix(s[2], read64(at + 16));
      s[3] = mix(s[3], read64(at + 24));
    }
    hash = rotate(s[0], 1) + rotate(s[1], 7) + rotate(s[2], 12) + rotate(s[3], 18);
    for (int i = 0; i < 4; i++) {
      hash = merge(hash, s[i]);
    }
  }
  return finish(hash + bytes, at, end);
}

#if defined(__unix__) || defined(__APPLE__)
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_POPULATE
#define MAP_POPULATE 0
#endif

static int32_t read_whole(int fd, uint64_t offset, unsigned char *at, uint64_t bytes) {
  while (bytes) {
    ssize_t count = pread(fd, at, bytes, (off_t)offset);
    if (count <= 0) {
      tyrex_error_set(TYREX_ERROR_ARGUMENT, "the file of weights is cut short");
      return TYREX_ERROR_ARGUMENT;
    }
    at += count;
    offset += (uint64_t)count;
    bytes -= (uint64_t)count;
  }
  return TYREX_OK;
}

int32_t tyrex_weights_map(int32_t fd, uint64_t offset, void *address, uint64_t bytes) {
  uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
  uint64_t whole = bytes - bytes % page;
  off_t end = lseek(fd, 0, SEEK_END);
  if (end < 0 || offset > (uint64_t)end || bytes > (uint64_t)end - offset) {
    tyrex_error_set(TYREX_ERROR_ARGUMENT, "the file of weights is cut short");
    return TYREX_ERROR_ARGUMENT;
  }
  /* The last page is shared with what follows in memory, or in the file: it is copied. */
  if (whole && (offset | (uintptr_t)address) % page == 0 &&
      mmap(address, whole, PROT_READ, MAP_PRIVATE | MAP_FIXED | MAP_POPULATE, fd,
           (off_t)offset) == address) {
    return read_whole(fd, offset + whole, (unsigned char *)address + whole, bytes - whole);
  }
  return read_whole(fd, offset, address, bytes);
}
#endif
