"""Common beats: drawn of all persons but the patient, as many of each class as the paper says."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import ondes
from ondes.data.ecg import common, records
from ondes.data.sets import ecg_common
from ondes.errors import InputError, RecipeError
from ondes.io import write, write_events
from ondes.testing import check_dataset

RATE = 360
SYMBOLS = "NNNLNNANNV"


def put(folder: Path, name: str, *, minutes: int = 6) -> None:
    """A record of steps a second apart, ten classes in turn; the height of a step is its number."""
    n = 60 * minutes
    x = np.zeros((1, n * RATE), np.float32)
    x[0, RATE // 2 :: RATE] = 1 + np.arange(n)
    write(ondes.Signal(x, RATE, unit="mV", channels=("MLII",)), folder / f"{name}.hea")
    rows = [(k * RATE + RATE // 2, k * RATE + RATE // 2 + 1, SYMBOLS[k % 10]) for k in range(n)]
    write_events(ondes.EventList.of(rows, rate_hz=RATE), folder / f"{name}.atr")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hearts")
    for name in ("100", "101", "107", "200"):
        put(path, name)
    return path


@pytest.fixture
def config(folder: Path) -> ecg_common.Config:
    return ecg_common.Config(folder=str(folder), patient="200", size=128)


def test_the_battery(config: ecg_common.Config) -> None:
    for split in ("train", "valid", "test"):
        part = ecg_common.build(config, split=split, seed=0)
        assert (part.n_channels, part.labels) == (2, ("N", "S", "V", "F", "Q"))
        check_dataset(part)
    with pytest.raises(RecipeError, match="did you mean"):
        ecg_common.build(config, split="tset", seed=0)


def test_own_minutes_are_learnt_and_the_rest_is_tested(config: ecg_common.Config) -> None:
    parts = [ecg_common.build(config, split=split, seed=0) for split in ("train", "valid", "test")]
    own = [
        [round(clip[0].max()) - 1 for clip, who in zip(part.arrays, part.groups, strict=True)
         if who == "200"]
        for part in parts
    ]  # fmt: skip
    assert own == [list(range(240)), list(range(240, 300)), list(range(300, 360))]


def test_common_beats_are_of_others_who_are_not_paced(config: ecg_common.Config) -> None:
    train = ecg_common.build(config, split="train", seed=0)
    people = Counter(train.groups)
    assert set(people) == {"100", "101", "200"}  # 107 is paced
    assert people["200"] == 240
    drawn = np.asarray(train.y)[np.array(train.groups) != "200"].sum(0)
    assert drawn.tolist() == [75, 72, 72, 0, 0]  # two records hold 36 S and 36 V each
    assert abs(people["100"] - people["101"]) < 20
    again = ecg_common.build(replace(config, draw=1), split="train", seed=0)
    assert again.names != train.names
    patient = replace(config, patient="100", common=("100", "101"))
    assert Counter(ecg_common.build(patient, split="train", seed=0).groups)["100"] == 240


def test_a_trio_reaches_from_the_beat_before_to_the_beat_after() -> None:
    lead = np.zeros(2000)
    peaks = [400, 800, 1500]
    lead[peaks] = [1.0, 2.0, 3.0]
    x = common.pairs(lead, peaks, size=1228)
    assert np.flatnonzero(x[1, 1] > 0.9).tolist() == [64, 464, 1164]
    first = common.pairs(lead, peaks, size=528)[0, 1]  # begins with its own beat
    assert np.flatnonzero(first > 0.9).tolist() == [64, 464]
    small = common.pairs(np.sin(np.arange(2000) / 50), peaks, size=64)
    assert small[:, 0].shape == (3, 64)
    expected = np.sin((800 - 64 + 2 * np.arange(64)) / 50)
    assert small[1, 0] == pytest.approx(expected - np.median(expected), abs=1e-6)


def test_of_a_cut_only_steady_usual_beats_are_surely_normal(tmp_path: Path) -> None:
    n = 400
    peaks = np.arange(n) * RATE + RATE // 2
    peaks[50] -= 90
    ecg = np.zeros(n * RATE, np.int16)
    ecg[peaks] = 200
    ecg[peaks[100]] = 900
    pvc = np.arange(n) == 200
    np.savez(tmp_path / "105.npz", ecg=ecg, gain=200.0, fs=RATE, beat=peaks, pvc=pvc)
    beats = common.beats_of(records.found(tmp_path)[0], rest="N")
    assert not beats.sure[[49, 50, 51, 100]].any()
    assert beats.sure[200]
    drawn = common.common([beats], counts={"N": 9, "V": 9})
    assert Counter(drawn.label.tolist()) == {"N": 9, "V": 1}
    with pytest.raises(InputError, match="no beat of S"):
        common.common([beats], counts={"S": 9})


def test_unknown_classes_are_named() -> None:
    with pytest.raises(InputError, match="'X'"):
        ecg_common.Config(counts={"X": 3})
