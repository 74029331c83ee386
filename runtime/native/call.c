/* Calls of native programs from Python, the quick way.
 *
 * A Caller knows what a program takes and returns. `call` takes arrays of NumPy and tensors that
 * need no conversion, allocates the results, runs the program without the GIL, and returns tensors.
 * Whatever it does not know it leaves to Python by returning NotImplemented: conversions, and every
 * error about an argument, which Python words. A call costs about a microsecond this way.
 *
 * Runs take a context each, and leave it for the next. All fields are guarded by the GIL.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000 /* one build for Python 3.11 and on */
#include <Python.h>

#include "tyrex.h"

#include <string.h>

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
  const int64_t *dims; /* of the Caller */
  PyObject *shape, *dtype;
} parameter;

/* What one run at a time needs. */
typedef struct state {
  struct state *next;
  void *context;
  uint32_t num_threads;
  int num_views;
  const void **inputs;
  void **outputs;
  int64_t *symbols;
  Py_buffer *views;
} state;

typedef struct Caller {
  PyObject_HEAD
  program program;
  uint32_t num_threads;
  Py_ssize_t num_inputs, num_outputs, num_symbols;
  parameter *inputs, *outputs;
  int64_t *dims;
  PyObject **sizes; /* bytes of each output */
  state *idle;
  PyObject *tensor_type, *array_type; /* Tensor, numpy.ndarray */
  PyObject *allocate;                 /* size -> block with an address */
  PyObject *fail;                     /* (code, message) raises */
  PyObject *owner;                    /* keeps the code in memory */
} Caller;

/* Names of attributes; made with the type, and kept. */
static PyObject *name_data, *name_shape, *name_dtype, *name_strides, *name_address;

/* ---- programs of this process ----------------------------------------------------------- */

static int32_t create_here(uint32_t num_threads, void **context) {
  tyrex_error_clear();
  *context = tyrex_context_create(num_threads);
  return *context ? TYREX_OK : tyrex_error_code();
}

static int32_t set_num_threads_here(void *context, uint32_t num_threads) {
  ((tyrex_context *)context)->num_threads = num_threads;
  return TYREX_OK;
}

static void destroy_here(void *context) { tyrex_context_destroy(context); }

/* ---- states ------------------------------------------------------------------------------ */

/* Raises what the calling thread's error says. */
static void *raise_error(Caller *self, int32_t code) {
  const char *message = self->program.last_error();
  PyObject *result = PyObject_CallFunction(self->fail, "is", (int)code, message ? message : "");
  if (self->program.owns_arena) {
    tyrex_error_clear();
  }
  if (result) { /* it was to raise */
    Py_DECREF(result);
    PyErr_SetString(PyExc_SystemError, "Caller: fail returned");
  }
  return NULL;
}

static void destroy_states(Caller *self) {
  while (self->idle) {
    state *found = self->idle;
    self->idle = found->next;
    self->program.destroy(found->context);
    PyMem_Free(found);
  }
}

/* One block for a state and its arrays. */
static state *new_state(Caller *self) {
  size_t inputs = (size_t)self->num_inputs, outputs = (size_t)self->num_outputs;
  size_t symbols = (size_t)self->num_symbols;
  size_t bytes = sizeof(state) + symbols * sizeof(int64_t) + inputs * sizeof(Py_buffer) +
                 (inputs + outputs) * sizeof(void *);
  state *made = PyMem_Malloc(bytes);
  if (!made) {
    PyErr_NoMemory();
    return NULL;
  }
  *made = (state){.num_threads = self->num_threads};
  made->symbols = (int64_t *)(made + 1);
  made->views = (Py_buffer *)(made->symbols + symbols);
  made->inputs = (const void **)(made->views + inputs);
  made->outputs = (void **)(made->inputs + inputs);
  int32_t code = self->program.create(self->num_threads, &made->context);
  if (code != TYREX_OK) {
    PyMem_Free(made);
    return raise_error(self, code);
  }
  return made;
}

static state *take_state(Caller *self) {
  state *found = self->idle;
  if (!found) {
    return new_state(self);
  }
  self->idle = found->next;
  if (found->num_threads != self->num_threads) {
    self->program.set_num_threads(found->context, self->num_threads);
    found->num_threads = self->num_threads;
  }
  return found;
}

static void leave_state(Caller *self, state *used) {
  for (int i = 0; i < used->num_views; i++) {
    PyBuffer_Release(&used->views[i]);
  }
  used->num_views = 0;
  used->next = self->idle;
  self->idle = used;
}

