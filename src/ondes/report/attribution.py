"""Attributions of a recording: over its waveform, above its spectrogram, beside its events."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence

import numpy as np

from ondes.events import EventList
from ondes.report import page, png
from ondes.report.closeups import outline
from ondes.report.spectrogram import LEVELS, OCTAVES, ROWS_PER_OCTAVE, Spectrogram
from ondes.signal import Signal
from ondes.tasks.explain.attribution import Attribution

WIDTH, LEFT = 1200, 150
STRIP, PICTURE, LANE, GAP = 74, 120, 18, 10
COLUMNS = 600
SHOWN_OCTAVES = 7
FOR, AGAINST = "#e0741b", "#3b73b9"
NAMES = {
    "integrated-gradients": "Integrated gradients",
    "occlusion": "Occlusion",
    "grad-cam": "Grad-CAM",
}


def shown(
    signal: Signal,
    attributions: Sequence[Attribution],
    *,
    events: EventList | None = None,
    title: str = "",
) -> dict[str, object]:
    """Return a recording and its attributions as the report shows them: title, facts, SVG.

    Each attribution is a strip: how much every moment spoke for the label (orange) or against it
    (blue), over the waveform; then the spectrogram, with the events on top.
    """
    strips = [_strip(signal, one) for one in attributions]
    lanes = _events(signal, events) if events is not None and len(events) else ""
    heights = [LANE + GAP if lanes else 0, *(STRIP + GAP for _ in strips), PICTURE]
    places = np.cumsum([0, *heights])
    parts = [f'<g transform="translate({LEFT} 0)">{lanes}</g>' if lanes else ""]
    for one, strip, y in zip(attributions, strips, places[1:], strict=False):
        parts.append(_label(NAMES[one.way], f"sanity {one.sanity:.2f}", y))
        parts.append(f'<g transform="translate({LEFT} {y})">{strip}</g>')
    top = signal.rate_hz / 2
    octaves = f"{_hertz(top / 2**SHOWN_OCTAVES)} to {_hertz(top)}"
    parts.append(_label("Spectrogram", octaves, places[-2]))
    parts.append(_picture(signal, places[-2]))
    first = attributions[0]
    return {
        "title": title or first.label,
        "facts": [
            f"label {first.label}",
            f"logit {first.logit:.3g}",
            page.duration(signal.duration_s),
            page.hertz(signal.rate_hz),
        ],
        "svg": f'<svg viewBox="0 0 {WIDTH} {places[-1]}" role="img" font-size="13" '
        f'fill="currentColor" aria-label="Attributions of {html.escape(first.label)}">'
        f"{''.join(parts)}</svg>",
    }


def _hertz(frequency_hz: float) -> str:
    return page.hertz(float(f"{frequency_hz:.2g}"))


def _label(name: str, more: str, y: float) -> str:
    return (
        f'<text x="0" y="{y + 18}">{html.escape(name)}</text>'
        f'<text x="0" y="{y + 36}" opacity=".65">{html.escape(more)}</text>'
    )


def _strip(signal: Signal, one: Attribution) -> str:
    """Return the waveform in grey, of several channels the loudest, and areas for and against."""
    wide = WIDTH - LEFT
    x = signal.samples[np.square(signal.samples).sum(1).argmax()]
    edges = np.linspace(0, len(x), min(COLUMNS, len(x)) + 1).astype(np.int64)[:-1]
    wave = outline(np.minimum.reduceat(x, edges), np.maximum.reduceat(x, edges))
    means = np.add.reduceat(one.values, edges) / np.diff(np.append(edges, len(x)))
    scaled = means / (float(np.abs(means).max()) or 1.0)
    sides = ((FOR, np.maximum(scaled, 0)), (AGAINST, np.minimum(scaled, 0)))
    areas = "".join(
        f'<path d="{_area(side)}" fill="{colour}" fill-opacity=".8"/>'
        for colour, side in sides
        if side.any()
    )
    return (
        f'<g transform="scale({wide} {STRIP})"><path d="{wave}" fill="currentColor" '
        f'fill-opacity=".22"/>{areas}</g>'
    )


def _area(values: np.ndarray) -> str:
    """Return an area between values -1 to 1 and the middle of a unit square."""
    across = (np.arange(len(values)) + 0.5) / len(values)
    points = (
        f"{a:.4f} {(1 - b) / 2:.3f}" for a, b in zip(across.tolist(), values.tolist(), strict=True)
    )
    return f"M0 .5L{'L'.join(points)}L1 .5Z"


def _picture(signal: Signal, y: float) -> str:
    drawn = Spectrogram(rate_hz=signal.rate_hz, n_samples=signal.n_samples, most_columns=COLUMNS)
    drawn.push(signal.samples)
    levels = drawn.picture().levels[: min(SHOWN_OCTAVES, OCTAVES) * ROWS_PER_OCTAVE : 2]
    data = base64.b64encode(png.encode(np.ascontiguousarray(levels), png.magma(LEVELS))).decode()
    return (
        f'<image x="{LEFT}" y="{y}" width="{WIDTH - LEFT}" height="{PICTURE}" '
        f'preserveAspectRatio="none" href="data:image/png;base64,{data}"/>'
    )


def _events(signal: Signal, events: EventList) -> str:
    wide, parts = WIDTH - LEFT, []
    for onset, offset, label in zip(events.onset, events.offset, events.label, strict=True):
        begin, end = (wide * (float(k) - signal.start) / signal.n_samples for k in (onset, offset))
        parts.append(
            f'<rect x="{begin:.1f}" y="2" width="{max(end - begin, 1):.1f}" height="{LANE - 4}" '
            f'rx="3" fill="{FOR}" fill-opacity=".35"><title>{html.escape(str(label))}</title>'
            f'</rect><text x="{begin + 3:.1f}" y="{LANE - 5}" font-size="11">'
            f"{html.escape(str(label))}</text>"
        )
    return "".join(parts)
