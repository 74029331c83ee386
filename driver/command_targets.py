"""`tyrex targets`: what code can be made for."""

from __future__ import annotations

from dataclasses import fields

import click

from ..dialects.machine import KIB
from .terminal import table


@click.command()
@click.argument("name", required=False)
def targets(name: str | None) -> None:
    """List the targets, or show all of one: a name, or a triple with its options."""
    from ..backends.llvm.targets import NAMED_TARGETS, known_architectures, parse_target

    if name is not None:
        target = parse_target(name)
        for field in fields(target):
            click.echo(f"{field.name}: {getattr(target, field.name)}")
        return
    rows = [("name", "triple", "cpu", "vectors", "L1d", "L2")]
    for known in NAMED_TARGETS:
        target = parse_target(known)
        vectors = f"{target.vector_registers} x {target.vector_bits}"
        l1d, l2 = (f"{size // KIB} KiB" for size in (target.l1d_bytes, target.l2_bytes))
        rows.append((known, target.triple, target.cpu or "-", vectors, l1d, l2))
    click.echo(table(rows))
    click.echo(
        f"\nOr a triple of {', '.join(known_architectures())} with options, as\n"
        "    x86_64-linux-gnu,cpu=skylake,features=+avx2,-sse4a,cores=8\n"
        "    aarch64-linux-musl,features=+sve    riscv64-linux-gnu,features=+v\n"
        "    wasm32,features=-simd128            armv7-linux-gnueabihf,features=-neon"
    )
