"""The C side of an exported model: the header that users include, and the source behind it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent
from typing import Protocol

from ..runtime.bytecode import Param, Symbol
from ..runtime.elf import DESCRIPTION_SECTION
from ..runtime.signature import Signature
from .package import FORMAT, Package, tensors
from .shape_tables import shape_tables

_LITERAL_CHARACTERS = 80
_ABI = Path(__file__).resolve().parents[1] / "runtime" / "native" / "abi.h"
_PACKED_BITS = 8  # narrower elements take a byte each: for a caller they are bytes

RUNTIME_FOLDER = "runtime"
"""Where the source finds the runtime's headers: the header of a model may have the same name."""

FUNCTIONS = (
    *("create", "run", "run_tensors", "infer", "set_num_threads", "destroy", "describe"),
    "last_error",
)
"""What a model's header declares, each behind the model's name."""


class Interface(Protocol):
    """What the header of a model shows."""

    @property
    def name(self) -> str:
        """What its functions begin with."""
        ...

    @property
    def signature(self) -> Signature:
        """What it takes and returns: tensors."""
        ...

    @property
    def symbols(self) -> Sequence[Symbol]:
        """The dims that inputs tell, in the order of `run`'s array."""
        ...


def header_text(package: Interface, *, more: str = "", tvm_ffi: bool = True) -> str:
    """Return the header: plain C, which C++ can include.

    Args:
        package: the model.
        more: declarations besides those that every model has.
        tvm_ffi: whether the model has a function for that package.
    """
    name, upper = package.name, package.name.upper()
    lines = [
        f"/* {name}: a model, compiled to native code by Tyrex. This file is generated.",
        " *",
        " * A context is the memory and the threads of one run at a time; any number of them may",
        " * exist and run at once. Functions return 0, or an error code: the calling thread's",
        f" * message is {name}_last_error().",
        " *",
        *_tensor_lines(package),
        *_symbol_lines(package),
        *_open_lines(package),
        " * Tensors are compact, row-major, aligned to their elements. Outputs are written to",
        " * memory of the caller, and must overlap neither inputs nor each other. */",
        f"#ifndef {upper}_H",
        f"#define {upper}_H",
        "",
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif",
        "",
        _ABI.read_text(encoding="ascii"),
        *_macro_lines(package),
        "",
        f"typedef struct {name}_context {name}_context;",
        "",
        "/* Makes a context for runs with so many threads, the caller's included (from 1 on).",
        " * Fails on a processor that lacks instructions which the model uses. */",
        f"int32_t {name}_create(uint32_t num_threads, {name}_context **context);",
        "/* Computes the outputs from the inputs, given by their addresses. Checked: that there is",
        " * an address, that it is aligned, that outputs are apart. */",
        f"int32_t {name}_run({name}_context *context, const void *const *inputs,",
        f"    void *const *outputs{_symbols_argument(package)});",
        "/* The same for tensors that say what they are. Checked also: number, device, type, shape",
        " * and layout. */",
        f"int32_t {name}_run_tensors({name}_context *context,",
        "    const tyrex_tensor *const *inputs, int32_t num_inputs,",
        "    const tyrex_tensor *const *outputs, int32_t num_outputs);",
        "/* Says what the outputs will be for such inputs: writes all of a tensor but its data.",
        " * Its shape points to room for as many dims as the output has. */",
        f"int32_t {name}_infer(const tyrex_tensor *const *inputs, int32_t num_inputs,",
        "    tyrex_tensor *const *outputs, int32_t num_outputs);",
        "/* Changes the number of threads of later runs; results do not depend on it. */",
        f"int32_t {name}_set_num_threads({name}_context *context, uint32_t num_threads);",
        "/* Gives back a context that no run uses; NULL is fine. */",
        f"void {name}_destroy({name}_context *context);",
        "/* Names, types and shapes, what it was compiled for: JSON. */",
        f"const char *{name}_describe(void);",
        "/* What went wrong last in the calling thread; valid until its next call. */",
        f"const char *{name}_last_error(void);",
        *(_tvm_ffi_lines(name) if tvm_ffi else ()),
        more.rstrip("\n"),
        "",
        "#ifdef __cplusplus",
        "}",
        "#endif",
        "",
        "#endif",
        "",
    ]
    return "\n".join(lines)


