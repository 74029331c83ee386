/* What comes into a call of a native program, and what goes out: arrays, tensors, shapes.
 *
 * Whatever is not known here is left to Python, which converts it or words the error.
 */
#include "caller.h"

#include <string.h>

/* Names of attributes; made with the type, and kept. */
static PyObject *name_data, *name_shape, *name_dtype, *name_strides, *name_address, *name_read_only;

/* ---- arguments ------------------------------------------------------------------------------ */

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

/* Whether an array is contiguous, aligned, of a type and of a rank. */
static int is_like(const parameter *wanted, const Py_buffer *view) {
  if (view->ndim != wanted->rank || view->itemsize != wanted->bytes ||
      code_of(view->format) != wanted->code || (uintptr_t)view->buf % wanted->bytes) {
    return 0;
  }
  Py_ssize_t step = view->itemsize;
  for (int axis = wanted->rank - 1; axis >= 0; axis--) {
    if (view->strides[axis] != step && view->shape[axis] != 1) {
      return 0;
    }
    step *= view->shape[axis];
  }
  return 1;
}

/* Whether dims are those of a parameter; they go to `found` where the call decides them. */
static int has_dims(const parameter *wanted, const Py_ssize_t *dims, int64_t *found) {
  for (int axis = 0; axis < wanted->rank; axis++) {
    if (wanted->dims[axis] != dims[axis] && wanted->dims[axis] >= 0) {
      return 0;
    }
    if (found) {
      found[axis] = dims[axis];
    }
  }
  return 1;
}

static Py_buffer *view_of(state *used, PyObject *value, int flags) {
  Py_buffer *view = &used->views[used->num_views];
  if (PyObject_GetBuffer(value, view, PyBUF_STRIDES | PyBUF_FORMAT | flags) < 0) {
    PyErr_Clear(); /* a type that the protocol does not have, such as bfloat16 */
    return NULL;
  }
  used->num_views++;
  return view;
}

