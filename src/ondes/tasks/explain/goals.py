"""What is climbed: how strongly a filter, a unit or an output answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ondes.errors import InputError, few, nearest
from ondes.tasks.explain.layers import Layer, fed, read


class Height(NamedTuple):
    """How high waveforms have climbed: each one's `objective` and `answer`, [b].

    Both are the same but where a filter is silent, whose answer is 0 and has no gradient.
    """

    objective: Tensor
    answer: Tensor


class Goal(Protocol):
    """What one of `size` things answers to waveforms [b, channel, time]."""

    @property
    def size(self) -> int:
        """How many things answer."""

    def all(self, x: Tensor) -> Tensor:
        """Return all answers, [b, size]."""

    def one(self, x: Tensor, index: Tensor) -> Height:
        """Return of waveform i the answer of thing index[i]."""


class Filters:
    """Filters of a layer: the mean over time of what passes zero before the activation.

    Never the mean itself: of a first layer that is linear, the same for all waveforms but for their
    mean. A silent filter is climbed by softplus instead, which rises with what is below zero.

    middle: the value in the middle of the clip alone, one unit in place of the mean over all.
    """

    def __init__(self, model: nn.Module, layer: Layer, *, middle: bool = False) -> None:
        self._model, self.layer, self.size, self._middle = model, layer, layer.filters, middle

    def all(self, x: Tensor) -> Tensor:
        """Return all answers, [b, filter]."""
        return self.of(read(self._model, [self.layer], x)[0])

    def of(self, values: Tensor) -> Tensor:
        """Return all answers, [b, filter], of the layer's values [b, filter, ..., frame]."""
        return F.relu(self._seen(values)).flatten(2).mean(-1).detach().cpu()

    def one(self, x: Tensor, index: Tensor) -> Height:
        """Return of waveform i the answer of filter index[i]."""
        whole = self._seen(read(self._model, [self.layer], x)[0])
        values = whole[torch.arange(len(index)), index].flatten(1).cpu()
        answer = F.relu(values).mean(-1)
        scale = values.detach().abs().mean(-1, keepdim=True).clamp(min=1e-12)
        woken = (scale * F.softplus(values / scale)).mean(-1)
        return Height(torch.where(answer > 0, answer, woken), answer.detach())

    def _seen(self, values: Tensor) -> Tensor:
        return values[..., values.shape[-1] // 2, None] if self._middle else values


class Outputs:
    """Outputs of a network: a logit, or the difference of two; of frames their mean over time.

    names: of the outputs, in order. contrasts: pairs of them, whose differences come after.

    Raises:
        InputError: a contrast names an output that there is not; the network gives anything but
            a value for each name.
    """

    def __init__(
        self,
        model: nn.Module,
        names: Sequence[str],
        *,
        contrasts: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._model = model
        for name in (name for pair in contrasts for name in pair):
            if name not in names:
                raise InputError(
                    f"explain(contrasts={list(contrasts)}): no output is called {name!r}"
                    f"{nearest(name, names)}; there are {few(names, most=12)}"
                )
        self.names = (*names, *(f"{a} − {b}" for a, b in contrasts))
        self._pairs = [(names.index(a), names.index(b)) for a, b in contrasts]
        self.size = len(self.names)

    def all(self, x: Tensor) -> Tensor:
        """Return all logits and differences, [b, output]."""
        with torch.no_grad():
            return self._logits(x)

    def one(self, x: Tensor, index: Tensor) -> Height:
        """Return of waveform i the logit, or difference, index[i]."""
        logits = self._logits(x)[torch.arange(len(index)), index]
        return Height(logits, logits.detach())

    def _logits(self, x: Tensor) -> Tensor:
        made = self._model(fed(self._model, x))
        if isinstance(made, Tensor) and made.ndim == 4:  # of frames [b, head, class, frame]
            made = made[:, 0]
        self._check(made)
        logits = made.float().cpu()
        logits = logits.mean(-1) if logits.ndim == 3 else logits
        differences = [logits[:, a] - logits[:, b] for a, b in self._pairs]
        return torch.stack([*logits.unbind(1), *differences], dim=1)

    def _check(self, made: object) -> None:
        count = self.size - len(self._pairs)
        shape = list(made.shape) if isinstance(made, Tensor) else type(made).__name__
        if not isinstance(made, Tensor) or made.ndim not in (2, 3) or made.shape[1] != count:
            raise InputError(
                f"explain(outputs={list(self.names[:count])}): the network gives {shape}, not "
                f"[batch, {count}] or [batch, {count}, frame]: name as many outputs as it has, or "
                "none to explain its layers alone"
            )
