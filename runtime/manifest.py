"""The manifest of a bundle: what a model is, which versions wrote it, what its files are.

It is a JSON object. `format` is the version of all that a bundle is; a reader that knows a format
may meet fields that it does not know, and ignores them, unless `needs` names them. `abi` is the
version of the calls between code and runtime (native/tyrex.h). Versions of Tyrex are written down
and decide nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar, cast  # noqa: TID251  the runtime lacks typing_extensions

from .errors import LoadError
from .native_library import ABI_VERSION
from .processor import Question

FORMAT = 1
CHECKED_INDICES = "checked-indices"
"""Its code calls `fail_index` of the context (native/tyrex.h)."""

KNOWN_NEEDS = frozenset((CHECKED_INDICES,))
"""What a manifest may say that its reader has to know."""

WEIGHTS = "weights.bin"
_MAX_SHOWN, _MAX_NAME = 100, 1000
_QUOTES = "'\""
_QUESTION_LIMITS = (2**32, 2**32, 4, 32, 2**32)
_Object = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Manifest:
    """What a bundle says about itself."""

    name: str
    """What functions of a library that is made of it begin with."""
    tyrex: str
    """The version that wrote it."""
    target: str
    """The triple that the code is for."""
    features: tuple[str, ...]
    """Of the target, "+avx2" present and "-avx512f" absent."""
    cpu: tuple[Question, ...]
    """What the processor is asked for."""
    kernels: Mapping[str, str]
    """The name of a kernel in the program -> its symbol."""
    constants: tuple[str, ...]
    """The symbols of the program's constants, which the native host program refers to."""
    entry: str | None
    """The symbol of the native host program; None where bytecode alone can run the model."""
    refusal: str
    """Why it cannot be called through a C interface; "" where it can."""
    metadata: Mapping[str, str]
    inputs: tuple[str, ...] = ()
    """Of "main", as text; for readers, the program decides."""
    outputs: tuple[str, ...] = ()
    members: Mapping[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])
    """Name -> size in bytes and checksum, "sha256:..." or "xxh64:..."."""

    def text(self) -> str:
        """Return the manifest as JSON."""
        fields = asdict(self) | {"cpu": [question._asdict() for question in self.cpu]}
        needs = [CHECKED_INDICES] if "sanitize" in self.metadata else []
        versions = {"format": FORMAT, "abi": ABI_VERSION, "needs": needs}
        return json.dumps({**versions, **fields}, indent=1)

    @staticmethod
    def read(text: bytes) -> Manifest:
        """Return the manifest that `text` says.

        Raises:
            LoadError: it is none, or of a format or an ABI that is not known here.
        """
        try:
            fields = _object(json.loads(text.decode()), "the whole")
        except (ValueError, RecursionError) as error:
            raise LoadError(f"its manifest is no JSON: {error}") from None
        _check_versions(fields)
        return Manifest(
            _text(fields.get("name"), "name"),
            _text(fields.get("tyrex"), "tyrex"),
            _text(fields.get("target"), "target"),
            _texts(fields, "features"),
            _list(fields.get("cpu"), "cpu", _question),
            _map(fields, "kernels", _text),
            _texts(fields, "constants"),
            None if fields.get("entry") is None else _text(fields["entry"], "entry"),
            _long_text(fields.get("refusal"), "refusal"),
            _map(fields, "metadata", _long_text),
            _texts(fields, "inputs"),
            _texts(fields, "outputs"),
            _map(fields, "members", _member),
        )


def _check_versions(fields: _Object) -> None:
    by = f"written by Tyrex {_shown(fields.get('tyrex')).strip(_QUOTES)}"
    if fields.get("format") != FORMAT:
        raise LoadError(
            f"found format {_shown(fields.get('format'))}, {by}; this Tyrex reads format {FORMAT}:"
            " export the model again, or load it with that one"
        )
    unknown = sorted(set(_texts(fields, "needs")) - KNOWN_NEEDS)
    if unknown:
        names = _shown(", ".join(unknown)).strip(_QUOTES)
        raise LoadError(f"needs {names}, {by}; this Tyrex does not know: update it")
    if fields.get("abi") != ABI_VERSION:
        raise LoadError(
            f"found code of ABI version {_shown(fields.get('abi'))}, {by}; this Tyrex runs"
            f" {ABI_VERSION}: export the model again"
        )


def _shown(value: Any) -> str:
    """Return a text from a file as a message may have it: short, without control characters."""
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def _expect(value: Any, kind: type[T], what: str) -> T:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise LoadError(f"its manifest: {_shown(what)}: found {type(value).__name__}")
    return value


def _get(fields: _Object, key: str, kind: type[T]) -> T:
    if key not in fields:
        raise LoadError(f"its manifest: {key!r} is missing")
    return _expect(fields[key], kind, key)


def _object(value: Any, what: str) -> _Object:
    return cast(_Object, _expect(value, dict, what))


def _map(fields: _Object, key: str, read: Callable[[Any, str], T]) -> dict[str, T]:
    items = _object(fields.get(key), key).items()
    return {name: read(value, name) for name, value in items}


def _list(value: Any, what: str, read: Callable[[Any, str], T]) -> tuple[T, ...]:
    items = cast(list[Any], _expect(value, list, what))
    return tuple(read(item, what) for item in items)


def _text(value: Any, what: str) -> str:
    """Return a name: no more than a page of text that can be printed."""
    text = _long_text(value, what)
    if len(text) > _MAX_NAME or not text.isprintable():
        raise LoadError(f"its manifest: {_shown(what)}: found {_shown(text)}")
    return text


def _long_text(value: Any, what: str) -> str:
    return _expect(value, str, what)


def _texts(fields: _Object, key: str) -> tuple[str, ...]:
    return _list(fields.get(key), key, _text)


def _question(value: Any, what: str) -> Question:
    fields = _object(value, what)
    numbers = tuple(_get(fields, key, int) for key in Question._fields[1:])
    if not all(0 <= n < limit for n, limit in zip(numbers, _QUESTION_LIMITS, strict=True)):
        raise LoadError(f"its manifest: {what!r}: {_shown(numbers)}")
    return Question(_text(fields.get("name"), "name"), *numbers)


def _member(value: Any, name: str) -> tuple[int, str]:
    pair = cast(list[Any], _expect(value, list, f"member {name}"))
    if len(pair) != 2:
        raise LoadError(f"its manifest: member {_shown(name)}: found {_shown(pair)}")
    size, text = _expect(pair[0], int, name), _text(pair[1], name)
    # Weights are many, and read at each load: they have a quick checksum, the rest a strong one.
    wanted = "xxh64:" if name == WEIGHTS else "sha256:"
    if not text.startswith(wanted):
        raise LoadError(
            f"its manifest: member {_shown(name)}: found checksum {_shown(text)}, no {wanted[:-1]}"
        )
    return size, text
