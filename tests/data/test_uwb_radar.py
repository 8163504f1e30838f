"""Simulated radar: echoes where physics has them, pairs of one moment, splits that share nobody."""

from dataclasses import replace

import numpy as np
import pytest

from ondes.data.sets import uwb_actions, uwb_pairs
from ondes.data.uwb.maps import Form
from ondes.data.uwb.radar import Radar, echoes, noise, paths
from ondes.data.uwb.rooms import Paths
from ondes.data.uwb.scenes import LABELS, recording, scene
from ondes.data.uwb.sensors import NEW, OLD, POPULATIONS
from ondes.errors import InputError, RecipeError
from ondes.ops.radar import LIGHT_MPS, range_doppler, velocities
from ondes.testing import check_dataset

N = 32  # frames: few enough that the scatterer stays in its bin


@pytest.mark.parametrize("radar", [OLD, NEW], ids=["old", "new"])
@pytest.mark.parametrize("speed", [-1.1, 0.4])
def test_a_constant_speed_peaks_at_its_range_and_doppler_bin(radar: Radar, speed: float) -> None:
    t = np.arange(N) / radar.rate_hz
    ranges = (3.0 - speed * t)[None].astype(np.float32)  # comes nearer at speed
    power = range_doppler(echoes(radar, Paths(ranges, np.ones_like(ranges))))
    row, column = np.unravel_index(power.argmax(), power.shape)
    shift_hz = 2 * speed * radar.carrier_hz / LIGHT_MPS
    assert abs(column - (N // 2 + shift_hz * N / radar.rate_hz)) <= 1
    middle = radar.first_m + row * radar.bin_m
    assert ranges.min() - radar.bin_m < middle < ranges.max() + radar.bin_m
    found = velocities(N, rate_hz=radar.rate_hz, carrier_hz=radar.carrier_hz)[column]
    assert found == pytest.approx(speed, abs=0.16)


@pytest.mark.parametrize("radar", [OLD, NEW], ids=["old", "new"])
def test_the_phase_of_an_echo_is_that_of_its_way(radar: Radar) -> None:
    row = 40
    ranges = radar.first_m + (row + np.linspace(0, 0.99, 7)) * radar.bin_m
    frames = echoes(radar, Paths(ranges[None].astype(np.float32), np.ones((1, 7), np.float32)))
    expected = np.exp(-4j * np.pi * radar.carrier_hz * ranges.astype(np.float32) / LIGHT_MPS)
    peaks = frames[row, :1] / np.abs(frames[row, :1])
    assert peaks[0] == pytest.approx(expected[0], abs=1e-3)
    turned = np.unwrap(np.angle(frames[row]) - np.angle(expected))
    assert np.abs(turned - turned[0]).max() < 1e-2


def test_the_pulse_of_a_wider_band_is_shorter() -> None:
    one = Paths(np.full((1, 1), 3.0, np.float32), np.ones((1, 1), np.float32))
    wide, narrow = (
        np.abs(echoes(replace(OLD, bandwidth_hz=b), one)[:, 0]) > 0.5 for b in (1.4e9, 0.7e9)
    )
    assert narrow.sum() == pytest.approx(2 * wide.sum(), abs=2)


def test_the_radar_equation() -> None:
    places = np.array([[[1.0, 0, 1.2]], [[2.0, 0, 1.2]]])
    near, far = paths(OLD, places, np.ones(2)).amplitudes[:, 0]
    assert near / far == pytest.approx(4, rel=1e-6)


@pytest.mark.parametrize("radar", [OLD, NEW], ids=["old", "new"])
def test_noise_has_power_one_and_its_slow_part(radar: Radar) -> None:
    power = np.square(np.abs(noise(radar, 2000, np.random.default_rng(0)))).mean()
    slow = 10 ** (radar.drone_db / 10)
    assert 1.0 < power < 1.05 + slow


def test_a_recording_follows_from_its_number() -> None:
    first = recording(POPULATIONS["test"], 3, [OLD, NEW], seconds=0.5)
    again = recording(POPULATIONS["test"], 3, [OLD, NEW], seconds=0.5)
    alone = recording(POPULATIONS["test"], 3, [None, NEW], seconds=0.5)
    assert all(map(np.array_equal, first, again))
    assert np.array_equal(first[1], alone[0])
    assert not np.array_equal(first[0], recording(POPULATIONS["few"], 3, [OLD], seconds=0.5)[0])


def test_no_person_and_no_room_stands_in_two_splits() -> None:
    for what in ("person", "room"):
        seen = [{getattr(scene(p, i), what) for i in range(300)} for p in POPULATIONS.values()]
        assert sum(map(len, seen)) == len(set().union(*seen))


@pytest.mark.parametrize("kind", ["map", "complex", "real"])
def test_the_battery(kind: str) -> None:
    form = Form(kind=kind)
    check_dataset(uwb_pairs.build(uwb_pairs.Config(form=form), split="valid"), examples=1)
    config = uwb_actions.Config(sensor="new", form=form)
    check_dataset(uwb_actions.build(config, split="few"), examples=1)


def test_pairs_of_the_test_are_its_clips() -> None:
    pair = uwb_pairs.build(uwb_pairs.Config(), split="test")[5]
    sensors = {
        name: uwb_actions.build(uwb_actions.Config(sensor=name), split="test")[5]
        for name in ("new", "old")
    }
    assert np.array_equal(pair.source, sensors["new"].x)
    assert np.array_equal(pair.target, sensors["old"].x)
    assert sensors["new"].y.tolist() == sensors["old"].y.tolist()


def test_turned_pairs_and_other_rates() -> None:
    config = uwb_pairs.Config(
        turned=True, new=replace(NEW, rate_hz=100.0), form=Form(kind="complex"), seconds=0.5
    )
    pairs = uwb_pairs.build(config, split="valid")
    assert (pairs.source.name, pairs.target.name) == ("old", "new")
    assert pairs[0].source.shape == (256, 100)
    assert pairs[0].target.shape == (256, 50)
    check_dataset(pairs, examples=1)


def test_all_splits_one_after_the_other() -> None:
    config = uwb_actions.Config(train=3, valid=2, few=1, test=2)
    every = uwb_actions.build(config, split="all")
    assert len(every) == 8
    assert np.array_equal(every[4].x, uwb_actions.build(config, split="valid")[1].x)
    assert [LABELS[int(every.y_of(i).argmax())] for i in range(3)] == list(LABELS[:3])


def test_what_cannot_be() -> None:
    with pytest.raises(RecipeError, match="few"):
        uwb_actions.build(uwb_actions.Config(), split="fwe")
    with pytest.raises(RecipeError, match="train"):
        uwb_pairs.build(uwb_pairs.Config(), split="trian")
    with pytest.raises(InputError, match="radar"):
        Radar(rate_hz=0.0)
