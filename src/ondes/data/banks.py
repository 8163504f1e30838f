"""Banks of isolated sounds: what the generators mix.

A bank on disk is a folder with `index.json` and one sound file per group of sounds (FLAC or Ogg
Vorbis); the index tells where each sound lies, its label, pitch, velocity, preset, release,
split and licence. `build` makes one from an SF2 bank; any folder of recordings serves as one
through `Bank.of_recordings`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from ondes.data.files import Files
from ondes.data.plans import PLANS, Plan, Take
from ondes.data.render import Rendering, render_preset
from ondes.errors import FormatError, InputError, nearest
from ondes.io import SignalFile
from ondes.io.atomic import atomic_write
from ondes.io.pitch import name as pitch_name

INDEX = "index.json"
PITCHES = range(21, 106)  # A0 ... A7, the thesis's 85 tones
PEAK = 0.5


@dataclass(frozen=True, kw_only=True)
class Sound:
    """One isolated event.

    `samples` float32 [time] at the bank's rate, of which the first `audible` are the event.
    `release_db_per_s` is how much faster it dies when it is let go before; 0: nothing damps it,
    it always rings to its end; infinite: it ends with its samples. `group` names the recording
    it was taken from, so that splits can keep recordings apart.
    """

    samples: NDArray[np.float32]
    label: str
    audible: int
    group: str = ""
    split: str = "train"
    velocity: int = 0
    release_db_per_s: float = np.inf


@dataclass(frozen=True)
class Bank:
    """Sounds of one rate, in memory."""

    sounds: tuple[Sound, ...]
    rate_hz: int

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels in the order in which the sounds bring them."""
        return tuple(dict.fromkeys(sound.label for sound in self.sounds))

    def of(self, label: str) -> tuple[Sound, ...]:
        """The sounds of one label."""
        return tuple(sound for sound in self.sounds if sound.label == label)

    def of_split(self, name: str) -> Bank:
        """The sounds of one split; InputError where there is none."""
        sounds = tuple(sound for sound in self.sounds if sound.split == name)
        if not sounds:
            known = dict.fromkeys(sound.split for sound in self.sounds)
            raise InputError(f"the bank has no split {name!r}{nearest(name, known)}")
        return Bank(sounds, self.rate_hz)

    @staticmethod
    def open(name: str | Path, *, rate_hz: int, split: str | None = None) -> Bank:
        """Read the shipped bank of that name, or the bank in that folder, or a split of it.

        A bank is stored at one rate; it is brought to `rate_hz` here, once, by soxr. Raises
        InputError where there is no such bank or split, FormatError where it is damaged.
        """
        folder = _folder(name)
        entries = [e for e in _read_index(folder) if split in (None, e["split"])]
        if not entries:
            raise InputError(f"the bank {name} has no split {split!r}; see {folder / INDEX}")
        sounds = [
            sound
            for file, inside in groupby(entries, key=lambda entry: str(entry["file"]))
            for sound in _read_file(folder / file, list(inside), rate_hz=rate_hz)
        ]
        return Bank(tuple(sounds), rate_hz)

    @staticmethod
    def of_recordings(
        recordings: Iterable[tuple[Path, str]],
        *,
        rate_hz: int,
        held_out: int = 5,
        fold: int = 0,
        files: Files | None = None,
    ) -> Bank:
        """A bank of (file, label), one event a file, as long as the file; channels are averaged.

        `files` tells what the files do not say themselves.

        Of every `held_out` recordings of a label, in the order of their names, the last is for
        the split `test` and the one before for `valid`; every further `fold` holds out the ones
        before.
        """
        counts: Counter[str] = Counter()
        sounds = []
        for path, label in sorted(recordings):
            place = (counts[label] + fold) % held_out - held_out
            counts[label] += 1
            split = {-1: "test", -2: "valid"}.get(place, "train")
            sounds.append(
                _read_recording((files or Files()).open(path), label, split, rate_hz=rate_hz)
            )
        return Bank(tuple(sounds), rate_hz)


def names() -> tuple[str, ...]:
    """The banks that are shipped."""
    return tuple(sorted(path.parent.name for path in _shipped().glob(f"*/{INDEX}")))


def _shipped() -> Path:
    return Path(str(resources.files("ondes"))) / "banks"


def _folder(name: str | Path) -> Path:
    for folder in (_shipped() / name, Path(name)):
        if (folder / INDEX).exists():
            return folder
    hint = nearest(str(name), (*names(), *PLANS))
    if name in PLANS:
        hint = f"; it is made by: ondes data banks build {name}"
    raise InputError(f"no bank called {str(name)!r} is shipped, nor is it a bank's folder{hint}")


