"""Lit tests run in this process, so that a test can break what they are about."""

import gc
from functools import cache
from pathlib import Path
from typing import Any

import lit.LitConfig
import lit.Test
import lit.TestingConfig

ROOT = Path(__file__).resolve().parents[2]
LIT_TESTS = ROOT / "lit_tests"


@cache
def _suite() -> tuple[Any, Any]:
    """Return lit's configuration and the suite of all tests, as `lit lit_tests` has them."""
    settings: dict[str, Any] = {
        "useValgrind": False, "valgrindLeakCheck": False, "valgrindArgs": [], "noExecute": False,
        "debug": False, "diagnostic_level": "note", "isWindows": False, "order": "smart",
        "params": {}, "path": [],
    }  # fmt: skip
    lit_config: Any = lit.LitConfig.LitConfig("lit", **settings)
    testing: Any = lit.TestingConfig
    config = testing.TestingConfig.fromdefaults(lit_config)
    config.load_from_path(str(LIT_TESTS / "lit.cfg.py"), lit_config)
    gc.unfreeze()  # the configuration freezes what it has imported, for processes it forks
    suite: Any = lit.Test.TestSuite(
        config.name, config.test_source_root, config.test_exec_root, config
    )
    return lit_config, suite


def passes(path: Path) -> bool:
    """Run the RUN lines of a test; tell whether they succeed."""
    lit_config, suite = _suite()
    place = path.relative_to(LIT_TESTS).parts
    result: Any = suite.config.test_format.execute(
        lit.Test.Test(suite, place, suite.config), lit_config
    )
    return result.code is lit.Test.PASS
