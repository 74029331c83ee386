from xdsl.universe import XDSL_UNIVERSE, Universe

from tyrex.dialects import OTHER_DIALECTS, OWN_DIALECTS
from tyrex.passes import PASSES


def test_xdsl_finds_our_dialects_and_passes() -> None:
    # Raises by itself when two universes define one name.
    multiverse = Universe.get_multiverse()
    assert set(OWN_DIALECTS) <= set(multiverse.all_dialects)
    assert set(PASSES) <= set(multiverse.all_passes)


def test_no_name_is_taken_from_xdsl() -> None:
    assert not set(OWN_DIALECTS) & set(XDSL_UNIVERSE.all_dialects)
    assert not set(PASSES) & set(XDSL_UNIVERSE.all_passes)


def test_the_other_dialects_are_those_that_xdsl_has_too() -> None:
    assert set(OTHER_DIALECTS) <= set(XDSL_UNIVERSE.all_dialects)
