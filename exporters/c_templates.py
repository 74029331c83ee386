"""The parts of an exported C file that are the same for every model, but for the marks `@X@`."""

from __future__ import annotations

from textwrap import dedent

MORE = dedent("""\
    /* The body of a parallel loop: its iterations from begin to end - 1; 0, or an error code. */
    typedef int32_t (*@NAME@_body)(void *closure, int64_t begin, int64_t end);
    /* Runs body over 0 .. n - 1, in parts that may run at once; returns 0, or the code of a part
     * that failed. */
    typedef int32_t (*@NAME@_parallel_for)(void *user, @NAME@_body body, void *closure, int64_t n);
    /* Has later runs of the context call run(user, ...) for parallel loops; with NULL, as at
     * first, they run in the calling thread. */
    int32_t @NAME@_set_parallel_for(@NAME@_context *context, @NAME@_parallel_for run, void *user);
    """)

SET_WEIGHTS = dedent("""\
    /* Says where the contents of @NAME@.weights lie: at a multiple of 64 bytes, from before the
     * first context is made until after the last is gone. */
    int32_t @NAME@_set_weights(const void *weights, uint64_t bytes);
    """)

HEAD = dedent("""\
    /* The model itself. Nothing below is for other files. */
    #include <math.h>
    #include <stdarg.h>
    #include <stdbool.h>
    #include <stddef.h>
    #include <stdint.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>

    #if defined(__GNUC__)
    #pragma GCC diagnostic ignored "-Woverlength-strings"
    #pragma GCC diagnostic ignored "-Wtype-limits"
    #if __GNUC__ >= 15
    #pragma GCC diagnostic ignored "-Wunterminated-string-initialization"
    #endif
    #if !defined(__clang__)
    #pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
    #endif
    #endif

    #if @STRINGS@ && defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
    #error "the constants of this file are bytes of a little-endian machine"
    #endif

    /* Hints for compilers that know them; the loops mean the same without. */
    #if defined(__GNUC__) && !defined(__clang__)
    #define TYREX_PRAGMA(text) _Pragma(#text)
    #define TYREX_UNROLL(count) TYREX_PRAGMA(GCC unroll count)
    #define TYREX_INDEPENDENT TYREX_PRAGMA(GCC ivdep)
    #else
    #define TYREX_UNROLL(count)
    #define TYREX_INDEPENDENT
    #endif

    #if defined(_MSC_VER) && !defined(__clang__)
    #define TYREX_THREAD __declspec(thread)
    #elif defined(__GNUC__) || !defined(__STDC_NO_THREADS__)
    #define TYREX_THREAD _Thread_local
    #else
    #define TYREX_THREAD
    #endif

    typedef struct @NAME@_context TYREX_CONTEXT;

    struct @NAME@_context {
      unsigned char *memory; /* of a run: @BYTES@ bytes */
      void *block;           /* that it lies in */
      @NAME@_parallel_for parallel_for;
      void *user;
      uint32_t num_threads;
    };

    static TYREX_THREAD char error_message[512];

    static void tyrex_error_set(int32_t code, const char *message) {
      (void)code;
      snprintf(error_message, sizeof error_message, "%s", message);
    }

    """)

RUNTIME = dedent("""\
    #define TYREX_ALIGN_BYTES 64u

    static void *aligned(void *block) {
      uintptr_t address = (uintptr_t)block;
      return (unsigned char *)block + (TYREX_ALIGN_BYTES - address % TYREX_ALIGN_BYTES);
    }

    """)

PARALLEL_FOR = dedent("""\
    static int32_t tyrex_parallel_for(TYREX_CONTEXT *context, @NAME@_body body, void *closure,
                                      int64_t n) {
      if (context->parallel_for && n > 1) {
        return context->parallel_for(context->user, body, closure, n);
      }
      return body(closure, 0, n);
    }

    """)

TABLES = dedent("""\

    @MODEL@

    static const tyrex_signature signature = {
        "@NAME@", @UPPER@_SIGNATURE, @UPPER@_NUM_INPUTS, @UPPER@_NUM_OUTPUTS, inputs, outputs};

    static int32_t refuse_call(const char *what) {
      snprintf(error_message, sizeof error_message, "@NAME@: %s", what);
      return TYREX_ERROR_ARGUMENT;
    }

    """)

