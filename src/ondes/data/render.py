"""Render the presets of an SF2/SF3 sound bank, tone by tone, with FluidSynth.

Every tone is struck, held and released in a recording of its own stretch of time; the rate at
which it dies away after the release is measured on the rendering, not read from the bank.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from ondes.errors import InputError, MissingExtraError

RENDER_HZ = 48_000
TICKS_PER_S = 960  # 480 ticks a beat at 120 beats a minute
HOLD_S = 2.75
REST_S = 1.25
SLOT_S = HOLD_S + REST_S
ALL_SOUND_OFF = 120
# FluidSynth renders below full scale for one voice; this leaves room for the loudest preset
GAIN = 0.6
SILENCE = 10 ** (-75 / 20)


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """One tone: `samples` float32 [time] held for its whole length, and its release in dB/s."""

    samples: NDArray[np.float32]
    release_db_per_s: float
    pitch: int
    velocity: int
    preset: int


def render_preset(
    bank: Path, *, preset: int, velocity: int, pitches: Iterable[int], rate_hz: int = RENDER_HZ
) -> Iterator[Rendering]:
    """Render every pitch (MIDI number) of one preset at one velocity (1-127).

    Raises MissingExtraError without the `fluidsynth` command, InputError where it cannot read
    the bank.
    """
    chosen = tuple(pitches)
    take = _render(bank, _score(preset=preset, velocity=velocity, pitches=chosen))
    for position, pitch in enumerate(chosen):
        begin = round(position * SLOT_S * RENDER_HZ)
        slot = take[begin : begin + round(SLOT_S * RENDER_HZ)]
        held = slot[: round(HOLD_S * RENDER_HZ)]
        if np.abs(held).max(initial=0) < SILENCE:
            continue  # the preset has no sample at this pitch
        yield Rendering(
            samples=_shorten(_to_rate(held, rate_hz)),
            release_db_per_s=_release(slot, round(HOLD_S * RENDER_HZ)),
            pitch=pitch,
            velocity=velocity,
            preset=preset,
        )


def _score(*, preset: int, velocity: int, pitches: tuple[int, ...]) -> mido.MidiFile:
    score = mido.MidiFile(ticks_per_beat=TICKS_PER_S // 2)
    track = mido.MidiTrack()
    score.tracks.append(track)
    track.append(mido.Message("program_change", program=preset, time=0))
    hold, rest = round(HOLD_S * TICKS_PER_S), round(REST_S * TICKS_PER_S)
    for pitch in pitches:
        track.append(mido.Message("note_on", note=pitch, velocity=velocity, time=0))
        track.append(mido.Message("note_off", note=pitch, velocity=0, time=hold))
        track.append(mido.Message("control_change", control=ALL_SOUND_OFF, value=0, time=rest))
    return score


def _render(bank: Path, score: mido.MidiFile) -> NDArray[np.float32]:
    command = shutil.which("fluidsynth")
    if command is None:
        raise MissingExtraError(
            f"rendering {bank} needs the fluidsynth command; on Debian: apt install fluidsynth"
        )
    with tempfile.TemporaryDirectory() as folder:
        midi, wave = Path(folder, "score.mid"), Path(folder, "score.wav")
        score.save(midi)
        options = ["-ni", "-R", "0", "-C", "0", "-g", str(GAIN), "-r", str(RENDER_HZ)]
        output = ["-T", "wav", "-O", "float", "-F", str(wave)]
        done = subprocess.run(
            [command, *options, *output, str(bank), str(midi)],
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode or not wave.exists():
            raise InputError(f"fluidsynth could not render {bank}: {done.stderr.strip()}")
        samples: NDArray[np.float32] = soundfile.read(wave, dtype="float32", always_2d=True)[0]
    mono: NDArray[np.float32] = samples.mean(axis=1, dtype=np.float32)
    return mono


def _to_rate(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    if rate_hz == RENDER_HZ:
        return samples
    resampled: NDArray[np.float32] = soxr.resample(samples, RENDER_HZ, rate_hz, quality="VHQ")
    return resampled


def _shorten(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Leave out the end that nobody can hear (below -75 dB of full scale)."""
    audible = np.flatnonzero(np.abs(samples) > SILENCE)
    return samples[: audible[-1] + 1]


def _release(slot: NDArray[np.float32], release: int, step_s: float = 0.01) -> float:
    """How much faster the tone dies after its release than before it, in dB/s."""
    level = _level(slot, round(step_s * RENDER_HZ))
    begin = round(release / (step_s * RENDER_HZ))
    held, tail = level[begin - 50 : begin], level[begin:]
    fallen = np.flatnonzero(tail < max(tail[0] - 40, -100))
    stop = max(int(fallen[0]) if fallen.size else tail.size, 2)
    return max(_slope(held, step_s) - _slope(tail[:stop], step_s), 0.0)


def _level(samples: NDArray[np.float32], step: int) -> NDArray[np.float64]:
    power = np.square(samples[: samples.size // step * step].reshape(-1, step)).mean(axis=1)
    level: NDArray[np.float64] = 10 * np.log10(power + 1e-12)
    return level


def _slope(level: NDArray[np.float64], step_s: float) -> float:
    return float(np.polyfit(np.arange(level.size) * step_s, level, 1)[0])
