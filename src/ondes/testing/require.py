"""How checks say what is wrong."""

from collections.abc import Callable

from torch import Tensor


def require(condition: object, message: str) -> None:
    """Raise AssertionError with `message` unless `condition` is true, also under ``python -O``."""
    if not condition:
        raise AssertionError(message)


def require_equal(a: Tensor, b: Tensor, message: str, *, at_most: float) -> None:
    """Require that `a` and `b` differ by no more than the share `at_most` of the largest value."""
    require(a.shape == b.shape, f"{message}: shapes {list(a.shape)} and {list(b.shape)}")
    gap, scale = float((a - b).abs().max()), 1 + float(b.abs().max())
    require(gap <= at_most * scale, f"{message}: they differ by {gap:.2g} of {scale:.2g}")


def require_error(kind: type[Exception], what: str, call: Callable[[], object]) -> None:
    """Require that `call` raises an error of this kind."""
    try:
        call()
    except kind:
        return
    except Exception as error:
        raise AssertionError(
            f"{what} raises {type(error).__name__}, not {kind.__name__}: {error}"
        ) from error
    raise AssertionError(f"{what} raises no {kind.__name__}")
