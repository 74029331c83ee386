/* The checks of what a caller hands in: plain C11, for exported models of any target too. */
#include "arguments.h"

#include <stdarg.h>
#include <stdio.h>

#define MESSAGE_BYTES 512
#define DEVICE_CPU 1

int32_t tyrex_refuse(const tyrex_signature *signature, int32_t code, const char *format, ...) {
  char what[MESSAGE_BYTES / 2], message[MESSAGE_BYTES];
  va_list values;
  va_start(values, format);
  vsnprintf(what, sizeof what, format, values);
  va_end(values);
  snprintf(message, sizeof message, "%s: %s; the signature is %s", signature->name, what,
           signature->text);
  tyrex_error_set(code, message);
  return code;
}

static uint64_t element_bytes(const tyrex_parameter *parameter) {
  return parameter->dtype_bits < 8 ? 1u : parameter->dtype_bits / 8u;
}

static uint64_t alignment(const tyrex_parameter *parameter) {
  return parameter->is_open ? sizeof(int64_t) : element_bytes(parameter);
}

/* The bytes at the address of a parameter. */
static uint64_t room(const tyrex_parameter *parameter) {
  return parameter->is_open ? (1u + (uint64_t)parameter->rank) * sizeof(int64_t)
                            : parameter->bytes;
}

static int32_t check_address(const tyrex_signature *signature, const char *kind, int32_t index,
                             const tyrex_parameter *parameter, const void *address) {
  if (!address && room(parameter)) {
    return tyrex_refuse(signature, TYREX_ERROR_ARGUMENT, "%s[%d] '%s' is NULL", kind, (int)index,
                  parameter->name);
  }
  if ((uintptr_t)address % alignment(parameter)) {
    return tyrex_refuse(signature, TYREX_ERROR_ARGUMENT,
                  "%s[%d] '%s' lies at %p; expected a multiple of the %d bytes of an element", kind,
                  (int)index, parameter->name, (void *)(uintptr_t)address,
                  (int)alignment(parameter));
  }
  return TYREX_OK;
}

static int overlap(const void *a, uint64_t a_bytes, const void *b, uint64_t b_bytes) {
  return a_bytes && b_bytes && (uintptr_t)a < (uintptr_t)b + b_bytes &&
         (uintptr_t)b < (uintptr_t)a + a_bytes;
}

/* An output apart from every input, and from the outputs before it. */
static int32_t check_apart(const tyrex_signature *signature, const void *const *inputs,
                           void *const *outputs, int32_t index) {
  const tyrex_parameter *output = &signature->outputs[index];
  for (int32_t i = 0; i < signature->num_inputs; i++) {
    const tyrex_parameter *input = &signature->inputs[i];
    if (overlap(outputs[index], room(output), inputs[i], input->bytes)) {
      return tyrex_refuse(signature, TYREX_ERROR_ARGUMENT, "outputs[%d] '%s' overlaps inputs[%d] '%s'",
                    (int)index, output->name, (int)i, input->name);
    }
  }
  for (int32_t i = 0; i < index; i++) {
    const tyrex_parameter *other = &signature->outputs[i];
    if (overlap(outputs[index], room(output), outputs[i], room(other))) {
      return tyrex_refuse(signature, TYREX_ERROR_ARGUMENT, "outputs[%d] '%s' overlaps outputs[%d] '%s'",
                    (int)index, output->name, (int)i, other->name);
    }
  }
  return TYREX_OK;
}

int32_t tyrex_check_addresses(const tyrex_signature *signature, const void *const *inputs,
                              void *const *outputs) {
  if ((!inputs && signature->num_inputs) || (!outputs && signature->num_outputs)) {
    return tyrex_refuse(signature, TYREX_ERROR_ARGUMENT, "the array of %s is NULL",
                  inputs || !signature->num_inputs ? "outputs" : "inputs");
  }
  for (int32_t i = 0; i < signature->num_inputs; i++) {
    int32_t code = check_address(signature, "inputs", i, &signature->inputs[i], inputs[i]);
    if (code != TYREX_OK) {
      return code;
    }
  }
  for (int32_t i = 0; i < signature->num_outputs; i++) {
    int32_t code = check_address(signature, "outputs", i, &signature->outputs[i], outputs[i]);
    if (code == TYREX_OK) {
      code = check_apart(signature, inputs, outputs, i);
    }
    if (code != TYREX_OK) {
      return code;
    }
  }
  return TYREX_OK;
}

int32_t tyrex_is_compact(const tyrex_tensor *tensor) {
  if (!tensor->strides) {
    return 1;
  }
  for (int32_t i = 0; i < tensor->rank; i++) {
    if (tensor->shape[i] == 0) {
      return 1; /* no elements */
    }
  }
  int64_t step = 1;
  for (int32_t i = tensor->rank - 1; i >= 0; i--) {
    if (tensor->shape[i] != 1 && tensor->strides[i] != step) {
      return 0;
    }
    step *= tensor->shape[i];
  }
  return 1;
}

