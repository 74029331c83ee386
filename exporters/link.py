"""Linking a library that is loaded: what each system's linker has to be told.

A library shows its own functions and nothing else; it needs no other library than the system's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from .c_interface import FUNCTIONS
from .package import Package
from .toolchain import Toolchain, run_tool

_WASM_STACK_BYTES = 1 << 20
"""Kernels keep register tiles and small buffers on the stack."""


def shown_functions(package: Package) -> list[str]:
    """Return the names of the functions that users call."""
    functions = [f"{package.name}_{function}" for function in FUNCTIONS]
    return [*functions, f"__tvm_ffi_{package.name}", *package.shown]


def module_function(name: str) -> str:
    """Return the function of an object or an archive that `tyrex.system_lib` looks for."""
    return f"{name}_tyrex_module"


def link_shared(package: Package, toolchain: Toolchain, objects: Sequence[str], path: Path) -> None:
    """Link the objects beside `path` to a library for the toolchain's platform.

    Raises:
        RuntimeFailure: the linker failed.
    """
    flags = _FLAGS[toolchain.platform.object_format](package, toolchain, path.parent)
    run_tool(
        [*toolchain.command, *flags, "-o", path.name, *objects, *_last(toolchain)], path.parent
    )


def _last(toolchain: Toolchain) -> Sequence[str]:
    return () if toolchain.platform.system in ("wasm", "windows") else ("-lm",)


def _elf(package: Package, toolchain: Toolchain, folder: Path) -> list[str]:
    shown = "; ".join([*shown_functions(package), "tyrex_module", "__tvm_ffi_main"])
    (folder / "exports.map").write_text(f"{{ global: {shown}; local: *; }};\n")
    # Its threads may outlive a dlclose: the code stays mapped.
    flags = ["-shared", "-pthread", "-Wl,--version-script=exports.map"]
    flags += ["-Wl,-z,nodelete", "-Wl,--no-undefined", f"-Wl,-soname,{package.name}.so"]
    return [*flags, "-s"] if toolchain.is_zig else [*flags, "-static-libgcc"]


def _macho(package: Package, toolchain: Toolchain, folder: Path) -> list[str]:
    # What is not to be seen is hidden in the objects: not every linker takes a list.
    return ["-shared", "-pthread", f"-Wl,-install_name,@rpath/{package.name}.dylib"]


def _coff(package: Package, toolchain: Toolchain, folder: Path) -> list[str]:
    shown = [*shown_functions(package), "tyrex_module", "__tvm_ffi_main"]
    (folder / "exports.def").write_text("EXPORTS\n" + "".join(f"  {name}\n" for name in shown))
    return ["-shared", "exports.def", *(() if toolchain.is_zig else ("-static-libgcc",))]


def _wasm(package: Package, toolchain: Toolchain, folder: Path) -> list[str]:
    functions = (*FUNCTIONS, "allocate", "free")
    exports = [f"-Wl,--export={package.name}_{function}" for function in functions]
    flags = ["-nostdlib", "-Wl,--no-entry", "-Wl,--gc-sections", "-Wl,--strip-all"]
    return [*flags, f"-Wl,-z,stack-size={_WASM_STACK_BYTES}", *exports]


_FLAGS: dict[str, Callable[[Package, Toolchain, Path], list[str]]] = {
    "coff": _coff,
    "elf": _elf,
    "macho": _macho,
    "wasm": _wasm,
}
