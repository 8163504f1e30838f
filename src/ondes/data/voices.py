"""Words spoken by synthetic voices: as many speakers as a recogniser needs that knows but a few.

The voices are those of eSpeak NG (https://github.com/espeak-ng/espeak-ng, GPL-3.0), which the
package espeakng-loader brings; it is a program of its own, and what it says is free to use. It
imitates vocal tracts by formants, so that accent, tract, pitch and pace can be drawn one by one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError, MissingExtraError, nearest
from ondes.signal import Signal

Samples = NDArray[np.float32]

PROGRAM = Path(__file__).with_name("espeak.py")
ACCENTS = (
    *("en-us", "en-us-nyc", "en-029", "en-gb-x-rp"),
    *("en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd"),
)
MACHINES = ("croak", "Demonic", "fast", "robosoft", "UniRobot", "whisper")
"""Beginnings of the names of variants that sound like nobody."""
WORDS_PER_MINUTE, PITCH, RANGE = (120, 260), (20, 80), (20, 90)
"""From where to where they are drawn; pitch and its range in per cent, 50 being the voice's own."""
AUDIBLE, MARGIN_S = 0.003, 0.01  # what surrounds a word and is quieter, but for so long, is cut


class Manner(NamedTuple):
    """A word and how it is said: eSpeak's voice, words per minute, pitch and range in per cent."""

    word: str
    voice: str
    pace: int
    pitch: int
    range: int


class Spoken(NamedTuple):
    """How a word sounds that was said in some manner."""

    manner: Manner
    signal: Signal


def spoken(words: Sequence[str], count: int, *, seed: int = 0) -> list[Spoken]:
    """Return so many words, one after the other in turn, each by a voice drawn for it.

    Signals have one channel at eSpeak's own 22,050 Hz, without silence around them. All follow
    from words, count, seed and the version of the package.

    Raises:
        MissingExtraError: the package of ``ondes[voices]`` is not installed.
        InputError: there is no word, or one that cannot be spoken.
    """
    if isinstance(words, str) or not words or count < 1:
        raise InputError(
            f"spoken({words!r}, {count}): give a list of one word or more, and a count above 0"
        )
    variants, rng = _variants(), np.random.default_rng(seed)
    return said([_drawn(words[i % len(words)], variants, rng) for i in range(count)])


def said(manners: Sequence[Manner]) -> list[Spoken]:
    """Return how words sound, each said in its manner; raises what `spoken` does."""
    variants = _variants()
    for manner in manners:
        _check(manner, variants)
    if not manners:
        return []
    done = subprocess.run(
        [sys.executable, "-P", str(PROGRAM)],
        input=json.dumps(manners).encode(),
        check=False,
        capture_output=True,
    )
    if done.returncode:
        why = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise InputError(
            f"eSpeak could not speak: {why}; if it finds no voices, install espeakng-loader again, "
            "in a folder with a shorter path"
        )
    line, _, data = done.stdout.partition(b"\n")
    head = json.loads(line)
    ends = np.cumsum(head["lengths"])
    samples: Samples = np.frombuffer(data, np.int16).astype(np.float32) / np.float32(2**15)
    return [
        Spoken(manner, _bare(manner, piece, head["rate_hz"]))
        for manner, piece in zip(manners, np.split(samples, ends[:-1]), strict=True)
    ]


def _drawn(word: str, variants: Sequence[str], rng: np.random.Generator) -> Manner:
    voice = f"{rng.choice(ACCENTS)}+{rng.choice(variants)}"
    pace, pitch, wide = (int(rng.integers(*of)) for of in (WORDS_PER_MINUTE, PITCH, RANGE))
    return Manner(word, voice, pace, pitch, wide)


def _check(manner: Manner, variants: Sequence[str]) -> None:
    word, (_, _, variant) = manner.word, manner.voice.partition("+")
    if not word.isprintable():
        raise InputError(f"eSpeak cannot say {word!r}: give words, without control characters")
    if variant and variant not in variants:
        raise InputError(f"there is no voice {manner.voice}{nearest(variant, variants)}")


def _bare(manner: Manner, samples: Samples, rate_hz: int) -> Signal:
    heard = np.flatnonzero(np.abs(samples) > AUDIBLE)
    if not heard.size:
        raise InputError(f"eSpeak says nothing for {manner.word!r}: give words that can be spoken")
    margin = round(MARGIN_S * rate_hz)
    kept = samples[max(0, heard[0] - margin) : heard[-1] + margin]
    return Signal(kept[None], rate_hz=rate_hz)


def _variants() -> list[str]:
    """Return the tracts there are, in the order of their names."""
    folder = Path(_package().get_data_path(), "voices", "!v")
    names = sorted(path.name for path in folder.iterdir())
    return [name for name in names if not name.startswith(MACHINES)]


def _package() -> Any:  # noqa: ANN401 - a module that may be missing
    """Return what finds eSpeak; raises `MissingExtraError` where it is not installed."""
    try:
        import espeakng_loader
    except ImportError as error:
        raise MissingExtraError(
            "synthetic voices need the package espeakng-loader; install it with: "
            "pip install 'ondes[voices]'"
        ) from error
    return espeakng_loader
