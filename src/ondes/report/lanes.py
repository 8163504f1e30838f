"""A translation as one looks at it: maps side by side, or signals above each other."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.errors import OndesError
from ondes.report import page, png
from ondes.report.envelope import Envelope
from ondes.signal import Signal

Floats = NDArray[np.float32]

LEVELS = 64
LARGEST = 640  # cells of a picture along an axis
POINTS = 4000  # of a drawn waveform
CHANNELS = 3
BAND = 0.5, 99.8  # percentiles between which colours run
ALIKE = 2.5  # ranges that differ by no more share their colours
LEVEL, DOUBT = "level", "doubt"

WORDS = {
    "source": "input",
    "target": "target",
    "uncertainty": "uncertainty",
    "coarse": "coarse",
    "result": "result",
    "error": "error",
}
ABOUT = {
    "source": "as the new sensor gives it",
    "target": "what the old one recorded at the same time",
    "uncertainty": "how large an error the translator expects",
    "coarse": "before attention, or texture, changed it",
    "result": "the translation",
    "error": "how far the result is from the target",
}


class Shown(NamedTuple):
    """All of a translation; `is_map` tells whether rows are bins of an image."""

    source: Signal
    target: Signal | None
    result: Signal
    coarse: Signal
    uncertainty: Signal | None = None
    is_map: bool = False


@dataclass(frozen=True)
class Lane:
    """One picture or waveform.

    kind: which part, see `WORDS`. picture: a PNG in base64, of a map. paths: of a signal, one for
    each of the first channels, as SVG paths over samples and -1 to 1. behind: the target's, drawn
    below those of the result. low, high: what the ends of the colours, or of the axis, stand for.
    ramp: the colours, as CSS has them.
    """

    kind: str
    low: float
    high: float
    picture: str = ""
    ramp: str = ""
    paths: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    n: int = 0
    rate_hz: float = 1.0

    @property
    def name(self) -> str:
        """What it is called."""
        return WORDS[self.kind]

    @property
    def about(self) -> str:
        """What it is."""
        return ABOUT[self.kind]


@dataclass(frozen=True)
class Picture:
    """The lanes of one translation, and facts in words."""

    lanes: tuple[Lane, ...]
    facts: str
    is_map: bool


def picture(shown: Shown) -> Picture:
    """Return a translation as it is drawn; raises InputError where target and result differ."""
    lanes = _maps(shown) if shown.is_map else _waves(shown)
    source = shown.source
    size = f"{source.n_channels} x {source.n_samples}" if shown.is_map else ""
    said = [size or page.duration(source.duration_s)]
    if not shown.is_map:
        said += [page.hertz(source.rate_hz)]
        if source.rate_hz != shown.result.rate_hz:
            said += [f"to {page.hertz(shown.result.rate_hz)}"]
        n = max(source.n_channels, shown.result.n_channels)
        said += [f"{n} channels"] * (n > 1)
    return Picture(tuple(lanes), " · ".join(said), shown.is_map)


def drawn(opened: object) -> Picture | str:
    """Return what a function opens, drawn; or why it cannot be."""
    assert callable(opened)
    try:
        return picture(opened())
    except (OndesError, OSError) as error:
        return str(error)


def parts_of(shown: Shown) -> dict[str, Signal]:
    """Return the parts that there are, in the order of the poster's figures."""
    parts: dict[str, Signal | None] = {
        "source": shown.source,
        "target": shown.target,
        "uncertainty": shown.uncertainty,
        "coarse": None if _same(shown.coarse, shown.result) else shown.coarse,
        "result": shown.result,
        "error": _error(shown),
    }
    return {name: part for name, part in parts.items() if part is not None}


def _error(shown: Shown) -> Signal | None:
    if shown.target is None:
        return None
    off = np.abs(shown.result.samples - shown.target.samples)
    return Signal.of(off, rate_hz=shown.result.rate_hz)


def _same(one: Signal, other: Signal) -> bool:
    return np.array_equal(one.samples, other.samples)


