"""The plate, the source and the surroundings, against closed forms and what was asked for."""

import numpy as np
import pytest

from ondes.data.emission import background, lamb
from ondes.data.emission.background import Hum, Surroundings
from ondes.data.emission.burst import LABELS, Burst, Pool, Setup, simulate
from ondes.errors import InputError

RATE = 1_562_500.0
MATERIALS = list(lamb.MATERIALS.values())


def rayleigh(of: lamb.Material) -> float:
    """The root of Rayleigh's cubic in (c / transverse)^2 between 0 and 1."""
    ratio = (of.transverse / of.longitudinal) ** 2
    roots = np.roots([1, -8, 24 - 16 * ratio, 16 * (ratio - 1)])
    inside = [r.real for r in roots if abs(r.imag) < 1e-9 and 0 < r.real < 1]
    return float(of.transverse * np.sqrt(inside[0]))


@pytest.mark.parametrize("of", MATERIALS)
def test_s0_is_slow_to_bend_at_low_frequencies(of: lamb.Material) -> None:
    speed = lamb.phase_speed("S0", np.array([1e3, 1e4]), thickness_m=0.002, of=of)
    plate = np.sqrt(of.young_pa / (of.density * (1 - of.poisson**2)))
    np.testing.assert_allclose(speed, plate, rtol=1e-3)


@pytest.mark.parametrize("of", MATERIALS)
def test_a0_bends_as_a_thin_plate_at_low_frequencies(of: lamb.Material) -> None:
    frequency, d = np.array([50.0, 200.0, 800.0]), 0.002
    rigidity = of.young_pa * d**3 / (12 * (1 - of.poisson**2))
    expected = np.sqrt(2 * np.pi * frequency) * (rigidity / (of.density * d)) ** 0.25
    speed = lamb.phase_speed("A0", frequency, thickness_m=d, of=of)
    np.testing.assert_allclose(speed, expected, rtol=3e-3)
    np.testing.assert_allclose(speed[1:] / speed[:-1], 2, rtol=3e-3)  # omega ~ k^2


@pytest.mark.parametrize("of", MATERIALS)
@pytest.mark.parametrize("mode", ["A0", "S0"])
def test_both_modes_become_the_surface_wave(mode: lamb.Mode, of: lamb.Material) -> None:
    speed = lamb.phase_speed(mode, np.array([2.5e6]), thickness_m=0.008, of=of)
    assert speed[0] == pytest.approx(rayleigh(of), rel=1e-4)


@pytest.mark.parametrize("of", MATERIALS)
def test_s0_passes_through_its_lame_point(of: lamb.Material) -> None:
    d = 0.004  # there k d = pi, and the plate moves in shear alone at sqrt(2) of its speed
    frequency = of.transverse / np.sqrt(2) / d
    speed = lamb.phase_speed("S0", np.array([frequency]), thickness_m=d, of=of)
    assert speed[0] == pytest.approx(np.sqrt(2) * of.transverse, rel=1e-9)


def test_only_frequency_times_thickness_counts() -> None:
    steel, frequency = lamb.MATERIALS["steel"], np.array([5e4, 2e5, 7e5])
    for mode in ("A0", "S0"):
        thin = lamb.phase_speed(mode, 2 * frequency, thickness_m=0.002, of=steel)
        thick = lamb.phase_speed(mode, frequency, thickness_m=0.004, of=steel)
        np.testing.assert_allclose(thin, thick, rtol=1e-9)


def test_an_unknown_material_names_the_nearest() -> None:
    with pytest.raises(InputError, match="'steel'"):
        Setup(material="stel")
    with pytest.raises(InputError, match="above 0"):
        Setup(thickness_mm=0)


@pytest.fixture(scope="module")
def bursts() -> list[Burst]:
    pool = Pool(Setup(), rate_hz=RATE, seed=3, size=200)
    return [pool[k] for k in range(200)]


def test_a_burst_lasts_from_its_first_arrival_to_its_last_tenth(bursts: list[Burst]) -> None:
    for burst in bursts:
        size = abs(burst.samples)
        assert size.max() == 1
        assert (size[: burst.onset] < 0.05).all()
        assert size[burst.onset] >= 0.05
        assert (size[burst.offset :] < 0.1).all()
        assert size[burst.offset - 1] >= 0.1


def test_bursts_last_about_252_samples_and_come_in_both_types(bursts: list[Burst]) -> None:
    assert np.mean([burst.length for burst in bursts]) == pytest.approx(252, abs=15)
    assert [burst.label for burst in bursts[:4]] == [*LABELS, *LABELS]


