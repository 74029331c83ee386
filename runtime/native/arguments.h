/* What a model takes and returns, and the checks of what a caller hands in. */
#ifndef TYREX_ARGUMENTS_H
#define TYREX_ARGUMENTS_H

#include "tyrex.h"

typedef struct tyrex_parameter {
  const char *name;
  const char *type; /* as messages print it: "float32[1, 3, 224, 224]" */
  uint8_t dtype_code, dtype_bits;
  int32_t rank;
  const int64_t *shape; /* -1: not known before the run */
  uint64_t bytes;
  /* An output whose size data decide: its place is that of a record, int64_t[1 + rank], for its
   * address and its dims. */
  int32_t is_open;
} tyrex_parameter;

typedef struct tyrex_signature {
  const char *name; /* of the model: messages begin with it */
  const char *text; /* all of it, as messages end with it */
  int32_t num_inputs, num_outputs;
  const tyrex_parameter *inputs, *outputs;
} tyrex_signature;

/* Sets the error to "<model>: <what the format says>; the signature is <text>"; returns `code`. */
int32_t tyrex_refuse(const tyrex_signature *signature, int32_t code, const char *format, ...);

/* Checks addresses of compact tensors: given, aligned to their elements, outputs apart from
 * inputs and from each other. Returns TYREX_OK, or a code with the error set. */
int32_t tyrex_check_addresses(const tyrex_signature *signature, const void *const *inputs,
                              void *const *outputs);

/* Checks number, device, type, shape and layout of tensors, then their addresses, which it
 * writes to arrays with room for as many as the signature has. The addresses of open outputs are
 * there before: those of their records. */
int32_t tyrex_check_tensors(const tyrex_signature *signature, const tyrex_tensor *const *inputs,
                            int32_t num_inputs, const tyrex_tensor *const *outputs,
                            int32_t num_outputs, const void **input_addresses,
                            void **output_addresses);

/* Writes into tensors what the outputs are: everything but data. Their shapes point to room for as
 * many dims as the signature has. */
int32_t tyrex_describe_outputs(const tyrex_signature *signature, tyrex_tensor *const *outputs,
                               int32_t num_outputs);

/* Whether the elements of a tensor lie compact, in row-major order. */
int32_t tyrex_is_compact(const tyrex_tensor *tensor);

#endif
