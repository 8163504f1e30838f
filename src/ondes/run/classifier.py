"""From a recording to what it is in one call: a trained network of clips and its reading."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import overload

import numpy as np

from ondes import __version__
from ondes.errors import ArtefactError, InputError, NotFiniteError
from ondes.run.card import Card
from ondes.run.detector import Progress, told
from ondes.run.engine import Samples, check_block, resampler_for
from ondes.run.labels import Doubles, Labels, Stretch, Timeline
from ondes.run.predictors import Predictor
from ondes.run.source import Choice, Recording, Route, Source, source_of, together
from ondes.run.windows import Pace, Window, Windows, check_length
from ondes.signal import Signal
from ondes.spec import ClipSpec
from ondes.tasks.classify import Reading, choose, read


@dataclass(frozen=True)
class Classifier:
    """A trained classifier, tagger or regressor: recordings in, `Labels` out.

    Every clip goes through the network alone and at its own length, so that its answer depends on
    nothing but its samples: arrays, files and blocks give the same bits.

    predictor: computes the network: a module of torch, or an ONNX file; or it is a classical rival.
    spec: what the network takes and gives.
    reading: how its output becomes probabilities and choices, or numbers.
    card: what travels with it.
    rivals: what gives each of the classical ones that were fitted to the same clips, by family.
    """

    predictor: Predictor
    spec: ClipSpec
    reading: Reading
    card: Card
    rivals: Mapping[str, "Callable[[], Classifier]"] = field(default_factory=dict, compare=False)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of all that it tells: classes, tags or numbers."""
        return self.spec.outputs

    @overload
    def classify(
        self,
        recording: Recording,
        *,
        rate_hz: float | None = ...,
        resample: bool = ...,
        channels: Choice = ...,
        window_s: None = ...,
        hop_s: None = ...,
        progress: Progress | None = ...,
    ) -> Labels: ...

    @overload
    def classify(
        self,
        recording: Recording,
        *,
        rate_hz: float | None = ...,
        resample: bool = ...,
        channels: Choice = ...,
        window_s: float,
        hop_s: float | None = ...,
        progress: Progress | None = ...,
    ) -> Timeline: ...

    def classify(
        self,
        recording: Recording,
        *,
        rate_hz: float | None = None,
        resample: bool = False,
        channels: Choice = None,
        window_s: float | None = None,
        hop_s: float | None = None,
        progress: Progress | None = None,
    ) -> Labels | Timeline:
        """Return what a recording is as a whole, or with `window_s` what each of its windows is.

        Args:
            recording: a Signal, a path, an open file, an array [time] or [channel, time], or an
                iterator of blocks [channel, time] of any sizes, which change no answer.
            rate_hz: of an array or blocks.
            resample: convert a rate for which the network was not made; nothing is unasked.
            channels: which: None for all, names or numbers in the order the network takes them,
                or ``"mix"`` for their mean, to a network of one.
            window_s: length of windows in seconds. Their number does not change how much memory
                is needed; without them a recording is held in whole.
            hop_s: from one window to the next, `window_s` if None. What is left at the end gets a
                last window, which ends with the recording.
            progress: is told now and then how many seconds are done.

        Raises:
            RateError, ChannelError, TooShortError, NotFiniteError: the recording does not fit.
            FormatError, InputError: it cannot be read.
        """
        source = source_of(recording, rate_hz=rate_hz)
        if window_s is None:
            if hop_s is not None:
                raise InputError(f"hop_s={hop_s:g} without window_s: say how long windows are")
            return self._labels(self._whole(source, channels, resample=resample))
        listener = self.listen(
            window_s=window_s,
            hop_s=hop_s,
            rate_hz=source.rate_hz,
            channels=source.channels,
            choice=channels,
            resample=resample,
            start=source.start,
        )
        return listener.heard(source, progress=progress)

    def listen(
        self,
        *,
        window_s: float,
        hop_s: float | None = None,
        rate_hz: float,
        channels: Sequence[str] = ("0",),
        choice: Choice = None,
        resample: bool = False,
        start: int = 0,
    ) -> "Listener":
        """Return what hears a recording block by block: `classify` for what is not over yet.

        Args:
            window_s, hop_s: of the windows, as for `classify`.
            rate_hz: of the blocks.
            channels: the names of their channels.
            choice: which of these, as for `classify`.
            resample: as for `classify`.
            start: place of the first sample on the time axis.

        Raises:
            RateError, ChannelError: the recording does not fit.
            TooShortError, InputError: the windows do not.
        """
        windows = Windows(
            Pace.of(self.spec, window_s=window_s, hop_s=hop_s),
            spec=self.spec,
            resampler=resampler_for(self.spec, rate_hz, resample=resample),
            rate_hz=rate_hz,
        )
        return Listener(
            self, windows, together(choice, channels, self.spec), rate_hz=rate_hz, start=start
        )

    def predict_proba(
        self,
        clips: Iterable[Recording],
        *,
        rate_hz: float | None = None,
        resample: bool = False,
        channels: Choice = None,
    ) -> Doubles:
        """Return probabilities [clip, name] of clips, each as `classify` takes one.

        An array is [clip, time] or [clip, channel, time].

        Raises:
            InputError: the model tells numbers, for which there is `predict`; or as `classify`.
        """
        if self.reading.kind == "number":
            raise InputError(
                f"predict_proba of {self.card.name!r}, which tells numbers: call predict"
            )
        return self._scores(clips, rate_hz=rate_hz, resample=resample, channels=channels)

    def predict(
        self,
        clips: Iterable[Recording],
        *,
        rate_hz: float | None = None,
        resample: bool = False,
        channels: Choice = None,
    ) -> "np.ndarray[tuple[int, ...], np.dtype[np.generic]]":
        """Return for clips what is chosen: [clip] names of classes, [clip, tag] True where a tag
        is, [clip, name] numbers. Takes and raises what `predict_proba` does.
        """
        scores = self._scores(clips, rate_hz=rate_hz, resample=resample, channels=channels)
        if self.reading.kind == "number":
            return scores
        chosen = [choose(row, self.classes, self.reading) for row in scores]
        if self.reading.kind == "class":
            return np.array([one for (one,) in chosen], dtype=str)
        return np.array([[name in some for name in self.classes] for some in chosen], dtype=bool)

    def logits(self, x: Samples, *, rate_hz: float) -> Doubles:
        """Return the network's output [name] for a clip [channel, time] at the network's rate."""
        resampler_for(self.spec, rate_hz, resample=False)
        return self._logits(np.asarray(x, np.float32))

    def probabilities(self, x: Samples, *, rate_hz: float) -> Doubles:
        """Return probabilities [name], or numbers, of a clip as of `logits`."""
        return self._read(self.logits(x, rate_hz=rate_hz))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network and the card; `ondes.load` brings the classifier back.

        `path` is a folder, or for what came from an ONNX file another such file. Rivals go to
        ``baselines/<family>`` in the folder.
        """
        self.predictor.save(path, self._whole_card())
        for family, rival in self.rivals.items():
            rival().save(Path(path, "baselines", family))

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

    def labels_of(self, window: Window) -> Labels:
        """Return what a window is."""
        return self._labels(window.x)

    def _scores(
        self, clips: Iterable[Recording], *, rate_hz: float | None, resample: bool, channels: Choice
    ) -> Doubles:
        if isinstance(clips, str | os.PathLike | Signal):
            raise InputError(
                f"one recording given, {clips!r}, where several are asked: give a list"
            )
        sources = (source_of(clip, rate_hz=rate_hz) for clip in clips)
        wholes = (self._whole(source, channels, resample=resample) for source in sources)
        rows = [self._read(self._logits(x)) for x in wholes]
        return np.array(rows, np.float64).reshape(len(rows), len(self.classes))

    def _whole(self, source: Source, channels: Choice, *, resample: bool) -> Samples:
        """Return a whole recording as the network takes it, [channel, time]."""
        chosen = together(channels, source.channels, self.spec)
        resampler = resampler_for(self.spec, source.rate_hz, resample=resample)
        none = np.zeros((chosen.n_rows, 0), np.float32)
        blocks = _checked(map(chosen, source.blocks()), chosen)
        x = np.concatenate([none, *blocks], axis=1)
        return resampler(x) if resampler else x

    def _labels(self, x: Samples) -> Labels:
        scores = self._read(self._logits(x))
        return Labels(self.classes, scores, choose(scores, self.classes, self.reading))

    def _logits(self, x: Samples) -> Doubles:
        check_length(x.shape[1], self.spec)
        logits: Doubles = self.predictor(x[None])[0].astype(np.float64)
        if not np.isfinite(logits).all():
            raise NotFiniteError(
                f"the network answers NaN to samples of up to {float(np.abs(x).max()):g}: bring "
                "the recording to the scale it was trained on, or train it again"
            )
        return logits

    def _read(self, logits: Doubles) -> Doubles:
        values: Doubles = read(logits[None], self.reading)[0]
        return values

    def _whole_card(self) -> Card:
        kept = {**self.card.task, "decoder": self.reading.to_dict()}
        return replace(self.card, spec=self.spec.to_dict(), task=kept, ondes=__version__)


class Listener:
    """One recording on its way through a classifier: samples in, the labels of windows out."""

    def __init__(
        self, classifier: Classifier, windows: Windows, chosen: Route, *, rate_hz: float, start: int
    ) -> None:
        self._classifier, self._windows, self._route = classifier, windows, chosen
        self._rate_hz, self._start = rate_hz, start

    @property
    def decided(self) -> int:
        """Position up to which all is said: no window still to come begins before it."""
        return self._start + self._windows.decided

    def push(self, block: Samples) -> Timeline:
        """Take the next samples [channel, time]; return the windows that are now over.

        Raises:
            InputError, NotFiniteError: the block does not fit.
        """
        return self._timeline(self._windows.push(self._route(block)))

    def finish(self) -> Timeline:
        """Return the windows that the end of the recording ends; nothing can be pushed after.

        Raises:
            TooShortError: the whole recording is too short.
        """
        return self._timeline(self._windows.finish())

    def heard(self, source: Source, *, progress: Progress | None = None) -> Timeline:
        """Return all windows of a source, from its beginning to its end."""
        parts = [self.push(block) for block in told(source, progress)]
        return Timeline.joined([*parts, self.finish()])

    def _timeline(self, windows: Iterator[Window]) -> Timeline:
        rows = [
            Stretch(
                self._start + window.start,
                self._start + window.stop,
                self._classifier.labels_of(window),
            )
            for window in windows
        ]
        return Timeline.of(self._classifier.classes, rows, self._rate_hz)


def revived(path: Path, card: Card, predictor: Predictor) -> Classifier:
    """Return the classifier that a card and a network, both from `path`, make.

    Raises:
        ArtefactError: the card says what this ondes does not know.
    """
    try:
        reading, spec = Reading.from_dict(card.task["decoder"]), ClipSpec.from_dict(card.spec)
    except (KeyError, ValueError) as error:
        raise ArtefactError(
            f"{path}: the card's reading is none of this ondes: {error}. "
            f"Install ondes {card.ondes}, which wrote it"
        ) from error
    return Classifier(predictor, spec, reading, card)


def _checked(blocks: Iterable[Samples], chosen: Route) -> Iterator[Samples]:
    """Yield the blocks of a recording, once none of their samples is NaN or infinite."""
    at = 0
    for block in blocks:
        check_block(block, n_rows=chosen.n_rows, at=at)
        yield block
        at += block.shape[1]
