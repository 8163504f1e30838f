"""The convolutions of a network: found by running it, and read one at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from ondes.errors import InputError, NotFiniteError, OndesError, few, nearest

Conv = nn.Conv1d | nn.Conv2d | nn.ConvTranspose1d | nn.ConvTranspose2d
NORMS = (
    nn.modules.batchnorm._BatchNorm,  # noqa: SLF001 - torch gives norms no public base
    nn.GroupNorm,
    nn.LayerNorm,
    nn.modules.instancenorm._InstanceNorm,  # noqa: SLF001
)
SHORT = 2048  # samples that fields are looked for in first
LONG, LONGEST = 8192, 2**17  # samples at which what is put around short clips no longer counts
TAIL = 0.05  # of the gradient's energy, that a field without an end may leave out
EMPTY = 4  # times as long as what holds nearly all: where a field is longer, the rest is left out
OUTPUT = "output"
ROOT = "network"  # a convolution that is all there is
OWN_OUTPUT = "output-layer"  # one that its module calls as outputs are called here
AS_IT_TAKES = (
    "samples= (--samples) as it takes them, and exact=True (--exact) where it takes clips of one "
    "length alone"
)


@dataclass(frozen=True)
class Layer:
    """A convolution of a network, as it is called.

    Attributes:
        name: as of the module in ``model.named_modules()``; "network" where it is the network,
            "output-layer" where that would be "output".
        conv: the convolution.
        read: what gives the values before the activation: its norm where one follows, else it.
        field: samples that one value depends on.
        hop: samples from one value to the next.
        is_output: whether what it gives is what the network gives.
    """

    name: str
    conv: Conv
    read: nn.Module
    field: int
    hop: int
    is_output: bool

    @property
    def filters(self) -> int:
        """Number of filters."""
        return self.conv.out_channels

    @property
    def kind(self) -> str:
        """``conv1d``, ``conv2d``, ``convtranspose1d`` or ``convtranspose2d``."""
        dims = 1 if isinstance(self.conv, (nn.Conv1d, nn.ConvTranspose1d)) else 2
        return f"{'convtranspose' if self.conv.transposed else 'conv'}{dims}d"

    @property
    def weights(self) -> Tensor:
        """The filters' own: [filter, input, ..., tap]."""
        weight = self.conv.weight.detach().float().cpu()
        if self.conv.transposed:  # [input, filter of a group, ...]
            of_groups = weight.reshape(self.conv.groups, -1, *weight.shape[1:])
            weight = of_groups.transpose(1, 2).flatten(0, 1)
        return weight


class _Reached(Exception):  # noqa: N818 - no error: the values are there
    """The layer that is read has been computed."""


def read(model: nn.Module, layers: Sequence[Layer], x: Tensor) -> list[Tensor]:
    """Return the values of layers before their activations, each [b, filter, ..., frame].

    The network runs on waveforms x [b, channel, time] until the last of them is there. Gradients
    are always wanted, for without them some networks compute layers together, and none of them by
    itself.
    """
    found: dict[nn.Module, Tensor] = {}
    wanted = {layer.read for layer in layers}

    def take(module: nn.Module, given: object, made: Tensor) -> None:  # noqa: ARG001
        found.setdefault(module, made)
        if len(found) == len(wanted):
            raise _Reached

    handles = [module.register_forward_hook(take) for module in wanted]
    try:
        with torch.enable_grad():
            model(fed(model, x if x.requires_grad else x.detach().requires_grad_()))
    except _Reached:
        return [found[layer.read].float() for layer in layers]
    finally:
        for handle in handles:
            handle.remove()
    missing = next(layer for layer in layers if layer.read not in found)
    raise InputError(
        f"explain: layer {missing.name!r} was not called again: the network changes between calls"
    )


def fed(model: nn.Module, x: Tensor) -> Tensor:
    """Return waveforms where a network's weights are, and in their precision."""
    weight = next(w for w in model.parameters() if w.is_floating_point())
    return x.to(weight.device, weight.dtype)


@contextmanager
def computing(what: str, x: Tensor, *, cure: str) -> Iterator[None]:
    """Tell what a network's own code raises of waveforms x as an `InputError` with its cure."""
    try:
        yield
    except OndesError:
        raise
    except Exception as error:  # as the module's own code raises
        why = (str(error) or type(error).__name__).splitlines()[0]
        shape = f"of shape {list(x.shape)} [batch, channel, time]"
        raise InputError(f"{what} {shape} ({why}): {cure}") from error


