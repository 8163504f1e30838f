"""Real earthquakes: arrivals stay where the analyst put them, stations stay apart."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ondes.data.sets import seismic
from ondes.errors import FormatError, InputError, RecipeError
from ondes.testing import check_dataset

SPLITS = list(seismic.PLACES)


@pytest.fixture
def config(shared_data: Path) -> seismic.Config:
    return seismic.Config(folder=str(shared_data / "seismic_ps"))


@pytest.mark.parametrize("components", [1, 3])
@pytest.mark.parametrize("split", SPLITS)
def test_seismic(config: seismic.Config, split: str, components: int) -> None:
    data = seismic.build(replace(config, components=components), split=split, seed=0)
    assert (data.n_channels, data.rate_hz, data.labels) == (components, 100.0, ("P", "S"))
    check_dataset(data)


def test_stations_are_held_out(config: seismic.Config) -> None:
    parts = [seismic.build(config, split=split, seed=0).recordings for split in SPLITS]
    stations = [{recording.station for recording in part} for part in parts]
    assert sum(map(len, stations)) == len(set.union(*stations)) > 50
    assert sum(map(len, parts)) == 86
    tested = [
        seismic.build(replace(config, fold=fold), split="test", seed=0).recordings
        for fold in range(5)
    ]
    assert sum(map(len, tested)) == 86


def test_arrivals_are_the_analysts_and_shifted(config: seismic.Config, shared_data: Path) -> None:
    real = np.load(shared_data / "seismic_ps" / "waveforms.npz")
    data = seismic.build(config, split="test", seed=0)
    onsets = set()
    for k in range(len(data)):
        x, (p, s) = data[k]
        assert (p.label, s.label) == ("P", "S")
        assert p.offset - p.onset == s.offset - s.onset == 100
        recording = data.recordings[k % len(data.recordings)]
        assert s.onset - p.onset == recording.s - 3000
        np.testing.assert_array_equal(x[:, p.onset : p.offset], recording.x[:, 3000:3100])
        onsets.add(p.onset)
    assert len(onsets) > len(data) // 2
    every = [r for part in SPLITS for r in seismic.build(config, split=part, seed=0).recordings]
    assert sorted(r.s for r in every) == sorted(real["s"].tolist())


def test_the_seed_moves_training_alone(config: seismic.Config) -> None:
    def same(split: str) -> bool:
        a, b = (seismic.build(config, split=split, seed=k)[0].x for k in (0, 1))
        return np.array_equal(a, b)

    assert [split for split in SPLITS if not same(split)] == ["train"]


def test_recordings_are_brought_to_one_level_and_empty_components_are_zero(
    config: seismic.Config,
) -> None:
    data = seismic.build(config, split="train", seed=0)
    empty = 0
    for recording in data.recordings:
        power = np.square(recording.x, dtype=float).mean(axis=1)
        assert power[power > 0].mean() == pytest.approx(1, rel=1e-4)
        assert power[2] > 0
        empty += int((power == 0).sum() == 2)
    assert empty > 0


def test_training_loses_components_and_turns_over(config: seismic.Config) -> None:
    always = replace(config, p_vertical=1.0, p_flip=1.0, augmented=False)
    data = seismic.build(always, split="train", seed=0)
    x, events = data[0]
    assert not x[:2].any()
    onset = events.onset[0]
    heard = -x[2, onset : onset + 500]
    assert any(np.array_equal(heard, r.x[2, 3000:3500]) for r in data.recordings)


def test_a_second_earthquake_comes_with_its_arrivals(config: seismic.Config) -> None:
    both = replace(config, p_second=1.0, p_ground=1.0, p_turn=1.0, p_speed=1.0)
    data = seismic.build(both, split="train", seed=0)
    for x, events in (data[k] for k in range(8)):
        assert x.shape == (3, 3000)
        assert np.isfinite(x).all()
        assert sorted(events.label) == ["P", "P", "S", "S"]
        assert events.onset.min() >= 0
        assert events.offset.max() <= 3000


def test_arrivals_of_a_faster_clip_are_where_they_are_heard(config: seismic.Config) -> None:
    data = seismic.build(config, split="train", seed=0)
    recording = data.recordings[0]
    for length in (3000, 3750):
        clip = data._clip(recording, np.random.default_rng(0), length)
        apart = np.diff(clip.events.onset)[0]
        assert apart == pytest.approx((recording.s - recording.p) * 3000 / length, abs=1)


def test_turning_keeps_the_energy_of_the_ground() -> None:
    x = np.random.default_rng(0).standard_normal((3, 50)).astype(np.float32)
    turned = seismic._turned(x, 0.3)
    assert np.allclose(np.square(turned[:2]).sum(), np.square(x[:2]).sum(), rtol=1e-5)
    assert np.array_equal(turned[2], x[2])


def test_what_cannot_be_is_refused(config: seismic.Config, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="'test'"):
        seismic.build(config, split="tests", seed=0)
    with pytest.raises(InputError, match="fold of 0 to 4"):
        seismic.Config(fold=5)
    with pytest.raises(InputError, match="n_samples of 1485 to 9001"):
        seismic.build(replace(config, n_samples=1000), split="test", seed=0)
    with pytest.raises(InputError, match=r"no .*waveforms\.npz"):
        seismic.build(seismic.Config(folder=str(tmp_path)), split="test", seed=0)
    np.savez(tmp_path / "waveforms.npz", x=np.zeros(3))
    with pytest.raises(FormatError, match="get it again"):
        seismic.build(seismic.Config(folder=str(tmp_path)), split="test", seed=0)
