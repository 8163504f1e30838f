"""The systems that are compared: an oracle scores 1, NMF finds what it knows."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest

from benchmarks import _basic_pitch, rivals
from benchmarks._clips import Clips, Samples
from benchmarks._nmf import Nmf
from benchmarks._systems import HEAD, Contest, Heard, Reading, fitted, on_grid, scored
from ondes.data.banks import Bank, Sound
from ondes.events import EventList
from ondes.timebase import Timebase

RATE_HZ, LABELS = 24_000, ("A3", "C4", "E4")
GRID = Timebase(RATE_HZ, hop=256)
HERTZ = {"A3": 220.0, "C4": 261.63, "E4": 329.63}
N_SAMPLES = 2**15


def tone(label: str, n: int, *, phase: float = 0.0) -> Samples:
    t = np.arange(n) / RATE_HZ
    waves = [np.sin(2 * np.pi * k * HERTZ[label] * t + k * phase) / k for k in range(1, 8)]
    return (np.sum(waves, axis=0) * np.exp(-t)).astype(np.float32)


def clip(*notes: tuple[str, int, int]) -> tuple[Samples, EventList]:
    x = np.zeros(N_SAMPLES, np.float32)
    for label, onset, offset in notes:
        x[onset:offset] += tone(label, offset - onset, phase=1.0)
    rows = [(onset, offset, label) for label, onset, offset in notes]
    return x, EventList.of(rows, rate_hz=RATE_HZ)


@pytest.fixture(scope="module")
def clips() -> Clips:
    pairs = [
        clip(("A3", 2048, 16384), ("E4", 8192, 24576)),
        clip(("C4", 4096, 30000), ("E4", 4096, 12288)),
    ]
    x, truth = zip(*pairs, strict=True)
    return Clips(x, truth, LABELS, GRID)


class Oracle:
    """Knows the truth of each clip."""

    name = "oracle"

    def __init__(self, clips: Clips) -> None:
        self.clips = clips

    def hear(self, x: Samples) -> Heard:
        place = next(i for i, known in enumerate(self.clips.x) if known is x)
        events = self.clips.truth[place]
        return Heard(events.to_frames(GRID, LABELS, 128)[None].astype(np.float32), {"is": events})

    def readings(self, valid: Clips, heard: Sequence[Heard]) -> list[Reading]:
        return [Reading("known", 0.5, lambda one: one.output["is"]), fitted(valid, heard)]


def test_an_oracle_scores_one_in_every_test(clips: Clips) -> None:
    rows = Contest(clips, {"first": clips, "second": clips}).rows(Oracle(clips))
    assert [row[:2] for row in rows] == [["first", "oracle"]] * 2 + [["second", "oracle"]] * 2
    assert {tuple(row[3:]) for row in rows if row[2] == "known"} == {("1.0000",) * 4}
    assert all(len(row) == len(HEAD) for row in rows)
    assert all(float(row[5]) == 1 for row in rows)  # the decoder fitted to it finds the notes too


def test_a_rival_that_is_not_installed_is_named(
    clips: Clips, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rivals, "contest_of", lambda _: Contest(clips, {"first": clips}))
    monkeypatch.setattr(rivals, "systems_for", lambda valid, _: [Oracle(valid)])
    monkeypatch.setattr(_basic_pitch, "missing", lambda: "librosa")
    section = rivals.report()
    assert "| first | oracle | known | 1.0000 |" in section
    assert "basic-pitch is left out: librosa not installed" in section


def test_thresholds_may_differ_between_labels(clips: Clips) -> None:
    heard = [Oracle(clips).hear(x) for x in clips.x]
    quiet = [Heard(one.probs * np.array([[0.2], [1], [1]], np.float32)) for one in heard]
    of_each = np.array([[0.1], [0.5], [0.5]], np.float32)
    score = partial(scored, clips=clips, heard=quiet)
    assert score(Reading("", of_each, lambda _: EventList.empty(RATE_HZ)))[0] == "1.0000"
    assert score(Reading("", 0.5, lambda _: EventList.empty(RATE_HZ)))[0] < "1.0000"


def test_a_straight_line_stays_one_on_another_grid() -> None:
    times_s = np.arange(0, 2, 0.0116)
    moved = on_grid((3 * times_s)[None, None].astype(np.float32), times_s, GRID, 100)
    centres_s = (256 * np.arange(100) + 128) / RATE_HZ
    np.testing.assert_allclose(moved, (3 * centres_s)[None, None], rtol=1e-5)


def test_nmf_finds_tones_like_those_it_knows(clips: Clips) -> None:
    sounds = (Sound(samples=tone(label, RATE_HZ), label=label, audible=RATE_HZ) for label in LABELS)
    nmf = Nmf.of(Bank(tuple(sounds), RATE_HZ), GRID, LABELS)
    np.testing.assert_allclose(nmf.atoms.sum(axis=1), 1, rtol=1e-5)
    heard = [nmf.hear(x) for x in clips.x]
    frame, auc, *_ = scored(fitted(clips, heard), clips, heard)
    assert float(frame) > 0.85
    assert float(auc) > 0.95


def test_silence_is_no_tone() -> None:
    nmf = Nmf(np.full((3, 853), 1 / 853, np.float32), np.arange(3), GRID, LABELS)
    heard = nmf.hear(np.zeros(4096, np.float32))
    assert heard.probs.shape == (1, 3, 16)
    assert heard.probs.max() == 0
