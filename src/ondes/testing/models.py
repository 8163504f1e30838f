"""What every model must pass: `check_model` and its single checks."""

import copy
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ondes.errors import ChannelError, InputError, NotFiniteError, RateError, TooShortError
from ondes.ops.convolve import fixed
from ondes.signal import Signal
from ondes.spec import ClipSpec, Spec, TranslatorSpec
from ondes.testing import clipmodels, translators
from ondes.testing.copies import check_in_onnx, saved_and_loaded
from ondes.testing.gradients import require_gradients
from ondes.testing.require import require, require_equal, require_error

EXACT = 1e-9  # of the largest logit, where double precision computes the same thing twice
IMPULSES = (1.0, 1.0, 1.0, 30.0, 30.0, 30.0, 1000.0, 1000.0, 1000.0, 1000.0)
CLOSE = 1e-4  # the same where single precision does, in another order


def check_model(module: nn.Module) -> None:
    """Check that a network keeps the promises that inference, training and export rest on.

    ``module(x)`` maps x [b, channels, t] to logits [b, heads, classes, t // hop] as
    ``module.spec`` declares. Checked are, in this order:

    1. the shape, for lengths that are no multiple of the hop too; silence gives finite logits;
    2. a batch gives what its items give one by one, and a second call gives the same;
    3. saved weights (safetensors) put into a new network give the same logits;
    4. gradients reach every parameter, and are finite in silence too;
    5. logits of a group of ``spec.step`` frames depend on the declared receptive field, all of it
       and nothing beyond;
    6. a window of whole groups with the declared context gives the same frames as the whole
       signal, where silence surrounds both: chunked and live inference equal offline inference;
    7. NaN, wrong channels, a wrong rate and too short a signal raise their own errors;
    8. ONNX Runtime gives the same logits at three lengths (needs ``ondes[onnx]``).

    Of a network whose ``spec`` is a `ClipSpec` or a `TranslatorSpec` other things are checked; they
    are listed in `ondes.testing.clipmodels` and `ondes.testing.translators`.

    The network is copied and stays as it was. It should be freshly built: in check 5, weights
    that training has brought to zero look like a smaller receptive field.

    Raises:
        AssertionError: a promise is broken; the message says which and how.
    """
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        known = {ClipSpec: clipmodels.CHECKS, TranslatorSpec: translators.CHECKS}
        for check in known.get(type(getattr(module, "spec", None)), CHECKS):
            check(copy.deepcopy(module).eval())


