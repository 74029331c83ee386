"""The C side of an exported model: the header that users include, and the source behind it."""

from __future__ import annotations

import json
from textwrap import dedent

from .package import FORMAT, Package, tensors

_LITERAL_CHARACTERS = 80


def header_text(package: Package) -> str:
    """Return the header: plain C, which C++ can include."""
    name, upper = package.name, package.name.upper()
    lines = [
        f"/* {name}: a model, compiled to native code by Tyrex. This file is generated.",
        " *",
        " * A context is the memory and the threads of one run at a time; any number of them may",
        " * exist and run at once. Functions return 0, or an error code: the calling thread's",
        f" * message is {name}_last_error().",
        " *",
        *_tensor_lines(package),
        " * Tensors are compact, row-major, aligned to their elements. Outputs are written to",
        " * memory of the caller, and must overlap neither inputs nor each other. */",
        f"#ifndef {upper}_H",
        f"#define {upper}_H",
        "",
        "#include <stdint.h>",
        "",
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif",
        "",
        *_size_lines(package),
        "",
        f"typedef struct {name}_context {name}_context;",
        "",
        "/* Makes a context for runs with so many threads, the caller's included (from 1 on).",
        " * Fails on a processor that lacks instructions which the model uses. */",
        f"int32_t {name}_create(uint32_t num_threads, {name}_context **context);",
        "/* Computes the outputs from the inputs. */",
        f"int32_t {name}_run({name}_context *context, const void *const *inputs,",
        "    void *const *outputs);",
        "/* Changes the number of threads of later runs; results do not depend on it. */",
        f"int32_t {name}_set_num_threads({name}_context *context, uint32_t num_threads);",
        "/* Gives back a context that no run uses; NULL is fine. */",
        f"void {name}_destroy({name}_context *context);",
        "/* Names, types and shapes, what it was compiled for: JSON. */",
        f"const char *{name}_describe(void);",
        "/* What went wrong last in the calling thread; valid until its next call. */",
        f"const char *{name}_last_error(void);",
        "",
        "#ifdef __cplusplus",
        "}",
        "#endif",
        "",
        "#endif",
        "",
    ]
    return "\n".join(lines)


def _tensor_lines(package: Package) -> list[str]:
    rows = [("inputs", package.signature.inputs), ("outputs", package.signature.outputs)]
    return [
        f" *   {what}[{index}]  {_comment(name)}: {spec}"
        for what, parameters in rows
        for index, (name, spec, _) in enumerate(tensors(parameters))
    ]


def _size_lines(package: Package) -> list[str]:
    upper, lines = package.name.upper(), list[str]()
    for what, parameters in (
        ("INPUT", package.signature.inputs),
        ("OUTPUT", package.signature.outputs),
    ):
        found = tensors(parameters)
        lines.append(f"#define {upper}_NUM_{what}S {len(found)}")
        for index, (_, _, size) in enumerate(found):
            lines.append(f"#define {upper}_{what}{index}_BYTES {size}")
    return lines


def _comment(name: str) -> str:
    """Return a name that the model chose as it may stand in a comment."""
    return json.dumps(name).replace("*/", "* /").replace("/*", "/ *")


def source_text(package: Package) -> str:
    """Return the C source that implements the header, with the model's own code behind it."""
    name, upper = package.name, package.name.upper()
    features = "".join(
        f'    {{"{f.name}", {f.leaf:#x}u, {f.subleaf}u, {f.register}u, {f.bit}u, {f.saved:#x}u}},\n'
        for f in package.checked()
    )
    text = _SOURCE
    for mark, value in (
        ("@FEATURES@", features),
        ("@DESCRIPTION@", _literal(package.describe())),
        ("@ENTRY@", package.entry),
        ("@FORMAT@", str(FORMAT)),
        ("@NAME@", name),
        ("@UPPER@", upper),
    ):
        text = text.replace(mark, value)
    return text


