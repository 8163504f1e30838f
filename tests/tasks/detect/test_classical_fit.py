"""Fitting classical detectors, and scoring them as networks are scored."""

from dataclasses import dataclass
from importlib import import_module

import numpy as np
import pytest

from ondes.errors import ChannelError, InputError
from ondes.events import EventList
from ondes.protocols import Example
from ondes.tasks.detect import Tolerances, classical
from ondes.tasks.detect.classical import StaLta, Threshold

RATE_HZ = 1_562_500.0
LENGTH = 252
ONSET_S = 30e-6
FITTING = import_module("ondes.tasks.detect.classical.fit")  # not its function
FEW = {"threshold": (4.0, 5.0, 7.0), "low_hz": (0.0, 1 / 32), "refine": (False, True)}
FEW_TOO = {"on": (3.0, 5.0), "off": (1.5, 2.0), "sta_s": (24, 48), "min_s": (0, 16)}


@dataclass
class Clips:
    x: np.ndarray
    onsets: list
    hertz: tuple
    n_channels: int = 1
    rate_hz: float = RATE_HZ

    @property
    def labels(self):
        return ("high", "low")[: len(self.hertz)] if len(self.hertz) > 1 else ("hit",)

    def __len__(self):
        return len(self.onsets)

    def __getitem__(self, i):
        rows = [
            (int(o), int(o) + LENGTH, self.labels[i % len(self.labels)]) for o in self.onsets[i]
        ]
        return Example(self.x[i : i + 1], EventList.of(rows, rate_hz=RATE_HZ))


@pytest.fixture
def clips(bursts):
    def made(*, hertz=(150e3,), rows=4, **options):
        each = [bursts(rows=rows, n=20_000, hertz=h, **options) for h in hertz]
        x = np.stack([each[i % len(hertz)][0][i] for i in range(rows)])
        onsets = [each[i % len(hertz)][1][i] for i in range(rows)]
        return Clips(x, onsets, hertz)

    return made


@pytest.fixture(autouse=True)
def small_grids(monkeypatch):
    monkeypatch.setattr(FITTING, "GRIDS", {"threshold": FEW, "sta-lta": FEW_TOO})
    monkeypatch.setattr(FITTING, "SPLITS", 9)


@pytest.mark.parametrize("family", ["threshold", "sta-lta"])
@pytest.mark.parametrize("objective", ["event", "frame"])
def test_fitting_betters_what_it_is_asked_to(clips, family, objective):
    valid, other = clips(snr_db=17.0), clips(snr_db=17.0, seed=1)
    rule = classical.fit(valid, family, objective=objective, onset_s=ONSET_S)
    assert rule == classical.fit(valid, family, objective=objective, onset_s=ONSET_S)
    tolerances = Tolerances(onset_s=ONSET_S)
    name = "onset_f1" if objective == "event" else "frame_f1"
    plain = classical.build(family, {"labels": ("hit",)})
    before, after = (classical.scores(r, other, tolerances=tolerances)[name] for r in (plain, rule))
    assert after >= before
    assert after > 0.85


def test_onsets_and_offsets_are_moved_by_their_median_error(clips):
    valid = clips(snr_db=30.0)
    rule = classical.fit(valid, "sta-lta", onset_s=ONSET_S)
    found = [classical.Judge(rule, RATE_HZ).events(valid[i].x, rate_hz=RATE_HZ) for i in range(4)]
    for i, events in enumerate(found):
        pairs = valid[i].events.compare(events, onset_s=ONSET_S).pairs
        late = events.onset[pairs[:, 1]] - valid[i].events.onset[pairs[:, 0]]
        assert abs(np.median(late)) < 6


@pytest.mark.parametrize("hertz", [(300e3, 120e3), (120e3, 300e3)])
def test_two_labels_are_fitted_whichever_is_higher(clips, hertz):
    rule = classical.fit(clips(hertz=hertz, snr_db=26.0), "threshold", onset_s=ONSET_S)
    assert 120e3 < rule.split_hz < 300e3
    scores = classical.scores(
        rule, clips(hertz=hertz, snr_db=26.0, seed=2), tolerances=Tolerances(onset_s=ONSET_S)
    )
    assert scores["onset_f1"] > 0.95


def test_scores_are_those_of_the_events(clips):
    data, rule = clips(snr_db=20.0), Threshold(labels=("hit",), refine=True)
    scores = classical.scores(rule, data, hop=16, tolerances=Tolerances(onset_s=10e-6))
    judge = classical.Judge(rule, RATE_HZ)
    right = found = 0
    for i in range(len(data)):
        events = judge.events(data[i].x, rate_hz=RATE_HZ)
        found += len(events)
        right += len(data[i].events.compare(events, onset_s=10e-6).pairs)
    assert scores["note_precision"] == pytest.approx(right / found)
    assert scores["frame_f1"] == pytest.approx(scores["decoded_f1"])


def test_what_cannot_be_fitted_is_refused(clips):
    data = clips()
    with pytest.raises(InputError, match="did you mean 'threshold'"):
        classical.fit(data, "treshold")
    with pytest.raises(InputError, match="one of both, event, frame"):
        classical.fit(data, "threshold", objective="onset")
    with pytest.raises(InputError, match="without an event"):
        classical.fit(Clips(data.x, [[]] * 4, (150e3,)), "threshold")
    with pytest.raises(ChannelError, match="hears one"):
        classical.fit(Clips(data.x, data.onsets, (150e3,), n_channels=2), "threshold")


def test_a_calibrated_score_is_a_probability(clips):
    data = clips(snr_db=10.0, rows=8)
    bench = FITTING.Bench.of(data, objective="event", onset_s=ONSET_S, hop=16, limit=None)
    rule = bench.calibrated(StaLta(on=2.0, labels=("hit",)))
    found = bench.found(rule)
    right = len(bench.truth.compare(found, onset_s=ONSET_S).pairs) / len(found)
    assert found.score.mean() == pytest.approx(right, abs=0.02)