def _maps(shown: Shown) -> list[Lane]:
    parts = {name: _seen(part.samples) for name, part in parts_of(shown).items()}
    levels = [x for name, x in parts.items() if name in ("target", "coarse", "result")]
    doubts = [x for name, x in parts.items() if name in ("uncertainty", "error")]
    common = _range(levels)
    spans = {LEVEL: common, DOUBT: (0.0, max((_range([x])[1] for x in doubts), default=1.0))}
    own = _range([parts["source"]])
    alike = 1 / ALIKE < (own[1] - own[0]) / (common[1] - common[0]) < ALIKE
    if alike:
        spans[LEVEL] = (min(own[0], common[0]), max(own[1], common[1]))
    return [
        _map(name, x, own if name == "source" and not alike else spans[_scale_of(name)])
        for name, x in parts.items()
    ]


def _scale_of(name: str) -> str:
    return DOUBT if name in ("uncertainty", "error") else LEVEL


def _map(name: str, x: Floats, span: tuple[float, float]) -> Lane:
    """Return a map as a picture, its first bin at the bottom."""
    low, high = span
    colours = (png.sea if _scale_of(name) == DOUBT else png.magma)(LEVELS)
    shares = (x[::-1] - low) / (high - low)
    pixels = np.rint(np.clip(shares, 0, 1) * (LEVELS - 1)).astype(np.uint8)
    data = png.encode(np.ascontiguousarray(pixels), colours)
    ramp = ", ".join(f"rgb({r} {g} {b})" for r, g, b in colours[:: LEVELS // 9].tolist())
    return Lane(name, low, high, base64.b64encode(data).decode("ascii"), f"90deg, {ramp}")


def _seen(x: Floats) -> Floats:
    """Return a map that is no larger than a screen: means of so many cells along an axis."""
    for axis in (0, 1):
        size = -(-x.shape[axis] // LARGEST)
        if size > 1:
            edges = np.arange(0, x.shape[axis], size)
            counts = np.diff(np.append(edges, x.shape[axis])).astype(np.float32)
            sums = np.add.reduceat(x, edges, axis=axis)
            x = (sums / (counts[:, None] if axis == 0 else counts)).astype(np.float32)
    return x


def _range(parts: Sequence[Floats]) -> tuple[float, float]:
    """Return between which values the colours of some maps run."""
    low, high = np.percentile(np.concatenate([x.ravel() for x in parts]), BAND)
    return float(low), float(max(high, low + 1e-9))


def _waves(shown: Shown) -> list[Lane]:
    parts = parts_of(shown)
    made = [parts[name] for name in ("target", "coarse", "result") if name in parts]
    doubts = [parts[name] for name in ("uncertainty", "error") if name in parts]
    peaks = {
        "source": _peak([shown.source]),
        LEVEL: _peak(made),
        DOUBT: _peak(doubts) if doubts else 1.0,
    }
    return [
        _wave(
            name,
            part,
            peak=peaks["source" if name == "source" else _scale_of(name)],
            behind=shown.target if name == "result" else None,
        )
        for name, part in parts.items()
    ]


def _peak(parts: Sequence[Signal]) -> float:
    return max(float(np.abs(part.samples).max()) for part in parts) or 1.0


def _wave(name: str, part: Signal, *, peak: float, behind: Signal | None) -> Lane:
    return Lane(
        name,
        0.0 if _scale_of(name) == DOUBT else -peak,
        peak,
        paths=_paths(part, peak),
        behind=() if behind is None else _paths(behind, peak),
        n=part.n_samples,
        rate_hz=part.rate_hz,
    )


def _paths(part: Signal, peak: float) -> tuple[str, ...]:
    """Return SVG paths over samples, upwards -1: lines, or of long signals their outlines."""
    return tuple(_path(row, peak) for row in part.samples[:CHANNELS])


def _path(x: Floats, peak: float) -> str:
    if len(x) <= POINTS:
        return _line(np.arange(len(x)), -x / peak, begin="M")
    envelope = Envelope(n_channels=1, n_samples=len(x), most_points=POINTS)
    envelope.push(x[None])
    places = np.arange(envelope.low.shape[1]) * envelope.size
    there = _line(places, -envelope.high[0] / peak, begin="M")
    return there + _line(places[::-1], -envelope.low[0][::-1] / peak, begin="L") + "Z"


def _line(x: NDArray[np.int64], y: Floats, *, begin: str) -> str:
    points = (f"{a} {b:.3f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
    return begin + "L".join(points)