/* Runs the program; 0, or -1 with an exception set. */
static int run_program(Caller *self, const state *used) {
  void *context = used->context;
  int32_t code;
  Py_BEGIN_ALLOW_THREADS
  if (self->program.owns_arena) {
    tyrex_error_clear();
  }
  if (self->num_symbols) {
    symbolic_function run = (symbolic_function)(void (*)(void))self->program.run;
    code = run(context, used->inputs, used->outputs, used->symbols);
  } else {
    code = self->program.run(context, used->inputs, used->outputs);
  }
  if (self->program.owns_arena) {
    tyrex_arena_reset(((tyrex_context *)context)->arena);
  }
  Py_END_ALLOW_THREADS
  if (code != TYREX_OK) {
    raise_error(self, code);
    return -1;
  }
  return 0;
}

/* ---- arguments: 1 where the quick way serves, 0 where Python has to look, -1 on errors ---- */

/* The DLPack code of a type of the struct module in native byte order; -1 for others. */
static int code_of(const char *format) {
  if (!format) {
    return 1; /* no format: unsigned bytes */
  }
  if (format[0] == '\0' || format[1] != '\0') {
    return -1;
  }
  if (strchr("bhilqn", format[0])) {
    return 0;
  }
  if (strchr("BHILQN", format[0])) {
    return 1;
  }
  return strchr("efd", format[0]) ? 2 : format[0] == '?' ? 6 : -1;
}

static int fits(const parameter *wanted, const Py_buffer *view) {
  if (view->ndim != wanted->rank || view->itemsize != wanted->bytes ||
      code_of(view->format) != wanted->code || (uintptr_t)view->buf % wanted->bytes) {
    return 0;
  }
  Py_ssize_t step = view->itemsize;
  for (int axis = wanted->rank - 1; axis >= 0; axis--) {
    if (view->shape[axis] != wanted->dims[axis] ||
        (view->strides[axis] != step && view->shape[axis] != 1)) {
      return 0;
    }
    step *= view->shape[axis];
  }
  return 1;
}

static int take_array(state *used, const parameter *wanted, PyObject *value, const void **place) {
  Py_buffer *view = &used->views[used->num_views];
  if (PyObject_GetBuffer(value, view, PyBUF_STRIDES | PyBUF_FORMAT) < 0) {
    PyErr_Clear(); /* a type that the protocol does not have, such as bfloat16 */
    return 0;
  }
  used->num_views++;
  *place = view->buf;
  return fits(wanted, view);
}

/* Whether an attribute of `value` is `wanted`, or equal to it. */
static int has(PyObject *value, PyObject *name, PyObject *wanted) {
  PyObject *found = PyObject_GetAttr(value, name);
  if (!found) {
    return -1;
  }
  int same = found == wanted ? 1 : PyObject_RichCompareBool(found, wanted, Py_EQ);
  Py_DECREF(found);
  return same;
}

static int take_tensor(const parameter *wanted, PyObject *value, const void **place) {
  int same = has(value, name_dtype, wanted->dtype);
  if (same == 1) {
    same = has(value, name_shape, wanted->shape);
  }
  if (same == 1) {
    same = has(value, name_strides, Py_None);
  }
  if (same != 1) {
    return same;
  }
  PyObject *data = PyObject_GetAttr(value, name_data);
  if (!data) {
    return -1;
  }
  *place = PyLong_AsVoidPtr(data);
  Py_DECREF(data);
  if (!*place && PyErr_Occurred()) {
    return -1;
  }
  return (uintptr_t)*place % wanted->bytes == 0;
}

static int take_arguments(Caller *self, state *used, PyObject *const *args) {
  for (Py_ssize_t i = 0; i < self->num_inputs; i++) {
    PyObject *type = (PyObject *)Py_TYPE(args[i]);
    int taken = 0;
    if (type == self->array_type) {
      taken = take_array(used, &self->inputs[i], args[i], &used->inputs[i]);
    } else if (type == self->tensor_type) {
      taken = take_tensor(&self->inputs[i], args[i], &used->inputs[i]);
    }
    if (taken != 1) {
      return taken;
    }
  }
  return 1;
}

/* ---- results ----------------------------------------------------------------------------- */

