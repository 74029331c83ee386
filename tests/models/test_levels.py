"""Real models, level by level: what is printed parses back the same, and knows where it is from.

TYREX_TEST_MODELS chooses, as in test_models.py: unset, the quick ones; `all`; or names.
"""

import os
from io import StringIO
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp

import tyrex
from tyrex.backends.llvm.host import detect_host
from tyrex.dialects.locating_parser import parse_module
from tyrex.dialects.location import is_known, sources
from tyrex.dialects.target import set_target
from tyrex.dialects.verify import verify_module
from tyrex.driver.instruments import write_module
from tyrex.driver.pass_context import compiler_context, recursion_limit, run_pipeline
from tyrex.passes.pipelines import O2

from . import zoo

QUICK = {"digits", "light_squeezenet", "ocr_classifier"}
CHOICE = os.environ.get("TYREX_TEST_MODELS", "")
DIGITS = Path(__file__).parents[2] / "examples" / "digits" / "digits.onnx"
BATCH = 3  # of the digits: not a size that the model has anyway

MODELS = ("digits", *zoo.NAMES)


def chosen(name: str) -> bool:
    return CHOICE == "all" or name in (CHOICE.split(",") if CHOICE else QUICK)


def parameters() -> list[object]:
    reason = "TYREX_TEST_MODELS does not choose it"
    skipped = [pytest.mark.skipif(not chosen(name), reason=reason) for name in MODELS]
    marks = [[] if name == "digits" else [pytest.mark.slow] for name in MODELS]
    return [
        pytest.param(name, marks=[*mark, skip])
        for name, mark, skip in zip(MODELS, marks, skipped, strict=True)
    ]


def load(name: str) -> ModuleOp:
    if name == "digits":
        return tyrex.from_onnx(DIGITS, dims={"batch": BATCH})
    try:
        case = zoo.load(name)
    except zoo.ModelUnavailable as reason:
        pytest.skip(str(reason))
    return tyrex.from_onnx(case.path, dims=case.dims, shapes=case.shapes)


@pytest.mark.parametrize("name", parameters())
def test_every_level_prints_and_parses_back(name: str) -> None:
    module = load(name)
    set_target(module, detect_host())
    check(module, "import")
    nodes = node_names(module)
    for level, passes in O2.items():
        run_pipeline(module, passes)
        check(module, level)
        known = node_names(module)
        assert known <= nodes, f"{level}: nodes that the model does not have: {known - nodes}"
        assert known


def check(module: ModuleOp, level: str) -> None:
    lost = [op.name for op in module.walk() if op is not module and not is_known(op.location)]
    assert not lost, f"{level}: these have no location: {lost[:5]}"
    text = StringIO()
    write_module(module, text, debuginfo=True)
    with recursion_limit():
        parsed = parse_module(compiler_context(), text.getvalue(), "again.mlir")
    assert module.is_structurally_equivalent(parsed), f"{level}: parsed, it is another module"
    for before, after in zip(module.body.walk(), parsed.body.walk(), strict=True):
        assert before.location == after.location, f"{level}: {before.name} has moved"
    verify_module(parsed)


def node_names(module: ModuleOp) -> set[str]:
    """Return the outputs of the ONNX nodes that the operations name."""
    return {source.output for op in module.walk() for source in sources(op.location)}
