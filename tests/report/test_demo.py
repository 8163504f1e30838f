"""The demo's piece: its truth says what its score and its recording say."""

import csv
from itertools import pairwise
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

import ondes

FOLDER = Path(ondes.__file__).parent / "demo"


@pytest.fixture(scope="module")
def truth() -> list[tuple[float, float, int]]:
    steps = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
    with (FOLDER / "prelude.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        (
            float(row["onset_s"]),
            float(row["offset_s"]),
            steps.index(row["label"][:-1]) + 12 * (int(row["label"][-1]) + 1),
        )
        for row in rows
    ]


@pytest.fixture(scope="module")
def take() -> tuple[np.ndarray, int]:
    return soundfile.read(FOLDER / "prelude.flac")


def test_the_truth_is_the_score_from_note_on_to_note_off(truth):
    time, held, tones = 0.0, {}, []
    for message in mido.MidiFile(FOLDER / "prelude.mid"):
        time += message.time
        if message.type == "note_on":
            held[message.note] = time
        elif message.type == "note_off":
            tones.append((held.pop(message.note), time, message.note))
    assert not held
    np.testing.assert_allclose(sorted(tones), sorted(truth), atol=1e-6)


def test_the_piece_is_a_piece(truth, take):
    samples, rate_hz = take
    assert 30 <= len(samples) / rate_hz <= 60
    assert rate_hz == 48_000
    assert samples.ndim == 1
    assert np.abs(samples).max() <= 0.501
    assert (FOLDER / "prelude.flac").stat().st_size < 1_500_000
    sounding = [sum(on <= at < off for on, off, _ in truth) for at, _, _ in truth]
    assert max(sounding) >= 4


def test_no_key_is_struck_while_it_is_down(truth):
    for pitch in {pitch for _, _, pitch in truth}:
        spans = [(on, off) for on, off, which in truth if which == pitch]
        assert all(off <= on for (_, off), (on, _) in pairwise(spans))


def test_the_recording_begins_at_the_first_onset(truth, take):
    samples, rate_hz = take
    first = np.flatnonzero(samples)[0] - truth[0][0] * rate_hz
    assert 0 <= first < 0.002 * rate_hz


def test_tones_sound_while_the_truth_holds_them(truth, take):
    """The energy at a tone's pitch rises from just before its onset to just after."""
    samples, rate_hz = take
    width = 4096
    rises = []
    for onset, _, pitch in truth[::7]:
        turn = np.exp(-2j * np.pi * 440 * 2 ** ((pitch - 69) / 12) / rate_hz * np.arange(width))
        at = round(onset * rate_hz)
        if at < width:
            continue
        before, after = (
            abs(samples[k : k + width] * np.hanning(width) @ turn) for k in (at - width, at)
        )
        rises.append(after > before)
    assert np.mean(rises) > 0.95
