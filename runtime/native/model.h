/* An exported model: what the generated functions of its C interface have in common. */
#ifndef TYREX_MODEL_H
#define TYREX_MODEL_H

#include "arguments.h"
#include "tyrex.h"

typedef struct tyrex_model {
  tyrex_signature signature;
  const tyrex_cpu_feature *features; /* the last one has no name */
  int32_t (*entry)(void *context, const void *const *inputs, void *const *outputs);
} tyrex_model;

/* All return TYREX_OK, or a code with the calling thread's error set. */
int32_t tyrex_model_create(const tyrex_model *model, uint32_t num_threads,
                           tyrex_context **context);
int32_t tyrex_model_run(const tyrex_model *model, tyrex_context *context,
                        const void *const *inputs, void *const *outputs);
/* `input_addresses` and `output_addresses` are scratch of as many words as there are tensors. */
int32_t tyrex_model_run_tensors(const tyrex_model *model, tyrex_context *context,
                                const tyrex_tensor *const *inputs, int32_t num_inputs,
                                const tyrex_tensor *const *outputs, int32_t num_outputs,
                                const void **input_addresses, void **output_addresses);
int32_t tyrex_model_set_num_threads(const tyrex_model *model, tyrex_context *context,
                                    uint32_t num_threads);

#endif
