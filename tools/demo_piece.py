"""Write the demo's piano piece: its score, its recording and its truth.

    python tools/demo_piece.py src/ondes/demo

The piece is the opening of J. S. Bach's Prelude in C major (BWV 846, 1722, public domain): bars
1 to 19 and the last chord. Every half bar is one chord of five tones, broken as
`bass tenor x y z x y z`; the chords below are the whole score. Bass and tenor are held, the
others ring on through the next tone, as a pianist's fingers leave them.

FluidSynth acts on a MIDI event at whole milliseconds and at blocks of 64 samples. Every tempo is
therefore a whole number of 8 ms per sixteenth, and every event falls on a half sixteenth: at
48 kHz a whole number of blocks, so that nothing is rounded and the truth is exact.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import mido
import numpy as np
import soundfile
from numpy.typing import NDArray

RATE_HZ = 48_000
BANK = Path("/usr/share/sounds/sf3/MuseScore_General_Full.sf3")
GRAND_PIANO = 0
BLOCK = 64  # FluidSynth's rendering lags its own clock by one block
TAIL_S = 1.5
PEAK = 0.5
SIXTEENTH = 120  # ticks
HALF_BAR = 8  # sixteenths
LEAD = 2 * SIXTEENTH  # silence before the first tone
NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


class Bar(NamedTuple):
    """One bar: the chord from the bass up, its sixteenths' length and its loudness."""

    chord: str
    sixteenth_ms: int
    velocity: int


BARS = (
    Bar("C4 E4 G4 C5 E5", 176, 58),
    Bar("C4 D4 A4 D5 F5", 168, 62),
    Bar("B3 D4 G4 D5 F5", 168, 65),
    Bar("C4 E4 G4 C5 E5", 176, 60),
    Bar("C4 E4 A4 E5 A5", 160, 70),
    Bar("C4 D4 F#4 A4 D5", 160, 64),
    Bar("B3 D4 G4 D5 G5", 160, 72),
    Bar("B3 C4 E4 G4 C5", 168, 62),
    Bar("A3 C4 E4 G4 C5", 168, 60),
    Bar("D3 A3 D4 F#4 C5", 160, 68),
    Bar("G3 B3 D4 G4 B4", 176, 60),
    Bar("G3 A#3 E4 G4 C#5", 160, 74),
    Bar("F3 A3 D4 A4 D5", 160, 70),
    Bar("F3 G#3 D4 F4 B4", 152, 80),
    Bar("E3 G3 C4 G4 C5", 152, 76),
    Bar("E3 F3 A3 C4 F4", 160, 66),
    Bar("D3 F3 A3 C4 F4", 160, 62),
    Bar("G2 D3 G3 B3 F4", 168, 70),
    Bar("C3 E3 G3 C4 E4", 184, 60),
)
CLOSE = Bar("C2 C3 E4 G4 C5", 208, 52)


class Tone(NamedTuple):
    """One tone of the score, in ticks."""

    onset: int
    offset: int
    pitch: int
    velocity: int


def midi(name: str) -> int:
    """Return the MIDI number of a pitch name, C4 = 60."""
    return 12 * (int(name[-1]) + 1) + NAMES.index(name[:-1])


def label(pitch: int) -> str:
    """Return the pitch name of a MIDI number, with sharps."""
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


