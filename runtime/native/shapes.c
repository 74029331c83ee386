/* Shapes that are known when a model runs. */
#include "shapes.h"

#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 64 /* of an expression; the exporter refuses deeper ones */

/* The compiler's own check needs a multiplication of 128 bits, which not every target has. */
static int multiply(int64_t x, int64_t y, int64_t *result) {
  int overflows = x > 0 ? (y > 0 ? x > INT64_MAX / y : y < INT64_MIN / x)
                        : (y > 0 ? x < INT64_MIN / y : x != 0 && y < INT64_MAX / x);
  *result = overflows ? 0 : x * y;
  return overflows;
}

static int apply(int64_t operation, int64_t x, int64_t y, int64_t *result) {
  switch (operation) {
  case TYREX_ADD:
    return __builtin_add_overflow(x, y, result);
  case TYREX_MULTIPLY:
    return multiply(x, y, result);
  case TYREX_MIN:
    *result = x < y ? x : y;
    return 0;
  case TYREX_MAX:
    *result = x > y ? x : y;
    return 0;
  default: /* division rounds down, the remainder has the divisor's sign */
    if (y == 0 || (x == INT64_MIN && y == -1)) {
      *result = 0; /* the remainder by -1 is 0, the quotient too large */
      return y == 0 || operation == TYREX_FLOORDIV;
    }
    int64_t quotient = x / y, rest = x % y;
    int adjust = rest != 0 && (rest < 0) != (y < 0);
    *result = operation == TYREX_FLOORDIV ? quotient - adjust : rest + (adjust ? y : 0);
    return 0;
  }
}

/* The value of a dim; 1 where it divides by zero, or is larger than 63 bits say. */
static int evaluate(const tyrex_dim *dim, const int64_t *symbols, int64_t *result) {
  int64_t stack[MAX_DEPTH];
  int depth = 0;
  for (int32_t i = 0; i < dim->length; i++) {
    int64_t operation = dim->code[i].operation, value = dim->code[i].value;
    if (operation == TYREX_NUMBER || operation == TYREX_SYMBOL) {
      stack[depth++] = operation == TYREX_NUMBER ? value : symbols[value];
    } else {
      depth--;
      if (apply(operation, stack[depth - 1], stack[depth], &stack[depth - 1])) {
        return 1;
      }
    }
  }
  *result = stack[0];
  return 0;
}

static int32_t too_large(const tyrex_signature *signature, const char *what) {
  return tyrex_refuse(signature, TYREX_ERROR_SHAPE, "%s has no size in memory", what);
}

/* Solves factor * symbol + rest == extent. */
static int32_t solve(const tyrex_signature *signature, const tyrex_shapes *shapes,
                     const tyrex_tell *tell, int64_t extent, int64_t *symbols) {
  const tyrex_dim *dim = &shapes->inputs[tell->input][tell->axis];
  int64_t rest, factor, left, *symbol = &symbols[tell->symbol];
  *symbol = 0;
  int failed = evaluate(dim, symbols, &rest);
  *symbol = 1;
  failed = failed || evaluate(dim, symbols, &factor) ||
           __builtin_sub_overflow(factor, rest, &factor) ||
           __builtin_sub_overflow(extent, rest, &left) || factor == 0 ||
           (left == INT64_MIN && factor == -1);
  if (!failed && left % factor == 0 && left / factor >= 0) {
    *symbol = left / factor;
    return TYREX_OK;
  }
  const tyrex_parameter *input = &signature->inputs[tell->input];
  return tyrex_refuse(signature, TYREX_ERROR_SHAPE,
                      "inputs[%d] '%s': expected %s in dimension %d for some %s >= 0; found %lld",
                      (int)tell->input, input->name, dim->text, (int)tell->axis,
                      shapes->symbols[tell->symbol].name, (long long)extent);
}

static int32_t check_limits(const tyrex_signature *signature, const tyrex_shapes *shapes,
                            const int64_t *symbols) {
  for (int32_t i = 0; i < shapes->num_symbols; i++) {
    const tyrex_symbol *symbol = &shapes->symbols[i];
    if (symbols[i] < symbol->lower || symbols[i] > symbol->upper) {
      return tyrex_refuse(signature, TYREX_ERROR_SHAPE, "expected %s in %lld to %lld; found %lld",
                          symbol->name, (long long)symbol->lower, (long long)symbol->upper,
                          (long long)symbols[i]);
    }
  }
  return TYREX_OK;
}

/* The shape and the size of a parameter. */
static int32_t tell_parameter(const tyrex_signature *signature, const tyrex_dim *dims,
                              const int64_t *symbols, tyrex_parameter *parameter, int64_t *shape) {
  int64_t bytes = parameter->dtype_bits < 8 ? 1 : parameter->dtype_bits / 8;
  int is_empty = 0, failed = 0;
  for (int32_t axis = 0; axis < parameter->rank; axis++) {
    failed |= evaluate(&dims[axis], symbols, &shape[axis]) || shape[axis] < 0;
    is_empty |= !failed && shape[axis] == 0;
    failed |= !failed && !is_empty && multiply(bytes, shape[axis], &bytes);
  }
  if (failed && !is_empty) {
    return too_large(signature, parameter->name);
  }
  parameter->shape = shape;
  parameter->bytes = is_empty ? 0 : (uint64_t)bytes;
  return TYREX_OK;
}