static int take_array(state *used, const parameter *wanted, PyObject *value, Py_ssize_t i,
                      int64_t *found) {
  Py_buffer *view = view_of(used, value, 0);
  if (!view) {
    return 0;
  }
  used->inputs[i] = view->buf;
  used->bytes[i] = (size_t)view->len;
  return is_like(wanted, view) && has_dims(wanted, view->shape, found);
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

/* Where the elements of a tensor of a parameter's type lie: contiguous, aligned. */
static int place_of(const parameter *wanted, PyObject *value, void **place) {
  int same = has(value, name_dtype, wanted->dtype);
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

/* Reads the shape of a tensor, whose dims the call decides. */
static int read_shape(const parameter *wanted, PyObject *value, int64_t *found) {
  PyObject *shape = PyObject_GetAttr(value, name_shape);
  if (!shape) {
    return -1;
  }
  int same = PyTuple_Check(shape) && PyTuple_Size(shape) == wanted->rank;
  for (int axis = 0; same && axis < wanted->rank; axis++) {
    Py_ssize_t dim = PyLong_AsSsize_t(PyTuple_GetItem(shape, axis));
    same = wanted->dims[axis] == dim || wanted->dims[axis] < 0;
    found[axis] = dim;
  }
  Py_DECREF(shape);
  return PyErr_Occurred() ? -1 : same;
}

static size_t bytes_of(const parameter *wanted, const int64_t *dims) {
  size_t total = wanted->bytes;
  for (int axis = 0; axis < wanted->rank; axis++) {
    total *= (size_t)dims[axis];
  }
  return total;
}

static int take_tensor(state *used, const parameter *wanted, PyObject *value, Py_ssize_t i,
                       int64_t *found) {
  void *place = NULL;
  int taken = place_of(wanted, value, &place);
  if (taken == 1) {
    taken = found ? read_shape(wanted, value, found) : has(value, name_shape, wanted->shape);
  }
  if (taken == 1) {
    used->inputs[i] = place;
    used->bytes[i] = bytes_of(wanted, found ? found : wanted->dims);
  }
  return taken;
}

int tyrex_take_inputs(Caller *self, state *used, PyObject *const *values) {
  int64_t *found = self->num_symbols ? used->dims : NULL;
  for (Py_ssize_t i = 0; i < self->num_inputs; i++) {
    const parameter *wanted = &self->inputs[i];
    PyObject *type = (PyObject *)Py_TYPE(values[i]);
    int taken = 0;
    if (type == self->array_type) {
      taken = take_array(used, wanted, values[i], i, found);
    } else if (type == self->tensor_type) {
      taken = take_tensor(used, wanted, values[i], i, found);
    }
    if (taken != 1) {
      return taken;
    }
    found = found ? found + wanted->rank : NULL;
  }
  return 1;
}

variant *tyrex_find_variant(Caller *self, const state *used) {
  size_t bytes = (size_t)self->num_dims * sizeof *used->dims;
  for (int i = 0; i < NUM_VARIANTS; i++) {
    variant *known = &self->variants[i];
    if (known->results && memcmp(known->dims, used->dims, bytes) == 0) {
      return known;
    }
  }
  return NULL;
}

/* ---- results ----------------------------------------------------------------------------- */

/* Shape and bytes of output i: of `results`, or static where that is NULL. Borrowed. */
static PyObject *shape_of(const Caller *self, PyObject *results, Py_ssize_t i) {
  return results ? PyTuple_GetItem(PyTuple_GetItem(results, i), 0) : self->outputs[i].shape;
}

static PyObject *size_of(const Caller *self, PyObject *results, Py_ssize_t i) {
  return results ? PyTuple_GetItem(PyTuple_GetItem(results, i), 1) : self->sizes[i];
}

/* Whether the dims of an array are those of a shape. */
static int has_shape(const Py_buffer *view, PyObject *shape) {
  for (int axis = 0; axis < view->ndim; axis++) {
    if (PyLong_AsSsize_t(PyTuple_GetItem(shape, axis)) != view->shape[axis]) {
      return 0;
    }
  }
  return 1;
}

static int take_output(Caller *self, state *used, PyObject *value, Py_ssize_t i, PyObject *shape) {
  const parameter *wanted = &self->outputs[i];
  PyObject *type = (PyObject *)Py_TYPE(value);
  if (type == self->array_type) {
    const Py_buffer *view = view_of(used, value, PyBUF_WRITABLE);
    if (!view || !is_like(wanted, view)) {
      return 0;
    }
    used->outputs[i] = view->buf;
    return has_shape(view, shape);
  }
  if (type != self->tensor_type) {
    return 0;
  }
  int taken = has(value, name_shape, shape);
  if (taken == 1) {
    taken = has(value, name_read_only, Py_False);
  }
  return taken == 1 ? place_of(wanted, value, &used->outputs[i]) : taken;
}

static int overlaps(const void *a, size_t bytes_a, const void *b, size_t bytes_b) {
  uintptr_t x = (uintptr_t)a, y = (uintptr_t)b;
  return bytes_a && bytes_b && x < y + bytes_b && y < x + bytes_a;
}

static int is_given(PyObject *value) { return value && value != Py_None; }

int tyrex_take_outputs(Caller *self, state *used, PyObject *const *values, PyObject *results) {
  for (Py_ssize_t i = 0; i < self->num_outputs; i++) {
    if (!is_given(values[i])) {
      continue;
    }
    int taken = take_output(self, used, values[i], i, shape_of(self, results, i));
    if (taken != 1) {
      return taken;
    }
    size_t bytes = PyLong_AsSize_t(size_of(self, results, i));
    for (Py_ssize_t j = 0; j < self->num_inputs; j++) {
      if (overlaps(used->outputs[i], bytes, used->inputs[j], used->bytes[j])) {
        return 0;
      }
    }
    for (Py_ssize_t j = 0; j < i; j++) {
      size_t others = PyLong_AsSize_t(size_of(self, results, j));
      if (is_given(values[j]) && overlaps(used->outputs[i], bytes, used->outputs[j], others)) {
        return 0;
      }
    }
  }
  return PyErr_Occurred() ? -1 : 1;
}

/* A tensor in new memory for output i, or NULL. */
static PyObject *new_result(Caller *self, Py_ssize_t i, PyObject *results, void **place) {
  PyObject *block = PyObject_CallFunctionObjArgs(self->allocate, size_of(self, results, i), NULL);
  PyObject *address = block ? PyObject_GetAttr(block, name_address) : NULL;
  PyObject *result = NULL;
  if (address) {
    *place = PyLong_AsVoidPtr(address);
    result = PyObject_CallFunctionObjArgs(self->tensor_type, address, shape_of(self, results, i),
                                          self->outputs[i].dtype, block, NULL);
  }
  Py_XDECREF(address);
  Py_XDECREF(block);
  return result;
}

/* A buffer that was taken as a tensor, or NULL. */
static PyObject *as_result(Caller *self, Py_ssize_t i, PyObject *results, void *place,
                           PyObject *buffer) {
  if ((PyObject *)Py_TYPE(buffer) == self->tensor_type) {
    return Py_NewRef(buffer);
  }
  PyObject *address = PyLong_FromVoidPtr(place);
  PyObject *result = NULL;
  if (address) {
    result = PyObject_CallFunctionObjArgs(self->tensor_type, address, shape_of(self, results, i),
                                          self->outputs[i].dtype, buffer, NULL);
    Py_DECREF(address);
  }
  return result;
}

PyObject *tyrex_new_results(Caller *self, state *used, PyObject *const *values, PyObject *results) {
  PyObject *all = self->num_outputs == 1 ? NULL : PyTuple_New(self->num_outputs);
  if (self->num_outputs != 1 && !all) {
    return NULL;
  }
  for (Py_ssize_t i = 0; i < self->num_outputs; i++) {
    PyObject *result = values && is_given(values[i])
                           ? as_result(self, i, results, used->outputs[i], values[i])
                           : new_result(self, i, results, &used->outputs[i]);
    if (!all) {
      return result;
    }
    if (!result) {
      Py_DECREF(all);
      return NULL;
    }
    PyTuple_SetItem(all, i, result);
  }
  return all;
}

int tyrex_make_names(void) {
  name_data = PyUnicode_InternFromString("data");
  name_shape = PyUnicode_InternFromString("shape");
  name_dtype = PyUnicode_InternFromString("dtype");
  name_strides = PyUnicode_InternFromString("_strides");
  name_address = PyUnicode_InternFromString("address");
  name_read_only = PyUnicode_InternFromString("read_only");
  return name_data && name_shape && name_dtype && name_strides && name_address && name_read_only
             ? 0
             : -1;
}
