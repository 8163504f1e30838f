"""Draw one scene of a trained model's tests: its spectrogram, the truth and what was found.

    python tools/own_sounds_picture.py MODEL docs/img/own-sounds.png --index 0

MODEL is a folder that `ondes train` made. The picture has a palette of few colours, so that it
stays below 150 kB.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ondes import recipe
from ondes.events import EventList
from ondes.recipe import build
from ondes.recipe.run import FILE
from ondes.report.png import magma
from ondes.report.spectrogram import LEVELS, Spectrogram
from ondes.run.pipeline import load

WIDTH, LEFT, HEIGHT = 1000, 100, 220
LANE, GAP, FOOT = 26, 12, 30
TRUE, RIGHT, WRONG, INK, PAPER = "#9aa4b2", "#2a9d8f", "#d1495b", "#1f2430", "#ffffff"
FONT = ImageFont.load_default(15)
COLOURS = 40


def picture(x: np.ndarray, truth: EventList, found: EventList) -> Image.Image:
    """Stack spectrogram, lanes of labels and a time axis."""
    labels = sorted({*truth.labels, *found.labels})
    height = HEIGHT + GAP + LANE * len(labels) + FOOT
    sheet = Image.new("RGB", (WIDTH, height), PAPER)
    pen = ImageDraw.Draw(sheet)
    sheet.paste(spectrogram(x, truth.rate_hz), (LEFT, 0))
    scale = (WIDTH - LEFT) / x.shape[1]
    for row, label in enumerate(labels):
        top = HEIGHT + GAP + row * LANE
        pen.text((LEFT - 8, top + LANE / 2), label, INK, FONT, anchor="rm")
        bars(pen, truth.filter(label=label), top + 3, scale, ["" for _ in truth], TRUE)
    right = set(truth.compare(found, onset_s=0.2).pairs[:, 1].tolist())
    for index, event in enumerate(found):
        top = HEIGHT + GAP + labels.index(event.label) * LANE + LANE // 2
        colour = RIGHT if index in right else WRONG
        bars(pen, found[np.arange(len(found)) == index], top, scale, [f"{event.score:.2f}"], colour)
    axis(pen, x.shape[1] / truth.rate_hz, height)
    return sheet


def spectrogram(x: np.ndarray, rate_hz: float) -> Image.Image:
    """Paint the spectrogram, its upper seven octaves."""
    shown = Spectrogram(rate_hz=rate_hz, n_samples=x.shape[1], most_columns=WIDTH - LEFT)
    shown.push(x)
    levels = shown.picture().levels[: 7 * 28]
    painted = Image.fromarray(magma(LEVELS)[levels])
    return painted.resize((WIDTH - LEFT, HEIGHT), Image.Resampling.BILINEAR)


def bars(
    pen: ImageDraw.ImageDraw,
    events: EventList,
    top: float,
    scale: float,
    notes: list[str],
    colour: str,
) -> None:
    """Draw one bar an event."""
    for event, note in zip(events, notes, strict=False):
        left, right = LEFT + event.onset * scale, LEFT + event.offset * scale
        pen.rectangle((left, top, right, top + LANE // 2 - 4), fill=colour)
        pen.text((right + 4, top + 4), note, colour, FONT, anchor="lm")


def axis(pen: ImageDraw.ImageDraw, seconds: float, height: int) -> None:
    """Mark every second."""
    for second in range(int(seconds) + 1):
        place = LEFT + second * (WIDTH - LEFT) / seconds
        pen.line((place, HEIGHT, place, HEIGHT + 6), INK)
        pen.text((place, height - FOOT / 2), f"{second} s", INK, FONT, anchor="mm")


def main() -> None:
    """Detect the events of one example and draw them beside the truth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--index", type=int, default=0)
    words = parser.parse_args()
    example = build.dataset(recipe.load(words.model / FILE), words.split)[words.index]
    pipeline = load(words.model)
    found = pipeline.detect(example.x, rate_hz=pipeline.spec.rate_hz)
    words.out.parent.mkdir(parents=True, exist_ok=True)
    sheet = picture(example.x, example.events, found)
    sheet.quantize(COLOURS, dither=Image.Dither.NONE).save(words.out, optimize=True)


if __name__ == "__main__":
    main()
