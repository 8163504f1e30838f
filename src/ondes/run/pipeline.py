"""From a recording to its events in one call: a trained network, its engine and its decoder."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from ondes import __version__
from ondes.errors import ArtefactError
from ondes.run.card import Card, Json
from ondes.run.decoding import Decoding
from ondes.run.detector import Detecting, Detects, Listening
from ondes.run.engine import Engine, Samples, Window
from ondes.run.networks import opened
from ondes.run.predictors import Precision, Predictor
from ondes.run.source import Choice, Recording, route, source_of
from ondes.spec import Spec
from ondes.tasks.detect.decoder import Decoder
from ondes.tasks.detect.score import Tolerances
from ondes.timebase import Timebase

if TYPE_CHECKING:
    from torch import nn

    from ondes.tasks.detect.task import DetectTask


class FrameMap(NamedTuple):
    """Probabilities [row, head, class, frame]; row i is of channel ``channels[i]``.

    `timebase` counts samples at the network's rate, on the recording's time axis.
    """

    probs: NDArray[np.float32]
    timebase: Timebase
    channels: tuple[int, ...]


@dataclass(frozen=True)
class Pipeline(Detecting):
    """A trained detector: recordings in, events out. `load` gives one.

    predictor: computes the network: a module of torch, or an ONNX file.
    spec: what the network takes and gives.
    decoder: how events are read from its probabilities.
    card: what travels with it.
    tolerances: what counts as right when it is scored.
    window: how much the network gets at once; None lets its receptive field decide. Answers in
        other windows differ by rounding only.
    """

    predictor: Predictor
    spec: Spec
    decoder: Decoder
    card: Card
    tolerances: Tolerances = field(default_factory=Tolerances)
    window: Window | None = None

    @cached_property
    def engine(self) -> Engine:
        """The windowing engine around the network."""
        return Engine(self.predictor, self.spec, self.window or Window.of(self.spec))

    @property
    def latency_s(self) -> float:
        """Longest wait in a live stream from an event's end to its being given, in seconds.

        It holds the window's length, the network's look ahead and the frames by which the decoder
        is sure that the event is over; one that another run of frames follows at once waits for
        that. Computing, and waiting for the block that holds the samples, come on top. Windows
        of fewer frames wait less and cost more.
        """
        sure = self.decoder.halo + self.decoder.gap_frames + 1
        return self.spec.timebase.seconds(self.engine.window.wait + sure * self.spec.hop)

    def listen(
        self,
        *,
        rate_hz: float,
        channels: Sequence[str] = ("0",),
        choice: Choice = None,
        resample: bool = False,
        start: int = 0,
    ) -> Listening:
        """Return what hears a recording block by block, see `Detector.listen`."""
        return Detects(self).listen(
            rate_hz=rate_hz,
            channels=channels,
            choice=choice,
            resample=resample,
            start=start,
        )

    def hear(self, *, rate_hz: float, n_rows: int, resample: bool = False) -> Decoding:
        """Return what hears the rows of one recording.

        Raises:
            RateError, ChannelError: the network cannot take them.
        """
        stream = self.engine.stream(rate_hz=rate_hz, n_channels=n_rows, resample=resample)
        return Decoding(stream, self.spec, self.decoder, rate_hz=rate_hz, n_rows=n_rows)

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

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network and the card; `load` brings the pipeline back.

        `path` is a folder, or for what came from an ONNX file another such file.
        """
        self.predictor.save(path, self._whole_card())

    def export(self, path: str | os.PathLike[str]) -> float:
        """Write all of it to one ONNX file that runs without torch; see `ondes.run.export`.

        Returns the largest difference that was found between the file and the network.

        Raises:
            InputError: there is no network of torch, or it cannot be written as ONNX.
            ArtefactError: ONNX Runtime answers otherwise than torch; no file is left.
            MissingExtraError: the packages of ``ondes[onnx]`` are not installed.
        """
        from ondes.run.export import export

        return export(self.predictor, self._whole_card(), path)

    def _whole_card(self) -> Card:
        kept = {**self.card.task, "decoder": self.decoder.to_dict()}
        return replace(self.card, spec=self.spec.to_dict(), task=kept, ondes=__version__)


def load(
    model: str | os.PathLike[str],
    *,
    device: str = "auto",
    precision: Precision = "auto",
    window_frames: int | None = None,
    threads: int = 0,
) -> Pipeline:
    """Return a trained pipeline: one that comes with ondes, one saved, or one exported.

    Args:
        model: a name, as ``"piano-tones"``, or the path of a folder or an ONNX file. The file
            needs ONNX Runtime and no torch.
        device: as torch names it; ``auto`` is the GPU where there is one.
        precision: of the network's arithmetic; ``auto`` is bfloat16 where the processor has
            matrix units for it, which is about twice as fast, and float32 elsewhere. An ONNX
            file is float32.
        window_frames: frames to compute at once; None lets the network's receptive field decide.
        threads: of the processor; torch's number holds for the whole process. 0 leaves it.

    Raises:
        ArtefactError: there is no such model, or it is damaged.
        InputError: there is no such device here.
        MissingExtraError: what runs it is not installed.
    """
    path, card, predictor = opened(model, device=device, precision=precision, threads=threads)
    return revived(path, card, predictor, window_frames=window_frames)


def revived(
    path: Path, card: Card, predictor: Predictor, *, window_frames: int | None = None
) -> Pipeline:
    """Return the detector that a card and a network, both from `path`, make.

    Raises:
        ArtefactError: the card is that of another task, or says what this ondes does not know.
    """
    decoder, tolerances = _reading(path, card)
    spec = Spec.from_dict(card.spec)
    window = Window.of(spec, frames=window_frames) if window_frames else None
    return Pipeline(predictor, spec, decoder, card, tolerances, window)


def pack(
    task: "DetectTask",
    *,
    name: str,
    model: Json,
    options: Json | None = None,
    recipe: Json | None = None,
    data: str = "",
    scores: Json | None = None,
    baselines: Json | None = None,
    licence: str = "",
    limits: str = "",
) -> Pipeline:
    """Return a freshly trained task as a pipeline that can be saved.

    Args:
        task: the task with its trained network and fitted decoder.
        name: what to call it.
        model: ``{"name": architecture, "options": {...}}`` that the network was built from.
        options: those the task was built with, without the decoder.
        recipe, data, scores, baselines, licence, limits: for the card, see `Card`.
    """
    from ondes.run.predictors.torch import Network

    return Pipeline(
        Network(cast("nn.Module", task.model)),
        task.spec,
        task.decoder,
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
            baselines=baselines or {},
            licence=licence,
            limits=limits,
            ondes=__version__,
        ),
        task.tolerances,
    )


def _reading(path: Path, card: Card) -> tuple[Decoder, Tolerances]:
    """Return how a card's events are read, and what counts as right among them."""
    name = card.task["name"]
    if name != "detect":
        raise ArtefactError(
            f"{path} holds a model for the task {name!r}, which detects nothing: use it with "
            f"`ondes {name}`, or as ondes.load(...) returns it"
        )
    try:
        decoder, options = Decoder.from_dict(card.task["decoder"]), card.task["options"]
    except (KeyError, ValueError) as error:
        raise ArtefactError(
            f"{path}: the card's decoder is none of this ondes: {error}. "
            f"Install ondes {card.ondes}, which wrote it"
        ) from error
    own = {key: options[key] for key in Tolerances._fields if key in options}
    return decoder, Tolerances(**own)
