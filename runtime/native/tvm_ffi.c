/* Calls of an exported model through TVM FFI: tensors of NumPy, torch, JAX, without copies.
 *
 * The library links nothing of TVM's: a call with outputs needs none of its functions, and what
 * errors and returned tensors need is found in the process, which has it loaded.
 * Calls take a context of the library's own; it stays for the next one.
 *
 * Source: https://github.com/apache/tvm-ffi, include/tvm/ffi/c_api.h, version 0.1 */
#include "tvm_ffi.h"

#include "dlpack.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* TVMFFIAny: an int or an address, and what it is. */
typedef struct any {
  int32_t kind;
  uint32_t padding;
  union {
    int64_t number;
    void *address;
  } value;
} any;

typedef struct bytes {
  const char *data;
  size_t size;
} bytes;

enum { KIND_NONE = 0, KIND_DLTENSOR = 7, KIND_TENSOR = 70 };

/* TVMFFIObject: counts, kind, deleter; a tensor object's DLTensor follows. */
#define OBJECT_BYTES 24

typedef void (*set_error_function)(const char *kind, const char *message);
typedef int (*from_dlpack_function)(DLManagedTensor *from, int32_t align, int32_t compact,
                                    void **out);
typedef int (*get_global_function)(const bytes *name, void **out);
typedef int (*call_function)(void *function, any *args, int32_t num_args, any *result);
typedef int (*dec_ref_function)(void *object);

/* ---- what TVM FFI offers ------------------------------------------------------------------ */

/* Elsewhere a library cannot refer to functions that may not be there. */
#if defined(__ELF__)
#define WEAK __attribute__((weak))
WEAK void TVMFFIErrorSetRaisedFromCStr(const char *kind, const char *message);
WEAK int TVMFFITensorFromDLPack(DLManagedTensor *from, int32_t align, int32_t compact, void **out);
WEAK int TVMFFIFunctionGetGlobal(const bytes *name, void **out);
WEAK int TVMFFIFunctionCall(void *function, any *args, int32_t num_args, any *result);
WEAK int TVMFFIObjectDecRef(void *object);
WEAK void *dlsym(void *library, const char *name);

/* A weak reference stays empty where the library was loaded before TVM FFI; then its functions are
 * looked for when they are needed. NULL is RTLD_DEFAULT. */
#define FIND(type, name) ((type)(name ? (void *)name : dlsym ? dlsym(NULL, #name) : NULL))
#else
#define FIND(type, name) ((type)NULL)
#endif

/* The functions that returning tensors takes; all or none. */
struct api {
  from_dlpack_function from_dlpack;
  get_global_function get_global;
  call_function call;
  dec_ref_function dec_ref;
};

static int find_api(struct api *api) {
  api->from_dlpack = FIND(from_dlpack_function, TVMFFITensorFromDLPack);
  api->get_global = FIND(get_global_function, TVMFFIFunctionGetGlobal);
  api->call = FIND(call_function, TVMFFIFunctionCall);
  api->dec_ref = FIND(dec_ref_function, TVMFFIObjectDecRef);
  return api->from_dlpack && api->get_global && api->call && api->dec_ref;
}

/* ---- errors --------------------------------------------------------------------------- */

static int raise(const char *kind, const char *message) {
  set_error_function set_error = FIND(set_error_function, TVMFFIErrorSetRaisedFromCStr);
  if (set_error) {
    set_error(kind, message);
  }
  return -1;
}

/* Raises this thread's error as the exception that it is in Python. */
static int raise_code(int32_t code) {
  static const char *const kinds[] = {
      [TYREX_ERROR_ARGUMENT] = "ValueError",   [TYREX_ERROR_SHAPE] = "ValueError",
      [TYREX_ERROR_BOUNDS] = "IndexError",     [TYREX_ERROR_MEMORY] = "MemoryError",
      [TYREX_ERROR_DTYPE] = "TypeError",       [TYREX_ERROR_UNSUPPORTED] = "RuntimeError",
      [TYREX_ERROR_INTERNAL] = "RuntimeError", [TYREX_ERROR_ABI] = "RuntimeError"};
  int known = code > 0 && code < (int32_t)(sizeof kinds / sizeof *kinds) && kinds[code];
  return raise(known ? kinds[code] : "RuntimeError", tyrex_error_message());
}

static int raise_about(const tyrex_model *model, const char *kind, const char *what, int number) {
  char message[512];
  snprintf(message, sizeof message, "%s: %s; found %d; the signature is %s",
           model->signature.name, what, number, model->signature.text);
  return raise(kind, message);
}

/* ---- contexts --------------------------------------------------------------------------- */

#define MAX_IDLE 16

static _Atomic(tyrex_context *) idle[MAX_IDLE];

