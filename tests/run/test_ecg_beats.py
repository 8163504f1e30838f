"""The embedded ecg-beats: every beat of a plain lead, whatever its rate, gain, offset and side."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import ondes
from ondes.data.ecg.clips import Cutting
from ondes.data.sets import ecg_beats
from ondes.metrics.ec57 import match_beats

WAVES = ((0.1, -0.18, 0.03), (-0.15, -0.03, 0.01), (1.0, 0.0, 0.012), (0.2, 0.28, 0.06))


def lead(rate_hz: float, *, seconds: float = 15.0) -> NDArray[np.float32]:
    """Return a beat a second from .3 s on, in mV."""
    t = np.arange(0, seconds, 1 / rate_hz)
    after = (t + 0.2) % 1 - 0.5
    x = sum(high * np.exp(-(((after - at) / width) ** 2)) for high, at, width in WAVES)
    return np.asarray(x, np.float32)


@pytest.mark.parametrize("rate_hz", [100, 128, 257, 360, 1000])
def test_beats_at_any_rate(rate_hz: float) -> None:
    found = ondes.load("ecg-beats").detect(lead(rate_hz), rate_hz=rate_hz)
    assert found.label.tolist() == ["N"] * 15
    assert abs(found.onset_s - np.arange(15) - 0.3).max() < 0.03


def test_other_rates_are_asked_for() -> None:
    with pytest.raises(ondes.errors.RateError, match="resample"):
        ondes.load("ecg-beats").detect(lead(173), rate_hz=173)


@pytest.mark.parametrize(("gain", "offset"), [(-1.0, 0.0), (0.01, 0.0), (200.0, 1024.0)])
def test_neither_side_nor_gain_nor_offset_matter(gain: float, offset: float) -> None:
    x = (gain * lead(250) + offset).astype(np.float32)
    found = ondes.load("ecg-beats").detect(x, rate_hz=250)
    late = found[found.onset_s > 1]  # a step from silence to the offset is no beat either
    assert late.label.tolist() == ["N"] * 14
    assert abs(late.onset_s - np.arange(1, 15) - 0.3).max() < 0.03


def test_a_beat_is_known_within_a_second() -> None:
    pipeline = ondes.load("ecg-beats", window_frames=2)
    assert pipeline.latency_s + 0.1 < 1.0  # an event lasts a tenth of a second


def test_the_card_names_data_and_limits() -> None:
    card = ondes.load("ecg-beats").card
    assert "ODC-By" in card.licence
    assert "not a medical device" in card.limits


def test_bad_signals_of_persons_never_heard(shared_data: Path) -> None:
    noisy = ecg_beats.Config(
        folder=str(shared_data / "ecg_qrs10s"), classes="beat", cutting=Cutting()
    )
    data, pipeline = ecg_beats.build(noisy, split="all", seed=0), ondes.load("ecg-beats")
    right = true = said = 0
    for index in range(len(data)):
        x, truth = data[index]
        pairs = match_beats(truth, pipeline.detect(x, rate_hz=data.rate_hz), learning_s=0)
        right, true, said = (
            right + len(pairs.pairs),
            true + len(pairs.truth),
            said + len(pairs.found),
        )
    assert 2 * right / (true + said) > 0.93
