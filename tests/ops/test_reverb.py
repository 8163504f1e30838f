"""The reverb against Freeverb as it was written: one sample after the other."""

import numpy as np
import pytest
import torch

from ondes.errors import InputError
from ondes.ops.reverb import reverb

COMBS = (1116, 1188, 1277, 1356, 1422, 1491, 1557, 1617)
ALLPASSES = (556, 441, 341, 225)


def freeverb(x, rate_hz, *, room_size, damping, wet, dry, freeze):
    """Jezar's recursion with JUCE's parameters, in float64."""
    frozen = freeze >= 0.5
    gain, damp = (0.0, 0.0) if frozen else (0.015, 0.4 * damping)
    feedback = 1.0 if frozen else 0.7 + 0.28 * room_size
    combs = [[0.0] * (int(rate_hz) * d // 44100) for d in COMBS]
    allpasses = [[0.0] * (int(rate_hz) * d // 44100) for d in ALLPASSES]
    store = [0.0] * len(combs)
    y = np.empty(len(x))
    for n, sample in enumerate(x.tolist()):
        out = 0.0
        for i, line in enumerate(combs):
            k = n % len(line)
            delayed = line[k]
            store[i] = delayed * (1 - damp) + store[i] * damp
            line[k] = gain * sample + store[i] * feedback
            out += delayed
        for line in allpasses:
            k = n % len(line)
            delayed = line[k]
            line[k] = out + 0.5 * delayed
            out = delayed - out
        y[n] = out * 3 * wet + sample * 2 * dry
    return y


SETTINGS = {
    "hall": {"room_size": 1.0, "damping": 0.0, "wet": 1.0, "dry": 0.0, "freeze": 0.2},
    "room": {"room_size": 0.3, "damping": 0.8, "wet": 0.4, "dry": 0.7, "freeze": 0.1},
    "frozen": {"room_size": 0.9, "damping": 0.2, "wet": 1.0, "dry": 0.3, "freeze": 0.6},
}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize(("n", "rate_hz"), [(30000, 48000), (30000, 8000), (501, 48000)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equals_the_recursion(setting, n, rate_hz, dtype):
    x = np.random.default_rng(n).standard_normal(n)
    expected = freeverb(x, rate_hz, **SETTINGS[setting])
    found = reverb(torch.from_numpy(x).to(dtype)[None], rate_hz, **SETTINGS[setting])[0]
    assert found.dtype == dtype
    assert np.abs(found.numpy() - expected).max() <= 1e-6 * np.abs(expected).max()


def test_response_to_a_click_and_to_a_step():
    n, rate_hz = 16000, 8000
    for x in (np.eye(1, n)[0], np.ones(n)):
        expected = freeverb(x, rate_hz, **SETTINGS["hall"])
        found = reverb(torch.from_numpy(x)[None], rate_hz, **SETTINGS["hall"])[0].numpy()
        assert np.abs(found - expected).max() <= 1e-6 * np.abs(expected).max()


def test_settings_of_a_batch_are_those_of_its_examples():
    x = torch.randn(2, 3, 4000, generator=torch.Generator().manual_seed(0))
    rooms = torch.tensor([[0.2], [0.9]])
    wets = torch.tensor([[1.0], [0.5]])
    both = reverb(x, 16000, room_size=rooms, wet=wets)
    for i in range(2):
        alone = reverb(x[i], 16000, room_size=rooms[i].item(), wet=wets[i].item())
        torch.testing.assert_close(both[i], alone)


def test_later_samples_do_not_matter():
    x = torch.randn(1, 9000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        reverb(x[:, :5000], 8000), reverb(x, 8000)[:, :5000], rtol=0, atol=1e-6
    )


def test_gradients_pass_through():
    x = torch.randn(1, 2000, dtype=torch.float64, requires_grad=True)
    room = torch.tensor([0.5], dtype=torch.float64, requires_grad=True)
    reverb(x, 8000, room_size=room, dry=0.5).square().sum().backward()
    assert x.grad.abs().min() > 0
    assert room.grad.abs() > 0


def test_parameters_outside_0_to_1_are_refused():
    with pytest.raises(InputError, match=r"room_size=1\.5.*0\.\.1"):
        reverb(torch.zeros(1, 8), 8000, room_size=1.5)