def _tvm_ffi_lines(name: str) -> list[str]:
    return [
        "#ifdef __wasm__",
        "/* Memory of the module for inputs and outputs, at a multiple of 64; 0 if there is none.",
        " * Only of WebAssembly modules, whose callers have no other. */",
        f"void *{name}_allocate(uint32_t bytes);",
        f"void {name}_free(void *block);",
        "#else",
        "/* All of it for the package apache-tvm-ffi: inputs, then outputs unless they are to be",
        " * returned. A shared library shows it as __tvm_ffi_main, too. */",
        f"int __tvm_ffi_{name}(void *self, const void *args, int32_t num_args, void *result);",
        "#endif",
    ]


def _tensor_lines(package: Interface) -> list[str]:
    rows = [("inputs", package.signature.inputs), ("outputs", package.signature.outputs)]
    return [
        f" *   {what}[{index}]  {_comment(name)}: {spec}"
        for what, parameters in rows
        for index, (name, spec) in enumerate(tensors(parameters))
    ]


def _macro_lines(package: Interface) -> list[str]:
    upper = package.name.upper()
    lines = [
        f"#define {upper}_SIGNATURE {quoted(_one_line(package))}",
        f"#define {upper}_NUM_SYMBOLS {len(package.symbols)}",
    ]
    for what, parameters in (
        ("INPUT", package.signature.inputs),
        ("OUTPUT", package.signature.outputs),
    ):
        found = tensors(parameters)
        lines.append(f"#define {upper}_NUM_{what}S {len(found)}")
        for index, (name, spec) in enumerate(found):
            begin, size = f"#define {upper}_{what}{index}", spec.size_bytes
            dims = [str(dim) if isinstance(dim, int) else "-1" for dim in spec.shape or ()]
            lines += [
                f"{begin}_NAME {quoted(name)}",
                f"{begin}_DTYPE {quoted(spec.dtype)}",
                f"{begin}_RANK {len(dims)}",
                f"{begin}_SHAPE {{{', '.join(dims) or '0'}}}",
                *([] if size is None else [f"{begin}_BYTES {size}"]),
            ]
    return lines


def _symbols_argument(package: Interface) -> str:
    return ", const int64_t *symbols" if package.symbols else ""


def _symbol_lines(package: Interface) -> list[str]:
    """Say in a comment what the symbols are."""
    told = ", ".join(f"symbols[{i}] = {symbol}" for i, symbol in enumerate(package.symbols))
    return [f" *   where the inputs tell {told}; such dims are -1 below."] if told else []


def _open_lines(package: Interface) -> list[str]:
    """Say in a comment what becomes of outputs whose size data decide."""
    found = tensors(package.signature.outputs)
    names = [f"outputs[{i}]" for i, (_, spec) in enumerate(found) if not spec.is_shaped]
    if not names:
        return []
    return [
        f" * Data decide how large {', '.join(names)} will be; such dims are -1 below. For",
        " * `run` its place is an int64_t[1 + rank], which gets its address and its dims; for",
        " * `run_tensors` a tensor without data, which gets address and shape, or one of the right",
        " * shape. What has no memory of the caller's lies in the context's, until its next run.",
    ]


def _one_line(package: Interface) -> str:
    """Return the signature under the name that C knows it by."""
    inputs, outputs = (
        ", ".join(f"{name}: {spec}" for name, spec in parameters)
        for parameters in (package.signature.inputs, package.signature.outputs)
    )
    return f"{package.name}({inputs}) -> ({outputs})"


def _comment(name: str) -> str:
    """Return a name that the model chose as it may stand in a comment."""
    return json.dumps(name).replace("*/", "* /").replace("/*", "/ *")


class Weights(Protocol):
    """Weights that are not in the library."""

    def definition(self) -> str:
        """Return what the source says of them."""
        ...


