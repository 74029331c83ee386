/* The calling convention of TVM FFI (package apache-tvm-ffi) for an exported model. */
#ifndef TYREX_TVM_FFI_H
#define TYREX_TVM_FFI_H

#include "model.h"

/* What a `__tvm_ffi_<name>` does: inputs, then outputs where the caller brings their memory, else
 * the outputs are returned, as one tensor or an array of them. 0, or -1 with TVM's error set. */
int tyrex_tvm_ffi_call(const tyrex_model *model, const void *args, int32_t num_args, void *result);

#endif
