import gc
import sys
import threading
from contextlib import suppress

import numpy as np

import tyrex
from tyrex.driver.interpreter_settings import RECURSION_LIMIT, compiling

from .models import GRAPH, X, Y  # noqa: TID251  # the tests' folder, not the package's


def test_settings_are_put_back_after_errors_too() -> None:
    limit = sys.getrecursionlimit()
    with suppress(KeyError), compiling():
        assert not gc.isenabled()
        assert sys.getrecursionlimit() == RECURSION_LIMIT
        raise KeyError
    assert gc.isenabled()
    assert sys.getrecursionlimit() == limit


def test_a_collector_that_is_off_stays_off() -> None:
    gc.disable()
    try:
        with compiling():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_last_of_several_compiles_restores() -> None:
    limit = sys.getrecursionlimit()
    first, second = compiling(), compiling()
    with second:
        with first:
            pass
        assert not gc.isenabled()
        assert sys.getrecursionlimit() == RECURSION_LIMIT
    assert gc.isenabled()
    assert sys.getrecursionlimit() == limit


def test_threads_compile_at_once() -> None:
    errors: list[float] = []

    def work(opt_level: int) -> None:
        y = tyrex.compile(GRAPH, opt_level=opt_level, cache=False)(X)
        errors.append(float(np.abs(np.asarray(y) - Y).max()))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) == 4
    assert max(errors) < 1e-6
    assert gc.isenabled()