def source_text(package: Package, weights: Weights | None = None) -> str:
    """Return the C source that implements the header, with the model's own code behind it.

    Args:
        package: the model.
        weights: where the constants are, if they are not in its objects.
    """
    name, upper = package.name, package.name.upper()
    features = "".join(
        f'    {{"{f.name}", {f.leaf:#x}u, {f.subleaf}u, {f.register}u, {f.bit}u, {f.saved:#x}u}},\n'
        for f in package.checked()
    )
    text = _SOURCE
    for mark, value in (
        ("@FEATURES@", features),
        ("@WEIGHTS@", "" if weights is None else weights.definition()),
        ("@REQUIRE_WEIGHTS@", "" if weights is None else _REQUIRE_WEIGHTS),
        ("@TABLES@", model_tables(package, "IN_SECTION ")),
        ("@SECTION@", DESCRIPTION_SECTION),
        ("@SHAPES@", shape_tables(package.program, package.main) if package.symbols else ""),
        ("@MODEL_ENTRY@", "NULL" if package.symbols else package.entry),
        ("@MODEL_SHAPES@", f"&shapes, {package.entry}" if package.symbols else "NULL, NULL"),
        ("@SYMBOLS_ARGUMENT@", _symbols_argument(package)),
        ("@SYMBOLS_TYPE@", ", const int64_t *" if package.symbols else ""),
        ("@SYMBOLS@", "symbols" if package.symbols else "NULL"),
        ("@ENTRY@", package.entry),
        ("@FORMAT@", str(FORMAT)),
        ("@FUNCTIONS@", str(len(FUNCTIONS) + 1)),
        ("@RUNTIME@", RUNTIME_FOLDER),
        ("@NAME@", name),
        ("@UPPER@", upper),
    ):
        text = text.replace(mark, value)
    return text


def model_tables(package: Package, describe_in: str = "") -> str:
    """Return what C code has to know of a model: `inputs`, `outputs`, `description`.

    Args:
        package: the model.
        describe_in: what stands before the description: attributes of the compiler.
    """
    signature = package.signature
    tables = [_parameters("input", signature.inputs), _parameters("output", signature.outputs)]
    description = f"{describe_in}static const char description[] =\n{_literal(package.describe())};"
    return "\n\n".join([*tables, description])


def _parameters(what: str, parameters: Sequence[Param]) -> str:
    """Return the tables of what goes in or comes out."""
    shapes, rows = list[str](), list[str]()
    for index, (name, spec) in enumerate(tensors(parameters)):
        shape = [dim if isinstance(dim, int) else -1 for dim in spec.shape or ()]
        dims = ", ".join(f"INT64_C({dim})" for dim in shape) or "0"
        shapes.append(f"static const int64_t {what}{index}_shape[] = {{{dims}}};\n")
        dtype = f"{spec.dtype.dlpack_code}, {max(spec.dtype.bits, _PACKED_BITS)}"
        is_open = int(not spec.is_shaped)
        rows.append(
            f"    {{{quoted(name)}, {quoted(str(spec))}, {dtype}, {len(shape)},"
            f" {what}{index}_shape, UINT64_C({spec.size_bytes or 0}), {is_open}}},\n"
        )
    table = f"static const tyrex_parameter {what}s[] = {{\n{''.join(rows)}"
    return f"{''.join(shapes)}{table}    {{NULL, NULL, 0, 0, 0, NULL, 0, 0}}}};"


