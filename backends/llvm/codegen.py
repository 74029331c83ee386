"""LLVM IR text to optimised code: what runs inside LLVM, in this process or in a child.

Only llvmlite is imported here, neither xDSL nor NumPy, so that a child process starts quickly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from ...runtime.errors import TyrexError
from .library import Handle, binding, is_known

Output = Literal["object", "assembly", "llvm", "bitcode"]
OUTPUTS: tuple[Output, ...] = ("object", "assembly", "llvm", "bitcode")


class CodegenError(TyrexError, RuntimeError):
    """LLVM refused a module, or died on it."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What LLVM has to know about a target."""

    triple: str
    cpu: str = ""
    features: str = ""
    abi: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """How much LLVM does, and what."""

    opt_level: int = 2
    """0 to 3, of the pass pipeline and of code generation. Kernels bring their unrolling and
    vectors along: 3 costs them a fifth more compile time for larger code of the same speed."""
    loop_vectorize: bool = True
    """Let LLVM vectorise loops that no annotation excludes."""
    slp_vectorize: bool = False
    """Let LLVM vectorise straight-line code; schedules say what is a vector, so it rarely pays."""
    unroll: bool = True
    """Let LLVM unroll loops; annotations to unroll are obeyed only where this is on."""

    def __post_init__(self) -> None:
        if self.opt_level not in range(4):
            raise ValueError(f"opt_level is 0, 1, 2 or 3, found {self.opt_level}")


DEFAULT_OPTIONS = Options()


@cache
def target_machine(machine: Machine, opt_level: int) -> Handle:
    """Return LLVM's object for a target; position-independent code, so that it links anywhere.

    Raises:
        CodegenError: this build of LLVM has no such target.
    """
    if not is_known(machine.triple):
        raise CodegenError(
            f"this build of LLVM {'.'.join(map(str, binding.llvm_version_info))} has no code "
            f"generator for '{machine.triple}'"
        )
    target = binding.Target.from_triple(machine.triple)
    return target.create_target_machine(
        cpu=machine.cpu,
        features=machine.features,
        opt=opt_level,
        reloc="pic",
        codemodel="default",
        abiname=machine.abi,
    )


def generate(text: str, machine: Machine, options: Options, output: Output = "object") -> bytes:
    """Return what LLVM makes of a module's text, in this process.

    Raises:
        CodegenError: the text is no valid LLVM IR, or the target is unknown.
    """
    tm = target_machine(machine, options.opt_level)
    module = _parse(text)
    module.triple = machine.triple
    module.data_layout = str(tm.target_data)
    _optimise(module, tm, options)
    match output:
        case "object":
            return tm.emit_object(module)
        case "assembly":
            return tm.emit_assembly(module).encode()
        case "llvm":
            return str(module).encode()
        case "bitcode":
            return module.as_bitcode()


def _parse(text: str) -> Handle:
    try:
        module = binding.parse_assembly(text)
        module.verify()
    except RuntimeError as error:
        raise CodegenError(f"the module is no valid LLVM IR: {error}") from error
    return module


def _optimise(module: Handle, tm: Handle, options: Options) -> None:
    tuning = binding.create_pipeline_tuning_options(speed_level=options.opt_level)
    tuning.loop_vectorization = options.loop_vectorize and options.opt_level > 1
    tuning.slp_vectorization = options.slp_vectorize and options.opt_level > 1
    tuning.loop_interleaving = options.loop_vectorize and options.opt_level > 1
    tuning.loop_unrolling = options.unroll
    builder = binding.create_pass_builder(tm, tuning)
    passes = builder.getModulePassManager()
    passes.run(module, builder)
    passes.close()
    builder.close()
    tuning.close()
