"""How `ondes translate` turns one recording into files, and what it finds on the way."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ondes.cli import _options
from ondes.cli._batch import Told
from ondes.cli._takes import Take
from ondes.cli._targets import Targets, opened
from ondes.cli._translations import AS_IS, COARSE, TARGET, TRANSLATED, Done, Part, Results
from ondes.errors import InputError
from ondes.io import SignalFile, sink, write
from ondes.signal import Signal

if TYPE_CHECKING:
    from ondes.io.signalfile import Samples
    from ondes.protocols import Sensor
    from ondes.run.classifier import Classifier
    from ondes.run.labels import Labels
    from ondes.run.source import Choice
    from ondes.run.translating import Parts, Translated
    from ondes.run.translator import Translator


class Piece(NamedTuple):
    """A recording, or the map of its frames [start, stop), and what it is translated into."""

    source: Signal
    made: "Translated"
    frames: tuple[int, int] | None = None


@dataclass(frozen=True)
class Translation:
    """What a recording becomes, and its results on disk."""

    translator: "Translator"
    opening: _options.Opening
    results: Results
    targets: Targets | None
    judge: "Classifier | None"
    channels: "Choice"
    resample: bool
    hop_s: float | None
    report: bool

    def do(self, take: Take, told: Told) -> Done:
        """Translate a recording and write its results."""
        file = self.open(take)
        n_maps, parts = self._n_maps(file), []
        if there := self.results.there(take, n_maps):
            return Done(take, [Part(paths, {}) for paths in there], file.duration_s, before=True)
        if self._flows(file):
            return Done(take, [self._flowing(take, file, told)], file.duration_s)
        for number, piece in enumerate(self.pieces(file, told)):
            target = self.target(take, piece)
            paths = self.results.paths(take, number if n_maps > 1 else None)
            _write(piece.made.result, paths, take)
            figures, labels = _figures(piece, target), self._labels(piece, target)
            span = (at / file.rate_hz for at in piece.frames) if piece.frames else (None, None)
            parts.append(Part(paths, figures, labels, *span))
        return Done(take, parts, file.duration_s)

    def _flows(self, file: SignalFile) -> bool:
        """Tell whether a recording can be written as it is translated: nothing else is asked."""
        plain = self.hop_s is None and not self.translator.is_of_frames(file.rate_hz)
        return plain and not (self.report or self.targets or self.judge)

    def _flowing(self, take: Take, file: SignalFile, told: Told) -> Part:
        """Translate a recording and write its results, in memory that does not grow with it."""
        paths, target = self.results.paths(take), self.translator.target
        n = file.timebase.rescale(file.n_samples, target.rate_hz)
        doubt = 0.0
        with ExitStack() as stack:
            puts = [stack.enter_context(lent) for lent in _sinks(paths, take, target, n)]
            for part in self._flow(file, told):
                for put in puts:
                    put(part.result)
                if part.uncertainty is not None:
                    doubt += float(part.uncertainty.mean(axis=0, dtype=np.float64).sum())
        return Part(paths, {"uncertainty": doubt / n} if doubt else {})

    def _flow(self, file: SignalFile, told: Told) -> "Iterator[Parts]":
        from ondes.run.source import source_of

        return self.translator.flow(
            source_of(file),
            channels=self.channels,
            resample=self.resample,
            progress=lambda seconds: told(seconds / file.duration_s),
        )

    def open(self, take: Take) -> SignalFile:
        """Open a recording, at the sensor's rate where neither file nor call tells one."""
        return opened(take.path, self.opening, self.translator, self.translator.way.source)

    def pieces(self, file: SignalFile, told: Told = lambda _: None) -> Iterator[Piece]:
        """Yield what a recording is made into: itself, or the maps of its frames."""
        if self.translator.is_of_frames(file.rate_hz) or self.hop_s is not None:
            for one in self.translator.maps(file, channels=self.channels, hop_s=self.hop_s):
                yield Piece(one.source, one.made, (one.start, one.stop))
                told(one.stop / file.n_samples)
            return
        source = self.translator.chosen(file.read(), self.channels, resample=self.resample)
        made = self.translator.parts(
            source,
            resample=self.resample,
            progress=lambda seconds: told(seconds / file.duration_s),
        )
        yield Piece(source, made)

    def target(self, take: Take, piece: Piece) -> Signal | None:
        """Return what the other sensor recorded of a piece, where that is known."""
        if self.targets is None:
            return None
        return self.targets.find(take, piece.made.result, piece.frames)

    def shown(self, take: Take, number: int) -> tuple[Piece, Signal | None]:
        """Return a piece anew, and its target, to be drawn."""
        piece = next(islice(self.pieces(self.open(take)), number, None))
        return piece, self.target(take, piece)

    def _n_maps(self, file: SignalFile) -> int:
        if not self.translator.is_of_frames(file.rate_hz):
            return 1
        pace = self.translator.mapping(
            rate_hz=file.rate_hz, channels=file.channels, choice=self.channels, hop_s=self.hop_s
        ).pace
        return 1 + -(-max(file.n_samples - pace.size, 0) // pace.hop)

    def _labels(self, piece: Piece, target: Signal | None) -> "dict[str, Labels]":
        if self.judge is None:
            return {}
        takes = self.judge.spec.rate_hz, self.judge.spec.channels
        made = piece.made
        clips = {AS_IS: piece.source, TRANSLATED: made.result, TARGET: target}
        if not np.array_equal(made.coarse.samples, made.result.samples):
            clips[COARSE] = made.coarse
        return {
            which: self.judge.classify(clip)
            for which, clip in clips.items()
            if clip is not None and (clip.rate_hz, clip.n_channels) == takes
        }


def _checked(paths: dict[str, Path], take: Take) -> Iterator[tuple[str, Path]]:
    """Yield formats and paths, in folders that are there; raises InputError for the input's own."""
    for kind, path in paths.items():
        if path.exists() and path.resolve() == take.path.resolve():
            raise InputError(f"{path} is the input itself: name another folder with -o")
        path.parent.mkdir(parents=True, exist_ok=True)
        yield kind, path


def _write(result: Signal, paths: dict[str, Path], take: Take) -> None:
    for kind, path in _checked(paths, take):
        write(result, path, format=kind)


def _sinks(
    paths: dict[str, Path], take: Take, target: "Sensor", n_samples: int
) -> "Iterator[AbstractContextManager[Callable[[Samples], None]]]":
    for kind, path in _checked(paths, take):
        yield sink(
            path,
            n_channels=target.n_channels,
            n_samples=n_samples,
            rate_hz=target.rate_hz,
            format=kind,
        )


def _figures(piece: Piece, target: Signal | None) -> dict[str, float]:
    """Return the mean uncertainty and, where the target is known, mean absolute errors."""
    made, found = piece.made, {}
    if made.uncertainty is not None:
        found["uncertainty"] = float(made.uncertainty.samples.mean(dtype=np.float64))
    if target is None:
        return found
    found["l1"] = _l1(made.result, target)
    alike = (piece.source.rate_hz, piece.source.samples.shape) == (
        target.rate_hz,
        target.samples.shape,
    )
    return {**found, "l1_as_is": _l1(piece.source, target)} if alike else found


def _l1(one: Signal, other: Signal) -> float:
    return float(np.abs(one.samples - other.samples).mean(dtype=np.float64))