static int32_t check_shape(const tyrex_signature *signature, const char *kind, int32_t index,
                           const tyrex_parameter *parameter, const tyrex_tensor *tensor) {
  if (tensor->rank != parameter->rank) {
    return tyrex_refuse(signature, TYREX_ERROR_SHAPE, "%s[%d] '%s': expected rank %d, %s; found rank %d",
                  kind, (int)index, parameter->name, (int)parameter->rank, parameter->type,
                  (int)tensor->rank);
  }
  if (parameter->is_open) {
    return TYREX_OK;
  }
  for (int32_t axis = 0; axis < tensor->rank; axis++) {
    if (tensor->shape[axis] != parameter->shape[axis]) {
      return tyrex_refuse(signature, TYREX_ERROR_SHAPE,
                    "%s[%d] '%s': expected %lld in dimension %d, %s; found %lld", kind, (int)index,
                    parameter->name, (long long)parameter->shape[axis], (int)axis, parameter->type,
                    (long long)tensor->shape[axis]);
    }
  }
  return TYREX_OK;
}

static int32_t check_tensor(const tyrex_signature *signature, const char *kind, int32_t index,
                            const tyrex_parameter *parameter, const tyrex_tensor *tensor) {
  if (!tensor) {
    return tyrex_refuse(signature, TYREX_ERROR_ARGUMENT, "%s[%d] '%s' is NULL", kind, (int)index,
                  parameter->name);
  }
  if (tensor->device_type != DEVICE_CPU) {
    return tyrex_refuse(signature, TYREX_ERROR_ARGUMENT,
                  "%s[%d] '%s': expected memory of the CPU; found DLPack device type %d", kind,
                  (int)index, parameter->name, (int)tensor->device_type);
  }
  if (tensor->dtype_code != parameter->dtype_code || tensor->dtype_bits != parameter->dtype_bits ||
      tensor->dtype_lanes != 1) {
    return tyrex_refuse(signature, TYREX_ERROR_DTYPE,
                  "%s[%d] '%s': expected %s; found DLPack type code %d with %d bits, %d lanes", kind,
                  (int)index, parameter->name, parameter->type, (int)tensor->dtype_code,
                  (int)tensor->dtype_bits, (int)tensor->dtype_lanes);
  }
  int32_t code = check_shape(signature, kind, index, parameter, tensor);
  if (code == TYREX_OK && parameter->is_open && !tensor->data) {
    return TYREX_OK;
  }
  if (code == TYREX_OK && !tyrex_is_compact(tensor)) {
    return tyrex_refuse(signature, TYREX_ERROR_ARGUMENT,
                  "%s[%d] '%s': expected a compact, row-major tensor; found strides", kind,
                  (int)index, parameter->name);
  }
  return code;
}

static int32_t check_list(const tyrex_signature *signature, const char *kind, int32_t expected,
                          const tyrex_parameter *parameters, const tyrex_tensor *const *tensors,
                          int32_t count, void **addresses) {
  if (count != expected || (!tensors && expected)) {
    return tyrex_refuse(signature, TYREX_ERROR_ARGUMENT, "expected %d %s; found %d", (int)expected, kind,
                  tensors ? (int)count : 0);
  }
  for (int32_t i = 0; i < count; i++) {
    int32_t code = check_tensor(signature, kind, i, &parameters[i], tensors[i]);
    if (code != TYREX_OK) {
      return code;
    }
    if (parameters[i].is_open) {
      continue;
    }
    char *data = tensors[i]->data;
    addresses[i] = data ? data + tensors[i]->byte_offset : NULL;
  }
  return TYREX_OK;
}

int32_t tyrex_check_tensors(const tyrex_signature *signature, const tyrex_tensor *const *inputs,
                            int32_t num_inputs, const tyrex_tensor *const *outputs,
                            int32_t num_outputs, const void **input_addresses,
                            void **output_addresses) {
  /* Inputs are read alone: what is written here are the caller's arrays of addresses. */
  int32_t code = check_list(signature, "inputs", signature->num_inputs, signature->inputs, inputs,
                            num_inputs, (void **)input_addresses);
  if (code == TYREX_OK) {
    code = check_list(signature, "outputs", signature->num_outputs, signature->outputs, outputs,
                      num_outputs, output_addresses);
  }
  return code == TYREX_OK ? tyrex_check_addresses(signature, input_addresses, output_addresses)
                          : code;
}

int32_t tyrex_describe_outputs(const tyrex_signature *signature, tyrex_tensor *const *outputs,
                               int32_t num_outputs) {
  if (num_outputs != signature->num_outputs || (!outputs && num_outputs)) {
    return tyrex_refuse(signature, TYREX_ERROR_ARGUMENT, "expected %d outputs; found %d",
                        (int)signature->num_outputs, outputs ? (int)num_outputs : 0);
  }
  for (int32_t i = 0; i < num_outputs; i++) {
    const tyrex_parameter *parameter = &signature->outputs[i];
    tyrex_tensor *output = outputs[i];
    if (!output || (!output->shape && parameter->rank)) {
      return tyrex_refuse(signature, TYREX_ERROR_ARGUMENT,
                          "outputs[%d] '%s' is NULL, or its shape is", (int)i, parameter->name);
    }
    for (int32_t axis = 0; axis < parameter->rank; axis++) {
      output->shape[axis] = parameter->shape[axis];
    }
    output->device_type = DEVICE_CPU;
    output->device_id = 0;
    output->rank = parameter->rank;
    output->dtype_code = parameter->dtype_code;
    output->dtype_bits = parameter->dtype_bits;
    output->dtype_lanes = 1;
    output->strides = NULL;
    output->byte_offset = 0;
  }
  return TYREX_OK;
}
