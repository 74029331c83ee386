import sys
import threading
from dataclasses import dataclass

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.passes import ModulePass

from tyrex.driver.pass_context import PassContext, compiler_context, recursion_limit, run_pipeline


@dataclass(frozen=True)
class Mark(ModulePass):
    """Notes on the module that it ran."""

    name = "mark"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        op.attributes["mark"] = UnitAttr()


def test_contexts_nest_and_end() -> None:
    assert PassContext.current().opt_level == 2
    with PassContext(opt_level=0) as outer:
        assert PassContext.current() is outer
        with PassContext(opt_level=3):
            assert PassContext.current().opt_level == 3
        assert PassContext.current() is outer
    assert PassContext.current().opt_level == 2


def test_one_context_may_be_entered_twice() -> None:
    context = PassContext(opt_level=1)
    with context, context:
        assert PassContext.current() is context
    assert PassContext.current() is not context


def test_a_context_is_not_seen_by_other_threads() -> None:
    seen: list[int] = []
    with PassContext(opt_level=0):
        thread = threading.Thread(target=lambda: seen.append(PassContext.current().opt_level))
        thread.start()
        thread.join()
    assert seen == [2]


def test_a_wrong_level_is_refused() -> None:
    with pytest.raises(ValueError, match="it must be 0, 1, 2 or 3"):
        PassContext(opt_level=4)


def test_disabled_passes_are_left_out() -> None:
    with PassContext(disabled_passes=frozenset({"mark"})):
        assert not run_pipeline(ModuleOp([]), [Mark()]).attributes
    assert run_pipeline(ModuleOp([]), [Mark()]).attributes


def test_the_recursion_limit_is_restored() -> None:
    before = sys.getrecursionlimit()
    with recursion_limit(before + 1000):
        assert sys.getrecursionlimit() == before + 1000
    assert sys.getrecursionlimit() == before


def test_the_context_knows_every_dialect_and_loads_only_builtin() -> None:
    context = compiler_context()
    assert {"relax", "tir", "vm", "llvm", "tyrex"} <= set(context.registered_dialect_names)
    assert [dialect.name for dialect in context.loaded_dialects] == ["builtin"]