/* A tensor in new memory for output i, or NULL. */
static PyObject *new_result(Caller *self, Py_ssize_t i, void **place) {
  PyObject *block = PyObject_CallFunctionObjArgs(self->allocate, self->sizes[i], NULL);
  PyObject *address = block ? PyObject_GetAttr(block, name_address) : NULL;
  PyObject *result = NULL;
  if (address) {
    *place = PyLong_AsVoidPtr(address);
    result = PyObject_CallFunctionObjArgs(self->tensor_type, address, self->outputs[i].shape,
                                          self->outputs[i].dtype, block, NULL);
  }
  Py_XDECREF(address);
  Py_XDECREF(block);
  return result;
}

/* The only result, or the tuple of all; NULL on errors. */
static PyObject *new_results(Caller *self, state *used) {
  if (self->num_outputs == 1) {
    return new_result(self, 0, used->outputs);
  }
  PyObject *results = PyTuple_New(self->num_outputs);
  for (Py_ssize_t i = 0; results && i < self->num_outputs; i++) {
    PyObject *result = new_result(self, i, &used->outputs[i]);
    if (!result) {
      Py_CLEAR(results);
    } else {
      PyTuple_SetItem(results, i, result);
    }
  }
  return results;
}

/* ---- methods ------------------------------------------------------------------------------ */

static PyObject *caller_call(Caller *self, PyObject *const *args, Py_ssize_t num_args) {
  if (num_args != self->num_inputs || self->num_symbols) {
    Py_RETURN_NOTIMPLEMENTED;
  }
  state *used = take_state(self);
  if (!used) {
    return NULL;
  }
  int taken = take_arguments(self, used, args);
  PyObject *results = taken == 1 ? new_results(self, used) : NULL;
  if (results && run_program(self, used) < 0) {
    Py_CLEAR(results);
  }
  leave_state(self, used);
  if (taken == 0) {
    Py_RETURN_NOTIMPLEMENTED;
  }
  return results;
}

/* Reads a tuple of addresses into an array; -1 with an exception set. */
static int read_addresses(PyObject *tuple, void **places, Py_ssize_t count) {
  if (!PyTuple_Check(tuple) || PyTuple_Size(tuple) != count) {
    PyErr_Format(PyExc_TypeError, "Caller.run: expected a tuple of %zd addresses", count);
    return -1;
  }
  for (Py_ssize_t i = 0; i < count; i++) {
    places[i] = PyLong_AsVoidPtr(PyTuple_GetItem(tuple, i));
    if (!places[i] && PyErr_Occurred()) {
      return -1;
    }
  }
  return 0;
}

static int read_symbols(PyObject *tuple, int64_t *places, Py_ssize_t count) {
  if (!PyTuple_Check(tuple) || PyTuple_Size(tuple) != count) {
    PyErr_Format(PyExc_TypeError, "Caller.run: expected a tuple of %zd symbols", count);
    return -1;
  }
  for (Py_ssize_t i = 0; i < count; i++) {
    places[i] = PyLong_AsLongLong(PyTuple_GetItem(tuple, i));
  }
  return PyErr_Occurred() ? -1 : 0;
}

static PyObject *caller_run(Caller *self, PyObject *const *args, Py_ssize_t num_args) {
  if (num_args != 3) {
    PyErr_SetString(PyExc_TypeError, "Caller.run: expected inputs, outputs and symbols");
    return NULL;
  }
  state *used = take_state(self);
  if (!used) {
    return NULL;
  }
  int failed = read_addresses(args[0], (void **)used->inputs, self->num_inputs) < 0 ||
               read_addresses(args[1], used->outputs, self->num_outputs) < 0 ||
               read_symbols(args[2], used->symbols, self->num_symbols) < 0 ||
               run_program(self, used) < 0;
  leave_state(self, used);
  if (failed) {
    return NULL;
  }
  Py_RETURN_NONE;
}

static PyObject *caller_prepare(Caller *self, PyObject *Py_UNUSED(ignored)) {
  state *made = take_state(self);
  if (!made) {
    return NULL;
  }
  leave_state(self, made);
  Py_RETURN_NONE;
}

static PyObject *caller_forget(Caller *self, PyObject *Py_UNUSED(ignored)) {
  destroy_states(self);
  Py_RETURN_NONE;
}

static PyObject *get_num_threads(Caller *self, void *Py_UNUSED(closure)) {
  return PyLong_FromUnsignedLong(self->num_threads);
}

static int set_num_threads(Caller *self, PyObject *value, void *Py_UNUSED(closure)) {
  unsigned long count = value ? PyLong_AsUnsignedLong(value) : 0;
  if (count == 0 || count > UINT32_MAX) {
    if (!PyErr_Occurred()) {
      PyErr_SetString(PyExc_ValueError, "Caller.num_threads: expected a number from 1 on");
    }
    return -1;
  }
  self->num_threads = (uint32_t)count;
  return 0;
}

