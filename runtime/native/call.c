/* Calls of native programs from Python, the quick way.
 *
 * A Caller knows what a program takes and returns. `call` takes arrays of NumPy and tensors that
 * need no conversion, allocates the results, runs the program without the GIL, and returns tensors;
 * `call_into` has buffers for results. Where symbols decide shapes, those of the last few calls are
 * kept with what they lead to (`remember`); others are Python's to look at.
 * Whatever it does not know it leaves to Python by returning NotImplemented: conversions, and every
 * error about an argument, which Python words. A call costs about a microsecond this way.
 *
 * Runs take a context each, and leave it for the next. All fields are guarded by the GIL.
 */
#include "caller.h"

#include <string.h>

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
  size_t symbols = (size_t)self->num_symbols, dims = (size_t)self->num_dims;
  size_t bytes = sizeof(state) + (symbols + dims) * sizeof(int64_t) +
                 (inputs + outputs) * sizeof(Py_buffer) + (inputs + outputs) * sizeof(void *) +
                 inputs * sizeof(size_t);
  state *made = PyMem_Malloc(bytes);
  if (!made) {
    PyErr_NoMemory();
    return NULL;
  }
  *made = (state){.num_threads = self->num_threads};
  made->symbols = (int64_t *)(made + 1);
  made->dims = made->symbols + symbols;
  made->views = (Py_buffer *)(made->dims + dims);
  made->inputs = (const void **)(made->views + inputs + outputs);
  made->outputs = (void **)(made->inputs + inputs);
  made->bytes = (size_t *)(made->outputs + outputs);
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

/* Takes back the memory of a run. That of a library stays until the context's next run. */
static void reset_arena(Caller *self, const state *used) {
  if (self->program.owns_arena) {
    tyrex_arena_reset(((tyrex_context *)used->context)->arena);
  }
}

/* Runs the program; 0, or -1 with an exception set. Its memory is there where it is 0. */
static int run_kept(Caller *self, const state *used) {
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
  Py_END_ALLOW_THREADS
  if (code != TYREX_OK) {
    reset_arena(self, used);
    raise_error(self, code);
    return -1;
  }
  return 0;
}

static int run_program(Caller *self, const state *used) {
  int failed = run_kept(self, used);
  if (!failed) {
    reset_arena(self, used);
  }
  return failed;
}

/* As run_program; `take` is called before the memory of the run goes. */
static int run_taking(Caller *self, const state *used, PyObject *take) {
  if (run_kept(self, used) < 0) {
    return -1;
  }
  PyObject *taken = PyObject_CallNoArgs(take);
  reset_arena(self, used);
  Py_XDECREF(taken);
  return taken ? 0 : -1;
}

/* ---- methods ------------------------------------------------------------------------------ */

/* Runs on arguments, results into the buffers of `out` (or NULL); NotImplemented where Python has
 * to look. */
static PyObject *run_on(Caller *self, PyObject *const *values, PyObject *const *out) {
  state *used = take_state(self);
  if (!used) {
    return NULL;
  }
  PyObject *shapes = NULL, *results = NULL;
  int taken = tyrex_take_inputs(self, used, values);
  if (taken == 1 && self->num_symbols) {
    const variant *known = tyrex_find_variant(self, used);
    taken = known != NULL;
    if (known) {
      memcpy(used->symbols, known->symbols, (size_t)self->num_symbols * sizeof *used->symbols);
      shapes = Py_NewRef(known->results);
    }
  }
  if (taken == 1 && out) {
    taken = tyrex_take_outputs(self, used, out, shapes);
  }
  if (taken == 1) {
    results = tyrex_new_results(self, used, out, shapes);
  }
  if (results && run_program(self, used) < 0) {
    Py_CLEAR(results);
  }
  Py_XDECREF(shapes);
  leave_state(self, used);
  if (taken == 0) {
    Py_RETURN_NOTIMPLEMENTED;
  }
  return results;
}

static PyObject *caller_call(Caller *self, PyObject *const *args, Py_ssize_t num_args) {
  if (num_args != self->num_inputs) {
    Py_RETURN_NOTIMPLEMENTED;
  }
  return run_on(self, args, NULL);
}

