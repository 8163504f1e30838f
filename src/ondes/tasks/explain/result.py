"""What is found of a network, as arrays with shapes and units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ondes.errors import nearest
from ondes.tasks.explain.judge import band_share

TELLING_FIELDS, LEAST_TELLING = 3, 64

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Step:
    """How some waveforms stood after so many steps: waves float32 [watched, channel, time]."""

    step: int
    waves: Floats


@dataclass(frozen=True, kw_only=True)
class Explained:
    """What excites the filters of a layer, or the outputs of a network, most.

    Attributes:
        name: of the layer, as in ``named_modules()``, or "output".
        kind: "conv1d", "conv2d", the same transposed as "convtranspose1d", or "output".
        labels: of the filters that were explained: their numbers, or the names of outputs.
        index: int64 [filter], their places among all.
        total: how many filters the layer has.
        field, hop: samples that one value depends on, and about how many to the next value.
        rate_hz: of the waveforms.
        waves: float32 [filter, channel, time], of the seed that climbed highest, at the RMS of all.
        power: float32 [filter, bin], the share of a waveform's energy in each bin; adds up to 1.
        answer: float32 [filter], the answer to it: the mean over time of what passes zero before
            the activation, of an output its logit.
        silence: float32 [filter], the answer to silence.
        steps: int64 [filter], steps until it arrived.
        peak_hz: float64 [filter], where the mean spectrum of all seeds, blurred, is highest.
        tone_hz: float64 [tone]; tones: float32 [filter, tone], the answers to pure tones of the
            same RMS.
        at_peak: float32 [filter], the answer to the pure tone at the found peak.
        tone_response: float32 [filter], that answer over the best tone's; of outputs `tone_rise`.
        tone_rise: float32 [filter], the same counted from silence; NaN where no tone is answered
            more than silence is.
        dead: bool [filter], whether nothing wakes it: no answer, of outputs none above silence's.
        seed_peak_hz: float64 [seed, filter], where each seed's spectrum is highest.
        repeatability: float32 [filter], how alike the seeds' spectra are, see `agreement`.
        weights: float32 [filter, input, ..., tap], the filters' own; empty of outputs.
        watched: int64 [watched], the places in `index` whose way is recorded; record: that way,
            from noise to what is in `waves`.
        heights: mean objective of the batch, step by step, of the first seed.
        seconds: how long it took.
    """

    name: str
    kind: str
    labels: tuple[str, ...]
    index: Whole
    total: int
    field: int
    hop: int
    rate_hz: float
    waves: Floats
    power: Floats
    answer: Floats
    silence: Floats
    steps: Whole
    peak_hz: Doubles
    tone_hz: Doubles
    tones: Floats
    at_peak: Floats
    tone_response: Floats
    tone_rise: Floats
    dead: NDArray[np.bool_]
    seed_peak_hz: Doubles
    repeatability: Floats
    weights: Floats
    watched: Whole
    record: tuple[Step, ...]
    heights: Floats
    seconds: float

    @property
    def frequency_hz(self) -> Doubles:
        """The frequencies of `power`: float64 [bin]."""
        bins: Doubles = np.arange(self.power.shape[1]) * (self.rate_hz / self.waves.shape[-1])
        return bins

    @property
    def best_tone_hz(self) -> Doubles:
        """The pure tone that each filter answers most: float64 [filter]."""
        best: Doubles = self.tone_hz[self.tones.argmax(1)]
        return best

    @property
    def own_peak_hz(self) -> Doubles:
        """Where each filter's own taps pass most, to be compared with `peak_hz`: float64 [filter].

        NaN of layers that hear other layers, whose taps say nothing of frequencies.
        """
        taps, (filters, channels, samples) = self.weights, self.waves.shape
        if self.kind != "conv1d" or taps.shape[1] != channels or taps.shape[-1] < self.field:
            return np.full(filters, np.nan)
        size = max(samples, taps.shape[-1])
        passed = np.square(np.abs(np.fft.rfft(taps, n=size))).sum(1)
        peaks: Doubles = (1 + passed[:, 1:].argmax(1)) * (self.rate_hz / size)
        return peaks

    @property
    def order(self) -> Whole:
        """Filters by their peaks, low to high; dead ones last: int64 [filter]."""
        return np.lexsort((self.peak_hz, self.dead))

    def picked(self, most: int) -> Whole:
        """Return the places of at most so many filters, evenly from low peaks to high."""
        places = np.linspace(0, len(self.order) - 1, min(most, len(self.order)))
        picked: Whole = self.order[places.round().astype(int)]
        return picked

    def way(self, most: int) -> list[Step]:
        """Return at most so many of the recorded steps, evenly from the first to the last."""
        count = len(self.record)
        places = np.linspace(0, count - 1, min(most, count)).round().astype(int)
        return [self.record[k] for k in places]

    def taps(self, place: int) -> Floats:
        """Return the taps [tap] of a filter's strongest input; none of outputs."""
        weights = self.weights[place]
        rows = weights.reshape(-1, max(1, weights.shape[-1]))
        strongest = np.square(rows).sum(1).argmax() if len(rows) else 0
        taps: Floats = rows[strongest] if len(rows) else np.zeros(0, np.float32)
        return taps

    def loudest(self, place: int) -> int:
        """Return the channel in which a waveform has most energy, which is the one to draw.

        Never the mean over channels: of what a filter wants as their difference nothing is left.
        """
        return int(np.square(self.waves[place]).sum(-1).argmax())

    @property
    def telling(self) -> int:
        """Samples of a waveform that show all that a filter looks for: some receptive fields."""
        return min(int(self.waves.shape[-1]), max(LEAST_TELLING, TELLING_FIELDS * self.field))

    def share(self, band: tuple[float, float]) -> Floats:
        """Return what share of its energy each waveform has in a band in hertz: [filter]."""
        return band_share(self.power, self.frequency_hz, band)

    def summary(self) -> dict[str, object]:
        """Return the figures of the layer: counts, medians over living filters, and seconds."""
        alive = ~self.dead
        return {
            "filters": len(self.index),
            "of": self.total,
            "dead": int(self.dead.sum()),
            "tone_response": _median(self.tone_response[alive]),
            "tone_rise": _median(self.tone_rise[alive]),
            "repeatability": _median(self.repeatability[alive]),
            "peak_hz": _median(self.peak_hz[alive]),
            "steps": _median(self.steps),
            "seconds": round(self.seconds, 2),
        }


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What a network has learnt, layer by layer.

    Attributes:
        name: of the model.
        rate_hz: of all waveforms. rms: theirs. channels: theirs.
        layers: in the order in which they are called, the output last.
        seeds: how many starts each filter had. method: how it was climbed.
        notes: what a reader has to know, as what was assumed.
    """

    name: str
    rate_hz: float
    rms: float
    channels: int
    layers: tuple[Explained, ...]
    seeds: int
    method: str
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Explained:
        """Return a layer by its name; KeyError, with the nearest one, where there is none."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(f"{name!r}{nearest(name, [layer.name for layer in self.layers])}")

    def summary(self, *, band: tuple[float, float] | None = None) -> dict[str, dict[str, object]]:
        """Return the figures of every layer, with the median share of energy in a band if asked."""
        return {
            layer.name: layer.summary()
            | ({} if band is None else {"in_band": _median(layer.share(band)[~layer.dead])})
            for layer in self.layers
        }


def _median(values: NDArray[np.generic]) -> float:
    """Return the median of what is a number; NaN where nothing is."""
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    return float(np.median(known)) if len(known) else float("nan")
