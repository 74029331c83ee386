/* Tensors across the border: DLPack capsules for Python.
 *
 * This library does not link Python. What it needs of Python's C API comes in a table of
 * addresses, so that the same sources build for processes without an interpreter.
 */
#include "dlpack.h"
#include "tyrex.h"

#include <stdlib.h>
#include <string.h>

typedef void py_object; /* PyObject */

typedef struct python_api {
  int (*is_initialized)(void);                               /* Py_IsInitialized */
  int (*gil_ensure)(void);                                   /* PyGILState_Ensure */
  void (*gil_release)(int state);                            /* PyGILState_Release */
  void (*inc_ref)(py_object *object);                        /* Py_IncRef */
  void (*dec_ref)(py_object *object);                        /* Py_DecRef */
  py_object *(*capsule_new)(void *pointer, const char *name, /* PyCapsule_New */
                            void (*destructor)(py_object *));
  int (*capsule_is_valid)(py_object *capsule, const char *name);      /* PyCapsule_IsValid */
  void *(*capsule_get_pointer)(py_object *capsule, const char *name); /* PyCapsule_GetPointer */
  int (*capsule_set_name)(py_object *capsule, const char *name);      /* PyCapsule_SetName */
} python_api;

static python_api python;

/* Must be called once, with the GIL, before any other function of this file. */
TYREX_API void tyrex_python_bind(const python_api *api) { python = *api; }

/* One allocation: the managed tensor, then its shape and strides. */
struct exported {
  union {
    DLManagedTensor plain;
    DLManagedTensorVersioned versioned;
  } managed;
  py_object *owner;
  int64_t extents[]; /* ndim sizes, ndim strides */
};

/* Consumers may delete from any thread, with or without the GIL, even after the end of the
 * interpreter: then the owner is gone already. */
static void destroy(struct exported *exported) {
  if (python.is_initialized()) {
    int state = python.gil_ensure();
    python.dec_ref(exported->owner);
    python.gil_release(state);
  }
  free(exported);
}

static void delete_plain(DLManagedTensor *self) { destroy(self->manager_ctx); }

static void delete_versioned(DLManagedTensorVersioned *self) { destroy(self->manager_ctx); }

/* A consumer renames the capsule that it takes; an untaken one still owns its tensor. */
static void destroy_plain_capsule(py_object *capsule) {
  if (python.capsule_is_valid(capsule, "dltensor")) {
    delete_plain(python.capsule_get_pointer(capsule, "dltensor"));
  }
}

static void destroy_versioned_capsule(py_object *capsule) {
  if (python.capsule_is_valid(capsule, "dltensor_versioned")) {
    delete_versioned(python.capsule_get_pointer(capsule, "dltensor_versioned"));
  }
}

static struct exported *export_tensor(const DLTensor *tensor, py_object *owner) {
  size_t extents_bytes = 2 * (size_t)tensor->ndim * sizeof(int64_t);
  struct exported *exported = calloc(1, sizeof *exported + extents_bytes);
  if (!exported) {
    tyrex_error_set(TYREX_ERROR_MEMORY, "no memory for a DLPack tensor");
    return NULL;
  }
  if (tensor->ndim > 0) {
    memcpy(exported->extents, tensor->shape, extents_bytes / 2);
    memcpy(exported->extents + tensor->ndim, tensor->strides, extents_bytes / 2);
  }
  exported->owner = owner;
  python.inc_ref(owner);
  return exported;
}

static void fill(DLTensor *target, const DLTensor *tensor, struct exported *exported) {
  *target = *tensor;
  target->shape = exported->extents;
  target->strides = exported->extents + tensor->ndim;
}

/* A new capsule over `tensor`, whose memory `owner` keeps alive; `versioned` selects the
 * structure of DLPack 1 with its flags. To be called with the GIL. NULL with an error set,
 * Python's or ours, when memory is short. */
TYREX_API py_object *tyrex_tensor_to_capsule(const DLTensor *tensor, py_object *owner,
                                             uint64_t flags, int32_t versioned) {
  struct exported *exported = export_tensor(tensor, owner);
  if (!exported) {
    return NULL;
  }
  py_object *capsule;
  if (versioned) {
    DLManagedTensorVersioned *managed = &exported->managed.versioned;
    managed->version.major = DLPACK_MAJOR;
    managed->version.minor = DLPACK_MINOR;
    managed->manager_ctx = exported;
    managed->deleter = delete_versioned;
    managed->flags = flags;
    fill(&managed->dl_tensor, tensor, exported);
    capsule = python.capsule_new(managed, "dltensor_versioned", destroy_versioned_capsule);
  } else {
    DLManagedTensor *managed = &exported->managed.plain;
    managed->manager_ctx = exported;
    managed->deleter = delete_plain;
    fill(&managed->dl_tensor, tensor, exported);
    capsule = python.capsule_new(managed, "dltensor", destroy_plain_capsule);
  }
  if (!capsule) {
    destroy(exported);
  }
  return capsule;
}

/* Takes the managed tensor out of `capsule` and marks the capsule as used; `*versioned` says
 * which structure it is. To be called with the GIL. NULL when there is none to take. */
TYREX_API void *tyrex_tensor_from_capsule(py_object *capsule, int32_t *versioned) {
  *versioned = python.capsule_is_valid(capsule, "dltensor_versioned");
  if (!*versioned && !python.capsule_is_valid(capsule, "dltensor")) {
    return NULL;
  }
  const char *name = *versioned ? "dltensor_versioned" : "dltensor";
  const char *used = *versioned ? "used_dltensor_versioned" : "used_dltensor";
  void *managed = python.capsule_get_pointer(capsule, name);
  python.capsule_set_name(capsule, used); /* keeps the pointer: a literal outlives it */
  return managed;
}

/* Gives a tensor taken from a capsule back to its producer. */
TYREX_API void tyrex_managed_tensor_delete(void *managed, int32_t versioned) {
  if (versioned) {
    DLManagedTensorVersioned *tensor = managed;
    if (tensor->deleter) {
      tensor->deleter(tensor);
    }
  } else {
    DLManagedTensor *tensor = managed;
    if (tensor->deleter) {
      tensor->deleter(tensor);
    }
  }
}