/* ---- life ---------------------------------------------------------------------------------- */

static void free_parameters(parameter *parameters, Py_ssize_t count) {
  for (Py_ssize_t i = 0; parameters && i < count; i++) {
    Py_XDECREF(parameters[i].shape);
    Py_XDECREF(parameters[i].dtype);
  }
  PyMem_Free(parameters);
}

static void caller_dealloc(Caller *self) {
  PyTypeObject *type = Py_TYPE((PyObject *)self);
  destroy_states(self);
  free_parameters(self->inputs, self->num_inputs);
  free_parameters(self->outputs, self->num_outputs);
  for (Py_ssize_t i = 0; self->sizes && i < self->num_outputs; i++) {
    Py_XDECREF(self->sizes[i]);
  }
  PyMem_Free(self->sizes);
  PyMem_Free(self->dims);
  Py_XDECREF(self->tensor_type);
  Py_XDECREF(self->array_type);
  Py_XDECREF(self->allocate);
  Py_XDECREF(self->fail);
  Py_XDECREF(self->owner);
  PyObject_Free(self);
  Py_DECREF(type);
}

/* Reads (code, bytes, shape, dtype, size) of each parameter; dims go to `*dims` and on. */
static parameter *read_parameters(PyObject *tuple, int64_t **dims, PyObject **sizes) {
  Py_ssize_t count = PyTuple_Size(tuple);
  parameter *read = PyMem_Calloc((size_t)count + 1, sizeof *read);
  for (Py_ssize_t i = 0; read && i < count; i++) {
    PyObject *shape, *dtype, *size;
    unsigned char code, bytes;
    if (!PyArg_ParseTuple(PyTuple_GetItem(tuple, i), "bbO!OO!", &code, &bytes, &PyTuple_Type,
                          &shape, &dtype, &PyLong_Type, &size)) {
      free_parameters(read, count);
      return NULL;
    }
    read[i] = (parameter){code, bytes, (int)PyTuple_Size(shape), *dims, Py_NewRef(shape),
                          Py_NewRef(dtype)};
    for (int axis = 0; axis < read[i].rank; axis++) {
      *(*dims)++ = PyLong_AsLongLong(PyTuple_GetItem(shape, axis));
    }
    if (sizes) {
      sizes[i] = Py_NewRef(size);
    }
  }
  return read;
}

static Py_ssize_t count_dims(PyObject *parameters) {
  Py_ssize_t total = 0;
  for (Py_ssize_t i = 0; i < PyTuple_Size(parameters); i++) {
    PyObject *shape = PySequence_GetItem(PyTuple_GetItem(parameters, i), 2);
    if (shape && !PyTuple_Check(shape)) {
      PyErr_SetString(PyExc_TypeError, "Caller: expected tuples as shapes");
    }
    Py_ssize_t rank = PyErr_Occurred() ? -1 : PyTuple_Size(shape);
    Py_XDECREF(shape);
    if (rank < 0) {
      return -1;
    }
    total += rank;
  }
  return total;
}

static int read_signature(Caller *self, PyObject *inputs, PyObject *outputs) {
  Py_ssize_t num_in = count_dims(inputs), num_out = count_dims(outputs);
  if (num_in < 0 || num_out < 0) {
    return -1;
  }
  self->num_inputs = PyTuple_Size(inputs);
  self->num_outputs = PyTuple_Size(outputs);
  self->dims = PyMem_Calloc((size_t)(num_in + num_out) + 1, sizeof *self->dims);
  self->sizes = PyMem_Calloc((size_t)self->num_outputs + 1, sizeof *self->sizes);
  if (!self->dims || !self->sizes) {
    PyErr_NoMemory();
    return -1;
  }
  int64_t *dims = self->dims;
  self->inputs = read_parameters(inputs, &dims, NULL);
  self->outputs = self->inputs ? read_parameters(outputs, &dims, self->sizes) : NULL;
  if (!self->outputs && !PyErr_Occurred()) {
    PyErr_NoMemory();
  }
  return PyErr_Occurred() ? -1 : 0;
}

/* Addresses of create, run, set_num_threads, destroy, last_error; of run alone for a program of
 * this process, whose contexts are this library's. */