@contextmanager
def still(model: nn.Module) -> Iterator[None]:
    """Keep a network in evaluation mode and its weights without gradients; put all back after."""
    modes = {module: module.training for module in model.modules()}
    learns = {weight: weight.requires_grad for weight in model.parameters()}
    model.eval().requires_grad_(requires_grad=False)
    try:
        yield
    finally:
        for module, training in modes.items():
            module.training = training
        for weight, wanted in learns.items():
            weight.requires_grad_(wanted)


def check(model: nn.Module) -> None:
    """Check that there is something to explain.

    Raises:
        InputError: the network has no convolution in one or two dimensions, or no weights yet.
        NotFiniteError: a weight is NaN or infinite.
    """
    for name, value in model.state_dict().items():
        if is_lazy(value) or value.is_meta:
            raise InputError(
                f"explain: the weights {name} of {type(model).__name__} are not there yet: let it "
                "hear a batch first, where its layers are lazy, or load them"
            )
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise NotFiniteError(
                f"explain: the weights {name} of {type(model).__name__} hold NaN or infinity: "
                "take an earlier checkpoint, or train again with a smaller train.lr"
            )
    convs = [module for module in model.modules() if isinstance(module, Conv)]
    if not any(conv.weight.is_floating_point() for conv in convs):
        raise InputError(
            f"explain: {type(model).__name__} has no convolution (nn.Conv1d, nn.Conv2d) of real "
            "numbers, so there are no filters to explain"
        )


def find(
    model: nn.Module, *, channels: int, samples: int, rms: float = 1.0, exact: bool = False
) -> list[Layer]:
    """Return the convolutions that a network calls, in the order of the calls.

    Fields are measured: by how far the gradient of a value in the middle reaches. A layer whose
    field has no end, as where clips are scaled first, or next to nothing in most of it, gets the
    span that holds all but a twentieth of the gradient's energy; one that gives a single value of
    any length, the longest of those before it. Hops are told by how many more values longer noise
    gives.

    Args:
        model: in `still`.
        channels: of the signals it takes.
        samples: length of the noise that it is run on, at most.
        rms: of that noise.
        exact: run it on so many samples and no others.

    Raises:
        InputError: the network refuses noise of that shape, or stops the gradient.
    """
    length = samples if exact else min(SHORT, samples)
    while True:
        try:
            calls, noise = _called(model, channels=channels, samples=length, rms=rms)
        except InputError:  # it may take longer ones
            if length >= samples:
                raise
        else:
            energies = [_energy(call, noise) for call in calls]
            if length >= samples or all(2 * _reach(energy) < length for energy in energies):
                break
        length = min(2 * length, samples)
    hops = _hops(model, noise, fixed=exact)
    layers: list[Layer] = []
    for call, energy in zip(calls, energies, strict=True):
        single = call.made.shape[-1] == 1 and hops[call.name] >= length
        longest = max((layer.field for layer in layers), default=min(SHORT, length))
        field = longest if single else _span(energy)
        layers.append(
            Layer(call.name, call.conv, call.read, field, hops[call.name], call.is_output)
        )
    return layers


def chosen(
    layers: Sequence[Layer], names: Sequence[str] | None, *, besides: Sequence[str] = ()
) -> list[Layer]:
    """Return the layers of these names, all without; names may be others, too, where told so.

    Raises:
        InputError: there is no layer of a name; the nearest is named.
    """
    known = [*(layer.name for layer in layers), *besides]
    for name in names or ():
        if name not in known:
            raise InputError(
                f"explain(layers={list(names or ())}): no layer is called {name!r}"
                f"{nearest(name, known)}; there are {few(known, most=12)}"
            )
    return [layer for layer in layers if names is None or layer.name in names]


@dataclass
class _Call:
    """A convolution's call, or its norm's if that came next.

    made: its values. given: a copy of these, which the network goes on with, that what it changes
    in place is not `made`. is_output: whether the network ends with it.
    """

    name: str
    conv: Conv
    read: nn.Module
    made: Tensor
    given: Tensor
    is_output: bool = False


