/* What the header of every exported model holds besides the model's own functions; one copy
 * serves all models of a program. Codes are only ever added. */
#ifndef TYREX_ABI_H
#define TYREX_ABI_H

#include <stdint.h>

enum tyrex_error_code {
  TYREX_OK = 0,
  TYREX_ERROR_ARGUMENT = 1,    /* a value that the callee cannot accept */
  TYREX_ERROR_SHAPE = 2,       /* shapes that do not fit together */
  TYREX_ERROR_BOUNDS = 3,      /* an index or an offset outside its buffer */
  TYREX_ERROR_MEMORY = 4,      /* the system has no memory left */
  TYREX_ERROR_UNSUPPORTED = 5, /* this machine or this build cannot do it */
  TYREX_ERROR_ABI = 6,         /* the two sides were built for different ABI versions */
  TYREX_ERROR_INTERNAL = 7,    /* a broken invariant: a bug in Tyrex */
  TYREX_ERROR_DTYPE = 8,       /* a data type that the callee cannot accept */
  TYREX_ERROR_INTERRUPTED = 9, /* somebody stopped the run */
  TYREX_ERROR_RECURSION = 10   /* functions that call themselves too deep */
};

/* How two dims of a run have to be related: what is found to what is expected. */
enum tyrex_dims_relation {
  TYREX_DIMS_EQUAL = 0,
  TYREX_DIMS_BROADCAST = 1, /* equal, or one of them 1 */
  TYREX_DIMS_EXPAND = 2,    /* equal, or what is found is 1 */
  TYREX_DIMS_AT_MOST = 3,
  TYREX_DIMS_AT_LEAST = 4
};

/* The layout of DLPack's DLTensor: a pointer to one may be cast to a pointer to the other. */
typedef struct tyrex_tensor {
  void *data;
  int32_t device_type; /* 1: the CPU */
  int32_t device_id;
  int32_t rank;
  uint8_t dtype_code;  /* 0: int, 1: uint, 2: float, 4: bfloat, 6: bool; dlpack.h has the rest */
  uint8_t dtype_bits;  /* of an element */
  uint16_t dtype_lanes; /* 1 */
  int64_t *shape;
  int64_t *strides;     /* in elements; NULL for compact, row-major */
  uint64_t byte_offset; /* of the first element from data */
} tyrex_tensor;

#endif
