"""What every network must keep that turns signals, or maps, into others of the same size.

``module(x)`` maps x [b, channels, (f,) t] to an `ondes.nn.translator.Translation`, as
``module.spec``, a `TranslatorSpec`, declares. Checked are, in this order:

1. every part has the size of what came in, at any length; silence gives finite results; shares of
   attention add up to 1, and log-uncertainty is 0 or less;
2. a batch gives what its items give one by one, and a second call gives the same;
3. saved weights (safetensors) put into a new network give the same result;
4. gradients of all parts reach every parameter, and are finite in silence too;
5. NaN, other axes, channels or bins, and a wrong rate raise their own errors;
6. ONNX Runtime gives the same parts at three lengths (needs ``ondes[onnx]``).
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from ondes.errors import ChannelError, InputError, NotFiniteError, RateError
from ondes.nn.export import to_onnx
from ondes.nn.translator import Exportable, Translation, Translator
from ondes.signal import Signal
from ondes.spec import TranslatorSpec
from ondes.testing.copies import saved_and_loaded
from ondes.testing.gradients import require_gradients
from ondes.testing.require import require, require_equal, require_error

EXACT = 1e-9  # of the largest value, where double precision computes the same thing twice
CLOSE = 1e-4  # the same where single precision does, in another order
BINS = 20  # where a network takes any number
LENGTHS = (1, 33, 64)


def check_shape(module: nn.Module) -> None:
    """Check sizes, shares and signs of all parts, of noise and of silence."""
    spec = _spec(module)
    for n in LENGTHS:
        x = _noise(module, items=2, samples=n)
        x[1] = 0
        made = _made(module, x)
        for name, rows in (("result", len(spec.outputs)), ("coarse", len(spec.outputs))):
            shape, wanted = list(getattr(made, name).shape), [2, rows, *x.shape[2:]]
            require(shape == wanted, f"{n} samples give a {name} of shape {shape}, not {wanted}")
        require(torch.isfinite(made.result).all(), f"{n} samples of noise or silence give NaN")
        if made.attention is not None:
            shares = made.attention.sum(1)
            require_equal(shares, torch.ones_like(shares), "shares of attention", at_most=CLOSE)
        if made.log_uncertainty is not None:
            most = float(made.log_uncertainty.max())
            require(most <= 0, f"log-uncertainty is up to {most:.2g}; it must be 0 or less")


def check_batch(module: nn.Module) -> None:
    """Check that items of a batch do not see each other, nor calls the calls before."""
    double = module.double()
    x = _noise(double, items=3, samples=LENGTHS[-1])
    together, again = (_made(double, x).stacked() for _ in range(2))
    alone = torch.cat([_made(double, item[None]).stacked() for item in x])
    require(torch.equal(together, again), "a second call with the same batch gives other results")
    require_equal(
        together, alone, "a batch gives other results than its items one by one", at_most=EXACT
    )


def check_saved(module: nn.Module) -> None:
    """Check that the state dict holds all that results depend on."""
    x = _noise(module, items=2, samples=LENGTHS[-1])
    with torch.no_grad():
        module.train()(x)  # moves running statistics away from their first values
    expected = _made(module.eval(), x).stacked()
    require(
        torch.equal(expected, _made(saved_and_loaded(module), x).stacked()),
        "saved weights put into a new network give other results: something that they depend on "
        "is neither a parameter nor a buffer",
    )


def check_gradients(module: nn.Module) -> None:
    """Check that training moves every parameter: no gradient is missing, zero or not finite."""
    double = module.double().train()
    x = _noise(double, items=4, samples=LENGTHS[-1])
    x[0] = 0  # a root or a logarithm has no finite slope in silence

    def total() -> Tensor:
        made: Translation = double(x)
        parts = made.stacked()
        return (parts * torch.linspace(0.5, 1.5, parts.numel()).to(parts).view_as(parts)).sum()

    require_gradients(double, total)


def check_errors(module: nn.Module) -> None:
    """Check that what the network cannot take raises the error made for it."""
    spec = _spec(module)
    x = _noise(module, items=2, samples=LENGTHS[-1])
    hurt = x.clone()
    hurt[1, -1, ..., -1] = float("nan")
    other = Signal.of(x[0].flatten(0, -2).numpy(), rate_hz=1.37 * spec.rate_hz)
    require_error(NotFiniteError, "a NaN", lambda: module(hurt))
    require_error(ChannelError, "one channel too many", lambda: module(torch.cat([x, x[:, :1]], 1)))
    require_error(InputError, "a batch without channel axis", lambda: module(x[:, 0]))
    require_error(InputError, "an empty batch", lambda: module(x[..., :0]))
    require_error(RateError, "a signal of another rate", lambda: spec.check(other))
    if spec.bins is not None:
        more = torch.cat([x, x[:, :, :1]], 2)
        require_error(InputError, "a bin too many", lambda: module(more))


def check_onnx(module: nn.Module) -> None:
    """Check that ONNX Runtime gives the parts of the network, at any length."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    whole = Exportable(cast("Translator", module))
    told = _made(module, _noise(module, items=1, samples=LENGTHS[-1])).log_uncertainty is not None
    besides = ("result", "log_uncertainty") if told else ("result",)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        try:
            to_onnx(whole, path, output="parts", besides=besides)
        except InputError as error:
            raise AssertionError(str(error)) from error
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    for items, n in enumerate(LENGTHS, 1):
        x = _noise(module, items=items, samples=n)
        parts = torch.from_numpy(session.run(["parts"], {"signal": x.numpy()})[0])
        said = f"ONNX Runtime gives other results for a batch of {items} with {n} samples"
        require_equal(parts, _made(module, x).stacked(), said, at_most=CLOSE)


CHECKS: tuple[Callable[[nn.Module], None], ...] = (
    check_shape,
    check_batch,
    check_saved,
    check_gradients,
    check_errors,
    check_onnx,
)


def _spec(module: nn.Module) -> TranslatorSpec:
    spec = module.spec
    assert isinstance(spec, TranslatorSpec)
    return spec


@torch.no_grad()
def _made(module: nn.Module, x: Tensor) -> Translation:
    made = module(x)
    require(isinstance(made, Translation), f"a call gives {type(made)}, not a Translation")
    assert isinstance(made, Translation)
    return made


def _noise(module: nn.Module, *, items: int, samples: int) -> Tensor:
    spec, like = _spec(module), next(module.parameters())
    size = (samples,) if spec.dims == 1 else (spec.bins or BINS, samples)
    return torch.randn(items, spec.channels, *size, dtype=like.dtype)