static tyrex_context *take_context(const tyrex_model *model) {
  for (int i = 0; i < MAX_IDLE; i++) {
    tyrex_context *found = atomic_load_explicit(&idle[i], memory_order_relaxed);
    if (found && atomic_compare_exchange_strong(&idle[i], &found, NULL)) {
      return found;
    }
  }
  const char *text = getenv("TYREX_NUM_THREADS");
  int wanted = text ? atoi(text) : 0;
  tyrex_context *made = NULL;
  tyrex_model_create(model, wanted > 0 ? (uint32_t)wanted : tyrex_num_cores(), &made);
  return made;
}

static void leave_context(tyrex_context *context) {
  for (int i = 0; i < MAX_IDLE; i++) {
    tyrex_context *none = NULL;
    if (atomic_compare_exchange_strong(&idle[i], &none, context)) {
      return;
    }
  }
  tyrex_context_destroy(context);
}

#if defined(__GNUC__)
__attribute__((destructor)) static void destroy_contexts(void) {
  for (int i = 0; i < MAX_IDLE; i++) {
    tyrex_context_destroy(atomic_exchange(&idle[i], NULL));
  }
}
#endif

/* ---- tensors ---------------------------------------------------------------------------- */

/* A result: one block, with the elements behind this. */
struct result {
  DLManagedTensor managed;
  int64_t *extents; /* rank sizes, rank strides */
};

static void delete_result(DLManagedTensor *self) {
  free(((struct result *)self->manager_ctx)->extents);
  tyrex_memory_free(self->manager_ctx);
}

#define RESULT_BYTES \
  ((sizeof(struct result) + TYREX_ALIGN_BYTES - 1) / TYREX_ALIGN_BYTES * TYREX_ALIGN_BYTES)

/* A new tensor of a parameter's type, or NULL with the error set. */
static DLManagedTensor *new_result(const tyrex_parameter *parameter) {
  size_t rank = (size_t)parameter->rank;
  char *block = tyrex_memory_allocate(RESULT_BYTES + parameter->bytes);
  int64_t *extents = block ? malloc((2 * rank + 1) * sizeof *extents) : NULL;
  if (!extents) {
    tyrex_memory_free(block);
    tyrex_error_set(TYREX_ERROR_MEMORY, "no memory for a result");
    return NULL;
  }
  int64_t step = 1;
  for (size_t i = rank; i-- > 0;) {
    extents[i] = parameter->shape[i];
    extents[rank + i] = step;
    step *= parameter->shape[i] > 0 ? parameter->shape[i] : 1;
  }
  struct result *result = (struct result *)block;
  result->extents = extents;
  result->managed = (DLManagedTensor){
      .dl_tensor = {.data = block + RESULT_BYTES,
                    .device = {DLPACK_CPU, 0},
                    .ndim = parameter->rank,
                    .dtype = {parameter->dtype_code, parameter->dtype_bits, 1},
                    .shape = extents,
                    .strides = extents + rank},
      .manager_ctx = result,
      .deleter = delete_result};
  return &result->managed;
}

/* The DLTensor of an argument, or NULL. */
static const tyrex_tensor *tensor_of(const any *argument) {
  switch (argument->kind) {
  case KIND_DLTENSOR:
    return argument->value.address;
  case KIND_TENSOR:
    return (const tyrex_tensor *)((const char *)argument->value.address + OBJECT_BYTES);
  default:
    return NULL;
  }
}

/* ---- calls ------------------------------------------------------------------------------ */

/* What one call works with: as many of each as the signature has tensors. */
struct call {
  const tyrex_model *model;
  struct api api; /* of a call that returns tensors */
  int returns;
  int32_t num_inputs, num_outputs;
  const tyrex_tensor **tensors;
  void **addresses;
  DLManagedTensor **results; /* those of the outputs that are returned */
  any *objects;
};

/* Puts what is open, memory of the context, into a tensor of its own. */
static int32_t keep_open(const struct call *call) {
  for (int32_t i = 0; i < call->num_outputs; i++) {
    tyrex_parameter found = call->model->signature.outputs[i];
    if (found.is_open) {
      const DLTensor *open = &call->results[i]->dl_tensor;
      found.shape = open->shape;
      found.bytes = found.dtype_bits < 8 ? 1u : found.dtype_bits / 8u;
      for (int32_t axis = 0; axis < found.rank; axis++) {
        found.bytes *= (uint64_t)found.shape[axis];
      }
      DLManagedTensor *made = new_result(&found);
      if (!made) {
        return TYREX_ERROR_MEMORY;
      }
      memcpy(made->dl_tensor.data, open->data, (size_t)found.bytes);
      delete_result(call->results[i]);
      call->results[i] = made;
    }
  }
  return TYREX_OK;
}

static int32_t run(const struct call *call) {
  tyrex_context *context = take_context(call->model);
  if (!context) {
    return tyrex_error_code();
  }
  int32_t code = tyrex_model_run_tensors(
      call->model, context, call->tensors, call->num_inputs, call->tensors + call->num_inputs,
      call->num_outputs, (const void **)call->addresses, call->addresses + call->num_inputs);
  if (code == TYREX_OK && call->returns) {
    code = keep_open(call);
  }
  leave_context(context);
  return code;
}