def centre_hz(x: np.ndarray) -> float:
    power = abs(np.fft.rfft(x, 4096)) ** 2
    return float((power * np.fft.rfftfreq(4096, 1 / RATE)).sum() / power.sum())


def test_fractures_are_higher_and_rise_faster(bursts: list[Burst]) -> None:
    high, low = ([b for b in bursts if b.label == label] for label in LABELS)
    assert min(centre_hz(b.samples) for b in high) > 130e3
    assert max(centre_hz(b.samples) for b in low) < 150e3
    rise = [np.median([abs(b.samples).argmax() - b.onset for b in kind]) for kind in (high, low)]
    assert rise[0] < rise[1] / 2


def fractures(setup: Setup) -> list[Burst]:
    seeds = map(np.random.default_rng, range(20))
    return [simulate("fracture", setup, rate_hz=RATE, rng=rng) for rng in seeds]


def test_the_sensor_colours_what_it_hears() -> None:
    def heard(resonance_hz: float) -> float:
        setup = Setup(resonance_hz=resonance_hz)
        return float(np.mean([centre_hz(burst.samples) for burst in fractures(setup)]))

    assert heard(100e3) < heard(200e3) < heard(400e3)


def test_the_slow_mode_falls_behind_on_its_way() -> None:
    def spread(distance_m: float) -> float:
        setup = Setup(distance_m=(distance_m, distance_m), echoes=0)
        return float(np.mean([burst.length for burst in fractures(setup)]))

    assert spread(0.05) < spread(0.2) < spread(0.5)


def test_a_pool_is_the_same_in_any_order() -> None:
    first, second = (Pool(Setup(), rate_hz=RATE, seed=1, size=6) for _ in range(2))
    forwards = [first[k].samples for k in range(6)]
    backwards = [second[k].samples for k in reversed(range(6))][::-1]
    assert all(map(np.array_equal, forwards, backwards))
    with pytest.raises(IndexError):
        first[6]


@pytest.mark.parametrize("tilt_db", [-3.0, 0.0, 6.0])
def test_noise_falls_by_so_many_db_per_octave(tilt_db: float) -> None:
    rng = np.random.default_rng(0)
    x = background.noise(2**18, tilt_db, rate_hz=RATE, rng=rng)
    assert x.std() == pytest.approx(1, rel=0.02)
    power, frequency = abs(np.fft.rfft(x)) ** 2, np.fft.rfftfreq(x.size, 1 / RATE)
    octave = [power[(frequency >= f) & (frequency < 2 * f)].mean() for f in (2e4, 4e4, 8e4, 16e4)]
    np.testing.assert_allclose(np.diff(10 * np.log10(octave)), -tilt_db, atol=0.3)


def test_the_level_wanders_within_its_bounds() -> None:
    config = Surroundings(drift_db=3.0)
    gains = background.drift(2**16, config, rate_hz=RATE, rng=np.random.default_rng(0))
    db = 20 * np.log10(gains)
    assert 1 < abs(db).max() <= 3 + 1e-4
    assert abs(np.diff(db)).max() <= 6 / (0.005 * RATE) + 1e-4


def test_hum_has_its_harmonics_and_goes_on_where_it_stopped() -> None:
    config = Surroundings(hum_hz=(500.0, 500.0))
    hum = Hum(config, rate_hz=RATE, rng=np.random.default_rng(0))
    x = hum.stretch(0, 625_000)  # 200 periods
    assert x.std() == pytest.approx(1, rel=1e-3)
    power = abs(np.fft.rfft(x)) ** 2
    lines = power[200 : 200 * 21 : 200]
    assert lines.sum() / power.sum() > 0.9999
    assert (lines > 0).all()
    np.testing.assert_array_equal(hum.stretch(1000, 500), x[1000:1500])


def test_friction_is_low_and_long_and_a_spike_is_short() -> None:
    config, rng = Surroundings(), np.random.default_rng(0)
    for _ in range(20):
        rub = background.friction(config, rate_hz=RATE, rng=rng)
        assert 0.002 * RATE <= rub.size + 1 <= 0.01 * RATE + 2
        assert np.sqrt(np.square(rub).mean()) == pytest.approx(1, rel=1e-4)
        assert centre_hz(rub[: rub.size // 2]) < 80e3
        spike = background.spike(rng)
        assert 1 <= spike.size <= 10
        assert abs(spike).max() == 1
