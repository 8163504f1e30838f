"""Electrocardiograms by the command line: a person's own model, its beats, its scores."""

import json
from pathlib import Path

import numpy as np
import pytest

from ondes import EventList, Signal
from ondes.io import read, read_events, write, write_events

RATE = 200
SMALL = ("width=8", "bands=4", "doublings=4", "near=[1]", "far=[4]", "heads=2")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two records of a minute: narrow normal beats each second, each fifth wide and downward."""
    home = tmp_path / "records"
    home.mkdir()
    for name in ("1", "2"):
        x = np.random.default_rng(int(name)).normal(0, 0.01, 60 * RATE)
        rows = []
        for k, place in enumerate(range(RATE // 2, 60 * RATE, RATE)):
            wide = k % 5 == 4
            wave = -1.2 * np.hanning(33) if wide else np.hanning(13)
            half = len(wave) // 2
            x[place - half : place + half + 1] += wave
            rows.append((place, place + 1, "V" if wide else "N"))
        signal = Signal.of(x.astype(np.float32), rate_hz=RATE, unit="mV", channels=("MLII",))
        write(signal, home / f"{name}.hea")
        write_events(EventList.of(rows, rate_hz=RATE), home / f"{name}.atr")
    return home


@pytest.fixture
def trained(ondes, folder: Path, tmp_path: Path) -> Path:
    settings = [f"folder={folder}", "patient=1", "minutes=0.5", "train.device=cpu"]
    settings += ["train.steps=60", "train.ema=0.9", "train.lr=0.01", "train.precision=no"]
    settings += [f"model.options.{option}" for option in SMALL]
    words = [word for setting in settings for word in ("--set", setting)]
    done = ondes("train", "recipes/ecg/patient.yaml", "-o", tmp_path / "model", *words, "--json")
    assert done.status == 0, done.err
    assert json.loads(done.out)["scores"]["valid"]["r_f1"] > 0.8
    return tmp_path / "model"


def test_from_five_minutes_to_beats_and_their_scores(
    ondes, trained: Path, folder: Path, tmp_path: Path
) -> None:
    done = ondes("detect", folder / "2.hea", "-m", trained, "-o", tmp_path / "out", "--report")
    assert done.status == 0, done.err
    found = read_events(tmp_path / "out" / "2.csv", rate_hz=RATE)
    assert 50 < len(found) < 70
    assert (tmp_path / "out" / "2.html").exists()

    said = json.loads(ondes("evaluate", trained, folder, "--json").out)
    assert (said["data"], said["split"], set(said["records"])) == ("ecg_beats", "all", {"1", "2"})
    assert said["r_f1"] > 0.8
    assert "v_f1" in said
    assert set(said["veb"]) == set(said["sveb"]) == {"acc", "sen", "spe", "ppv", "fpr", "f1"}
    assert said["sveb"]["sen"] is None  # there are none
    table = np.array(said["confusion"])
    assert table.shape == (7, 7)
    assert table[:5].sum() == said["beats"] == 120
    own = json.loads(ondes("evaluate", trained, "--json").out)
    assert (own["split"], own["beats"]) == ("test", 30)

    table = ondes("evaluate", trained, folder)
    assert "veb sen" in table.out
    assert "all: record" in table.out
    assert "has learnt from 1 of these records, or others of their name (2)" in table.err
    assert "has learnt" not in ondes("evaluate", trained).err


def test_a_short_word_that_is_none_is_refused(ondes, tmp_path: Path) -> None:
    done = ondes("train", "ecg/patient", "-o", tmp_path, "--set", "pateint=1")
    assert done.status == 2
    assert "unknown key 'pateint'" in done.err


def test_what_is_not_judged_is_a_shutdown(ondes, trained: Path, folder: Path) -> None:
    signal, beats = read(folder / "2.hea"), read_events(folder / "2.atr")
    flat = signal.samples.copy()
    flat[:, 20 * RATE : 30 * RATE] = 0.0
    write(Signal.of(flat, rate_hz=RATE, unit="mV", channels=("MLII",)), folder / "2.hea")
    write_events(beats, folder / "2.atr")
    rules = folder.parent / "rules.yaml"
    rules.write_text("quality: {flat: {within: 1 uV, longer_s: 1.5}, margin_s: 0.1}\n")

    said = json.loads(ondes("evaluate", trained, folder, "--rules", rules, "--json").out)
    table = np.array(said["records"]["2"]["confusion"])
    names = said["classes"]
    assert table[:5, names.index("X")].sum() == 10
    assert said["records"]["2"]["shut"] == pytest.approx(10 / 60)
    assert said["records"]["1"]["shut"] == 0
    without = json.loads(ondes("evaluate", trained, folder, "--json").out)
    assert without["shut"] == 0
    assert np.array(without["records"]["2"]["confusion"])[:5, names.index("O")].sum() >= 10

    rules.write_text("alarms: {run: {kind: run, of: V, count: 3}}\n")
    refused = ondes("evaluate", trained, folder, "--rules", rules)
    assert refused.status == 2
    assert "--rules" in refused.err
    other = ondes("evaluate", "spoken-digits", folder, "--rules", "ecg")
    assert other.status == 2
    assert "no detector" in other.err
