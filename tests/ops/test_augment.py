"""Effects against closed forms; draws against the distributions they promise."""

import dataclasses

import numpy as np
import pytest
import torch

from ondes.errors import ChannelError
from ondes.ops.augment import Chain, Config, channel_swap, chorus, draw, gain, noise

RATE = 48000


def test_gain_in_decibels():
    x = torch.ones(2, 1, 3)
    assert gain(x, 6.0206).mean() == pytest.approx(2, rel=1e-5)
    each = gain(x, torch.tensor([[-20.0], [20.0]]))
    torch.testing.assert_close(each[:, 0, 0], torch.tensor([0.1, 10.0]))


def test_noise_has_the_asked_power_in_every_channel():
    x = torch.stack([torch.ones(100_000), 0.01 * torch.ones(100_000)])[None]
    added = noise(x, snr_db=torch.tensor([[10.0]]), seed=1) - x
    power_db = 10 * added.square().mean(-1).log10()
    torch.testing.assert_close(power_db, torch.tensor([[-10.0, -50.0]]), rtol=0, atol=0.1)
    assert added.mean(-1).abs().max() < 0.005
    lag_one = torch.corrcoef(torch.stack([added[0, 0, 1:], added[0, 0, :-1]]))[0, 1]
    assert abs(lag_one) < 0.02


def test_noise_leaves_silence_alone_and_repeats_by_seed():
    assert not noise(torch.zeros(1, 64), snr_db=0.0, seed=1).any()
    x = torch.ones(1, 64)
    assert torch.equal(noise(x, snr_db=0.0, seed=1), noise(x, snr_db=0.0, seed=1))
    assert not torch.equal(noise(x, snr_db=0.0, seed=1), noise(x, snr_db=0.0, seed=2))


def test_channel_swap():
    x = torch.arange(6.0).reshape(1, 3, 2)
    torch.testing.assert_close(channel_swap(x, (2, 0, 1))[0, :, 0], torch.tensor([4.0, 0.0, 2.0]))
    with pytest.raises(ChannelError, match="channels="):
        channel_swap(x, (1, 0))


@pytest.mark.parametrize("phase", [0.0, 1.0])
def test_chorus_delays_a_ramp_by_its_moving_delay(phase):
    seconds = torch.arange(2 * RATE, dtype=torch.float64) / RATE
    copy = chorus(seconds[None], RATE, centre_ms=7.5, phase=phase, mix=1.0)[0]
    delay_ms = 7.5 - 2.5 * torch.sin(2 * torch.pi * seconds + phase)
    late = slice(RATE // 50, None)
    torch.testing.assert_close(1e3 * (seconds - copy)[late], delay_ms[late])
    assert not copy[: RATE // 250].any()


def test_chorus_between_samples_and_the_mix():
    x = torch.zeros(1, 100)
    x[0, 10] = 1
    y = chorus(x, 1000, centre_ms=20.25, depth=0.0, mix=0.4)[0]
    expected = torch.zeros(100)
    expected[10], expected[30], expected[31] = 0.6, 0.4 * 0.75, 0.4 * 0.25
    torch.testing.assert_close(y, expected)


def test_chorus_of_a_batch():
    x = torch.randn(2, 2, 4800, generator=torch.Generator().manual_seed(0))
    centres = torch.tensor([[6.5], [8.5]])
    both = chorus(x, RATE, centre_ms=centres)
    for i in range(2):
        torch.testing.assert_close(both[i], chorus(x[i], RATE, centre_ms=centres[i].item()))


def test_draws_depend_on_the_generator_alone():
    a, b = (draw(np.random.default_rng([7, 3]), channels=2) for _ in range(2))
    assert a == b
    assert a != draw(np.random.default_rng([7, 4]), channels=2)
    assert str(a).startswith("Chain(")


def test_switching_one_effect_leaves_the_others():
    full = Config(1.0, 1.0, 1.0, 1.0, 1.0)
    everything = draw(np.random.default_rng(5), full, channels=4)
    less = draw(np.random.default_rng(5), dataclasses.replace(full, p_chorus=0.0), channels=4)
    assert less == dataclasses.replace(everything, chorus=None)


def test_probabilities_and_ranges():
    chains = [draw(np.random.default_rng(i)) for i in range(2000)]
    for effect in ("gain_db", "noise", "chorus", "reverb", "channel_swap"):
        share = np.mean([getattr(c, effect) is not None for c in chains])
        assert share == pytest.approx(0.2, abs=0.04)
    gains = [c.gain_db for c in chains if c.gain_db is not None]
    assert -15 <= min(gains) < -13 < 13 < max(gains) <= 15
    rooms = np.array([c.reverb for c in chains if c.reverb is not None])
    assert (rooms >= 0).all()
    assert (rooms <= [1, 1, 1, 1, 0.2]).all()
    np.testing.assert_allclose(rooms.mean(0), [0.5, 0.5, 0.5, 0.5, 0.1], atol=0.06)


def test_arrays_and_tensors_alike_and_inputs_untouched():
    chain = draw(np.random.default_rng(0), Config(1.0, 1.0, 1.0, 1.0, 1.0), channels=2)
    x = np.random.default_rng(1).standard_normal((2, 5000)).astype(np.float32)
    before = x.copy()
    x.flags.writeable = False
    y = chain(x, RATE)
    assert isinstance(y, np.ndarray)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(chain(torch.from_numpy(before), RATE).numpy(), y)


def test_an_empty_chain_copies():
    x = np.ones((1, 4), np.float32)
    y = Chain()(x, RATE)
    assert not np.shares_memory(x, y)
    np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("rate_hz", [32.0, 31.25, 1_562_500.0])
def test_any_rate(rate_hz):
    chain = draw(np.random.default_rng(0), Config(1.0, 1.0, 1.0, 1.0, 1.0))
    y = chain(np.ones((1, 1000), np.float32), rate_hz)
    assert np.isfinite(y).all()
