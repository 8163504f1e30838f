"""The embedded spoken-digits: right about its own speakers, whatever gain, offset and silence."""

import numpy as np
import pytest

import ondes


@pytest.fixture(scope="module")
def model():
    return ondes.load("spoken-digits")


def test_one_take_of_each_digit(model, shared_data):
    folder = shared_data / "digits" / "wav"
    found = [model.classify(folder / f"{digit}_george_3.wav").label for digit in range(10)]
    assert found == [str(digit) for digit in range(10)]


@pytest.mark.parametrize("gain", [0.01, -1.0, 20.0])
def test_neither_gain_nor_sign_matter(model, gain):
    x = np.random.default_rng(0).normal(size=3000).astype(np.float32)
    x[:500] *= np.linspace(0, 1, 500, dtype=np.float32)
    same = model.predict_proba([x], rate_hz=8000)
    np.testing.assert_allclose(model.predict_proba([gain * x], rate_hz=8000), same, atol=1e-3)


def test_silence_around_a_short_clip_does_not_matter(model):
    x = np.random.default_rng(1).normal(size=2000).astype(np.float32)
    quiet = np.pad(x, (1000, 1000))  # the middle of .5 s, of which the network makes .77 s
    same = model.predict_proba([x], rate_hz=8000)
    np.testing.assert_allclose(model.predict_proba([quiet], rate_hz=8000), same, atol=1e-4)