def score() -> list[Tone]:
    """Return every tone of the piece in the order of onset."""
    tones: list[Tone] = []
    for half in range(2 * len(BARS)):
        start = LEAD + half * HALF_BAR * SIXTEENTH
        tones += broken(BARS[half // 2], start=start, echo=half % 2)
    start = LEAD + 2 * len(BARS) * HALF_BAR * SIXTEENTH
    tones += [
        Tone(start, start + 2 * HALF_BAR * SIXTEENTH, midi(name), CLOSE.velocity)
        for name in CLOSE.chord.split()
    ]
    return [lifted(tone, tones) for tone in sorted(tones)]


def lifted(tone: Tone, tones: list[Tone]) -> Tone:
    """Leave the key half a sixteenth before it is struck again."""
    again = (
        other.onset - SIXTEENTH // 2
        for other in tones
        if other.pitch == tone.pitch and other.onset > tone.onset
    )
    return tone._replace(offset=min([tone.offset, *again]))


def broken(bar: Bar, *, start: int, echo: int) -> list[Tone]:
    """Break one chord over half a bar; the second half answers a little softer."""
    bass, tenor, *upper = (midi(name) for name in bar.chord.split())
    accents = (8, 0, -4, -2, 5, -6, -3, 2)
    tones = []
    for step, pitch in enumerate((bass, tenor, *upper, *upper)):
        onset = start + step * SIXTEENTH
        held = start + HALF_BAR * SIXTEENTH - SIXTEENTH // 2
        offset = held if step < 2 else onset + 2 * SIXTEENTH
        tones.append(Tone(onset, offset, pitch, bar.velocity + accents[step] - 5 * echo))
    return tones


def tempi() -> list[tuple[int, int]]:
    """Return (tick, milliseconds per sixteenth) at the beginning of every bar."""
    bars = enumerate((*BARS, CLOSE))
    starts = [(LEAD + number * 2 * HALF_BAR * SIXTEENTH, bar.sixteenth_ms) for number, bar in bars]
    return [(0, BARS[0].sixteenth_ms), *starts[1:]]


def sample_of(tick: int) -> int:
    """Return the exact sample at which a tick sounds."""
    elapsed, last, pace = Fraction(0), 0, 0
    for begin, sixteenth_ms in tempi():
        if begin >= tick:
            break
        elapsed += Fraction((begin - last) * pace, SIXTEENTH)
        last, pace = begin, sixteenth_ms
    elapsed += Fraction((tick - last) * pace, SIXTEENTH)
    sample = elapsed * RATE_HZ / 1000
    if sample % BLOCK:
        raise ValueError(f"tick {tick} falls on sample {sample}, between blocks of {BLOCK}")
    return int(sample)


def midi_file(tones: list[Tone]) -> mido.MidiFile:
    """Return the performance as a MIDI file of one track."""
    begin: list[tuple[int, int, mido.Message | mido.MetaMessage]] = [
        (tick, 0, mido.MetaMessage("set_tempo", tempo=4000 * sixteenth_ms))
        for tick, sixteenth_ms in tempi()
    ]
    off = [
        (tone.offset, 1, mido.Message("note_off", note=tone.pitch, velocity=0)) for tone in tones
    ]
    on = [
        (tone.onset, 2, mido.Message("note_on", note=tone.pitch, velocity=tone.velocity))
        for tone in tones
    ]
    track = mido.MidiTrack(
        [
            mido.MetaMessage("track_name", name="J. S. Bach, Prelude in C major, BWV 846"),
            mido.Message("program_change", program=GRAND_PIANO),
        ]
    )
    now = 0
    for tick, _, message in sorted(begin + off + on, key=lambda item: item[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    return mido.MidiFile(ticks_per_beat=4 * SIXTEENTH, tracks=[track])


def render(score_path: Path, bank: Path) -> NDArray[np.float32]:
    """Return the mono rendering, its lag of one block taken away."""
    with tempfile.TemporaryDirectory() as folder:
        wave = Path(folder, "take.wav")
        options = f"-ni -R 0 -C 0 -g 0.6 -r {RATE_HZ} -T wav -O float -F".split()
        command = ["fluidsynth", *options, str(wave), str(bank), str(score_path)]
        subprocess.run(command, check=True, capture_output=True)
        stereo: NDArray[np.float32] = soundfile.read(wave, dtype="float32")[0]
    return stereo.mean(axis=1)[BLOCK:]


def write(folder: Path, bank: Path) -> None:
    """Write `prelude.mid`, `prelude.flac` and `prelude.csv`."""
    tones = score()
    folder.mkdir(parents=True, exist_ok=True)
    midi_file(tones).save(folder / "prelude.mid")
    samples = render(folder / "prelude.mid", bank)
    stop = max(sample_of(tone.offset) for tone in tones) + round(TAIL_S * RATE_HZ)
    samples = samples[:stop] * (PEAK / np.abs(samples).max())
    soundfile.write(
        folder / "prelude.flac", samples, RATE_HZ, subtype="PCM_16", compression_level=1.0
    )
    write_truth(folder / "prelude.csv", tones)


def write_truth(path: Path, tones: list[Tone]) -> None:
    """Write one row per tone; the times have whole milliseconds."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["file", "channel", "onset_s", "offset_s", "label", "score"])
        for tone in tones:
            onset, offset = (sample_of(tick) / RATE_HZ for tick in (tone.onset, tone.offset))
            rows.writerow(
                ["prelude.flac", 0, f"{onset:.6f}", f"{offset:.6f}", label(tone.pitch), ""]
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bank", type=Path, default=BANK, help="SF2 or SF3 sound bank")
    options = parser.parse_args()
    write(options.folder, options.bank)