static int32_t check_memory(const tyrex_signature *signature, const tyrex_shapes *shapes,
                            const int64_t *symbols) {
  int64_t total = 0, size;
  for (int32_t i = 0; i < shapes->num_sizes; i++) {
    if (evaluate(&shapes->sizes[i], symbols, &size) || size < 0 ||
        __builtin_add_overflow(total, size, &total) ||
        total > INT64_MAX - TYREX_ALIGN_BYTES * (int64_t)(i + 1)) {
      return too_large(signature, "the memory of the run");
    }
  }
  return TYREX_OK;
}

static size_t sum_of_ranks(const tyrex_signature *signature) {
  size_t total = 0;
  for (int32_t i = 0; i < signature->num_inputs; i++) {
    total += (size_t)signature->inputs[i].rank;
  }
  for (int32_t i = 0; i < signature->num_outputs; i++) {
    total += (size_t)signature->outputs[i].rank;
  }
  return total;
}

/* One block: the head, the symbols, the dims, the parameters. */
static tyrex_told *new_told(const tyrex_signature *signature, const tyrex_shapes *shapes,
                            tyrex_parameter **parameters, int64_t **dims) {
  size_t count = (size_t)signature->num_inputs + (size_t)signature->num_outputs;
  size_t numbers = (size_t)shapes->num_symbols + sum_of_ranks(signature);
  tyrex_told *told =
      calloc(1, sizeof *told + numbers * sizeof(int64_t) + count * sizeof(tyrex_parameter));
  if (!told) {
    tyrex_error_set(TYREX_ERROR_MEMORY, "no memory for a call");
    return NULL;
  }
  told->signature = *signature;
  *dims = told->symbols + shapes->num_symbols;
  *parameters = (tyrex_parameter *)(told->symbols + numbers);
  for (int32_t i = 0; i < signature->num_inputs; i++) {
    (*parameters)[i] = signature->inputs[i];
  }
  for (int32_t i = 0; i < signature->num_outputs; i++) {
    (*parameters)[signature->num_inputs + i] = signature->outputs[i];
  }
  told->signature.inputs = *parameters;
  told->signature.outputs = *parameters + signature->num_inputs;
  return told;
}

static tyrex_told *finish(tyrex_told *told, const tyrex_shapes *shapes, tyrex_parameter *parameters,
                          int64_t *dims, int32_t code) {
  const tyrex_signature *signature = &told->signature;
  if (code == TYREX_OK) {
    code = check_limits(signature, shapes, told->symbols);
  }
  for (int32_t i = 0; code == TYREX_OK && i < signature->num_inputs + signature->num_outputs; i++) {
    const tyrex_dim *found = i < signature->num_inputs
                                 ? shapes->inputs[i]
                                 : shapes->outputs[i - signature->num_inputs];
    if (!parameters[i].is_open) {
      code = tell_parameter(signature, found, told->symbols, &parameters[i], dims);
    }
    dims += parameters[i].rank;
  }
  if (code == TYREX_OK) {
    code = check_memory(signature, shapes, told->symbols);
  }
  if (code != TYREX_OK) {
    free(told);
    return NULL;
  }
  return told;
}

static int32_t check_ranks(const tyrex_signature *signature, const tyrex_tensor *const *inputs,
                           int32_t num_inputs) {
  if (num_inputs != signature->num_inputs || (!inputs && num_inputs)) {
    return tyrex_refuse(signature, TYREX_ERROR_ARGUMENT, "expected %d inputs; found %d",
                        (int)signature->num_inputs, inputs ? (int)num_inputs : 0);
  }
  for (int32_t i = 0; i < num_inputs; i++) {
    const tyrex_parameter *parameter = &signature->inputs[i];
    if (!inputs[i]) {
      return tyrex_refuse(signature, TYREX_ERROR_ARGUMENT, "inputs[%d] '%s' is NULL", (int)i,
                          parameter->name);
    }
    if (inputs[i]->rank != parameter->rank) {
      return tyrex_refuse(signature, TYREX_ERROR_SHAPE,
                          "inputs[%d] '%s': expected rank %d, %s; found rank %d", (int)i,
                          parameter->name, (int)parameter->rank, parameter->type,
                          (int)inputs[i]->rank);
    }
  }
  return TYREX_OK;
}

tyrex_told *tyrex_tell_by_shapes(const tyrex_signature *signature, const tyrex_shapes *shapes,
                                 const tyrex_tensor *const *inputs, int32_t num_inputs) {
  tyrex_parameter *parameters;
  int64_t *dims;
  if (check_ranks(signature, inputs, num_inputs) != TYREX_OK) {
    return NULL;
  }
  tyrex_told *told = new_told(signature, shapes, &parameters, &dims);
  if (!told) {
    return NULL;
  }
  int32_t code = TYREX_OK;
  for (int32_t i = 0; code == TYREX_OK && i < shapes->num_tells; i++) {
    const tyrex_tell *tell = &shapes->tells[i];
    int64_t extent = inputs[tell->input]->shape[tell->axis];
    code = solve(signature, shapes, tell, extent, told->symbols);
  }
  return finish(told, shapes, parameters, dims, code);
}

tyrex_told *tyrex_tell_by_values(const tyrex_signature *signature, const tyrex_shapes *shapes,
                                 const int64_t *symbols) {
  tyrex_parameter *parameters;
  int64_t *dims;
  if (!symbols && shapes->num_symbols) {
    tyrex_refuse(signature, TYREX_ERROR_ARGUMENT, "the array of symbols is NULL");
    return NULL;
  }
  tyrex_told *told = new_told(signature, shapes, &parameters, &dims);
  if (!told) {
    return NULL;
  }
  memcpy(told->symbols, symbols, (size_t)shapes->num_symbols * sizeof *symbols);
  return finish(told, shapes, parameters, dims, TYREX_OK);
}
