"""Whole models that were compiled before, found by what they were compiled from.

The key is the digest of the model's bytes, of the files of weights that it names, of the options,
and of the compiler. Which files a model names is itself remembered, under the model's digest: so a
hit needs no reader of ONNX.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..runtime.errors import LoadError
from .artifact import Artifact
from .cache import Cache
from .cache_keys import FileDigests, compiler_digest, digest
from .options import CompileOptions
from .sources import Kind, Source

KIND = "models"


@dataclass(frozen=True)
class ModelCache:
    """The cached models that one source and one set of options may find.

    Attributes:
        settings: what else decides the result, as text.
    """

    store: Cache
    source: Source
    options: CompileOptions
    settings: str = ""

    @property
    def applies(self) -> bool:
        """Whether the model is looked up at all: operations in memory are not."""
        return self.store.root is not None and self.source.kind is not Kind.IR

    def load(self) -> Artifact | None:
        """Return the compiled model, or None."""
        if not self.applies:
            return None
        try:
            key = self._key(self._remembered_files())
            data = None if key is None else self.store.get(KIND, key)
            return None if data is None else Artifact.unpack(data)
        except LoadError:  # written by another version, or damaged: as good as absent
            return None

    def save(self, artifact: Artifact) -> None:
        """Keep a compiled model."""
        if not self.applies:
            return
        files = self.source.external_files()
        if files:
            self.store.put("files", self._files_key(), "\n".join(files).encode())
        key = self._key(files)
        if key is not None:
            self.store.put(KIND, key, artifact.pack())

    def _key(self, files: Sequence[str]) -> str | None:
        """Return the key of the model with files of weights beside it, None where one is gone."""
        folder = Path() if self.source.path is None else self.source.path.parent
        digests = FileDigests(self.store)
        try:
            beside = [digests.of(folder / name) for name in files]
        except OSError:
            return None
        return digest(
            self.source.kind.name,
            self._digest(),
            *beside,
            self.options.key(),
            self.settings,
            compiler_digest(),
        )

    def _digest(self) -> str:
        source = self.source
        return FileDigests(self.store).of(source.path) if source.path else digest(source.bytes())

    def _files_key(self) -> str:
        return digest("external files", self._digest(), compiler_digest())

    def _remembered_files(self) -> list[str]:
        """Return the files of weights that a model with these bytes was seen to name."""
        if self.source.path is None:
            return []
        data = self.store.get("files", self._files_key())
        return [] if data is None else bytes(data).decode().splitlines()
