/* What calls of native programs from Python are made of; see call.c. */
#ifndef TYREX_CALLER_H
#define TYREX_CALLER_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000 /* one build for Python 3.11 and on */
#include <Python.h>

#include "tyrex.h"

typedef int32_t (*create_function)(uint32_t num_threads, void **context);
typedef int32_t (*run_function)(void *context, const void *const *inputs, void *const *outputs);
typedef int32_t (*symbolic_function)(void *context, const void *const *inputs,
                                     void *const *outputs, const int64_t *symbols);
typedef int32_t (*set_threads_function)(void *context, uint32_t num_threads);
typedef void (*destroy_function)(void *context);
typedef const char *(*last_error_function)(void);

/* The functions of a library, or of a program that was linked into the process. */
typedef struct program {
  create_function create;
  run_function run; /* a symbolic_function where there are symbols */
  set_threads_function set_num_threads;
  destroy_function destroy;
  last_error_function last_error;
  int owns_arena; /* whether the arena of its contexts is ours to reset */
} program;

typedef struct parameter {
  uint8_t code, bytes; /* DLPack's type code, bytes of an element */
  int rank;
  const int64_t *dims; /* of the Caller; -1 where the call decides one */
  PyObject *shape, *dtype;
} parameter;

/* Shapes of arguments that a call had, and what they lead to. */
typedef struct variant {
  int64_t *dims;     /* of all inputs, one after the other */
  int64_t *symbols;  /* in the same block */
  PyObject *results; /* for each a pair of a shape and bytes */
} variant;

enum { NUM_VARIANTS = 8 };

/* What one run at a time needs. */
typedef struct state {
  struct state *next;
  void *context;
  uint32_t num_threads;
  int num_views;
  const void **inputs;
  void **outputs;
  int64_t *symbols;
  int64_t *dims; /* of the inputs, where there are symbols */
  size_t *bytes; /* of the inputs, where results have buffers */
  Py_buffer *views;
} state;

typedef struct Caller {
  PyObject_HEAD
  program program;
  uint32_t num_threads;
  Py_ssize_t num_inputs, num_outputs, num_symbols;
  Py_ssize_t num_dims; /* of the inputs */
  parameter *inputs, *outputs;
  int64_t *dims;
  PyObject **sizes; /* bytes of each output */
  PyObject *input_names, *output_names;
  variant variants[NUM_VARIANTS];
  int next_variant; /* the oldest */
  state *idle;
  PyObject *tensor_type, *array_type; /* Tensor, numpy.ndarray */
  PyObject *allocate;                 /* size -> block with an address */
  PyObject *fail;                     /* (code, message) raises */
  PyObject *owner;                    /* keeps the code in memory */
} Caller;

/* Each returns 1 where the quick way serves, 0 where Python has to look, -1 on errors. */

/* Takes the arguments; their shapes, too, where there are symbols. */
int tyrex_take_inputs(Caller *self, state *used, PyObject *const *values);

/* Takes the buffers for results, NULL or None where there is none, as those of `results` (pairs of
 * a shape and bytes), or of static shapes where that is NULL. They overlap nothing. */
int tyrex_take_outputs(Caller *self, state *used, PyObject *const *values, PyObject *results);

/* The shapes of arguments like these, or NULL. */
variant *tyrex_find_variant(Caller *self, const state *used);

/* The only result, or the tuple of all: buffers that were taken, or new memory; NULL on errors. */
PyObject *tyrex_new_results(Caller *self, state *used, PyObject *const *values, PyObject *results);

int tyrex_make_names(void);

#endif