/* Makes one value of the tensor objects, which it takes over: the only one, or an array. */
static int pack(const struct call *call, any *result) {
  if (call->num_outputs == 1) {
    *result = call->objects[0];
    return 0;
  }
  static const bytes name = {"ffi.Array", sizeof "ffi.Array" - 1};
  void *make = NULL;
  int code = -1;
  if (call->api.get_global(&name, &make) == 0 && make) {
    code = call->api.call(make, call->objects, call->num_outputs, result);
    call->api.dec_ref(make);
  }
  for (int32_t i = 0; i < call->num_outputs; i++) {
    call->api.dec_ref(call->objects[i].value.address);
  }
  return code;
}

static void drop_results(const struct call *call, int32_t begin, int32_t end) {
  for (int32_t i = begin; i < end; i++) {
    delete_result(call->results[i]);
  }
}

/* Hands the results to TVM. */
static int give(const struct call *call, any *result) {
  for (int32_t i = 0; i < call->num_outputs; i++) {
    call->objects[i] = (any){.kind = KIND_TENSOR};
    if (call->api.from_dlpack(call->results[i], 0, 0, &call->objects[i].value.address)) {
      drop_results(call, i, call->num_outputs);
      while (i-- > 0) {
        call->api.dec_ref(call->objects[i].value.address);
      }
      return -1;
    }
  }
  return pack(call, result);
}

/* Makes the tensors that a call returns. */
static int32_t new_results(const struct call *call) {
  const tyrex_model *model = call->model;
  tyrex_told *told = NULL;
  if (model->shapes) {
    told = tyrex_tell_by_shapes(&model->signature, model->shapes, call->tensors, call->num_inputs);
    if (!told) {
      return tyrex_error_code();
    }
  }
  const tyrex_signature *signature = told ? &told->signature : &model->signature;
  int32_t code = TYREX_OK;
  for (int32_t i = 0; i < call->num_outputs && code == TYREX_OK; i++) {
    call->results[i] = new_result(&signature->outputs[i]);
    if (call->results[i]) {
      if (signature->outputs[i].is_open) {
        call->results[i]->dl_tensor.data = NULL;
      }
      const DLTensor *made = &call->results[i]->dl_tensor;
      call->tensors[call->num_inputs + i] = (const tyrex_tensor *)made;
    } else {
      drop_results(call, 0, i);
      code = TYREX_ERROR_MEMORY;
    }
  }
  free(told);
  return code;
}

static int run_returning(struct call *call, any *result) {
  if (!find_api(&call->api)) {
    return raise("RuntimeError", "no TVM FFI is loaded to return tensors through: pass outputs");
  }
  call->returns = 1;
  int32_t code = new_results(call);
  if (code != TYREX_OK) {
    return raise_code(code);
  }
  code = run(call);
  if (code != TYREX_OK) {
    drop_results(call, 0, call->num_outputs);
    return raise_code(code);
  }
  return give(call, result);
}

static int run_call(struct call *call, const any *args, int32_t num_args, any *result) {
  for (int32_t i = 0; i < num_args; i++) {
    call->tensors[i] = tensor_of(&args[i]);
    if (!call->tensors[i]) {
      return raise_about(call->model, "TypeError", "expected tensors, kinds 7 and 70 of TVM FFI",
                         args[i].kind);
    }
  }
  if (num_args == call->num_inputs && call->num_outputs) {
    return run_returning(call, result);
  }
  int32_t code = run(call);
  return code == TYREX_OK ? 0 : raise_code(code);
}

int tyrex_tvm_ffi_call(const tyrex_model *model, const void *args, int32_t num_args, void *result) {
  int32_t num_inputs = model->signature.num_inputs, num_outputs = model->signature.num_outputs;
  if (num_args != num_inputs && num_args != num_inputs + num_outputs) {
    return raise_about(model, "TypeError",
                       "expected all inputs, and all outputs or none of them, as arguments",
                       num_args);
  }
  size_t total = (size_t)(num_inputs + num_outputs);
  any *block = malloc((total + 1) * (sizeof(any) + 3 * sizeof(void *)));
  if (!block) {
    return raise("MemoryError", "no memory for a call");
  }
  void **pointers = (void **)(block + total);
  struct call call = {.model = model,
                      .num_inputs = num_inputs,
                      .num_outputs = num_outputs,
                      .tensors = (const tyrex_tensor **)pointers,
                      .addresses = pointers + total,
                      .results = (DLManagedTensor **)(pointers + 2 * total),
                      .objects = block};
  *(any *)result = (any){.kind = KIND_NONE};
  int code = run_call(&call, args, num_args, result);
  free(block);
  return code;
}
