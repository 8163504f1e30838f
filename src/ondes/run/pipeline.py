"""From a recording to its events in one call: a trained network, its engine and its decoder."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ondes import __version__, tasks
from ondes.errors import ArtefactError, InputError
from ondes.events import EventList
from ondes.run import artefact
from ondes.run.artefact import Card, Json
from ondes.run.detector import Listening, Progress, detect, joined, listen
from ondes.run.engine import Engine, Frames, Samples, Window
from ondes.run.source import Choice, Recording, route, source_of
from ondes.spec import Spec
from ondes.tasks.detect import Decoder, DetectTask, Scan, Tolerances
from ondes.timebase import Timebase

Precision = Literal["auto", "float32", "bfloat16"]


class FrameMap(NamedTuple):
    """Probabilities [row, head, class, frame]; row i is of channel ``channels[i]``.

    `timebase` counts samples at the network's rate, on the recording's time axis.
    """

    probs: NDArray[np.float32]
    timebase: Timebase
    channels: tuple[int, ...]


@dataclass(frozen=True)
class Pipeline:
    """A trained detector: recordings in, events out. `load` gives one.

    `window` is how much the network gets at once; None lets its receptive field decide. Answers
    in other windows or another `precision` differ by rounding only.
    """

    task: DetectTask
    card: Card
    window: Window | None = None
    precision: Precision = "float32"

    @property
    def spec(self) -> Spec:
        """What the network takes and gives."""
        return self.task.spec

    @property
    def decoder(self) -> Decoder:
        """How events are read from its probabilities."""
        return self.task.decoder

    @property
    def tolerances(self) -> Tolerances:
        """What counts as right when it is scored."""
        return self.task.tolerances

    @cached_property
    def engine(self) -> Engine:
        """The windowing engine around the network."""
        return Engine(self._predict, self.spec, self.window or Window.of(self.spec))

    def detect(
        self,
        recording: Recording,
        *,
        rate_hz: float | None = None,
        resample: bool = False,
        channels: Choice = None,
        progress: Progress | None = None,
    ) -> EventList:
        """Return the events of a recording, at its own rate, each with a score from 0 to 1.

        Files and blocks are read as they are needed: memory does not grow with their length.

        Args:
            recording: a Signal, a path, an open file, an array [time] or [channel, time], or an
                iterator of blocks [channel, time] of any sizes, which change no answer.
            rate_hz: of an array or blocks.
            resample: convert a rate for which the network was not made; nothing is unasked.
            channels: which: None for all, names or numbers, or ``"mix"`` for their mean. A
                network of one channel hears each for itself, and events say which; one of several
                takes exactly so many, in this order.
            progress: is told now and then how many seconds are done.

        Raises:
            RateError, ChannelError, TooShortError, NotFiniteError: the recording does not fit.
            FormatError, InputError: it cannot be read.
        """
        return detect(
            self,
            recording,
            rate_hz=rate_hz,
            resample=resample,
            channels=channels,
            progress=progress,
        )

    def listen(
        self,
        *,
        rate_hz: float,
        channels: Sequence[str] = ("0",),
        choice: Choice = None,
        resample: bool = False,
        start: int = 0,
    ) -> Listening:
        """Return what hears a recording block by block: `detect` for what is not over yet.

        Args:
            rate_hz: of the blocks.
            channels: the names of their channels.
            choice: which of these, as for `detect`.
            resample: as for `detect`.
            start: place of the first sample on the time axis.

        Raises:
            RateError, ChannelError: the recording does not fit.
        """
        return listen(
            self,
            rate_hz=rate_hz,
            channels=channels,
            choice=choice,
            resample=resample,
            start=start,
        )

    def hear(self, *, rate_hz: float, n_rows: int, resample: bool = False) -> "Decoding":
        """Return what hears the rows of one recording.

        Raises:
            RateError, ChannelError: the network cannot take them.
        """
        return Decoding(self, rate_hz=rate_hz, n_rows=n_rows, resample=resample)

    def frames(
        self,
        recording: Recording,
        *,
        rate_hz: float | None = None,
        resample: bool = False,
        channels: Choice = None,
    ) -> FrameMap:
        """Return the probabilities of a whole recording; takes and raises what `detect` does."""
        source = source_of(recording, rate_hz=rate_hz)
        chosen = route(channels, source.channels, self.spec)
        found = self.engine.run(
            map(chosen, source.blocks()),
            rate_hz=source.rate_hz,
            n_channels=chosen.n_rows,
            resample=resample,
        )
        probs = np.concatenate([frames.values for frames in found], axis=-1)
        start = Timebase(source.rate_hz).rescale(source.start, self.spec.rate_hz)
        return FrameMap(probs, replace(self.spec.timebase, start=start), chosen.channels)

    def probabilities(self, x: Samples, *, rate_hz: float) -> NDArray[np.float32]:
        """Return what `frames` does for a clip [channel, time]: [head, class, frame].

        A clip that is shorter than a window has one of its own.
        """
        length = Timebase(rate_hz).rescale(x.shape[1], self.spec.rate_hz)
        frames = min(self.engine.window.frames, max(1, -(-length // self.spec.hop)))
        fitting = replace(self, window=Window.of(self.spec, frames=frames))
        return np.asarray(fitting.frames(x, rate_hz=rate_hz).probs[0])

    def _predict(self, x: Samples) -> NDArray[np.float32]:
        """Return the network's answer; torch.tensor copies x to where torch aligns its memory."""
        device = next(cast(nn.Module, self.task.model).parameters()).device.type
        half = self.precision == "bfloat16"
        with torch.autocast(device, torch.bfloat16, enabled=half):
            answer: NDArray[np.float32] = self.task.predict(torch.tensor(x)).cpu().numpy()
        return answer

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the weights and the card to a folder; `load` brings the pipeline back."""
        kept = {**self.card.task, "decoder": self.decoder.to_dict()}
        card = replace(self.card, spec=self.spec.to_dict(), task=kept, ondes=__version__)
        artefact.save(folder, cast(nn.Module, self.task.model), card)


class Decoding:
    """The rows of one recording through a network and its decoder; see `detector.Hearing`."""

    def __init__(self, pipeline: Pipeline, *, rate_hz: float, n_rows: int, resample: bool) -> None:
        spec = pipeline.spec
        self._stream = pipeline.engine.stream(rate_hz=rate_hz, n_channels=n_rows, resample=resample)
        self._rate_hz, self._model = rate_hz, Timebase(spec.rate_hz)
        self._scans = [
            Scan(pipeline.decoder, timebase=spec.timebase, labels=spec.classes, channel=row)
            for row in range(n_rows if spec.channels == 1 else 1)
        ]
        self._over = False

    @property
    def decided(self) -> int:
        """Sample up to which all is said."""
        if self._over:
            return self._stream.n_samples
        first = min(scan.decided for scan in self._scans)
        return min(max(self._model.rescale(first, self._rate_hz), 0), self._stream.n_samples)

    @property
    def restart(self) -> int:
        """Sample from which a new hearing gives what is still to come."""
        return self._stream.restart(min(scan.restart for scan in self._scans))

    def push(self, block: Samples) -> EventList:
        """Take the next samples [row, time]; return the events that are now over.

        Raises:
            InputError, NotFiniteError: the block does not fit.
        """
        return self._events(self._scanned(self._stream.push(block)))

    def finish(self) -> EventList:
        """Return the events that the end of the recording ends; nothing can be pushed after.

        Raises:
            TooShortError: the whole recording is shorter than one frame.
        """
        last = self._scanned(self._stream.finish())
        self._over = True
        return self._events([*last, *(scan.finish() for scan in self._scans)])

    def _scanned(self, parts: Sequence[Frames]) -> list[EventList]:
        return [
            scan.push(probs)
            for frames in parts
            for scan, probs in zip(self._scans, frames.values, strict=True)
        ]

    def _events(self, parts: Sequence[EventList]) -> EventList:
        """Bring events from the network's rate to the recording's, within its length."""
        events = joined(parts, self._model.rate_hz).resample(self._rate_hz)
        return events.crop(0, self._stream.n_samples)


def load(
    model: str | os.PathLike[str],
    *,
    device: str = "auto",
    precision: Precision = "auto",
    window_frames: int | None = None,
) -> Pipeline:
    """Return a trained pipeline: one that comes with ondes, by name, or one saved in a folder.

    Args:
        model: a name, as ``"piano-tones"``, or the path of a folder.
        device: as torch names it; ``auto`` is the GPU where there is one.
        precision: of the network's arithmetic; ``auto`` is bfloat16 where the processor has
            matrix units for it, which is about twice as fast, and float32 elsewhere.
        window_frames: frames to compute at once; None lets the network's receptive field decide.

    Raises:
        ArtefactError: there is no such model, or it is damaged.
        InputError: there is no such device here.
    """
    folder = artefact.find(model)
    card = artefact.read_card(folder)
    network = artefact.read_model(folder, card)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    task = _task(folder, card, _moved(network, device))
    window = Window.of(task.spec, frames=window_frames) if window_frames else None
    return Pipeline(task, card, window, _chosen(precision, device))


def _moved(network: nn.Module, device: str) -> nn.Module:
    try:
        return network.to(device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise InputError(
            f"device={device!r} (--device) cannot be used here ({reason}): take cpu, cuda where "
            "there is a GPU, or auto, which finds out"
        ) from error


def _chosen(precision: Precision, device: str) -> Precision:
    if precision != "auto":
        return precision
    matrix_units = device == "cpu" and torch.cpu.get_capabilities().get("amx_bf16", False)
    return "bfloat16" if matrix_units else "float32"


def pack(
    task: DetectTask,
    *,
    name: str,
    model: Json,
    options: Json | None = None,
    recipe: Json | None = None,
    data: str = "",
    scores: Json | None = None,
    licence: str = "",
    limits: str = "",
) -> Pipeline:
    """Return a freshly trained task as a pipeline that can be saved.

    Args:
        task: the task with its trained network and fitted decoder.
        name: what to call it.
        model: ``{"name": architecture, "options": {...}}`` that the network was built from.
        options: those the task was built with, without the decoder.
        recipe, data, scores, licence, limits: for the card, see `Card`.
    """
    return Pipeline(
        task,
        Card(
            name=name,
            model=model,
            spec=task.spec.to_dict(),
            task={
                "name": "detect",
                "options": dict(options or {}),
                "decoder": task.decoder.to_dict(),
            },
            recipe=recipe or {},
            data=data,
            scores=scores or {},
            licence=licence,
            limits=limits,
            ondes=__version__,
        ),
    )


def _task(folder: os.PathLike[str], card: Card, network: nn.Module) -> DetectTask:
    try:
        options = {**card.task["options"], "decoder": Decoder.from_dict(card.task["decoder"])}
        task = tasks.build(card.task["name"], network, options)
    except (KeyError, InputError, ValueError) as error:
        raise ArtefactError(
            f"{folder}: the card's task {card.task.get('name')!r} is none of this ondes: {error}. "
            f"Install ondes {card.ondes}, which wrote it"
        ) from error
    if not isinstance(task, DetectTask):
        raise ArtefactError(
            f"{folder} holds a model for the task {card.task['name']!r}, which detects nothing"
        )
    return task