def _read_index(folder: Path) -> list[dict[str, Any]]:
    try:
        sounds: list[dict[str, Any]] = json.loads((folder / INDEX).read_text())["sounds"]
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{folder / INDEX} is damaged ({error}); build the bank again") from error
    return sounds


def _read_file(path: Path, entries: list[dict[str, Any]], *, rate_hz: int) -> Iterator[Sound]:
    samples, stored_hz = soundfile.read(path, dtype="float32")
    for entry in entries:
        piece = samples[entry["start"] : entry["start"] + entry["length"]]
        if piece.size != entry["length"]:
            raise FormatError(f"{path} is shorter than its index says; build the bank again")
        yield Sound(
            samples=_to_rate(piece, stored_hz, rate_hz),
            label=entry["label"],
            audible=round(entry["audible"] * rate_hz / stored_hz),
            group=f"{path.stem}/{entry['velocity']}",
            split=entry["split"],
            velocity=entry["velocity"],
            release_db_per_s=entry["release_db_per_s"],
        )


def _read_recording(file: SignalFile, label: str, split: str, *, rate_hz: int) -> Sound:
    signal, group = file.read(), file.path.stem
    mono = signal.samples.mean(axis=0)
    samples = _to_rate(mono, round(signal.rate_hz), rate_hz)
    return Sound(samples=samples, label=label, audible=samples.size, group=group, split=split)


def _to_rate(samples: NDArray[np.float32], stored_hz: int, rate_hz: int) -> NDArray[np.float32]:
    if stored_hz == rate_hz:
        return samples
    import soxr

    resampled: NDArray[np.float32] = soxr.resample(samples, stored_hz, rate_hz, quality="HQ")
    return resampled


def build(
    plan: Plan,
    folder: Path,
    *,
    pitches: Iterable[int] = PITCHES,
    progress: Callable[[Take], object] = str,
) -> Path:
    """Render an SF2 bank to a tone bank in `folder`: one sound file per take, and the index.

    Every preset is brought to a peak of -6 dB of full scale; its velocities keep their
    distances. Raises MissingExtraError without the fluidsynth command.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chosen = tuple(pitches)
    entries: list[dict[str, Any]] = []
    for _, group in groupby(_by_preset(plan.takes), key=lambda take: take.preset):
        rendered = [(take, _render(plan, take, chosen, progress)) for take in group]
        gain = PEAK / max(np.abs(tone.samples).max() for _, tones in rendered for tone in tones)
        for take, tones in rendered:
            path = folder / f"{take.preset:03d}-v{take.velocity:03d}.{_SUFFIX[plan.codec]}"
            _write_sounds(path, [tone.samples * gain for tone in tones], plan)
            entries += _entries(path.name, tones, take.split)
    index = {
        "source": plan.sf2.name,
        "licence": plan.licence,
        "rate_hz": plan.rate_hz,
        "sounds": entries,
    }
    with atomic_write(folder / INDEX) as temporary:
        temporary.write_text(json.dumps(index, separators=(",", ":")).replace("},", "},\n"))
    return folder


def _by_preset(takes: Iterable[Take]) -> list[Take]:
    return sorted(takes, key=lambda take: take.preset)


def _render(
    plan: Plan, take: Take, pitches: tuple[int, ...], progress: Callable[[Take], object]
) -> list[Rendering]:
    progress(take)
    return list(
        render_preset(
            plan.sf2,
            preset=take.preset,
            velocity=take.velocity,
            pitches=pitches,
            rate_hz=plan.rate_hz,
        )
    )


_SUFFIX = {"flac": "flac", "vorbis": "ogg"}
_CODECS = {"flac": ("FLAC", "PCM_24"), "vorbis": ("OGG", "VORBIS")}


def _write_sounds(path: Path, sounds: list[NDArray[np.float32]], plan: Plan) -> None:
    format_, subtype = _CODECS[plan.codec]
    with (
        atomic_write(path) as temporary,
        soundfile.SoundFile(
            temporary,
            "w",
            samplerate=plan.rate_hz,
            channels=1,
            format=format_,
            subtype=subtype,
            compression_level=1 - plan.quality,
        ) as file,
    ):
        for sound in sounds:  # libsndfile's Vorbis writer overflows on longer pieces
            file.write(sound)


def _entries(file: str, tones: list[Rendering], split: str) -> Iterator[dict[str, Any]]:
    start = 0
    for tone in tones:
        yield {
            "file": file,
            "start": start,
            "length": tone.samples.size,
            "audible": min(tone.audible, tone.samples.size),
            "label": pitch_name(tone.pitch),
            "pitch": tone.pitch,
            "velocity": tone.velocity,
            "preset": tone.preset,
            "release_db_per_s": round(tone.release_db_per_s, 1),
            "split": split,
        }
        start += tone.samples.size