/* Reads values given by name or in order, borrowed: 1, or 0 where Python has to look. */
static int read_values(PyObject *given, PyObject *names, PyObject **values) {
  Py_ssize_t count = PyTuple_Size(names), found = 0;
  if (PyDict_CheckExact(given)) {
    for (Py_ssize_t i = 0; i < count; i++) {
      values[i] = PyDict_GetItemWithError(given, PyTuple_GetItem(names, i));
      found += values[i] != NULL;
    }
    PyErr_Clear();
    return found == PyDict_Size(given);
  }
  int is_tuple = PyTuple_CheckExact(given);
  if ((!is_tuple && !PyList_CheckExact(given)) || PySequence_Size(given) != count) {
    return 0;
  }
  for (Py_ssize_t i = 0; i < count; i++) {
    values[i] = is_tuple ? PyTuple_GetItem(given, i) : PyList_GetItem(given, i);
  }
  return 1;
}

/* Keeps references while other code may run: a list may change. */
static void hold(PyObject **values, Py_ssize_t count, int keep) {
  for (Py_ssize_t i = 0; i < count; i++) {
    if (keep) {
      Py_XINCREF(values[i]);
    } else {
      Py_XDECREF(values[i]);
    }
  }
}

static PyObject *caller_call_into(Caller *self, PyObject *const *args, Py_ssize_t num_args) {
  if (num_args != 2) {
    PyErr_SetString(PyExc_TypeError, "Caller.call_into: expected inputs and outputs");
    return NULL;
  }
  Py_ssize_t count = self->num_inputs + self->num_outputs;
  PyObject **values = PyMem_Calloc((size_t)count + 1, sizeof *values);
  if (!values) {
    return PyErr_NoMemory();
  }
  PyObject **out = args[1] == Py_None ? NULL : values + self->num_inputs;
  int read = read_values(args[0], self->input_names, values) &&
             (!out || read_values(args[1], self->output_names, out));
  for (Py_ssize_t i = 0; read && i < self->num_inputs; i++) {
    read = values[i] != NULL;
  }
  PyObject *result = Py_NotImplemented;
  if (read) {
    hold(values, count, 1);
    result = run_on(self, values, out);
    hold(values, count, 0);
  } else {
    Py_INCREF(result);
  }
  PyMem_Free(values);
  return result;
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

static int read_numbers(PyObject *tuple, int64_t *places, Py_ssize_t count) {
  if (!PyTuple_Check(tuple) || PyTuple_Size(tuple) != count) {
    PyErr_Format(PyExc_TypeError, "Caller: expected a tuple of %zd numbers", count);
    return -1;
  }
  for (Py_ssize_t i = 0; i < count; i++) {
    places[i] = PyLong_AsLongLong(PyTuple_GetItem(tuple, i));
  }
  return PyErr_Occurred() ? -1 : 0;
}

static PyObject *caller_run(Caller *self, PyObject *const *args, Py_ssize_t num_args) {
  if (num_args != 3 && num_args != 4) {
    PyErr_SetString(PyExc_TypeError, "Caller.run: expected inputs, outputs and symbols, maybe take");
    return NULL;
  }
  state *used = take_state(self);
  if (!used) {
    return NULL;
  }
  int failed = read_addresses(args[0], (void **)used->inputs, self->num_inputs) < 0 ||
               read_addresses(args[1], used->outputs, self->num_outputs) < 0 ||
               read_numbers(args[2], used->symbols, self->num_symbols) < 0 ||
               (num_args == 4 ? run_taking(self, used, args[3]) : run_program(self, used)) < 0;
  leave_state(self, used);
  if (failed) {
    return NULL;
  }
  Py_RETURN_NONE;
}

/* Forgets a variant. */
static void clear_variant(variant *known) {
  Py_CLEAR(known->results);
  PyMem_Free(known->dims);
  known->dims = NULL;
}

static PyObject *caller_remember(Caller *self, PyObject *const *args, Py_ssize_t num_args) {
  if (num_args != 3 || !PyTuple_Check(args[2]) || PyTuple_Size(args[2]) != self->num_outputs) {
    PyErr_SetString(PyExc_TypeError, "Caller.remember: expected dims, symbols and results");
    return NULL;
  }
  int64_t *dims =
      PyMem_Calloc((size_t)(self->num_dims + self->num_symbols) + 1, sizeof(int64_t));
  if (!dims) {
    return PyErr_NoMemory();
  }
  if (read_numbers(args[0], dims, self->num_dims) < 0 ||
      read_numbers(args[1], dims + self->num_dims, self->num_symbols) < 0) {
    PyMem_Free(dims);
    return NULL;
  }
  variant *oldest = &self->variants[self->next_variant];
  self->next_variant = (self->next_variant + 1) % NUM_VARIANTS;
  clear_variant(oldest);
  *oldest = (variant){dims, dims + self->num_dims, Py_NewRef(args[2])};
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

/* Of the contexts that wait; nothing of those of a library, which says nothing of them. */
static PyObject *caller_memory(Caller *self, PyObject *Py_UNUSED(ignored)) {
  tyrex_arena_stats sum = {0};
  for (const state *at = self->program.owns_arena ? self->idle : NULL; at; at = at->next) {
    tyrex_arena_stats stats;
    tyrex_arena_get_stats(((tyrex_context *)at->context)->arena, &stats);
    sum.capacity_bytes += stats.capacity_bytes;
    sum.used_bytes += stats.used_bytes;
    sum.peak_bytes += stats.peak_bytes;
    sum.num_grows += stats.num_grows;
  }
  return Py_BuildValue("KKKK", (unsigned long long)sum.capacity_bytes,
                       (unsigned long long)sum.used_bytes, (unsigned long long)sum.peak_bytes,
                       (unsigned long long)sum.num_grows);
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
  for (int i = 0; i < NUM_VARIANTS; i++) {
    clear_variant(&self->variants[i]);
  }
  PyMem_Free(self->sizes);
  PyMem_Free(self->dims);
  Py_XDECREF(self->input_names);
  Py_XDECREF(self->output_names);
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
    read[i] = (parameter){.code = code, .bytes = bytes, .rank = (int)PyTuple_Size(shape),
                          .dims = *dims, .shape = Py_NewRef(shape), .dtype = Py_NewRef(dtype)};
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
  self->num_dims = num_in;
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
  static char *names[] = {"program",     "inputs",      "outputs",     "tensor",
                          "array",       "allocate",    "fail",        "owner",
                          "num_threads", "num_symbols", "input_names", "output_names", NULL};
  PyObject *addresses, *inputs, *outputs, *tensor, *array, *allocate, *fail, *owner;
  PyObject *input_names, *output_names;
  unsigned int num_threads, num_symbols;
  if (!PyArg_ParseTupleAndKeywords(args, named, "O!O!O!OOOOOIIO!O!", names, &PyTuple_Type, &addresses,
                                   &PyTuple_Type, &inputs, &PyTuple_Type, &outputs, &tensor, &array,
                                   &allocate, &fail, &owner, &num_threads, &num_symbols,
                                   &PyTuple_Type, &input_names, &PyTuple_Type, &output_names)) {
    return NULL;
  }
  if (PyTuple_Size(input_names) != PyTuple_Size(inputs) ||
      PyTuple_Size(output_names) != PyTuple_Size(outputs)) {
    PyErr_SetString(PyExc_TypeError, "Caller: expected a name for each argument and result");
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
  self->input_names = Py_NewRef(input_names);
  self->output_names = Py_NewRef(output_names);
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
    {"call_into", (PyCFunction)(void (*)(void))caller_call_into, METH_FASTCALL,
     "Run with inputs by name or in order, results into buffers; else return NotImplemented."},
    {"remember", (PyCFunction)(void (*)(void))caller_remember, METH_FASTCALL,
     "Keep what dims of the inputs lead to: the symbols, and shape and bytes of each result."},
    {"run", (PyCFunction)(void (*)(void))caller_run, METH_FASTCALL,
     "Run on tuples: the inputs' addresses, the outputs', the values of the symbols; then call the"
     " fourth argument, if there is one, while the memory of the run is there."},
    {"prepare", (PyCFunction)caller_prepare, METH_NOARGS, "Make a context, unless one waits."},
    {"forget", (PyCFunction)caller_forget, METH_NOARGS, "Give back the contexts that wait."},
    {"memory", (PyCFunction)caller_memory, METH_NOARGS,
     "What the memory of runs did, as in tyrex_arena_stats, over the contexts that wait."},
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

static struct PyModuleDef definition = {.m_base = PyModuleDef_HEAD_INIT,
                                        .m_name = "_native",
                                        .m_doc = "The native half of the runtime.",
                                        .m_size = -1};

PyMODINIT_FUNC PyInit__native(void) {
  PyObject *module = tyrex_make_names() < 0 ? NULL : PyModule_Create(&definition);
  PyObject *type = module ? PyType_FromSpec(&caller_spec) : NULL;
  if (!type || PyModule_AddObjectRef(module, "Caller", type) < 0) {
    Py_CLEAR(module);
  }
  Py_XDECREF(type);
  return module;
}
