/* An exported model: what the generated functions of its C interface have in common. */
#ifndef TYREX_MODEL_H
#define TYREX_MODEL_H

#include "arguments.h"
#include "shapes.h"
#include "tyrex.h"

typedef struct tyrex_model {
  tyrex_signature signature;
  const tyrex_cpu_feature *features; /* the last one has no name */
  int32_t (*entry)(void *context, const void *const *inputs, void *const *outputs);
  /* For a model with symbols, whose entry has a fourth argument; else NULL. */
  const tyrex_shapes *shapes;
  int32_t (*symbolic_entry)(void *context, const void *const *inputs, void *const *outputs,
                            const int64_t *symbols);
} tyrex_model;

/* All return TYREX_OK, or a code with the calling thread's error set. */
int32_t tyrex_model_create(const tyrex_model *model, uint32_t num_threads,
                           tyrex_context **context);
int32_t tyrex_model_run(const tyrex_model *model, tyrex_context *context,
                        const void *const *inputs, void *const *outputs,
                        const int64_t *symbols);
/* `input_addresses` and `output_addresses` are scratch of as many words as there are tensors. */
int32_t tyrex_model_run_tensors(const tyrex_model *model, tyrex_context *context,
                                const tyrex_tensor *const *inputs, int32_t num_inputs,
                                const tyrex_tensor *const *outputs, int32_t num_outputs,
                                const void **input_addresses, void **output_addresses);
/* Writes into `outputs` what they will be for such inputs. */
int32_t tyrex_model_infer(const tyrex_model *model, const tyrex_tensor *const *inputs,
                          int32_t num_inputs, tyrex_tensor *const *outputs, int32_t num_outputs);
int32_t tyrex_model_set_num_threads(const tyrex_model *model, tyrex_context *context,
                                    uint32_t num_threads);

#endif
