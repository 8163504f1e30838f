"""What every network must keep that judges clips as a whole.

``module(x, lengths=None)`` maps clips [b, channels, t] to logits [b, outputs] as ``module.spec``
declares; lengths, int64 [b], say how much of each is valid, the rest being zeros.
``module.heads(x, lengths)`` gives them too and, in training, those of auxiliary heads. Checked
are, in this order:

1. the shape, from the shortest clip on; silence gives finite logits; of two calls the second
   gives the same, and out of training `heads` gives what a call gives and nothing else;
2. a batch of clips of unequal length gives what they give one by one, however much padding
   follows;
3. gradients reach every parameter, and are finite in silence too;
4. in training too padding is nothing: as much again changes no logits, no gradients and no
   running statistics, and it has no gradient itself. Dropout is out for that while, and what
   else is drawn may not depend on the padding;
5. saved weights (safetensors) put into a new network give the same logits;
6. NaN, wrong channels, a wrong rate, too short a clip and lengths that do not fit raise their own
   errors;
7. ONNX Runtime gives the same logits at three lengths (needs ``ondes[onnx]``).
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from ondes.errors import ChannelError, InputError, NotFiniteError, RateError, TooShortError
from ondes.signal import Signal
from ondes.spec import ClipSpec
from ondes.testing.copies import check_in_onnx, saved_and_loaded
from ondes.testing.gradients import require_gradients
from ondes.testing.require import require, require_equal, require_error

EXACT = 1e-9  # of the largest value, where double precision computes the same thing twice
CLOSE = 1e-4  # the same where single precision does, in another order
USUAL = 700  # samples, or so many more that a spectrum's frames are a few


def check_shape(module: nn.Module) -> None:
    """Check the shape of the logits, that they are finite, and that calls do not matter."""
    spec = _spec(module)
    for n in (spec.least, 3 * spec.least + 4, _usual(spec)):
        x = _noise(module, items=2, samples=n)
        x[1] = 0
        with torch.no_grad():
            logits, again, heads = module(x), module(x), _heads(module, x)
        shape, expected = list(logits.shape), [2, len(spec.outputs)]
        require(shape == expected, f"{n} samples give logits of shape {shape}, not {expected}")
        require(torch.isfinite(logits).all(), f"{n} samples of noise or silence give NaN")
        require(torch.equal(logits, again), "a second call with the same batch gives other logits")
        alike = len(heads) == 1 and torch.equal(heads[0], logits)
        require(alike, "out of training, heads gives not just the logits of a call")


def check_padding(module: nn.Module) -> None:
    """Check that a batch gives what its items give alone, however much padding follows."""
    double = module.double()
    x, lengths = _unequal(double)
    with torch.no_grad():
        alone = torch.cat([double(item[None, :, :n]) for item, n in zip(x, lengths, strict=True)])
        for more in (0, 1, 2 * x.shape[-1]):
            together = double(F.pad(x, (0, more)), lengths)
            require_equal(
                together,
                alone,
                f"a batch of clips of {lengths.tolist()} samples, padded to {x.shape[-1] + more}, "
                "gives other logits than its items one by one",
                at_most=EXACT,
            )
        same = double(x, torch.full_like(lengths, x.shape[-1]))
        require_equal(double(x), same, "lengths that are all full change logits", at_most=EXACT)


def check_gradients(module: nn.Module) -> None:
    """Check that training moves every parameter: no gradient is missing, zero or not finite."""
    double = module.double()
    x, lengths = _unequal(double)
    x[-1] = 0  # a root or a logarithm has no finite slope in silence
    _without_chance(double)
    require_gradients(double, lambda: _total(_heads(double, x, lengths)))


def check_padding_in_training(module: nn.Module) -> None:
    """Check that padding changes nothing that training sees or leaves behind."""
    x, lengths = _unequal(module.double())
    found, slope = _learnt(module, x, lengths)
    padded, _ = _learnt(module, F.pad(x, (0, x.shape[-1] + 5)), lengths)
    for name, value in found.items():
        message = f"more padding changes {name} in training"
        require_equal(padded[name], value, message, at_most=EXACT)
    beyond = torch.arange(x.shape[-1]) >= lengths[:, None, None]
    require(not slope[beyond.expand_as(slope)].any(), "padding has a gradient in training")


def check_saved(module: nn.Module) -> None:
    """Check that the state dict holds all that the logits depend on."""
    x, lengths = _unequal(module)
    with torch.no_grad():
        _heads(module.train(), x, lengths)  # moves running statistics away from their first values
        expected = module.eval()(x, lengths)
        loaded = saved_and_loaded(module)(x, lengths)
    require(
        torch.equal(expected, loaded),
        "saved weights put into a new network give other logits: something that the logits "
        "depend on is neither a parameter nor a buffer",
    )


def check_errors(module: nn.Module) -> None:
    """Check that what the network cannot take raises the error made for it."""
    spec = _spec(module)
    x, lengths = _unequal(module)
    hurt = x.clone()
    hurt[0, -1, -1] = float("nan")
    other = Signal.of(x[0].numpy(), rate_hz=1.37 * spec.rate_hz)
    short, long = lengths.clone(), lengths.clone()
    short[1], long[1] = 0, x.shape[-1] + 1
    require_error(NotFiniteError, "a NaN", lambda: module(hurt, lengths))
    require_error(ChannelError, "one channel too many", lambda: module(torch.cat([x, x[:, :1]], 1)))
    require_error(InputError, "a batch without channel axis", lambda: module(x[:, 0]))
    require_error(RateError, "a signal of another rate", lambda: spec.check(other))
    require_error(TooShortError, "too short a batch", lambda: module(x[..., : spec.least - 1]))
    require_error(InputError, "a length of 0", lambda: module(x, short))
    require_error(InputError, "a length beyond the end", lambda: module(x, long))
    require_error(InputError, "a length too many", lambda: module(x, F.pad(lengths, (0, 1))))
    if spec.least > 1:
        short[1] = spec.least - 1
        require_error(TooShortError, "too short a clip in a batch", lambda: module(x, short))


def check_onnx(module: nn.Module) -> None:
    """Check that ONNX Runtime gives the logits of the network, from the shortest clip on."""
    spec = _spec(module)
    calls = ((1, spec.least), (2, 3 * spec.least + 4), (3, _usual(spec)))
    batches = (_noise(module, items=items, samples=samples) for items, samples in calls)
    check_in_onnx(module, batches, at_most=CLOSE)


CHECKS: tuple[Callable[[nn.Module], None], ...] = (
    check_shape,
    check_padding,
    check_gradients,
    check_padding_in_training,
    check_saved,
    check_errors,
    check_onnx,
)


def _learnt(module: nn.Module, x: Tensor, lengths: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    """Return what a step of training computes and leaves behind, and the gradient of x."""
    twin = saved_and_loaded(module).to(x.dtype)
    _without_chance(twin)
    x = x.clone().requires_grad_()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        heads = _heads(twin, x, lengths)
    torch.autograd.backward(_total(heads))
    found = {f"the logits of head {i}": logits.detach() for i, logits in enumerate(heads)}
    for name, parameter in twin.named_parameters():
        if parameter.grad is not None:
            found[f"the gradient of {name}"] = parameter.grad
    assert x.grad is not None
    return found | {f"the buffer {name}": value for name, value in twin.named_buffers()}, x.grad


def _without_chance(module: nn.Module) -> None:
    """Put a network into training but for what draws random numbers."""
    for part in module.train().modules():
        if isinstance(part, _DropoutNd | nn.RReLU):
            part.eval()


def _total(heads: tuple[Tensor, ...]) -> Tensor:
    """Return a sum of all logits that weighs each differently, the same whenever it is asked."""
    weights = torch.linspace(0.5, 1.5, heads[0].numel(), dtype=heads[0].dtype).view_as(heads[0])
    return torch.stack([(logits.tanh() * weights).sum() for logits in heads]).sum()


def _heads(module: nn.Module, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, ...]:
    heads = getattr(module, "heads", None)
    require(callable(heads), f"{type(module)} has no heads(x, lengths)")
    assert callable(heads)
    return tuple(heads(x, lengths))


def _spec(module: nn.Module) -> ClipSpec:
    spec = module.spec
    assert isinstance(spec, ClipSpec)
    return spec


def _usual(spec: ClipSpec) -> int:
    return max(USUAL, 24 * spec.least)


def _unequal(module: nn.Module) -> tuple[Tensor, Tensor]:
    """Return four clips of unequal length and size, with zeros in their padding."""
    spec = _spec(module)
    n = _usual(spec)
    lengths = torch.tensor([n, n // 2 + 1, max(n // 7, spec.least), n - 3])
    x = _noise(module, items=4, samples=n)
    x = x * torch.tensor([1.0, 10.0, 0.1, 1.0], dtype=x.dtype)[:, None, None]
    return x * (torch.arange(n) < lengths[:, None, None]), lengths


def _noise(module: nn.Module, *, items: int, samples: int) -> Tensor:
    like = next(module.parameters())
    return torch.randn(items, _spec(module).channels, samples, dtype=like.dtype)
