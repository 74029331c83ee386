"""The coefficients of the kernels are as near to their functions as the kernels say."""

import numpy as np
import pytest

from .minimax import FITS  # noqa: TID251  # the tests' folder, not the package's

pytestmark = pytest.mark.skipif(
    np.finfo(np.longdouble).nmant < 63, reason="the long double of this machine is no wider"
)


@pytest.mark.parametrize("name", sorted(FITS))
def test_tables_have_the_error_they_state(name: str) -> None:
    fit = FITS[name]
    assert fit.found_error(fit.table) <= fit.error * 1.05


def test_the_search_finds_what_is_used() -> None:
    fit = FITS["trigonometric.SIN"]
    assert fit.found_error(fit.find()) <= fit.error * 1.05
