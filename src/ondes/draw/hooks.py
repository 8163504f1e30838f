"""Trace by hooks: which modules without children are called, in which order, on which shapes.

What is computed between modules is not seen. A module whose input comes from none of those
before is taken to follow the last.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from ondes.draw.call import Call, multiply_adds
from ondes.draw.follow import follow
from ondes.draw.reach import Reach, Shape, Track
from ondes.draw.step import Step, Symbol, Traced, symbol

NAMES = {
    "Conv1d": "conv1d",
    "Conv2d": "conv2d",
    "Conv3d": "conv3d",
    "ConvTranspose1d": "conv_transpose1d",
    "ConvTranspose2d": "conv_transpose2d",
    "MaxPool1d": "max_pool1d",
    "MaxPool2d": "max_pool2d",
    "AvgPool1d": "avg_pool1d",
    "AvgPool2d": "avg_pool2d",
    "AdaptiveAvgPool1d": "adaptive_avg_pool1d",
    "AdaptiveAvgPool2d": "adaptive_avg_pool2d",
    "AdaptiveMaxPool1d": "adaptive_max_pool1d",
    "Linear": "linear",
    "BatchNorm1d": "batch_norm",
    "BatchNorm2d": "batch_norm",
    "LayerNorm": "layer_norm",
    "GroupNorm": "group_norm",
    "LSTM": "lstm",
    "GRU": "gru",
    "LeakyReLU": "leaky_relu",
    "LogSoftmax": "log_softmax",
    "LogSigmoid": "log_sigmoid",
}
UNSEEN = (nn.Identity, nn.Flatten, nn.Unflatten)
OPTIONS = ("kernel_size", "stride", "padding", "dilation", "groups", "p", "normalized_shape")


def traced(module: nn.Module, inputs: tuple[Tensor, ...]) -> Traced:
    """Run the module once and return its steps.

    Raises whatever the module does.
    """
    recorder = _Recorder(inputs)
    leaves = [(n, m) for n, m in module.named_modules() if n and not list(m.children())]
    handles = [leaf.register_forward_hook(recorder.hook(name)) for name, leaf in leaves]
    try:
        result = module(*inputs)
    finally:
        for handle in handles:
            handle.remove()
    last = len(recorder.steps) - 1
    found = {recorder.source(one, default=last): _shape(one)[1:] for one in _tensors(result)}
    ends = {place: (shape, recorder.steps[place].reach) for place, shape in found.items()}
    seen = ends if last >= len(inputs) else {}
    return Traced(steps=tuple(recorder.steps), outputs=tuple(seen), ends=tuple(seen.values()))


class _Recorder:
    def __init__(self, inputs: tuple[Tensor, ...]) -> None:
        self.steps: list[Step] = []
        self._kept: list[Tensor] = []  # so that no two live at one address
        self._sources: dict[int, int] = {}
        self._tracks: list[Track | None] = []
        self._batch = inputs[0].shape[0] if inputs[0].ndim else 1
        for one in inputs:
            sign = Symbol(kind="input", title="input")
            step = Step(symbol=sign, name="x", shape=_shape(one)[1:], reach=Reach())
            self._add(step, one, Track(one.ndim - 1, Reach()))

    def hook(self, name: str) -> Callable[[nn.Module, tuple[object, ...], object], None]:
        """Return what notes each call of a module."""

        def note(module: nn.Module, given: tuple[object, ...], result: object) -> None:
            self._note(name, module, list(_tensors(given)), list(_tensors(result)))

        return note

    def source(self, tensor: Tensor, *, default: int) -> int:
        """Return the step that made a tensor, as far as it is known."""
        return self._sources.get(id(tensor), default)

    def _note(self, name: str, module: nn.Module, given: list[Tensor], made: list[Tensor]) -> None:
        if not given or not made:
            return
        source = self.source(given[0], default=len(self.steps) - 1)
        call = _call(module, given[0], made[0])
        straight = _shape(given[0])[1:] == self.steps[source].shape
        track = follow(call, self._tracks[source] if straight else None, _shape(given[0]))
        if isinstance(module, UNSEEN):
            self._remember(made[0], source)
            return
        step = Step(
            symbol=symbol(call),
            name=name,
            inputs=(source,),
            shape=call.output[1:],
            parameters=frozenset(f"{name}.{key}" for key, _ in module.named_parameters()),
            multiply_adds=multiply_adds(call) // self._batch,
            reach=track.reach if track else None,
        )
        self._add(step, made[0], track)

    def _add(self, step: Step, tensor: Tensor, track: Track | None) -> None:
        self.steps.append(step)
        self._tracks.append(track)
        self._remember(tensor, len(self.steps) - 1)

    def _remember(self, tensor: Tensor, step: int) -> None:
        self._kept.append(tensor)
        self._sources[id(tensor)] = step


def _call(module: nn.Module, given: Tensor, made: Tensor) -> Call:
    kind = type(module).__name__
    bases = [base.__name__ for base in type(module).__mro__]
    name = next((NAMES[base] for base in bases if base in NAMES), _snake(kind))
    weights = {key: _shape(value) for key, value in module.named_parameters(recurse=False)}
    return Call(
        name=name,
        arguments={key: getattr(module, key) for key in OPTIONS if hasattr(module, key)},
        shapes={"input": _shape(given), **weights},
        output=_shape(made),
        products=tuple(shape for shape in weights.values() if name in ("lstm", "gru")),
    )


def _snake(kind: str) -> str:
    return {"dropout1d": "dropout", "dropout2d": "dropout"}.get(kind.lower(), kind.lower())


def _tensors(value: object) -> Iterator[Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _tensors(one)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))


def _shape(tensor: Tensor) -> Shape:
    return tuple(int(n) for n in tensor.shape)