def check_shape(module: nn.Module) -> None:
    """Check the shape of the logits, and that they are finite, of noise and of silence."""
    spec = _spec(module)
    for n in (spec.hop, 3 * spec.hop, 5 * spec.hop + spec.hop // 2):
        x = _noise(module, items=2, samples=n)
        x[1] = 0
        logits = module(x)
        expected = [2, len(spec.heads), len(spec.classes), n // spec.hop]
        require(
            list(logits.shape) == expected,
            f"{n} samples give logits of shape {list(logits.shape)}, not {expected}",
        )
        require(torch.isfinite(logits).all(), f"{n} samples of noise or silence give NaN")


def check_batch(module: nn.Module) -> None:
    """Check that items of a batch do not see each other, nor calls the calls before."""
    double = module.double()
    x = _noise(double, items=3, samples=_context(double) + 4 * _spec(double).hop)
    x = x * torch.tensor([1.0, 10.0, 0.1], dtype=x.dtype)[:, None, None]
    with torch.no_grad():
        together, again = double(x), double(x)
        alone = torch.cat([double(item[None]) for item in x])
    require(torch.equal(together, again), "a second call with the same batch gives other logits")
    require_equal(
        together, alone, "a batch gives other logits than its items one by one", at_most=EXACT
    )


def check_saved(module: nn.Module) -> None:
    """Check that the state dict holds all that the logits depend on."""
    x = _noise(module, items=2, samples=_context(module) + 4 * _spec(module).hop)
    with torch.no_grad():
        module.train()(x)  # moves running statistics away from their first values
        expected = module.eval()(x)
        loaded = saved_and_loaded(module)(x)
    require(
        torch.equal(expected, loaded),
        "saved weights put into a new network give other logits: something that the logits "
        "depend on is neither a parameter nor a buffer",
    )


def check_field(module: nn.Module) -> None:
    """Check that logits depend on the declared receptive field, all of it, nothing beyond.

    Convolutions are computed directly: rounding in a transform reaches all of its samples.
    """
    double, spec = module.double(), _spec(module)
    before, after = _groups(spec.look_back, spec) + 2, _groups(spec.look_ahead, spec) + 2
    groups, n = (before, before + 1), (before + 2 + after) * spec.step * spec.hop
    for group in groups:
        _check_nothing_beyond(double, group=group, samples=n)
    with fixed("direct"):
        seen = [_looks(double, group=group, samples=n) for group in groups]
    back, ahead = (max(looks) for looks in zip(*seen, strict=True))
    require(
        (back, ahead) == (spec.look_back, spec.look_ahead),
        f"look_back, look_ahead are declared as {spec.look_back}, {spec.look_ahead}, but frames "
        f"depend on {back}, {ahead} samples around their groups",
    )


def check_windows(module: nn.Module) -> None:
    """Check that a window with its context gives the frames that the whole signal gives."""
    double, spec = module.double(), _spec(module)
    size, step = spec.step * spec.hop, spec.step
    back, ahead = _groups(spec.look_back, spec), _groups(spec.look_ahead, spec)
    x = _noise(double, items=1, samples=7 * size + size // 2)
    extended = F.pad(x, (back * size, (ahead + 1) * size))
    with torch.no_grad():
        whole = double(extended)[..., back * step : (back + 7) * step]
        for first, stop in ((0, 2), (2, 3), (3, 7)):
            window = extended[..., first * size : (back + stop + ahead) * size]
            frames = double(window)[..., back * step : (back + stop - first) * step]
            require_equal(
                frames,
                whole[..., first * step : stop * step],
                f"a window around the groups of frames {first} to {stop - 1}, with the declared "
                f"context, gives other logits than the whole signal",
                at_most=EXACT,
            )


def check_gradients(module: nn.Module) -> None:
    """Check that training moves every parameter: no gradient is missing, zero or not finite."""
    double = module.double().train()
    x = _noise(double, items=4, samples=_context(double) + 4 * _spec(double).hop)
    x[0] = 0  # a root or a logarithm has no finite slope in silence

    def total() -> Tensor:
        logits: Tensor = double(x)
        return (logits * torch.randn_like(logits)).sum()

    require_gradients(double, total)


def check_errors(module: nn.Module) -> None:
    """Check that what the network cannot take raises the error made for it."""
    spec = _spec(module)
    x = _noise(module, items=2, samples=_context(module))
    hurt = x.clone()
    hurt[1, -1, -1] = float("nan")
    other = Signal.of(x[0].numpy(), rate_hz=1.37 * spec.rate_hz)
    require_error(NotFiniteError, "a NaN", lambda: module(hurt))
    require_error(ChannelError, "one channel too many", lambda: module(torch.cat([x, x[:, :1]], 1)))
    require_error(InputError, "a batch without channel axis", lambda: module(x[:, 0]))
    require_error(RateError, "a signal of another rate", lambda: spec.check(other))
    if spec.hop > 1:
        short = x[..., : spec.hop - 1]
        require_error(TooShortError, "less than one frame", lambda: module(short))


def check_onnx(module: nn.Module) -> None:
    """Check that ONNX Runtime gives the logits of the network, from one frame on."""
    spec = _spec(module)
    calls = ((1, spec.hop), (2, 3 * spec.hop + spec.hop // 2), (3, _context(module)))
    batches = (_noise(module, items=items, samples=samples) for items, samples in calls)
    check_in_onnx(module, batches, at_most=CLOSE)


CHECKS: tuple[Callable[[nn.Module], None], ...] = (
    check_shape,
    check_batch,
    check_saved,
    check_gradients,
    check_field,
    check_windows,
    check_errors,
    check_onnx,
)


def _field(spec: Spec, group: int) -> tuple[int, int]:
    """Return the samples [first, stop) that a group of frames may depend on."""
    size = spec.step * spec.hop
    return group * size - spec.look_back, (group + 1) * size + spec.look_ahead


def _of_group(logits: Tensor, spec: Spec, group: int) -> Tensor:
    return logits[..., group * spec.step : (group + 1) * spec.step]


def _check_nothing_beyond(module: nn.Module, *, group: int, samples: int) -> None:
    spec, x = _spec(module), _noise(module, items=1, samples=samples)
    first, stop = _field(spec, group)
    for side, beyond in (("look_back", slice(0, first)), ("look_ahead", slice(stop, samples))):
        changed = x.clone()
        changed[..., beyond] = 100 * torch.randn_like(changed[..., beyond])
        with torch.no_grad():
            require_equal(
                _of_group(module(changed), spec, group),
                _of_group(module(x), spec, group),
                f"{side} is declared too small: frame {group * spec.step} changes with samples "
                f"beyond it",
                at_most=EXACT,
            )


def _looks(module: nn.Module, *, group: int, samples: int) -> tuple[int, int]:
    """Return how far the gradient of a group of frames reaches back and ahead.

    Impulses of many sizes and signs stand at both ends of the declared field, so that no maximum
    and no saturated activation hides what lies there.
    """
    spec, seen = _spec(module), torch.zeros(samples, dtype=torch.float64)
    first, stop = _field(spec, group)
    for impulse in IMPULSES:
        x = _noise(module, items=1, samples=samples)
        x[..., [first, stop - 1]] = impulse * torch.sign(torch.randn(spec.channels, 2)).to(x)
        x.requires_grad_()
        logits = _of_group(module(x), spec, group)
        (slope,) = torch.autograd.grad((logits * torch.randn_like(logits)).sum(), x)
        seen += slope.abs().sum((0, 1))
    touched = seen.nonzero()
    require(len(touched) > 0, f"frame {group * spec.step} depends on no sample at all")
    size = spec.step * spec.hop
    return group * size - int(touched.min()), int(touched.max()) + 1 - (group + 1) * size


def _spec(module: nn.Module) -> Spec:
    spec = getattr(module, "spec", None)
    if not isinstance(spec, Spec):
        raise AssertionError(f"{type(module)}.spec is {spec!r}, not an ondes.Spec")
    return spec


def _groups(samples: int, spec: Spec) -> int:
    """Return how many groups of frames hold so many samples."""
    return -(-samples // (spec.step * spec.hop))


def _context(module: nn.Module) -> int:
    """Return the receptive field in samples, rounded up to whole groups of frames."""
    spec = _spec(module)
    groups = _groups(spec.look_back, spec) + 1 + _groups(spec.look_ahead, spec)
    return groups * spec.step * spec.hop


def _noise(module: nn.Module, *, items: int, samples: int) -> Tensor:
    like = next(module.parameters())
    return torch.randn(items, _spec(module).channels, samples, dtype=like.dtype)
