"""From one sensor's recording to what the other would have shown, in one call."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from ondes import __version__
from ondes.data.uwb.maps import Frames
from ondes.errors import ArtefactError, ChannelError, InputError, NotFiniteError, RateError
from ondes.ops.resample import Resampler
from ondes.protocols import Sensor
from ondes.run.card import Card
from ondes.run.detector import Progress, told
from ondes.run.engine import Samples
from ondes.run.mapping import Map, Mapped, Maps
from ondes.run.predictors import Predictor
from ondes.run.source import Choice, Recording, Source, source_of, together
from ondes.run.translating import Parts, Stream, Translated, alive, joined, parted
from ondes.run.way import Way
from ondes.run.windows import Windows
from ondes.signal import Signal
from ondes.spec import ClipSpec, TranslatorSpec
from ondes.tasks.translate import Reading
from ondes.timebase import Timebase


@dataclass(frozen=True)
class Translator:
    """A trained translator: recordings of one sensor in, those of another out.

    predictor: computes the network, see `answer`.
    spec: what the network takes and gives.
    reading: how values are brought to what it takes, and back.
    way: between which sensors, and in which windows.
    card: what travels with it. Where its ``facts`` tell of ``frames``, the network takes maps that
        are made of these, and recordings may be either, frames or maps.
    """

    predictor: Predictor
    spec: TranslatorSpec
    reading: Reading
    way: Way
    card: Card

    @property
    def latency_s(self) -> float:
        """Longest wait in a live stream from a sample to its translation, computing aside."""
        if self.frames is not None:
            return Timebase(self.frames.rate_hz).seconds(self.frames.size)
        both = (self._into(self.way.source.rate_hz), self._out_of)
        halos_s = [Timebase(one.rate_in).seconds(one.halo) for one in both if one]
        return self.spec.timebase.seconds(self.way.pace.size) + sum(halos_s)

    @cached_property
    def frames(self) -> Frames | None:
        """The frames of which its maps are made; none where it takes what sensors give."""
        told = self.card.facts.get("frames")
        return None if told is None else Frames.from_dict(told)

    def translate(
        self,
        recording: Recording,
        *,
        rate_hz: float | None = None,
        resample: bool = False,
        channels: Choice = None,
        progress: Progress | None = None,
    ) -> Signal:
        """Return a recording as the wanted sensor's, at that one's rate and in its units.

        Longer recordings than the translator learnt from go through in windows of that size,
        which are faded into each other. Frames of which maps are made may be those of one map; of
        longer recordings `maps` makes several.

        Args:
            recording: a Signal, a path, an open file, an array [time] or [channel, time], or an
                iterator of blocks [channel, time] of any sizes, which change no answer.
            rate_hz: of an array or blocks.
            resample: convert a rate for which it was not made; nothing is unasked.
            channels: which: None for all, names or numbers in the order the translator takes
                them, or ``"mix"`` for their mean, to one of a single channel.
            progress: is told now and then how many seconds are done.

        Raises:
            RateError, ChannelError, TooShortError, NotFiniteError: the recording does not fit, or
                it, or a channel of a signal, is constant throughout.
            FormatError, InputError: it cannot be read, or is no map as it learnt.
        """
        return self.parts(
            recording, rate_hz=rate_hz, resample=resample, channels=channels, progress=progress
        ).result

    def parts(
        self,
        recording: Recording,
        *,
        rate_hz: float | None = None,
        resample: bool = False,
        channels: Choice = None,
        progress: Progress | None = None,
    ) -> Translated:
        """Return the translation and what it was made by; as `translate` else."""
        source = source_of(recording, rate_hz=rate_hz)
        if self.is_of_frames(source.rate_hz):
            return self._only_map(source, channels).made
        made = joined(self.flow(source, resample=resample, channels=channels, progress=progress))
        self._check_map(made.result.shape[1])
        start = Timebase(source.rate_hz).rescale(source.start, self.way.target.rate_hz)
        return self._signals(made, start=start)

    def flow(
        self,
        source: Source,
        *,
        resample: bool = False,
        channels: Choice = None,
        progress: Progress | None = None,
    ) -> Iterator[Parts]:
        """Yield a translation stretch by stretch, in memory that does not grow with its length.

        Takes a recording as `ondes.run.source.source_of` gives it; raises what `translate` does.
        """
        stream = self.stream(
            rate_hz=source.rate_hz, channels=source.channels, choice=channels, resample=resample
        )
        if source.n_samples is not None:
            self._check_map(source.n_samples)
        chosen = together(channels, source.channels, self.heard)
        blocks = alive(told(source, progress), chosen, source.channels, each=self.spec.dims == 1)
        yield from map(stream.push, blocks)
        yield stream.finish()

    def maps(
        self,
        recording: Recording,
        *,
        rate_hz: float | None = None,
        channels: Choice = None,
        hop_s: float | None = None,
    ) -> Iterator[Mapped]:
        """Yield the maps of a recording of frames, each with its translation.

        Args:
            recording, rate_hz, channels: as for `translate`.
            hop_s: from the frames of one map to those of the next; None sets them end to end. What
                is left at the end gets a last map, of the recording's last frames.

        Raises:
            RateError, ChannelError, NotFiniteError, TooShortError: the recording does not fit, or
                the frames of a map are all the same.
            InputError: the translator takes no frames.
        """
        source = source_of(recording, rate_hz=rate_hz)
        maps = self.mapping(
            rate_hz=source.rate_hz, channels=source.channels, choice=channels, hop_s=hop_s
        )
        for block in source.blocks():
            yield from map(self._mapped, maps.push(block))
        yield from map(self._mapped, maps.finish())

    def stream(
        self,
        *,
        rate_hz: float,
        channels: Sequence[str] = ("0",),
        choice: Choice = None,
        resample: bool = False,
    ) -> Stream:
        """Return what translates a recording block by block, in memory that does not grow.

        Args:
            rate_hz: of the blocks.
            channels: the names of their channels.
            choice: which of these, as for `translate`.
            resample: as for `translate`.

        Raises:
            RateError, ChannelError: the recording does not fit.
        """
        resampler = self._into(rate_hz, resample=resample)
        pace = self.way.pace
        return Stream(
            self.answer,
            Windows(pace, spec=self.heard, resampler=resampler, rate_hz=rate_hz),
            together(choice, channels, self.heard),
            n_rows=self._n_rows,
            fade=pace.size - pace.hop,
            resampler=self._out_of,
            rates_hz=(rate_hz, self.way.target.rate_hz),
        )

    def mapping(
        self,
        *,
        rate_hz: float,
        channels: Sequence[str],
        choice: Choice = None,
        hop_s: float | None = None,
    ) -> Maps:
        """Return what makes maps of a recording of frames, block by block; see `maps`."""
        if self.frames is None:
            raise InputError(
                f"{self.card.name!r} takes what sensors give, and knows of no frames to make maps "
                "of: leave the hop out (hop_s=, --hop)"
            )
        return Maps(self.frames, rate_hz=rate_hz, channels=channels, choice=choice, hop_s=hop_s)

    def is_of_frames(self, rate_hz: float) -> bool:
        """Tell whether a recording of this rate is one of frames, of which maps are made."""
        return self.frames is not None and rate_hz == self.frames.rate_hz

    @property
    def target(self) -> Sensor:
        """The sensor that it translates into: its rate, channels and name."""
        return self.way.target

    def chosen(self, signal: Signal, channels: Choice, *, resample: bool = False) -> Signal:
        """Return the channels of a recording that the network gets, as they are.

        Raises:
            RateError, ChannelError: the recording does not fit; or with `resample` its channels.
        """
        self._into(signal.rate_hz, resample=resample)
        route = together(channels, signal.channels, self.heard)
        names = ("mix",) if route.mixed else tuple(signal.channels[row] for row in route.rows)
        return Signal(route(signal.samples), signal.rate_hz, signal.start, signal.unit, names)

    def map_of(self, frames: Signal) -> Signal:
        """Return the map of frames of either sensor, as many as one takes.

        Raises:
            InputError: it takes no frames.
        """
        maps = self.mapping(rate_hz=frames.rate_hz, channels=frames.channels)
        (one,) = [*maps.push(frames.samples), *maps.finish()]
        return Signal.of(one.x, rate_hz=self.target.rate_hz)

    def answer(self, x: Samples) -> Samples:
        """Return all rows [row, time] that the network makes of a window [row, time].

        First the translation, then the coarse one, both in the wanted sensor's units, then the
        uncertainty, if it tells one.

        Raises:
            NotFiniteError: the network answers NaN.
        """
        scaled = self.reading.into(x)
        shape = (1, -1, self._bins, x.shape[1]) if self.spec.dims == 2 else (1, *x.shape)
        rows = self.predictor(scaled.reshape(shape))[0].reshape(-1, x.shape[1])
        made, unsure = rows[: 2 * self._n_rows], rows[2 * self._n_rows :]
        spread = np.float32(self.reading.target.spread)
        whole: Samples = np.concatenate([self.reading.target.out_of(made), spread * np.exp(unsure)])
        if not np.isfinite(whole).all():
            raise NotFiniteError(
                f"the network answers NaN to samples of up to {float(np.abs(x).max()):g}: bring "
                "the recording to the scale it was trained on, or train it again"
            )
        return whole

    def parts_of(self, x: Samples) -> Parts:
        """Return what one pass makes of an item [channel, time] at the network's rate."""
        return parted(self.answer(np.asarray(x, np.float32)), self._n_rows)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network and the card; `ondes.load` brings the translator back.

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

    @property
    def _bins(self) -> int:
        """Rows of one channel's map; a signal is a map of one row."""
        return self.way.source.n_channels // self.spec.channels if self.spec.dims == 2 else 1

    @property
    def _n_rows(self) -> int:
        """Rows of a translation."""
        return len(self.spec.outputs) * self._bins

    @property
    def heard(self) -> ClipSpec:
        """What a recording must be for the network to take it, at the network's rate."""
        least = min(self.way.step, self.way.size[-1])
        return ClipSpec(self.spec.rate_hz, self.way.source.n_channels, ("translation",), least)

    @property
    def _out_of(self) -> Resampler | None:
        """What brings the network's answer to the wanted sensor's rate."""
        rate_hz = self.way.target.rate_hz
        return None if rate_hz == self.spec.rate_hz else Resampler(self.spec.rate_hz, rate_hz)

    def _into(self, rate_hz: float, *, resample: bool = False) -> Resampler | None:
        """Return what brings a recording to the network's rate; raises RateError."""
        source = self.way.source
        if rate_hz != source.rate_hz and not resample:
            frames = f", or frames at {self.frames.rate_hz:.10g} Hz" if self.frames else ""
            raise RateError(
                f"a recording at {rate_hz:.10g} Hz for a translator of {source.name or 'signals'} "
                f"at {source.rate_hz:.10g} Hz{frames}: nothing is resampled unasked; ask with "
                "--resample, or resample=True"
            )
        return None if rate_hz == self.spec.rate_hz else Resampler(rate_hz, self.spec.rate_hz)

    def _check_map(self, n: int) -> None:
        """Raise InputError where maps of frames have other than the cells that it learnt."""
        if self.frames is not None and n != self.way.size[-1]:
            raise InputError(
                f"a map of {n} cells for a translator of maps of {self.way.size[-1]}: give such, "
                f"or frames at {self.frames.rate_hz:.10g} Hz, of which it makes them itself"
            )

    def _mapped(self, one: Map) -> Mapped:
        if one.still:
            raise ChannelError(f"frames {one.start} to {one.stop} are alike: look at the sensor")
        source = Signal.of(one.x, rate_hz=self.way.source.rate_hz)
        return Mapped(one.start, one.stop, source, self._signals(self.parts_of(one.x)))

    def _only_map(self, source: Source, channels: Choice) -> Mapped:
        assert self.frames is not None, "is_of_frames comes first"
        maps = self.mapping(rate_hz=source.rate_hz, channels=source.channels, choice=channels)
        found = [one for block in source.blocks() for one in maps.push(block)]
        found += maps.finish()
        if len(found) > 1:
            raise InputError(
                f"a recording of {found[-1].stop} frames, of which a map takes {self.frames.size}: "
                "`maps` translates them one by one, and so does `ondes translate`"
            )
        return self._mapped(found[0])

    def _signals(self, parts: Parts, *, start: int = 0) -> Translated:
        names = self._names(len(self.spec.outputs))
        rate_hz = self.way.target.rate_hz
        result, coarse = (
            Signal(part, rate_hz, start, "", names) for part in (parts.result, parts.coarse)
        )
        if parts.uncertainty is None:
            return Translated(result, coarse)
        doubt = Signal(parts.uncertainty, rate_hz, start, "", self._names(1))
        return Translated(result, coarse, doubt)

    def _names(self, n_channels: int) -> tuple[str, ...]:
        """Return names of rows: of channels, or of the bins of maps."""
        if self.spec.dims == 1:
            return self.spec.outputs if n_channels == len(self.spec.outputs) else ("uncertainty",)
        return tuple(map(str, range(n_channels * self._bins)))

    def _whole_card(self) -> Card:
        kept = {
            **self.card.task,
            "decoder": self.reading.to_dict(),
            "way": self.way.to_dict(),
        }
        return replace(self.card, spec=self.spec.to_dict(), task=kept, ondes=__version__)


def revived(path: Path, card: Card, predictor: Predictor) -> Translator:
    """Return the translator that a card and a network, both from `path`, make.

    Raises:
        ArtefactError: the card says what this ondes does not know.
    """
    try:
        reading = Reading.from_dict(card.task["decoder"])
        spec, way = TranslatorSpec.from_dict(card.spec), Way.from_dict(card.task["way"])
        return Translator(predictor, spec, reading, way, card)
    except (KeyError, ValueError) as error:
        raise ArtefactError(
            f"{path}: the card's reading is none of this ondes: {error}. "
            f"Install ondes {card.ondes}, which wrote it"
        ) from error