def _called(
    model: nn.Module, *, channels: int, samples: int, rms: float
) -> tuple[list[_Call], Tensor]:
    generator = torch.Generator().manual_seed(0)
    noise = (rms * torch.randn(2, channels, samples, generator=generator)).requires_grad_()
    calls: list[_Call] = []
    handles = [
        module.register_forward_hook(_noting(calls, {"": ROOT, OUTPUT: OWN_OUTPUT}.get(name, name)))
        for name, module in model.named_modules()
        if isinstance(module, (Conv, *NORMS))
    ]
    what = f"explain: {type(model).__name__} cannot be computed for noise"
    try:
        with computing(what, noise, cure=f"give channels= and {AS_IT_TAKES}"), torch.enable_grad():
            output = model(fed(model, noise))
    finally:
        for handle in handles:
            handle.remove()
    for call in calls:
        if not call.made.requires_grad:
            raise InputError(
                f"explain: no gradient leads from layer {call.name!r} of {type(model).__name__} to "
                "the signal: take torch.no_grad, inference_mode or detach out of its forward"
            )
        call.is_output = _is_same(call.given, output)
    once = {call.name: call for call in reversed(calls)}
    return [call for call in calls if once[call.name] is call], noise


Hook = Callable[[nn.Module, tuple[Any, ...], Tensor], Tensor | None]


def _noting(calls: list[_Call], name: str) -> Hook:
    def note(module: nn.Module, given: tuple[Any, ...], made: Tensor) -> Tensor | None:
        if isinstance(module, Conv):
            calls.append(_Call(name, module, module, made, made.clone()))
        elif calls and given[0] is calls[-1].given:
            last = calls[-1]
            last.read, last.made, last.given = module, made, made.clone()
        else:
            return None
        return calls[-1].given

    return note


def _is_same(given: Tensor, output: object) -> bool:
    """Tell whether a network gives these values, in another shape perhaps, and unchanged."""
    changes = given._version  # noqa: SLF001 - torch's count of what was changed in place
    if not isinstance(output, Tensor) or changes:
        return False
    return given.untyped_storage().data_ptr() == output.untyped_storage().data_ptr()


def _energy(call: _Call, noise: Tensor) -> Tensor:
    """Return how much the value in the middle depends on each sample of the noise: [time]."""
    middle = call.made[..., call.made.shape[-1] // 2].float().square().sum()
    (slope,) = torch.autograd.grad(middle, noise, retain_graph=True)
    return slope.double().square().sum((0, 1))


def _hops(model: nn.Module, noise: Tensor, *, fixed: bool, half: int = LONG) -> dict[str, int]:
    """Return of each convolution about how many samples lie between its values.

    One that gives as many of any length has as many samples as the noise to each; where these are
    several, longer noise is tried, for short clips may have been set into silence.
    """
    channels, samples = noise.shape[1:]
    half = max(half, samples // 2)
    lengths = (0, samples) if fixed else (half, 2 * half)
    try:
        before, after = (_counts(model, channels=channels, samples=length) for length in lengths)
    except InputError:  # it takes no longer ones
        return _hops(model, noise, fixed=True)
    rises = {name: after[name] - before[name] for name in after}
    if 2 * half < LONGEST and any(after[name] > 1 and not more for name, more in rises.items()):
        return _hops(model, noise, fixed=fixed, half=8 * half)
    span = lengths[1] - lengths[0]
    return {name: max(1, round(span / more)) if more else samples for name, more in rises.items()}


def _counts(model: nn.Module, *, channels: int, samples: int) -> Counter[str]:
    """Return how many values each convolution gives of so many samples."""
    calls = _called(model, channels=channels, samples=samples, rms=1.0)[0] if samples else []
    return Counter({call.name: call.made.shape[-1] for call in calls})


def _reach(energy: Tensor) -> int:
    """Return how many samples lie from the first that counts to the last; all where none does."""
    (places,) = torch.nonzero(energy, as_tuple=True)
    return int(places[-1] - places[0]) + 1 if len(places) else len(energy)


def _span(energy: Tensor) -> int:
    """Return the same, or what holds nearly all of the energy: of fields without an end, and of
    those where next to nothing lies in most of them.
    """
    reach = _reach(energy)
    if not energy.any():
        return reach
    share = torch.cumsum(energy, 0) / energy.sum()
    span = int(((share > TAIL / 2) & (share < 1 - TAIL / 2)).sum()) + 1
    return reach if 2 * reach < len(energy) and reach <= EMPTY * span else span
