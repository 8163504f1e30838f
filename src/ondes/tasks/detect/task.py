"""The detect task: frame, onset and offset maps learnt by cross-entropy around any network."""

from collections.abc import Mapping
from typing import ClassVar, Literal, cast, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ondes.errors import ChannelError, InputError, RateError, TooShortError, nearest
from ondes.losses import bce, focal
from ondes.protocols import Example, Level, Model, Phase, Step
from ondes.spec import HEADS, Spec
from ondes.tasks.detect.decoder import Decoder
from ondes.tasks.detect.hearts import Scoring
from ondes.tasks.detect.pieces import Doubles, Floats
from ondes.tasks.detect.score import Tolerances
from ondes.timebase import IntArray

Loss = Literal["bce", "focal"]


class DetectTask:
    """Learn which events sound when; holds a network whose classes are the events' labels.

    Targets per class and frame: ``frame`` is 1 where an event covers the frame's centre;
    ``onset`` and ``offset`` are triangles of height 1 around the exact sample, so that their
    centre of mass tells it more finely than the frames do. Which of them there are, the heads of
    the network's spec say.

    Args:
        model: the network; the heads of its spec are frame, onset, offset or the first of these.
        loss: ``bce`` (binary cross-entropy) or ``focal``, the mean over all cells of a head.
        gamma: of the focal loss, >= 0.
        positive: how many times a cell with an event weighs what one without does, > 0; one
            number, or one per class.
        frame_weight, onset_weight, offset_weight: of each head's loss, >= 0.
        onset_frames: half the base of the triangles in frames, >= 1; the decoder's ``reach``.
        onset_s, event_s, segment_s: what counts as right, see `Tolerances`; > 0.
        scoring: what a trained model is scored as: ``events`` of any kind, ``beats`` of a heart or
            ``episodes`` of a rhythm, see `ondes.tasks.detect.hearts`.
        decoder: how to read events from the probabilities.
        tune: whether the decoder is fitted to validation data after training, which asks for some
            that resemble what is to come, or stays as it is.

    Raises:
        InputError: the heads are others, or a number is out of its range.
    """

    LEVEL: ClassVar[Level] = "frame"

    def __init__(
        self,
        model: Model,
        *,
        loss: Loss = "bce",
        gamma: float = 2.0,
        positive: float | tuple[float, ...] = 1.0,
        frame_weight: float = 1.0,
        onset_weight: float = 1.0,
        offset_weight: float = 1.0,
        onset_frames: int = 2,
        onset_s: float = 0.05,
        event_s: float = 0.2,
        segment_s: float = 1.0,
        scoring: Scoring = "events",
        decoder: Decoder | None = None,
        tune: bool = True,
    ) -> None:
        self.model = model
        self.loss, self.gamma = loss, gamma
        self.weights = dict(zip(HEADS, (frame_weight, onset_weight, offset_weight), strict=True))
        self.onset_frames, self.scoring, self.tune = onset_frames, scoring, tune
        self.tolerances = Tolerances(onset_s, event_s, segment_s)
        self._check(positive)
        self.decoder = decoder or Decoder(reach=onset_frames)
        self.positive = torch.tensor(positive, dtype=torch.float32).reshape(-1, 1)

    def _check(self, positive: float | tuple[float, ...]) -> None:
        if self.spec.heads != HEADS[: len(self.spec.heads)]:
            raise InputError(
                f"detect with a network of heads {self.spec.heads}; they must be {HEADS} or the "
                f"first of these"
            )
        if self.loss not in ("bce", "focal"):
            hint = nearest(self.loss, ("bce", "focal"))
            raise InputError(f"detect(loss={self.loss!r}): 'bce' or 'focal'{hint}")
        if self.scoring not in get_args(Scoring):
            hint = nearest(self.scoring, get_args(Scoring))
            raise InputError(
                f"detect(scoring={self.scoring!r}): {', '.join(get_args(Scoring))}{hint}"
            )
        if min(self.weights.values()) < 0 or self.onset_frames < 1:
            raise InputError(
                f"detect(onset_frames={self.onset_frames}) with head weights {self.weights}: "
                f"onset_frames must be >= 1 and weights >= 0"
            )
        if min(*self.tolerances, np.min(positive)) <= 0:
            raise InputError(
                f"detect(positive={positive}) with {self.tolerances}: all must be above 0"
            )
        if np.size(positive) not in (1, len(self.spec.classes)):
            raise InputError(
                f"detect(positive=...) of {np.size(positive)} numbers for "
                f"{len(self.spec.classes)} classes: give one, or one per class"
            )

    @property
    def spec(self) -> Spec:
        """What the network takes and gives."""
        return self.model.spec

    def prepare(self, example: Example) -> dict[str, NDArray[np.generic]]:
        """Return x float32 [channel, time] and a target [class, frame] per head.

        Raises:
            ChannelError: the example has not the network's number of channels.
            RateError: its events are not at the network's rate.
            TooShortError: it is shorter than one frame.
            InputError: a label is none of the network's classes.
        """
        _check_example(example, self.spec)
        grid = self.spec.timebase
        n_frames = grid.frames_in(example.x.shape[1])
        frame = example.events.to_frames(grid, self.spec.classes, n_frames)
        rows = self._rows(example)
        soft = {
            "onset": self._triangles(rows, example.events.onset, n_frames),
            "offset": self._triangles(rows, example.events.offset, n_frames),
        }
        targets: dict[str, NDArray[np.generic]] = {"frame": frame.astype(np.uint8), **soft}
        x = np.ascontiguousarray(example.x, np.float32)
        return {"x": x, **{head: targets[head] for head in self.spec.heads}}

    def step(self, batch: Mapping[str, Tensor]) -> Step:
        """Return the loss of each head and the F1 of the frames at a threshold of .5."""
        logits = self.model(batch["x"]).float()
        losses = {
            head: self.weights[head] * self._loss(logits[:, row], batch[head].float())
            for row, head in enumerate(self.spec.heads)
        }
        return Step(losses, {"frame_f1": _frame_f1(logits[:, 0] > 0, batch["frame"] > 0)})

    def phases(self) -> tuple[Phase, ...]:
        """Return the one phase: everything moves, by all losses."""
        return (Phase("detect"),)

    def predict(self, x: Tensor) -> Tensor:
        """Return probabilities [b, head, class, frame] on the network's device, in eval mode."""
        model = cast(nn.Module, self.model)
        training = model.training
        device = next(iter(model.parameters())).device
        try:
            with torch.inference_mode():
                logits: Tensor = model.eval()(x.to(device))
                return torch.sigmoid(logits.float())
        finally:
            model.train(training)

    def probabilities(self, x: Floats, *, rate_hz: float) -> Floats:
        """Return probabilities [head, class, frame] of one clip [channel, time], as trained.

        Raises:
            RateError: the clip is not at the network's rate.
        """
        if rate_hz != self.spec.rate_hz:
            raise RateError(
                f"a clip at {rate_hz:.10g} Hz for a network of {self.spec.rate_hz:.10g} Hz: let "
                f"the data set give that rate, or put the task into a pipeline, which resamples"
            )
        probs: Floats = self.predict(torch.tensor(x, dtype=torch.float32)[None])[0].cpu().numpy()
        return probs

    def _rows(self, example: Example) -> IntArray:
        place = {label: row for row, label in enumerate(self.spec.classes)}
        return np.array([place[label] for label in example.events.label.tolist()], np.int64)

    def _triangles(self, rows: IntArray, samples: IntArray, n_frames: int) -> Floats:
        """Return a map [class, frame] of triangles around positions; the higher one counts."""
        grid, reach = self.spec.timebase, self.onset_frames
        target = np.zeros((len(self.spec.classes), n_frames), np.float32)
        steps = np.arange(-reach, reach + 1)
        frame = grid.frame_of(samples)[:, None] + steps
        distance: Doubles = np.abs((frame + 0.5) - (samples - grid.start)[:, None] / grid.hop)
        height = np.maximum(0, 1 - distance / reach).astype(np.float32)
        row = np.broadcast_to(rows[:, None], frame.shape)
        inside = (frame >= 0) & (frame < n_frames)
        np.maximum.at(target, (row[inside], frame[inside]), height[inside])
        return target

    def _loss(self, logits: Tensor, target: Tensor) -> Tensor:
        weight = None
        if bool((self.positive != 1).any()):
            weight = 1 + (self.positive.to(target.device) - 1) * target
        if self.loss == "focal":
            return focal(logits, target, gamma=self.gamma, weight=weight)
        return bce(logits, target, weight=weight)


def _check_example(example: Example, spec: Spec) -> None:
    if example.x.shape[0] != spec.channels:
        raise ChannelError(
            f"an example of shape {list(example.x.shape)} for a network of {spec.channels} "
            f"channels; choose channels in the data set, or build the network for these"
        )
    if example.x.shape[1] < spec.hop:
        raise TooShortError(
            f"an example of {example.x.shape[1]} samples for frames of {spec.hop}; "
            f"let the data set cut longer windows"
        )


def _frame_f1(found: Tensor, truth: Tensor) -> float:
    right = (found & truth).sum()
    return float(2 * right / (found.sum() + truth.sum()).clamp_min(1))
