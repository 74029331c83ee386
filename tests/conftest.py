import os
import tempfile
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_cache() -> Iterator[None]:
    """Keep compiled results apart from the user's, unless the environment names a folder."""
    if "TYREX_CACHE_DIR" in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="tyrex-cache-") as folder:
        os.environ["TYREX_CACHE_DIR"] = folder
        yield
        del os.environ["TYREX_CACHE_DIR"]
