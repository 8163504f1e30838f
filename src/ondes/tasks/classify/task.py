"""The classify task: one class of several, tags or numbers of whole clips, around any network."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ondes.errors import InputError, RateError, nearest
from ondes.protocols import Clip, ClipDataset, ClipModel, Level, Phase, Step
from ondes.spec import ClipSpec
from ondes.tasks.classify.check import (
    check_clip,
    check_fit,
    check_learnable,
    check_targets,
    targets,
)
from ondes.tasks.classify.costs import COSTS, Cost, LossName, check_cost, cost_of
from ondes.tasks.classify.read import Doubles, read
from ondes.tasks.classify.reading import Reading, Target
from ondes.tasks.classify.score import Answers, scores

Weights = Literal["equal", "balanced"] | tuple[float, ...]


class ClassifyTask:
    """Learn what a clip is; holds a network whose outputs are the classes, tags or numbers.

    Args:
        model: the network.
        target: ``class``: one output is true; ``tags``: each may be; ``number``: each is a number,
            which the network learns as so many standard deviations from the mean of training.
        loss: ``cross-entropy`` (a class's if none), ``focal``, ``mse`` (of probabilities),
            ``exponential`` or ``hinge``; for tags ``bce`` (if none) instead of the first; for
            numbers ``mse`` (if none), ``l1`` or ``huber``.
        smoothing: the share, 0 to 1, of a target that is spread evenly: over all classes, or over
            yes and no of each tag; for ``cross-entropy`` and ``bce``.
        gamma: of ``focal``, >= 0.
        beta: of ``exponential``, > 0; of classes it is divided by their number.
        delta: of ``huber``, in standard deviations, > 0.
        aux_weight: of the losses of a network's auxiliary heads, >= 0.
        weights: ``equal``; ``balanced``, so that all classes weigh the same however many clips
            each has, and a tag as much where it is true as where it is not; or one number per
            output, > 0: how much a clip of a class weighs, how many times what it weighs a tag
            does where it is true, how much a number weighs.
        absent: whether classes and tags may be missing from training or validation, as where one
            person alone does something.

    Raises:
        InputError: there is no such target, loss or weight, or a number is out of its range.
    """

    LEVEL: ClassVar[Level] = "clip"

    def __init__(
        self,
        model: ClipModel,
        *,
        target: Target = "class",
        loss: LossName | None = None,
        smoothing: float = 0.0,
        gamma: float = 2.0,
        beta: float = 1.0,
        delta: float = 1.0,
        aux_weight: float = 0.3,
        weights: Weights = "equal",
        absent: bool = False,
    ) -> None:
        self.model = model
        self.reading = Reading(kind=target)
        self.aux_weight, self.weights, self.absent = aux_weight, weights, absent
        self.loss = next(iter(COSTS[target])) if loss is None else loss
        self._cost = Cost(target, self.loss, smoothing, gamma, beta, delta)
        self._weight = torch.tensor(weights) if isinstance(weights, tuple) else None
        check_cost(self._cost)
        self._check()

    def _check(self) -> None:
        if self.aux_weight < 0:
            raise InputError(f"classify(aux_weight={self.aux_weight}): must be 0 or more")
        if isinstance(self.weights, str):
            if self.weights not in ("equal", "balanced"):
                hint = nearest(self.weights, ("equal", "balanced"))
                raise InputError(f"classify(weights={self.weights!r}): equal or balanced{hint}")
        elif len(self.weights) != len(self.spec.outputs) or min(self.weights) <= 0:
            raise InputError(
                f"classify(weights={self.weights}) for {len(self.spec.outputs)} outputs: give one "
                f"number above 0 for each, 'equal' or 'balanced'"
            )
        if self.target == "number" and self.weights == "balanced":
            raise InputError(
                "classify(target='number', weights='balanced'): numbers have no classes"
            )
        if self.target == "class" and len(self.spec.outputs) < 2:
            raise InputError(
                f"classify with one class only, {self.spec.outputs[0]!r}: it needs two or more to "
                f"tell apart; what is or is not there is a tag (target: tags)"
            )

    @property
    def spec(self) -> ClipSpec:
        """What the network takes and gives."""
        return self.model.spec

    @property
    def target(self) -> Target:
        """What the outputs are."""
        return self.reading.kind

    def meet(self, train_set: ClipDataset, valid_set: ClipDataset | None = None) -> None:
        """Look at what is true of the clips that are to come, as the loop does at its beginning.

        Checks that it can be learnt; notes the mean and standard deviation of numbers, and how
        often each class or tag is true where `weights` are balanced.

        Raises:
            ChannelError, RateError, InputError: the data do not fit the network, there is one
                class only, a class is missing from training or validation, or labels are wrong.
            NotFiniteError: a target is NaN or infinite.
        """
        y = self._seen(train_set, "training")
        if valid_set is not None:
            self._seen(valid_set, "validation")
        if self.target == "number":
            mean, std = tuple(y.mean(0).tolist()), tuple(y.std(0).tolist())
            self.reading = replace(self.reading, mean=mean, std=std)
        elif self.weights == "balanced":
            share = np.maximum(y.mean(0), 1 / (2 * len(y)))  # an absent one as half a clip
            even = 1 / (len(share) * share) if self.target == "class" else (1 - share) / share
            self._weight = torch.tensor(even, dtype=torch.float32)

    def _seen(self, clips: ClipDataset, split: str) -> Doubles:
        check_fit(clips, self.spec)
        y = targets(clips)
        check_targets(y, self.spec.outputs, self.target, what=f"the {split} set")
        check_learnable(y, self.spec.outputs, self.target, split=split, absent=self.absent)
        return y

    def prepare(self, clip: Clip) -> dict[str, NDArray[np.generic]]:
        """Return x float32 [channel, time], its length int64 [] and y float32 [output].

        Numbers are told by their deviations from the mean of training, in standard deviations.

        Raises:
            ChannelError, TooShortError, InputError, NotFiniteError: the clip is not of the
                network's kind, see `check_clip`.
        """
        check_clip(clip, self.spec, self.target)
        return {
            "x": np.ascontiguousarray(clip.x, np.float32),
            "length": np.array(clip.x.shape[1], np.int64),
            "y": np.ascontiguousarray(self._scaled(clip.y), np.float32),
        }

    def step(self, batch: Mapping[str, Tensor]) -> Step:
        """Return the loss of the network and of its auxiliary heads, and how right it is.

        The rows of the step are its outputs and what is true, for `summary`.
        """
        y, training = batch["y"].float(), cast(nn.Module, self.model).training
        x, lengths = batch["x"], _lengths(batch)
        heads = self.model.heads(x, lengths) if training else (self.model(x, lengths),)
        logits, *auxiliary = (head.float() for head in heads)
        losses = {"main": self._loss(logits, y)}
        if auxiliary:
            extra = torch.stack([self._loss(head, y) for head in auxiliary]).sum()
            losses["auxiliary"] = self.aux_weight * extra
        outputs = logits.detach()
        return Step(losses, self._logs(outputs, y), {"logits": outputs, "y": y})

    def summary(self, rows: Mapping[str, NDArray[Any]]) -> dict[str, float]:
        """Return the scores of a whole validation, without those of single tags or numbers.

        All are NaN where an output is not finite.
        """
        logits = rows["logits"].astype(np.float64)
        tame = np.nan_to_num(logits, posinf=0.0, neginf=0.0)  # else it overflows on the way to NaN
        y = rows["y"].astype(np.float64)
        if self.target == "number":
            y = y * self.reading.std + self.reading.mean
        found = Answers(tame, y)
        values = scores(found, self.reading, self.spec.outputs)
        whole = {name: value for name, value in values.items() if "/" not in name}
        return whole if np.isfinite(logits).all() else dict.fromkeys(whole, math.nan)

    def phases(self) -> tuple[Phase, ...]:
        """Return the one phase: everything moves, by all losses."""
        return (Phase("classify"),)

    def logits(self, x: NDArray[np.float32], *, rate_hz: float) -> Doubles:
        """Return the network's outputs float64 [output] of one clip [channel, time].

        Raises:
            RateError: the clip is not at the network's rate.
        """
        if rate_hz != self.spec.rate_hz:
            raise RateError(
                f"a clip at {rate_hz:.10g} Hz for a network of {self.spec.rate_hz:.10g} Hz: let "
                f"the data set give that rate, or resample it"
            )
        return self._predicted(torch.tensor(x, dtype=torch.float32)[None])

    def probabilities(self, x: NDArray[np.float32], *, rate_hz: float) -> Doubles:
        """Return probabilities, or numbers, float64 [output] of one clip [channel, time].

        Raises:
            RateError: the clip is not at the network's rate.
        """
        values: Doubles = read(self.logits(x, rate_hz=rate_hz)[None], self.reading)[0]
        return values

    def _predicted(self, x: Tensor) -> Doubles:
        model = cast(nn.Module, self.model)
        training, device = model.training, next(iter(model.parameters())).device
        try:
            with torch.inference_mode():
                logits: Tensor = model.eval()(x.to(device))
                return logits[0].double().cpu().numpy()
        finally:
            model.train(training)

    def _scaled(self, y: NDArray[np.floating]) -> NDArray[np.floating]:
        return (y - self.reading.mean) / self.reading.std if self.target == "number" else y

    def _loss(self, logits: Tensor, y: Tensor) -> Tensor:
        weight = None if self._weight is None else self._weight.to(logits)
        return cost_of(self._cost, logits, y, weight)

    def _logs(self, logits: Tensor, y: Tensor) -> dict[str, float]:
        """Return what tells on a batch how training goes."""
        if self.target == "class":
            return {"accuracy": float((logits.argmax(1) == y.argmax(1)).float().mean())}
        if self.target == "tags":
            return {"accuracy": float(((logits >= 0) == (y >= 0.5)).float().mean())}
        return {"mae": float(((logits - y).abs() * logits.new_tensor(self.reading.std)).mean())}


def _lengths(batch: Mapping[str, Tensor]) -> Tensor | None:
    """Return how long the clips are, or None where all are as long as the batch."""
    lengths = batch["length"]
    return None if bool((lengths == batch["x"].shape[-1]).all()) else lengths