static int read_program(program *read, PyObject *addresses) {
  unsigned long long create, run, set_threads, destroy, last_error;
  if (!PyArg_ParseTuple(addresses, "KKKKK", &create, &run, &set_threads, &destroy, &last_error)) {
    return -1;
  }
  read->run = (run_function)(uintptr_t)run;
  read->owns_arena = create == 0;
  if (read->owns_arena) {
    read->create = create_here;
    read->set_num_threads = set_num_threads_here;
    read->destroy = destroy_here;
    read->last_error = tyrex_error_message;
    return 0;
  }
  read->create = (create_function)(uintptr_t)create;
  read->set_num_threads = (set_threads_function)(uintptr_t)set_threads;
  read->destroy = (destroy_function)(uintptr_t)destroy;
  read->last_error = (last_error_function)(uintptr_t)last_error;
  return 0;
}

static PyObject *caller_new(PyTypeObject *type, PyObject *args, PyObject *named) {
  static char *names[] = {"program",  "inputs", "outputs", "tensor",      "array",
                          "allocate", "fail",   "owner",   "num_threads", "num_symbols", NULL};
  PyObject *addresses, *inputs, *outputs, *tensor, *array, *allocate, *fail, *owner;
  unsigned int num_threads, num_symbols;
  if (!PyArg_ParseTupleAndKeywords(args, named, "O!O!O!OOOOOII", names, &PyTuple_Type, &addresses,
                                   &PyTuple_Type, &inputs, &PyTuple_Type, &outputs, &tensor, &array,
                                   &allocate, &fail, &owner, &num_threads, &num_symbols)) {
    return NULL;
  }
  Caller *self = (Caller *)PyType_GenericAlloc(type, 0);
  if (!self) {
    return NULL;
  }
  self->tensor_type = Py_NewRef(tensor);
  self->array_type = Py_NewRef(array);
  self->allocate = Py_NewRef(allocate);
  self->fail = Py_NewRef(fail);
  self->owner = Py_NewRef(owner);
  self->num_threads = num_threads;
  self->num_symbols = (Py_ssize_t)num_symbols;
  if (read_program(&self->program, addresses) < 0 || read_signature(self, inputs, outputs) < 0) {
    Py_DECREF(self);
    return NULL;
  }
  return (PyObject *)self;
}

static PyMethodDef methods[] = {
    {"call", (PyCFunction)(void (*)(void))caller_call, METH_FASTCALL,
     "Run with arguments that need no conversion, else return NotImplemented."},
    {"run", (PyCFunction)(void (*)(void))caller_run, METH_FASTCALL,
     "Run on tuples: the inputs' addresses, the outputs', the values of the symbols."},
    {"prepare", (PyCFunction)caller_prepare, METH_NOARGS, "Make a context, unless one waits."},
    {"forget", (PyCFunction)caller_forget, METH_NOARGS, "Give back the contexts that wait."},
    {NULL, NULL, 0, NULL}};

static PyGetSetDef fields[] = {{"num_threads", (getter)get_num_threads, (setter)set_num_threads,
                                "Threads of a run, the caller's included.", NULL},
                               {NULL, NULL, NULL, NULL, NULL}};

static PyType_Slot slots[] = {{Py_tp_new, caller_new},
                              {Py_tp_dealloc, caller_dealloc},
                              {Py_tp_methods, methods},
                              {Py_tp_getset, fields},
                              {Py_tp_doc, "Calls a native program."},
                              {0, NULL}};

static PyType_Spec caller_spec = {.name = "tyrex.runtime._native.Caller",
                                  .basicsize = sizeof(Caller),
                                  .flags = Py_TPFLAGS_DEFAULT,
                                  .slots = slots};

static int make_names(void) {
  name_data = PyUnicode_InternFromString("data");
  name_shape = PyUnicode_InternFromString("shape");
  name_dtype = PyUnicode_InternFromString("dtype");
  name_strides = PyUnicode_InternFromString("_strides");
  name_address = PyUnicode_InternFromString("address");
  return name_data && name_shape && name_dtype && name_strides && name_address ? 0 : -1;
}

static struct PyModuleDef definition = {.m_base = PyModuleDef_HEAD_INIT,
                                        .m_name = "_native",
                                        .m_doc = "The native half of the runtime.",
                                        .m_size = -1};

PyMODINIT_FUNC PyInit__native(void) {
  PyObject *module = make_names() < 0 ? NULL : PyModule_Create(&definition);
  PyObject *type = module ? PyType_FromSpec(&caller_spec) : NULL;
  if (!type || PyModule_AddObjectRef(module, "Caller", type) < 0) {
    Py_CLEAR(module);
  }
  Py_XDECREF(type);
  return module;
}