def _literal(text: str) -> str:
    """Return ASCII text as string literals of C, one a line."""
    pieces = (text[i : i + _LITERAL_CHARACTERS] for i in range(0, len(text), _LITERAL_CHARACTERS))
    quoted = (p.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?") for p in pieces)
    return "\n".join(f'    "{piece}"' for piece in quoted)


_SOURCE = dedent("""\
    #if defined(__GNUC__)
    #pragma GCC visibility push(default)
    #endif
    #include "@NAME@.h"
    #if defined(TYREX_SHARED)
    const struct tyrex_module *tyrex_module(void);
    #endif
    #if defined(__GNUC__)
    #pragma GCC visibility pop
    #endif
    #include "tyrex.h"

    #include <stdio.h>

    int32_t @ENTRY@(void *context, const void *const *inputs, void *const *outputs);

    struct feature {
      const char *name;
      uint32_t leaf, subleaf, reg, bit;
      uint32_t saved; /* registers that the system has to save: bits of XCR0 */
    };

    static const struct feature features[] = {
    @FEATURES@    {NULL, 0u, 0u, 0u, 0u, 0u}};

    #if defined(__x86_64__)
    #include <cpuid.h>

    #define OSXSAVE (1u << 27)

    static uint32_t saved_registers(void) {
      uint32_t a, b, c, d, low, high;
      if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & OSXSAVE)) {
        return 0;
      }
      __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
      return low;
    }

    static const char *missing_feature(void) {
      uint32_t saved = saved_registers();
      for (const struct feature *f = features; f->name; f++) {
        uint32_t r[4] = {0, 0, 0, 0};
        if (!__get_cpuid_count(f->leaf, f->subleaf, &r[0], &r[1], &r[2], &r[3]) ||
            !(r[f->reg] >> f->bit & 1u) || (saved & f->saved) != f->saved) {
          return f->name;
        }
      }
      return NULL;
    }
    #else
    static const char *missing_feature(void) { return features[0].name; }
    #endif

    static int32_t refuse(const char *what) {
      tyrex_error_set(TYREX_ERROR_ARGUMENT, what);
      return TYREX_ERROR_ARGUMENT;
    }

    static int32_t refuse_null(const char *what, int index) {
      char message[64];
      snprintf(message, sizeof message, "@NAME@_run: %s[%d] is NULL", what, index);
      return refuse(message);
    }

    int32_t @NAME@_create(uint32_t num_threads, @NAME@_context **context) {
      tyrex_error_clear();
      if (!context) {
        return refuse("@NAME@_create: context is NULL");
      }
      *context = NULL;
      const char *missing = missing_feature();
      if (missing) {
        char message[128];
        snprintf(message, sizeof message,
                 "@NAME@: this processor lacks %s, which the model was compiled for", missing);
        tyrex_error_set(TYREX_ERROR_UNSUPPORTED, message);
        return TYREX_ERROR_UNSUPPORTED;
      }
      *context = (@NAME@_context *)tyrex_context_create(num_threads);
      return *context ? TYREX_OK : tyrex_error_code();
    }

    int32_t @NAME@_run(@NAME@_context *context, const void *const *inputs,
                       void *const *outputs) {
      tyrex_error_clear();
      if (!context || (!inputs && @UPPER@_NUM_INPUTS) || (!outputs && @UPPER@_NUM_OUTPUTS)) {
        return refuse("@NAME@_run: the context, inputs or outputs are NULL");
      }
      for (int i = 0; i < @UPPER@_NUM_INPUTS; i++) {
        if (!inputs[i]) {
          return refuse_null("inputs", i);
        }
      }
      for (int i = 0; i < @UPPER@_NUM_OUTPUTS; i++) {
        if (!outputs[i]) {
          return refuse_null("outputs", i);
        }
      }
      int32_t code = @ENTRY@(context, inputs, outputs);
      tyrex_arena_reset(((tyrex_context *)context)->arena);
      return code;
    }

    int32_t @NAME@_set_num_threads(@NAME@_context *context, uint32_t num_threads) {
      tyrex_error_clear();
      if (!context || num_threads == 0) {
        return refuse("@NAME@_set_num_threads: expected a context and a number from 1 on");
      }
      ((tyrex_context *)context)->num_threads = num_threads;
      return TYREX_OK;
    }

    void @NAME@_destroy(@NAME@_context *context) {
      tyrex_context_destroy((tyrex_context *)context);
    }

    static const char description[] =
    @DESCRIPTION@;

    const char *@NAME@_describe(void) { return description; }

    const char *@NAME@_last_error(void) { return tyrex_error_message(); }

    #if defined(TYREX_SHARED)
    /* What tyrex.load_module looks for; runtime/module.py has the other half. */
    struct tyrex_module {
      uint32_t format;
      uint32_t num_functions;
      const char *(*describe)(void);
      const char *(*last_error)(void);
      int32_t (*create)(uint32_t, @NAME@_context **);
      int32_t (*run)(@NAME@_context *, const void *const *, void *const *);
      int32_t (*set_num_threads)(@NAME@_context *, uint32_t);
      void (*destroy)(@NAME@_context *);
      void (*shutdown)(void);
    };

    const struct tyrex_module *tyrex_module(void) {
      static const struct tyrex_module module = {
          @FORMAT@u, 7u, @NAME@_describe, @NAME@_last_error, @NAME@_create, @NAME@_run,
          @NAME@_set_num_threads, @NAME@_destroy, tyrex_pool_shutdown};
      return &module;
    }
    #endif
    """)
