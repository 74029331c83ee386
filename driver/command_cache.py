"""`tyrex cache`: what is kept on disk, and how to be rid of it."""

from __future__ import annotations

import click

from .cache import Cache
from .terminal import table

_UNIT = 1e6


@click.group()
def cache() -> None:
    """Compiled kernels and models on disk."""


@cache.command("ls")
def ls() -> None:
    """List what each kind of entries takes."""
    store = _store()
    rows = [("kind", "entries", "MB")]
    rows += [(u.kind, str(u.entries), f"{u.size_bytes / _UNIT:.1f}") for u in store.usage()]
    click.echo(table(rows))


@cache.command("info")
def info() -> None:
    """Tell where the cache is and how much it may hold."""
    store = Cache()
    used = sum(usage.size_bytes for usage in store.usage())
    click.echo(f"folder: {store.root or f'none: {store.reason}'}")
    click.echo(f"used: {used / _UNIT:.1f} MB of {store.max_bytes / _UNIT:.1f} MB")
    click.echo("settings: TYREX_CACHE_DIR, TYREX_CACHE_MAX_BYTES, TYREX_CACHE=0")


@cache.command("clear")
def clear() -> None:
    """Remove every entry."""
    click.echo(f"removed {_store().clear() / _UNIT:.1f} MB")


def _store() -> Cache:
    store = Cache()
    if store.root is None:
        raise click.ClickException(f"there is no cache: {store.reason}")
    return store
