"""The embedded ecg-af: fibrillation where beats are irregular, none where they are only early."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import ondes
from ondes.data.ecg.rhythm import intervals
from ondes.data.sets import ecg_af
from ondes.metrics.episodes import Episodes, episodes

RATE = 250
WAVES = ((0.1, -0.18, 0.03), (-0.15, -0.03, 0.01), (1.0, 0.0, 0.012), (0.2, 0.28, 0.06))


def leads(gaps_s: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return two leads, in mV, of beats that come after these times."""
    peaks = 0.5 + np.cumsum(gaps_s)
    t = np.arange(0, peaks[-1] + 0.5, 1 / RATE)
    x = np.zeros_like(t)
    for height, at, width in WAVES:
        for peak in peaks:
            x += height * np.exp(-(((t - peak - at) / width) ** 2))
    noise = np.random.default_rng(0).normal(0, 0.01, (2, len(t)))
    return np.asarray([0.6, 1.0] * x[:, None] + noise.T, np.float32).T


def test_an_irregular_minute_between_regular_ones() -> None:
    rng = np.random.default_rng(1)
    parts = [np.full(70, 0.85), intervals(rng, 100, 0.6, irregular=True), np.full(70, 0.85)]
    begun, ended = (0.5 + sum(part.sum() for part in parts[:k]) for k in (1, 2))
    found = ondes.load("ecg-af").detect(leads(np.concatenate(parts)), rate_hz=RATE)
    assert found.label.tolist() == ["(AFIB"]
    assert abs(found.onset_s[0] - begun) < 5
    assert abs(found.offset_s[0] - ended) < 5


@pytest.mark.parametrize("early", [(1.0,), (0.6, 1.4, 1.0, 1.0), (0.6, 1.4)])
def test_regular_early_and_paired_beats_are_none(early: tuple[float, ...]) -> None:
    gaps = 0.85 * np.resize(early, 100)
    assert not len(ondes.load("ecg-af").detect(leads(gaps), rate_hz=RATE))


def test_a_person_never_heard(shared_data: Path) -> None:
    config = ecg_af.Config(folder=str(shared_data / "ecg_af"), fold=0)
    data, pipeline = ecg_af.build(config, split="test", seed=0), ondes.load("ecg-af")
    counted = Episodes()
    for index in range(len(data)):
        x, truth = data[index]
        found = pipeline.detect(x, rate_hz=data.rate_hz)
        counted = counted.plus(episodes(truth, found, learning_s=0))
    assert (counted.hits, counted.truth) == (6, 7)
    assert counted.right == counted.found
    assert counted.duration_sensitivity > 0.8
    assert counted.duration_positive_predictivity > 0.9
    assert not {f"data_101_{k}" for k in (6, 8, 9)} & {*pipeline.card.facts["learnt"]}


def test_the_card_names_data_and_limits() -> None:
    card = ondes.load("ecg-af").card
    assert "CC BY 4.0" in card.licence
    assert "not a medical device" in card.limits
