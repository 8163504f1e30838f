"""Spoken digits at 8 kHz, speakers held out (Free Spoken Digit Dataset, CC BY-SA 4.0).

The folder holds `wav/DIGIT_SPEAKER_TAKE.wav`, one channel, lengths from 0.14 to 2.3 s. One
speaker, the `fold`-th in alphabetical order, is tested. Another speaker validates, the next one in
a circle; or, with `valid: within`, one of five takes of each digit of the speakers learnt from,
which leaves all others to learn from but tells less about voices never heard.

Four to six speakers are few. `voices` adds digits that synthetic voices say to what is learnt
from, each in a voice of its own; they never validate nor test.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ondes.data import splits
from ondes.data.clips import Clips, from_signals, joined, one_hot
from ondes.data.places import located
from ondes.data.splits import Valid
from ondes.data.voices import spoken
from ondes.errors import FormatError, InputError
from ondes.io import read
from ondes.ops.signals import resample

ABOUT = "Spoken digits, speakers held out (Free Spoken Digit Dataset)."
LEVEL = "clip"
TESTS = ("test",)
LABELS = tuple("0123456789")
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True, kw_only=True)
class Config:
    """`folder` of the set, here or in $ONDES_DATA, and how it is parted.

    rate_hz: to which 8 kHz are resampled.
    fold: which speaker is tested, from 0; null tests none.
    valid: "group" validates by another speaker, "within" by takes of those learnt from.
    voices: so many digits more to learn from, by synthetic voices (`ondes.data.voices`, with the
        package of ``ondes[voices]``), others for each seed; 0 adds none.
    """

    folder: str = "digits"
    rate_hz: float = 8000.0
    fold: int | None = 0
    valid: Valid = "group"
    voices: int = 0

    def __post_init__(self) -> None:
        if self.voices < 0:
            raise InputError(f"voices={self.voices}: give 0 or more")


def build(config: Config, *, split: str, seed: int = 0) -> Clips:
    """One split: train, valid, test or all, which is what speakers said.

    Raises InputError where the folder or the fold is missing, FormatError where a file is damaged
    or named otherwise, MissingExtraError where synthetic voices are asked for and not installed.
    """
    clips = _read(located(config.folder, option="folder"), config.rate_hz)
    if split == "all":
        return clips
    parts = splits.leave_group_out(
        clips.groups, config.fold, strata=clips.classes, valid=config.valid
    )
    part = clips.part(parts, split, of="digits", valid=config.valid)
    if split != "train" or not config.voices:
        return part
    return joined(part, _synthetic(config.voices, config.rate_hz, seed))


def _synthetic(count: int, rate_hz: float, seed: int) -> Clips:
    manners, signals = zip(*spoken(WORDS, count, seed=seed), strict=True)
    return from_signals(
        [resample(signal, rate_hz) for signal in signals],
        one_hot([LABELS[WORDS.index(manner.word)] for manner in manners], LABELS),
        labels=LABELS,
        groups=[manner.voice for manner in manners],
        names=[f"{manner.word} by {manner.voice}" for manner in manners],
    )


@lru_cache(maxsize=1)
def _read(folder: Path, rate_hz: float) -> Clips:
    paths = sorted((folder / "wav").glob("*.wav"))
    if not paths:
        raise InputError(f"no WAV files in {folder / 'wav'}; give the folder of the set")
    named = [_named(path) for path in paths]
    digits, speakers = zip(*named, strict=True)
    return from_signals(
        [resample(read(path), rate_hz) for path in paths],
        one_hot(digits, LABELS),
        labels=LABELS,
        groups=speakers,
        names=[path.name for path in paths],
    )


def _named(path: Path) -> tuple[str, str]:
    """The digit and the speaker."""
    words = path.stem.split("_")
    if len(words) != 3 or not words[0].isdigit():
        raise FormatError(f"{path} is not named DIGIT_SPEAKER_TAKE.wav: leave it out")
    return words[0], words[1]
