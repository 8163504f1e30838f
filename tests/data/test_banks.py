"""Shipped and built banks: their labels, pitches and splits."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ondes.data import banks
from ondes.data.banks import PITCHES, Bank
from ondes.data.plans import FLUID_R3, Plan, Take, plan
from ondes.errors import FormatError, InputError, RecipeError
from ondes.io import pitch

RATE = 24_000


@pytest.mark.parametrize(
    ("name", "splits"),
    [
        ("fluidr3", {"train", "same_bank"}),
        ("musescore", {"valid", "test"}),
    ],
)
def test_a_shipped_bank_holds_every_tone_in_every_split(name: str, splits: set[str]) -> None:
    bank = Bank.open(name, rate_hz=RATE)
    assert {sound.split for sound in bank.sounds} == splits
    for split in splits:
        labels = set(bank.of_split(split).labels)
        assert labels == {pitch.name(midi) for midi in PITCHES}
    groups = {sound.group: sound.split for sound in bank.sounds}
    assert all(groups[sound.group] == sound.split for sound in bank.sounds)


@pytest.mark.parametrize("name", ["fluidr3", "musescore"])
def test_tones_sound_at_the_pitch_that_their_label_names(name: str) -> None:
    """The strongest partial lies at a multiple of the pitch, to a third of a semitone."""
    for sound in Bank.open(name, rate_hz=RATE).sounds[::7]:
        fundamental = 440 * 2 ** ((pitch.midi(sound.label) - 69) / 12)
        piece = sound.samples[: RATE // 2]
        spectrum = np.abs(np.fft.rfft(piece * np.hanning(piece.size), 8 * RATE))
        strongest = spectrum.argmax() / 8
        nearest_partial = max(round(strongest / fundamental), 1) * fundamental
        cents = 1200 * abs(np.log2(strongest / nearest_partial))
        assert cents < 35 or strongest < 4 * fundamental / 3, (sound.label, sound.group, strongest)


def test_shipped_banks_are_small_and_licensed() -> None:
    folders = [Path(banks.__file__).parents[1] / "banks" / name for name in banks.names()]
    size = sum(path.stat().st_size for folder in folders for path in folder.iterdir())
    assert size <= 10e6
    assert all("MIT" in json.loads((f / "index.json").read_text())["licence"] for f in folders)


def test_a_rate_is_met() -> None:
    low, high = (Bank.open("musescore", rate_hz=rate).sounds[10] for rate in (24_000, 48_000))
    assert high.samples.size == pytest.approx(2 * low.samples.size, abs=2)


def test_an_unknown_bank_names_the_nearest() -> None:
    with pytest.raises(InputError, match="fluidr3"):
        Bank.open("fluidr4", rate_hz=RATE)


def test_a_bank_that_is_planned_and_not_shipped_names_how_it_is_made() -> None:
    with pytest.raises(InputError, match="ondes data banks build fluidr3-wide"):
        Bank.open("fluidr3-wide", rate_hz=RATE)
    with pytest.raises(RecipeError, match="musescore"):
        plan("musescor")


def test_a_damaged_bank_says_so(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text("{")
    with pytest.raises(FormatError, match="build the bank again"):
        Bank.open(tmp_path, rate_hz=RATE)


def test_recordings_are_held_out_by_file(tmp_path: Path) -> None:
    files = []
    for label in ("knock", "cough"):
        for number in range(10):
            path = tmp_path / f"{label}{number}.wav"
            soundfile.write(path, np.full(100, 0.1), RATE)
            files.append((path, label))
    bank = Bank.of_recordings(files, rate_hz=RATE)
    counts = {split: len(bank.of_split(split).sounds) for split in ("train", "valid", "test")}
    assert counts == {"train": 12, "valid": 4, "test": 4}
    with pytest.raises(InputError, match="no split"):
        bank.of_split("tset")


@pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not FLUID_R3.exists(),
    reason="rendering needs fluidsynth and the bank of fluid-soundfont-gm",
)
def test_a_built_bank_is_what_was_asked_for(tmp_path: Path) -> None:
    small = Plan(
        sf2=FLUID_R3,
        takes=(Take(preset=0, velocity=100), Take(preset=0, velocity=50, split="test")),
        licence="MIT",
        rate_hz=RATE,
        codec="flac",
    )
    banks.build(small, tmp_path / "bank", pitches=(60, 72))
    bank = Bank.open(tmp_path / "bank", rate_hz=RATE)
    assert bank.labels == ("C4", "C5")
    loud, soft = bank.of_split("train").sounds, bank.of_split("test").sounds
    assert np.abs(loud[0].samples).max() > 1.5 * np.abs(soft[0].samples).max()
    # generator 38 of SoundFont 2.04: -182 timecents for 100 dB at velocity 100, -1586 at 50
    for sound, timecents in ((loud[0], -182), (soft[0], -1586)):
        assert sound.release_db_per_s == pytest.approx(100 / 2 ** (timecents / 1200), rel=0.1)