def quoted(text: str) -> str:
    """Return text as one string literal of C, in ASCII; what is no ASCII is escaped as in JSON."""
    plain = json.dumps(text)[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?")
    return f'"{escaped}"'


def _literal(text: str) -> str:
    """Return ASCII text as string literals of C, one a line."""
    pieces = (text[i : i + _LITERAL_CHARACTERS] for i in range(0, len(text), _LITERAL_CHARACTERS))
    quoted = (p.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?") for p in pieces)
    return "\n".join(f'    "{piece}"' for piece in quoted)


_REQUIRE_WEIGHTS = """\
  int32_t missing = tyrex_weights_require(&weights_file, &weights_loaded);
  if (missing) {
    if (context) {
      *context = NULL;
    }
    return missing;
  }
"""

_SOURCE = dedent("""\
    #if defined(__GNUC__)
    #pragma GCC visibility push(default)
    #endif
    #include "@NAME@.h"
    #if !defined(__wasm__)
    #if defined(TYREX_SHARED)
    #define TYREX_MODULE tyrex_module
    int __tvm_ffi_main(void *self, const void *args, int32_t num_args, void *result);
    #else
    #define TYREX_MODULE @NAME@_tyrex_module
    #endif
    const struct tyrex_module *TYREX_MODULE(void);
    #endif
    #if defined(__GNUC__)
    #pragma GCC visibility pop
    #endif
    #include "@RUNTIME@/model.h"
    #include "@RUNTIME@/tvm_ffi.h"

    int32_t @ENTRY@(void *context, const void *const *inputs,
                    void *const *outputs@SYMBOLS_ARGUMENT@);

    static const tyrex_cpu_feature features[] = {
    @FEATURES@    {NULL, 0u, 0u, 0u, 0u, 0u}};

    #if defined(__ELF__)
    #define IN_SECTION __attribute__((section("@SECTION@"), used)) /* readers need not run code */
    #else
    #define IN_SECTION
    #endif

    @TABLES@

    @SHAPES@

    static const tyrex_model model = {
        {"@NAME@", @UPPER@_SIGNATURE, @UPPER@_NUM_INPUTS, @UPPER@_NUM_OUTPUTS, inputs, outputs},
        features,
        @MODEL_ENTRY@,
        @MODEL_SHAPES@};

    @WEIGHTS@
    int32_t @NAME@_create(uint32_t num_threads, @NAME@_context **context) {
      tyrex_context *made = NULL;
    @REQUIRE_WEIGHTS@
      int32_t code = tyrex_model_create(&model, num_threads, context ? &made : NULL);
      if (context) {
        *context = (@NAME@_context *)made;
      }
      return code;
    }

    int32_t @NAME@_run(@NAME@_context *context, const void *const *inputs,
                       void *const *outputs@SYMBOLS_ARGUMENT@) {
      return tyrex_model_run(&model, (tyrex_context *)context, inputs, outputs, @SYMBOLS@);
    }

    int32_t @NAME@_run_tensors(@NAME@_context *context, const tyrex_tensor *const *inputs,
                               int32_t num_inputs, const tyrex_tensor *const *outputs,
                               int32_t num_outputs) {
      const void *in[@UPPER@_NUM_INPUTS + 1];
      void *out[@UPPER@_NUM_OUTPUTS + 1];
      return tyrex_model_run_tensors(&model, (tyrex_context *)context, inputs, num_inputs,
                                     outputs, num_outputs, in, out);
    }

    int32_t @NAME@_infer(const tyrex_tensor *const *inputs, int32_t num_inputs,
                         tyrex_tensor *const *outputs, int32_t num_outputs) {
      return tyrex_model_infer(&model, inputs, num_inputs, outputs, num_outputs);
    }

    int32_t @NAME@_set_num_threads(@NAME@_context *context, uint32_t num_threads) {
      return tyrex_model_set_num_threads(&model, (tyrex_context *)context, num_threads);
    }

    void @NAME@_destroy(@NAME@_context *context) {
      tyrex_context_destroy((tyrex_context *)context);
    }

    const char *@NAME@_describe(void) { return description; }

    const char *@NAME@_last_error(void) { return tyrex_error_message(); }

    #if defined(__wasm__)
    void *@NAME@_allocate(uint32_t bytes) { return tyrex_memory_allocate(bytes); }

    void @NAME@_free(void *block) { tyrex_memory_free(block); }
    #else
    int __tvm_ffi_@NAME@(void *self, const void *args, int32_t num_args, void *result) {
      (void)self;
      return tyrex_tvm_ffi_call(&model, args, num_args, result);
    }
    #endif

    #if defined(TYREX_SHARED) && !defined(__wasm__)
    int __tvm_ffi_main(void *self, const void *args, int32_t num_args, void *result) {
      (void)self;
      return tyrex_tvm_ffi_call(&model, args, num_args, result);
    }
    #endif

    #if !defined(__wasm__)
    /* What load_module and system_lib look for; runtime/module.py has the other half. */
    struct tyrex_module {
      uint32_t format;
      uint32_t num_functions;
      const char *(*describe)(void);
      const char *(*last_error)(void);
      int32_t (*create)(uint32_t, @NAME@_context **);
      int32_t (*run)(@NAME@_context *, const void *const *, void *const *@SYMBOLS_TYPE@);
      int32_t (*set_num_threads)(@NAME@_context *, uint32_t);
      void (*destroy)(@NAME@_context *);
      void (*shutdown)(void);
      int32_t (*run_tensors)(@NAME@_context *, const tyrex_tensor *const *, int32_t,
                             const tyrex_tensor *const *, int32_t);
      int32_t (*infer)(const tyrex_tensor *const *, int32_t, tyrex_tensor *const *, int32_t);
    };

    const struct tyrex_module *TYREX_MODULE(void) {
      static const struct tyrex_module module = {
          @FORMAT@u, @FUNCTIONS@u, @NAME@_describe, @NAME@_last_error, @NAME@_create, @NAME@_run,
          @NAME@_set_num_threads, @NAME@_destroy, tyrex_pool_shutdown, @NAME@_run_tensors,
          @NAME@_infer};
      return &module;
    }
    #endif
    """)
