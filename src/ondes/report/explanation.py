"""The report of a network explained: what excites its filters, to look at and to listen to."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ondes import __version__
from ondes.errors import InputError
from ondes.io import atomic_write, pitch
from ondes.report import closeups, examples, filterbank, page
from ondes.report.examples import Example
from ondes.report.summary import share
from ondes.signal import Signal
from ondes.tasks.explain import Explained, Explanation
from ondes.tasks.explain.result import TELLING_FIELDS

STYLES = ("page", "detection", "index", "classification", "explanation")
SCRIPTS = ("classification", "theme")
ARRAYS = (
    *("index", "labels", "waves", "power", "frequency_hz", "peak_hz", "answer", "silence"),
    *("tone_hz", "tones", "at_peak", "tone_response", "tone_rise", "dead", "seed_peak_hz"),
    *("repeatability", "weights", "own_peak_hz", "steps"),
)
SHOWN = 12  # filters of a layer whose waveforms are drawn
GLANCE = 6  # of these, side by side with those of other layers
MOST_SOUNDS = 96
POINTS = 160  # of a drawn waveform
NEAR_CENTS = 100
STAGES = 6  # of the way of a waveform


@dataclass(frozen=True)
class Drawn:
    """A filter: its waveform as an SVG path, its weights as another, and figures in words."""

    label: str
    wave: str
    weights: str
    peak: str
    facts: str
    dead: bool


@dataclass(frozen=True)
class Way:
    """How a waveform arose: a path for each of some steps."""

    label: str
    stages: list[tuple[int, str]]


@dataclass(frozen=True)
class Shown:
    """A layer as it stands on the page; `glance` are the places of some that are drawn."""

    layer: Explained
    title: str
    facts: list[str]
    axis: filterbank.Axis
    found: str
    swept: str
    drawn: list[Drawn]
    glance: list[int]
    ways: list[Way]
    length: str


@dataclass(frozen=True)
class Sounding:
    """An output to listen to."""

    label: str
    example: Example | str
    facts: str


def write(
    path: str | os.PathLike[str],
    explanation: Explanation,
    *,
    band: tuple[float, float] | None = None,
    attributions: Sequence[Mapping[str, object]] = (),
    card: Mapping[str, object] | None = None,
    command: str = "",
    title: str = "",
) -> None:
    """Write one HTML file: every layer as a picture, waveforms, and the sounds of the outputs.

    Args:
        path: of the page.
        explanation: what was found.
        band: in hertz, whose share of the energy is told.
        attributions: pictures of recordings, as `ondes.report.attribution.shown` gives them.
        card, command, title: where the network comes from, and what the page is called.

    Raises InputError when `path` cannot be written.
    """
    filters = [layer for layer in explanation.layers if layer.kind != "output"]
    outputs = [layer for layer in explanation.layers if layer.kind == "output"]
    sounds = [_sounding(layer, k, explanation) for layer in outputs for k in _places(layer)]
    context = {
        "title": title or explanation.name,
        "facts": _facts(explanation),
        "tiles": _tiles(filters),
        "rows": [(layer, layer.summary(), _share(layer, band)) for layer in explanation.layers],
        "band": _band_name(band),
        "layers": [_shown(layer) for layer in filters],
        "outputs": [_shown(layer) for layer in outputs],
        "telling": TELLING_FIELDS,
        "sounds": sounds,
        "n_outputs": sum(len(layer.index) for layer in outputs),
        "attributions": list(attributions),
        "notes": list(explanation.notes),
        "method": explanation.method,
        "origin": _origin(explanation, card, command),
        "share": share,
        "number": page.number,
        "hertz": _hertz,
    }
    page.write(
        path,
        template="explanation.html.j2",
        context=context,
        styles=tuple(f"assets/{name}.css" for name in STYLES),
        scripts=tuple(page.asset(f"assets/{name}.js") for name in SCRIPTS),
    )


def write_arrays(path: str | os.PathLike[str], explanation: Explanation) -> None:
    """Write what was found to an NPZ file, each array as ``LAYER/name``, see `Explained`."""
    arrays: dict[str, np.ndarray] = {"rate_hz": np.array(explanation.rate_hz)}
    for layer in explanation.layers:
        for name in ARRAYS:
            arrays[f"{layer.name}/{name}"] = np.asarray(getattr(layer, name))
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def sung(label: str, hertz: float) -> tuple[int, float] | None:
    """Return the nearest partial of the pitch that a label names, and how many cents off it is.

    None where the label names no pitch.

    >>> sung("A4", 440.0), sung("A4", 885.0), sung("fracture", 440.0)
    ((1, 0.0), (2, 9.8...), None)
    """
    try:
        nominal = 440.0 * 2 ** ((pitch.midi(label) - 69) / 12)
    except InputError:
        return None
    partial = max(1, round(hertz / nominal))
    return partial, float(1200 * np.log2(max(hertz, 1e-9) / (partial * nominal)))


def _facts(explanation: Explanation) -> list[str]:
    channels = explanation.channels
    said = [page.hertz(explanation.rate_hz), f"RMS {explanation.rms:.3g}"]
    if channels > 1:
        said.append(f"{channels} channels")
    starts = "1 start" if explanation.seeds == 1 else f"{explanation.seeds} starts"
    return [*said, f"{starts} of each filter"]


def _tiles(layers: Sequence[Explained]) -> list[tuple[str, str]]:
    if not layers:
        return []
    responses = np.concatenate([layer.tone_response[~layer.dead] for layer in layers])
    agree = np.concatenate([layer.repeatability[~layer.dead] for layer in layers])
    figures = {"tone response": responses, "repeatability": agree}
    known = {name: values[np.isfinite(values)] for name, values in figures.items()}
    tiles = [
        ("layers", f"{len(layers)}"),
        ("filters", f"{sum(len(layer.index) for layer in layers):,}"),
        ("dead", f"{sum(int(layer.dead.sum()) for layer in layers):,}"),
    ]
    return tiles + [
        (name, f"{np.median(values):.2f}") for name, values in known.items() if len(values)
    ]


def _share(layer: Explained, band: tuple[float, float] | None) -> float | None:
    if band is None or layer.dead.all():
        return None
    return float(np.median(layer.share(band)[~layer.dead]))


def _hertz(frequency_hz: float) -> str:
    """Return a frequency with four digits; a dash where there is none."""
    return "–" if np.isnan(frequency_hz) else page.hertz(float(f"{frequency_hz:.4g}"))


def _band_name(band: tuple[float, float] | None) -> str:
    return "" if band is None else f"{page.hertz(band[0])} to {page.hertz(band[1])}"


def _places(layer: Explained) -> list[int]:
    count = len(layer.index)
    return (
        [k * count // MOST_SOUNDS for k in range(MOST_SOUNDS)]
        if count > MOST_SOUNDS
        else list(range(count))
    )


def _shown(layer: Explained) -> Shown:
    order = layer.order
    axis = filterbank.Axis.of(layer.peak_hz[~layer.dead], rate_hz=layer.rate_hz)
    drawn = [_drawn(layer, int(k)) for k in layer.picked(SHOWN)]
    return Shown(
        layer=layer,
        title=layer.name,
        facts=_layer_facts(layer),
        axis=axis,
        found=filterbank.picture(layer.power[order], layer.frequency_hz, axis),
        swept=filterbank.picture(_swept(layer)[order], layer.tone_hz, axis),
        drawn=drawn,
        glance=np.linspace(0, len(drawn) - 1, min(GLANCE, len(drawn))).round().astype(int).tolist(),
        ways=[_way(layer, k) for k in range(len(layer.watched))] if layer.record else [],
        length=page.duration(layer.telling / layer.rate_hz),
    )


def _layer_facts(layer: Explained) -> list[str]:
    is_output = layer.kind == "output"
    count = f"{len(layer.index)} {'outputs' if is_output else 'filters'}"
    if len(layer.index) < layer.total:
        count += f" of {layer.total}"
    said = [count] if is_output else [layer.kind, count, *_sights(layer)]
    if layer.dead.any():
        said.append(f"{int(layer.dead.sum())} dead")
    return said


def _sights(layer: Explained) -> list[str]:
    """Return how much of a waveform a filter sees at once, and how often."""
    if layer.hop >= layer.waves.shape[-1]:
        return ["each gives one value for a whole clip"]
    often = f"about every {layer.hop:,}" if layer.hop > 1 else "at every one"
    return [f"each sees {layer.field:,} samples", often]


def _swept(layer: Explained) -> filterbank.Floats:
    """Return the power of the answers to tones, above silence and the least of all tones."""
    least = layer.tones.min(axis=1) if layer.kind == "output" else layer.silence
    return np.square(np.maximum(layer.tones - least[:, None], 0))


def _drawn(layer: Explained, k: int) -> Drawn:
    rise, taps = layer.tone_response[k], layer.taps(k)
    said = [] if np.isnan(rise) else [f"tone {rise:.2f}"]
    if np.isfinite(layer.repeatability[k]):
        said.append(f"agree {layer.repeatability[k]:.2f}")
    if np.isfinite(layer.own_peak_hz[k]):
        said.append(f"taps {_hertz(layer.own_peak_hz[k])}")
    return Drawn(
        label=layer.labels[k],
        wave=_wave(layer, k, layer.waves[k]),
        weights=path_of(taps) if len(taps) > 1 else "",
        peak=_hertz(layer.peak_hz[k]),
        facts=" · ".join(said),
        dead=bool(layer.dead[k]),
    )


def _way(layer: Explained, place: int) -> Way:
    k = int(layer.watched[place])
    stages = [(one.step, _wave(layer, k, one.waves[place])) for one in layer.way(STAGES)]
    return Way(layer.labels[k], stages)


def _wave(layer: Explained, k: int, x: np.ndarray) -> str:
    return path_of(x[layer.loudest(k), : layer.telling])


def path_of(x: np.ndarray) -> str:
    """Return samples [time] as an SVG path over a unit square, their peak at the edge."""
    if len(x) > 2 * POINTS:
        edges = np.linspace(0, len(x), POINTS + 1).astype(np.int64)[:-1]
        return closeups.outline(np.minimum.reduceat(x, edges), np.maximum.reduceat(x, edges))
    peak = float(np.abs(x).max()) or 1.0
    across = np.arange(len(x)) / max(1, len(x) - 1)
    points = zip(across.tolist(), ((1 - x / peak) / 2).tolist(), strict=True)
    return "M" + "L".join(f"{a:.4f} {b:.3f}" for a, b in points)


def _sounding(layer: Explained, k: int, explanation: Explanation) -> Sounding:
    label, peak = layer.labels[k], float(layer.peak_hz[k])
    signal = Signal.of(layer.waves[k], rate_hz=explanation.rate_hz, unit="a.u.")
    said = [_hertz(peak)]
    found = sung(label, peak)
    if found is not None:
        near = abs(found[1]) <= NEAR_CENTS
        said.append(
            f"partial {found[0]}, {found[1]:+.0f} cents" if near else "no partial of its pitch"
        )
    return Sounding(label, examples.example(functools.partial(_itself, signal)), " · ".join(said))


def _itself(signal: Signal) -> Signal:
    return signal


def _origin(
    explanation: Explanation, card: Mapping[str, object] | None, command: str
) -> dict[str, object]:
    told = {"command": command, "name": explanation.name}
    known = {name: value for name, value in told.items() if value}
    return {**known, **(card or {}), "report by": f"ondes {__version__}"}
