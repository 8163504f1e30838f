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
from functools import partial
from pathlib import Path

import mido
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from ondes.errors import InputError, MissingExtraError

Samples = NDArray[np.float32]
RENDER_HZ = 48_000
TICKS_PER_S = 960  # 480 ticks a beat at 120 beats a minute
HOLD_S, REST_S = 2.75, 0.25
TAP_S, DECAY_S = 0.125, 0.75  # a short tone, which tells how it dies when let go
ALL_SOUND_OFF = 120
# FluidSynth renders below full scale for one voice; this leaves room for the loudest preset
GAIN = 0.6
SILENCE = 10 ** (-75 / 20)
FADED_DB = 30.0  # a tone that has fallen so far from its peak is over
DAMPED = 30.0  # dB/s; what dies more slowly when let go rings on as if held
STEP = RENDER_HZ // 100


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """One tone, held for its whole length: `samples` float32 [time].

    `audible` is the number of samples until it has fallen by 30 dB from its peak;
    `release_db_per_s` how much faster it dies when it is let go, 0 where nothing damps it.
    """

    samples: Samples
    audible: int
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
    strike = partial(_strike, bank, preset=preset, velocity=velocity, pitches=chosen)
    held = strike(hold_s=HOLD_S, rest_s=REST_S)
    tapped = strike(hold_s=TAP_S, rest_s=DECAY_S)
    for pitch, tone, tap in zip(chosen, held, tapped, strict=True):
        sound = _shorten(tone[: round(HOLD_S * RENDER_HZ)])
        if not sound.size:
            continue  # the preset has no sample at this pitch
        release = _release(tone, tap)
        yield Rendering(
            samples=_to_rate(sound, rate_hz),
            audible=round(_audible(sound) * rate_hz / RENDER_HZ),
            release_db_per_s=release if release >= DAMPED else 0.0,
            pitch=pitch,
            velocity=velocity,
            preset=preset,
        )


def _strike(
    bank: Path,
    *,
    preset: int,
    velocity: int,
    pitches: tuple[int, ...],
    hold_s: float,
    rest_s: float,
) -> list[Samples]:
    """Render each pitch, held and then let go, as one piece of hold_s + rest_s."""
    score = _score(preset, velocity, pitches, hold_s=hold_s, rest_s=rest_s)
    take = _render(bank, score)
    width = round((hold_s + rest_s) * RENDER_HZ)
    return [take[k * width : (k + 1) * width] for k in range(len(pitches))]


def _score(
    preset: int, velocity: int, pitches: tuple[int, ...], *, hold_s: float, rest_s: float
) -> mido.MidiFile:
    score = mido.MidiFile(ticks_per_beat=TICKS_PER_S // 2)
    track = mido.MidiTrack()
    score.tracks.append(track)
    track.append(mido.Message("program_change", program=preset, time=0))
    hold, rest = round(hold_s * TICKS_PER_S), round(rest_s * TICKS_PER_S)
    for pitch in pitches:
        track.append(mido.Message("note_on", note=pitch, velocity=velocity, time=0))
        track.append(mido.Message("note_off", note=pitch, velocity=0, time=hold))
        track.append(mido.Message("control_change", control=ALL_SOUND_OFF, value=0, time=rest))
    return score


def _render(bank: Path, score: mido.MidiFile) -> Samples:
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
        samples: Samples = soundfile.read(wave, dtype="float32", always_2d=True)[0]
    mono: Samples = samples.mean(axis=1, dtype=np.float32)
    return mono


def _to_rate(samples: Samples, rate_hz: int) -> Samples:
    if rate_hz == RENDER_HZ:
        return samples
    resampled: Samples = soxr.resample(samples, RENDER_HZ, rate_hz, quality="VHQ")
    return resampled


def _shorten(samples: Samples) -> Samples:
    """Leave out the end that nobody can hear (below -75 dB of full scale)."""
    heard = np.flatnonzero(np.abs(samples) > SILENCE)
    return samples[: heard[-1] + 1 if heard.size else 0]


def _audible(samples: Samples) -> int:
    """The first moment after its peak at which a tone's level, over 50 ms, has fallen so far."""
    power = np.convolve(_power(samples), np.full(5, 0.2), mode="same")
    peak = int(power.argmax())
    faded = np.flatnonzero(power[peak:] < power[peak] * 10 ** (-FADED_DB / 10))
    return (peak + int(faded[0])) * STEP if faded.size else samples.size


def _release(held: Samples, tapped: Samples) -> float:
    """Decay in dB/s that letting go adds: the slope of the level against the held tone's."""
    released = round(TAP_S * RENDER_HZ) // STEP + 1
    level, sustained = _level(tapped)[released:], _level(held)[released:]
    added = level - sustained[: level.size]
    fallen = np.flatnonzero((added < -40) | (level < -90))
    stop = max(int(fallen[0]) if fallen.size else level.size, 3)
    slope = np.polyfit(np.arange(stop) * STEP / RENDER_HZ, added[:stop], 1)[0]
    return float(max(-slope, 0.0))


def _level(samples: Samples) -> NDArray[np.float64]:
    level: NDArray[np.float64] = 10 * np.log10(_power(samples) + 1e-12)
    return level


def _power(samples: Samples) -> NDArray[np.float64]:
    """Mean power of each hundredth of a second, the last one perhaps shorter."""
    steps = np.arange(0, samples.size, STEP)
    power = np.add.reduceat(np.square(samples, dtype=np.float64), steps)
    return power / np.diff(np.append(steps, samples.size))
