"""A machine that code is made for: what LLVM and schedules have to know about it.

Plain Python without xDSL: a process that finds its model compiled in the cache names the machine
too, and loads no compiler for it. `target.py` makes it an attribute of a module.
"""

from __future__ import annotations

from dataclasses import dataclass, field

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Target:
    """A machine: what LLVM has to know about it, and what a schedule has to know."""

    triple: str
    """LLVM's name of architecture, system and ABI, such as "x86_64-unknown-linux-gnu"."""
    cpu: str = ""
    """LLVM's name of the model that instructions are scheduled for; "" is the baseline."""
    features: tuple[str, ...] = ()
    """Instruction sets, "+avx2" present and "-avx512f" absent, on top of what `cpu` implies."""
    vector_bits: int = field(default=128, kw_only=True)
    """Width of the widest vector register that pays."""
    vector_registers: int = field(default=16, kw_only=True)
    cores: int = field(default=1, kw_only=True)
    """Cores that a schedule may plan for; how many threads run is a property of the run."""
    l1d_bytes: int = field(default=32 * KIB, kw_only=True)
    """First-level data cache of one core."""
    l2_bytes: int = field(default=512 * KIB, kw_only=True)
    """Second-level cache of one core."""
    l3_bytes: int = field(default=0, kw_only=True)
    """Last-level cache, shared by the cores; 0 where there is none."""

    def __post_init__(self) -> None:
        if not self.triple:
            raise ValueError("target: the triple is empty; use one such as x86_64-linux-gnu")
        for feature in self.features:
            if feature[:1] not in ("+", "-") or len(feature) < 2 or "," in feature:
                raise ValueError(f"target: feature '{feature}' has to start with '+' or '-'")
        if self.vector_bits < 64 or self.vector_bits & (self.vector_bits - 1):
            raise ValueError(f"target: vector_bits is a power of two, found {self.vector_bits}")
        for name in ("vector_registers", "cores", "l1d_bytes", "l2_bytes"):
            if getattr(self, name) < 1:
                raise ValueError(f"target: {name} starts at 1, found {getattr(self, name)}")

    @property
    def arch(self) -> str:
        """Return the architecture, the first part of the triple: "x86_64", "aarch64", ... ."""
        return self.triple.partition("-")[0]

    @property
    def feature_text(self) -> str:
        """Return the features as LLVM takes them, "+avx2,-avx512f"."""
        return ",".join(self.features)

    def has(self, feature: str) -> bool:
        """Tell whether instruction set `feature` ("avx512f") is listed as present."""
        return f"+{feature}" in self.features

    def lanes(self, element_bytes: int) -> int:
        """Return how many elements of a size fill one vector register, at least 1."""
        return max(1, self.vector_bits // (8 * element_bytes))
