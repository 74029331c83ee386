import pytest

from tyrex.runtime import errors


@pytest.mark.parametrize(
    ("code", "kind", "builtin"),
    [
        (errors.ERROR_ARGUMENT, errors.ArgumentError, ValueError),
        (errors.ERROR_SHAPE, errors.ShapeError, ValueError),
        (errors.ERROR_BOUNDS, errors.BoundsError, IndexError),
        (errors.ERROR_MEMORY, errors.OutOfMemoryError, MemoryError),
        (errors.ERROR_UNSUPPORTED, errors.UnsupportedError, NotImplementedError),
        (errors.ERROR_ABI, errors.LoadError, OSError),
        (errors.ERROR_INTERNAL, errors.RuntimeFailure, RuntimeError),
        (1234, errors.RuntimeFailure, RuntimeError),
    ],
)
def test_native_codes(code: int, kind: type[errors.TyrexError], builtin: type[Exception]):
    error = errors.from_native(code, "words", "@main")
    assert type(error) is kind
    assert isinstance(error, builtin)
    assert str(error) == "@main: words"


def test_no_message_names_the_code():
    error = errors.from_native(1234, "", "@main")
    assert isinstance(error, errors.RuntimeFailure)
    assert error.code == 1234
    assert str(error) == "@main: native code failed with error code 1234"


def test_dtype_error_is_a_type_error():
    assert issubclass(errors.DTypeError, TypeError)