TAKE_WEIGHTS = dedent("""\
    int32_t @NAME@_set_weights(const void *weights, uint64_t bytes) {
      error_message[0] = '\\0';
      if (!weights || bytes != weights_bytes ||
          memcmp(weights, weights_header, sizeof weights_header) != 0) {
        return refuse_call("set_weights: these are not the contents of @NAME@.weights");
      }
      if ((uintptr_t)weights % TYREX_ALIGN_BYTES) {
        return refuse_call("set_weights: expected a multiple of 64 bytes as the address");
      }
      tyrex_weights = weights;
      return TYREX_OK;
    }

    """)

CHECK_WEIGHTS = """\
  if (!tyrex_weights) {
    return refuse_call("create: there are no weights; call @NAME@_set_weights first");
  }
"""

INTERFACE = dedent("""\
    int32_t @NAME@_create(uint32_t num_threads, @NAME@_context **context) {
      error_message[0] = '\\0';
      if (!context) {
        return refuse_call("create: context is NULL");
      }
      *context = NULL;
      if (num_threads == 0) {
        return refuse_call("create: expected a number of threads from 1 on");
      }
    @CHECK_WEIGHTS@  const uint64_t bytes = UINT64_C(@BYTES@);
      TYREX_CONTEXT *made = NULL;
      if (bytes <= SIZE_MAX - TYREX_ALIGN_BYTES) {
        made = calloc(1, sizeof *made);
      }
      void *block = made ? malloc((size_t)bytes + TYREX_ALIGN_BYTES) : NULL;
      if (!block) {
        free(made);
        tyrex_error_set(TYREX_ERROR_MEMORY, "@NAME@: out of memory");
        return TYREX_ERROR_MEMORY;
      }
      made->block = block;
      made->memory = aligned(block);
      made->num_threads = num_threads;
      *context = made;
      return TYREX_OK;
    }

    static int32_t run_checked(TYREX_CONTEXT *context, const void *const *inputs,
                               void *const *outputs) {
      (void)inputs;
      (void)outputs;
      return @ENTRY@(@ARGUMENTS@);
    }

    int32_t @NAME@_run(@NAME@_context *context, const void *const *inputs,
                       void *const *outputs) {
      error_message[0] = '\\0';
      if (!context) {
        return refuse_call("run: context is NULL");
      }
      int32_t code = tyrex_check_addresses(&signature, inputs, outputs);
      return code == TYREX_OK ? run_checked(context, inputs, outputs) : code;
    }

    int32_t @NAME@_run_tensors(@NAME@_context *context, const tyrex_tensor *const *inputs,
                               int32_t num_inputs, const tyrex_tensor *const *outputs,
                               int32_t num_outputs) {
      const void *in[@UPPER@_NUM_INPUTS + 1];
      void *out[@UPPER@_NUM_OUTPUTS + 1];
      error_message[0] = '\\0';
      if (!context) {
        return refuse_call("run_tensors: context is NULL");
      }
      int32_t code = tyrex_check_tensors(&signature, inputs, num_inputs, outputs, num_outputs, in,
                                         out);
      return code == TYREX_OK ? run_checked(context, in, out) : code;
    }

    int32_t @NAME@_infer(const tyrex_tensor *const *inputs, int32_t num_inputs,
                         tyrex_tensor *const *outputs, int32_t num_outputs) {
      error_message[0] = '\\0';
      (void)inputs;
      (void)num_inputs;
      return tyrex_describe_outputs(&signature, outputs, num_outputs);
    }

    int32_t @NAME@_set_num_threads(@NAME@_context *context, uint32_t num_threads) {
      error_message[0] = '\\0';
      if (!context || num_threads == 0) {
        return refuse_call("set_num_threads: expected a context and a number from 1 on");
      }
      context->num_threads = num_threads;
      return TYREX_OK;
    }

    int32_t @NAME@_set_parallel_for(@NAME@_context *context, @NAME@_parallel_for run, void *user) {
      error_message[0] = '\\0';
      if (!context) {
        return refuse_call("set_parallel_for: context is NULL");
      }
      context->parallel_for = run;
      context->user = user;
      return TYREX_OK;
    }

    void @NAME@_destroy(@NAME@_context *context) {
      if (context) {
        free(context->block);
        free(context);
      }
    }

    const char *@NAME@_describe(void) { return description; }

    const char *@NAME@_last_error(void) { return error_message; }
    """)
