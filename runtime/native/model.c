/* The functions of an exported model's C interface. */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>

static int32_t refuse(const tyrex_model *model, const char *what) {
  char message[256];
  snprintf(message, sizeof message, "%s: %s", model->signature.name, what);
  tyrex_error_set(TYREX_ERROR_ARGUMENT, message);
  return TYREX_ERROR_ARGUMENT;
}

int32_t tyrex_model_create(const tyrex_model *model, uint32_t num_threads,
                           tyrex_context **context) {
  tyrex_error_clear();
  if (!context) {
    return refuse(model, "create: context is NULL");
  }
  *context = NULL;
  const char *missing = tyrex_missing_feature(model->features);
  if (missing) {
    char message[256];
    snprintf(message, sizeof message,
             "%s: this processor lacks %s, which the model was compiled for", model->signature.name,
             missing);
    tyrex_error_set(TYREX_ERROR_UNSUPPORTED, message);
    return TYREX_ERROR_UNSUPPORTED;
  }
  *context = tyrex_context_create(num_threads);
  return *context ? TYREX_OK : tyrex_error_code();
}

/* The entry's own arguments, behind arrays that it can read. */
static int32_t call_entry(const tyrex_model *model, const tyrex_told *told, tyrex_context *context,
                          const void *const *inputs, void *const *outputs) {
  return told ? model->symbolic_entry(context, inputs, outputs, told->symbols)
              : model->entry(context, inputs, outputs);
}

/* The model's code reads addresses at a distance of eight bytes. */
#if UINTPTR_MAX == UINT64_MAX
static int32_t enter(const tyrex_model *model, const tyrex_told *told, tyrex_context *context,
                     const void *const *inputs, void *const *outputs) {
  return call_entry(model, told, context, inputs, outputs);
}
#else
static int32_t enter(const tyrex_model *model, const tyrex_told *told, tyrex_context *context,
                     const void *const *inputs, void *const *outputs) {
  int32_t num_inputs = model->signature.num_inputs, num_outputs = model->signature.num_outputs;
  uint64_t bytes = (uint64_t)(num_inputs + num_outputs) * sizeof(uint64_t);
  uint64_t *words = tyrex_arena_allocate(context->arena, bytes);
  if (!words) {
    return tyrex_error_code();
  }
  for (int32_t i = 0; i < num_inputs; i++) {
    words[i] = (uintptr_t)inputs[i];
  }
  for (int32_t i = 0; i < num_outputs; i++) {
    words[num_inputs + i] = (uintptr_t)outputs[i];
  }
  return call_entry(model, told, context, (const void *const *)words,
                    (void *const *)(words + num_inputs));
}
#endif

static int32_t run(const tyrex_model *model, const tyrex_told *told, tyrex_context *context,
                   const void *const *inputs, void *const *outputs) {
  int32_t code = enter(model, told, context, inputs, outputs);
  tyrex_arena_reset(context->arena);
  return code;
}

int32_t tyrex_model_run(const tyrex_model *model, tyrex_context *context,
                        const void *const *inputs, void *const *outputs,
                        const int64_t *symbols) {
  tyrex_error_clear();
  if (!context) {
    return refuse(model, "run: context is NULL");
  }
  tyrex_told *told = NULL;
  if (model->shapes) {
    told = tyrex_tell_by_values(&model->signature, model->shapes, symbols);
    if (!told) {
      return tyrex_error_code();
    }
  }
  const tyrex_signature *signature = told ? &told->signature : &model->signature;
  int32_t code = tyrex_check_addresses(signature, inputs, outputs);
  if (code == TYREX_OK) {
    code = run(model, told, context, inputs, outputs);
  }
  free(told);
  return code;
}

int32_t tyrex_model_run_tensors(const tyrex_model *model, tyrex_context *context,
                                const tyrex_tensor *const *inputs, int32_t num_inputs,
                                const tyrex_tensor *const *outputs, int32_t num_outputs,
                                const void **input_addresses, void **output_addresses) {
  tyrex_error_clear();
  if (!context) {
    return refuse(model, "run_tensors: context is NULL");
  }
  tyrex_told *told = NULL;
  if (model->shapes) {
    told = tyrex_tell_by_shapes(&model->signature, model->shapes, inputs, num_inputs);
    if (!told) {
      return tyrex_error_code();
    }
  }
  const tyrex_signature *signature = told ? &told->signature : &model->signature;
  int32_t code = tyrex_check_tensors(signature, inputs, num_inputs, outputs, num_outputs,
                                     input_addresses, output_addresses);
  if (code == TYREX_OK) {
    code = run(model, told, context, input_addresses, output_addresses);
  }
  free(told);
  return code;
}

int32_t tyrex_model_infer(const tyrex_model *model, const tyrex_tensor *const *inputs,
                          int32_t num_inputs, tyrex_tensor *const *outputs, int32_t num_outputs) {
  tyrex_error_clear();
  if (!model->shapes) {
    return tyrex_describe_outputs(&model->signature, outputs, num_outputs);
  }
  tyrex_told *told = tyrex_tell_by_shapes(&model->signature, model->shapes, inputs, num_inputs);
  if (!told) {
    return tyrex_error_code();
  }
  int32_t code = tyrex_describe_outputs(&told->signature, outputs, num_outputs);
  free(told);
  return code;
}

int32_t tyrex_model_set_num_threads(const tyrex_model *model, tyrex_context *context,
                                    uint32_t num_threads) {
  tyrex_error_clear();
  if (!context || num_threads == 0) {
    return refuse(model, "set_num_threads: expected a context and a number from 1 on");
  }
  context->num_threads = num_threads;
  return TYREX_OK;
}
