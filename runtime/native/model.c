/* The functions of an exported model's C interface. */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* What is open stays until the next run, and with it the memory of the run. */
static int has_open(const tyrex_model *model) {
  for (int32_t i = 0; i < model->signature.num_outputs; i++) {
    if (model->signature.outputs[i].is_open) {
      return 1;
    }
  }
  return 0;
}

static int32_t run(const tyrex_model *model, const tyrex_told *told, tyrex_context *context,
                   const void *const *inputs, void *const *outputs) {
  int32_t code = enter(model, told, context, inputs, outputs);
  if (code != TYREX_OK || !has_open(model)) {
    tyrex_arena_reset(context->arena);
  }
  return code;
}

/* Makes the records of open outputs, in memory of the run. */
static int32_t new_records(const tyrex_signature *signature, tyrex_context *context,
                           void **addresses) {
  for (int32_t i = 0; i < signature->num_outputs; i++) {
    if (signature->outputs[i].is_open) {
      uint64_t bytes = (1u + (uint64_t)signature->outputs[i].rank) * sizeof(int64_t);
      addresses[i] = tyrex_arena_allocate(context->arena, bytes);
      if (!addresses[i]) {
        return tyrex_error_code();
      }
    }
  }
  return TYREX_OK;
}

static uint64_t bytes_of(const tyrex_parameter *parameter, const int64_t *dims) {
  uint64_t bytes = parameter->dtype_bits < 8 ? 1u : parameter->dtype_bits / 8u;
  for (int32_t axis = 0; axis < parameter->rank; axis++) {
    bytes *= (uint64_t)dims[axis];
  }
  return bytes;
}

/* Says in the tensor of an open output what its record says: writes its address and shape where it
 * has no data, else copies, if the shapes are the same. */
static int32_t take_one(const tyrex_signature *signature, int32_t index, const int64_t *record,
                        const tyrex_tensor *tensor) {
  const tyrex_parameter *parameter = &signature->outputs[index];
  const int64_t *dims = record + 1;
  void *found = (void *)(uintptr_t)record[0];
  if (!tensor->data) {
    tyrex_tensor *written = (tyrex_tensor *)tensor; /* as the caller of a model is told */
    for (int32_t axis = 0; axis < parameter->rank; axis++) {
      written->shape[axis] = dims[axis];
    }
    written->data = found;
    written->strides = NULL;
    written->byte_offset = 0;
    return TYREX_OK;
  }
  for (int32_t axis = 0; axis < parameter->rank; axis++) {
    if (tensor->shape[axis] != dims[axis]) {
      return tyrex_refuse(signature, TYREX_ERROR_SHAPE,
                          "outputs[%d] '%s': found %lld in dimension %d; it turned out to be %lld",
                          (int)index, parameter->name, (long long)tensor->shape[axis], (int)axis,
                          (long long)dims[axis]);
    }
  }
  memcpy((char *)tensor->data + tensor->byte_offset, found, (size_t)bytes_of(parameter, dims));
  return TYREX_OK;
}

static int32_t take_open(const tyrex_signature *signature, void *const *records,
                         const tyrex_tensor *const *outputs) {
  int32_t code = TYREX_OK;
  for (int32_t i = 0; i < signature->num_outputs && code == TYREX_OK; i++) {
    if (signature->outputs[i].is_open) {
      code = take_one(signature, i, records[i], outputs[i]);
    }
  }
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
    tyrex_arena_reset(context->arena);
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
  tyrex_arena_reset(context->arena);
  int32_t code = new_records(signature, context, output_addresses);
  if (code == TYREX_OK) {
    code = tyrex_check_tensors(signature, inputs, num_inputs, outputs, num_outputs,
                               input_addresses, output_addresses);
  }
  if (code == TYREX_OK) {
    code = run(model, told, context, input_addresses, output_addresses);
  }
  if (code == TYREX_OK) {
    code = take_open(signature, output_addresses, outputs);
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
