"""Offsets that were put there come back, to a fraction of a sample; unsure ones say so."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ondes.errors import ChannelError, InputError, TooShortError
from ondes.ops.align import lag
from ondes.signal import Signal

RATE_HZ = 100.0


def waves(seconds: float, *, rate_hz: float, late_s: float, seed: int) -> np.ndarray:
    """Band-limited noise as a sum of sines up to 20 Hz, exact at any time."""
    rng = np.random.default_rng(seed)
    hz, phases = rng.uniform(0.5, 20, 80), rng.uniform(0, 2 * np.pi, 80)
    t = late_s + np.arange(round(seconds * rate_hz)) / rate_hz
    return np.sin(2 * np.pi * hz[:, None] * t + phases[:, None]).mean(0)


def pair(late_s: float, *, rates: tuple[float, float] = (RATE_HZ, RATE_HZ), seed: int = 0):
    return (
        Signal.of(waves(8, rate_hz=rates[0], late_s=0, seed=seed), rate_hz=rates[0]),
        Signal.of(waves(6, rate_hz=rates[1], late_s=late_s, seed=seed), rate_hz=rates[1]),
    )


@settings(max_examples=25, deadline=None)
@given(late_s=st.floats(-3, 4), seed=st.integers(0, 1000))
def test_any_offset_comes_back_and_turns_its_sign(late_s: float, seed: int) -> None:
    a, b = pair(late_s, seed=seed)
    found = lag(a, b)
    assert found.sure
    assert found.offset_s == pytest.approx(late_s, abs=0.3 / RATE_HZ)
    assert lag(b, a).offset_s == pytest.approx(-found.offset_s, abs=1e-6)


@pytest.mark.parametrize("late_s", [0.0, 1.2345, -0.777])
def test_parts_of_a_sample(late_s: float) -> None:
    assert lag(*pair(late_s)).offset_s == pytest.approx(late_s, abs=0.1 / RATE_HZ)


def test_other_rates() -> None:
    assert lag(*pair(1.3, rates=(100.0, 250.0))).offset_s == pytest.approx(1.3, abs=0.002)


def test_noise_other_sign_and_scale() -> None:
    a, b = pair(0.9)
    rng = np.random.default_rng(1)
    hurt = -7 * (b.samples + b.samples.std() * rng.standard_normal(b.samples.shape)) + 40
    found = lag(a, Signal.of(hurt, rate_hz=RATE_HZ))
    assert found.sure
    assert found.offset_s == pytest.approx(0.9, abs=0.01)


def test_sensors_of_another_kind_by_their_envelope() -> None:
    rng = np.random.default_rng(2)
    strength = np.repeat(rng.uniform(0, 1, 40), 25)
    a = Signal.of(strength * rng.standard_normal((3, 1000)), rate_hz=RATE_HZ)
    b = Signal.of((strength * rng.standard_normal((1, 1000)))[:, 130:], rate_hz=RATE_HZ)
    found = lag(a, b)
    assert found.sure
    assert found.offset_s == pytest.approx(1.3, abs=0.05)


@pytest.mark.parametrize("seed", range(5))
def test_what_has_nothing_in_common_is_not_sure(seed: int) -> None:
    a, b = pair(0.0, seed=seed)[0], pair(0.0, seed=seed + 50)[1]
    assert not lag(a, b).sure


def test_what_repeats_is_not_sure() -> None:
    tone = np.sin(2 * np.pi * 3 * np.arange(800) / RATE_HZ)
    a, b = (Signal.of(x, rate_hz=RATE_HZ) for x in (tone, tone[50:700]))
    assert not lag(a, b).sure


def test_what_cannot_be_compared() -> None:
    a, b = pair(0.0)
    with pytest.raises(ChannelError, match="constant"):
        lag(a, Signal.of(np.ones(100), rate_hz=RATE_HZ))
    with pytest.raises(ChannelError, match="envelope"):
        lag(a, Signal.of(np.ones((2, 100)), rate_hz=RATE_HZ), by="waves")
    with pytest.raises(TooShortError, match="16"):
        lag(a, Signal.of([1, 2, 3], rate_hz=RATE_HZ))
    with pytest.raises(InputError, match="most_s"):
        lag(a, b, most_s=0.0)
