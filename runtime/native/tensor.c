/* Tensors across the border: DLPack capsules for Python. */
#define Py_LIMITED_API 0x030B0000 /* one build for Python 3.11 and on */
#include <Python.h>

#include "dlpack.h"
#include "tyrex.h"

#include <stdlib.h>
#include <string.h>

/* One allocation: the managed tensor, then its shape and strides. */
struct exported {
  union {
    DLManagedTensor plain;
    DLManagedTensorVersioned versioned;
  } managed;
  PyObject *owner;
  int64_t extents[]; /* ndim sizes, ndim strides */
};

/* Consumers may delete from any thread, with or without the GIL, even after the end of the
 * interpreter: then the owner is gone already. */
static void destroy(struct exported *exported) {
  if (Py_IsInitialized()) {
    PyGILState_STATE state = PyGILState_Ensure();
    Py_DECREF(exported->owner);
    PyGILState_Release(state);
  }
  free(exported);
}

static void delete_plain(DLManagedTensor *self) { destroy(self->manager_ctx); }

static void delete_versioned(DLManagedTensorVersioned *self) { destroy(self->manager_ctx); }

/* A consumer renames the capsule that it takes; an untaken one still owns its tensor. */
static void destroy_plain_capsule(PyObject *capsule) {
  if (PyCapsule_IsValid(capsule, "dltensor")) {
    delete_plain(PyCapsule_GetPointer(capsule, "dltensor"));
  }
}

static void destroy_versioned_capsule(PyObject *capsule) {
  if (PyCapsule_IsValid(capsule, "dltensor_versioned")) {
    delete_versioned(PyCapsule_GetPointer(capsule, "dltensor_versioned"));
  }
}

static struct exported *export_tensor(const DLTensor *tensor, PyObject *owner) {
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
  exported->owner = Py_NewRef(owner);
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
TYREX_API PyObject *tyrex_tensor_to_capsule(const DLTensor *tensor, PyObject *owner,
                                             uint64_t flags, int32_t versioned) {
  struct exported *exported = export_tensor(tensor, owner);
  if (!exported) {
    return NULL;
  }
  PyObject *capsule;
  if (versioned) {
    DLManagedTensorVersioned *managed = &exported->managed.versioned;
    managed->version.major = DLPACK_MAJOR;
    managed->version.minor = DLPACK_MINOR;
    managed->manager_ctx = exported;
    managed->deleter = delete_versioned;
    managed->flags = flags;
    fill(&managed->dl_tensor, tensor, exported);
    capsule = PyCapsule_New(managed, "dltensor_versioned", destroy_versioned_capsule);
  } else {
    DLManagedTensor *managed = &exported->managed.plain;
    managed->manager_ctx = exported;
    managed->deleter = delete_plain;
    fill(&managed->dl_tensor, tensor, exported);
    capsule = PyCapsule_New(managed, "dltensor", destroy_plain_capsule);
  }
  if (!capsule) {
    destroy(exported);
  }
  return capsule;
}

/* Takes the managed tensor out of `capsule` and marks the capsule as used; `*versioned` says
 * which structure it is. To be called with the GIL. NULL when there is none to take. */
TYREX_API void *tyrex_tensor_from_capsule(PyObject *capsule, int32_t *versioned) {
  *versioned = PyCapsule_IsValid(capsule, "dltensor_versioned");
  if (!*versioned && !PyCapsule_IsValid(capsule, "dltensor")) {
    return NULL;
  }
  const char *name = *versioned ? "dltensor_versioned" : "dltensor";
  const char *used = *versioned ? "used_dltensor_versioned" : "used_dltensor";
  void *managed = PyCapsule_GetPointer(capsule, name);
  PyCapsule_SetName(capsule, used); /* keeps the pointer: a literal outlives it */
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
