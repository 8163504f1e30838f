"""The stopwatch, the memory and the scores, each against something that is known."""

import numpy as np
import pytest

from benchmarks._scores import best_threshold, frame_f1, note_f1, roc_auc
from benchmarks._stopwatch import Times, in_turns
from benchmarks._watched import peak_bytes
from ondes.events import EventList
from ondes.metrics import note_score

TICKS = {"slow": 6.0, "quick": 2.0}


def test_calls_take_turns_after_a_round_that_does_not_count() -> None:
    now, order = [0.0], []

    def call(name: str) -> None:
        order.append(name)
        now[0] += TICKS[name] * (100 if len(order) <= 2 else 1)

    calls = {name: lambda name=name: call(name) for name in TICKS}
    times = in_turns(calls, rounds=2, clock=lambda: now[0])
    assert order == ["slow", "quick"] * 3
    assert times.seconds == {"slow": (6.0, 6.0), "quick": (2.0, 2.0)}


def test_ratios_are_taken_round_by_round() -> None:
    times = Times({"a": (1.0, 20.0, 3.0), "b": (2.0, 40.0, 3.0)})
    assert times.median("a") == 3.0
    assert times.ratio("b", to="a") == 2.0


def test_the_peak_of_memory_remembers_what_was_given_back() -> None:
    before = peak_bytes()
    block = np.ones(before + 2**25, np.uint8)  # more than ever before, whatever is free by now
    del block
    assert before + 2**24 < peak_bytes() < 2 * before + 2**26


def test_note_f1_is_that_of_the_library(rng: np.random.Generator) -> None:
    truth, found = (some_notes(rng) for _ in range(2))
    for ratio in (None, 0.2):
        score = note_score(truth, found, offset_ratio=ratio)
        assert note_f1([truth], [found], offset_ratio=ratio) == pytest.approx(score.f1)


def test_notes_of_all_clips_are_pooled() -> None:
    one = EventList.of([(0, 100, "C4")], rate_hz=1000)
    none = EventList.empty(1000)
    assert note_f1([one, one, none], [one, none, one]) == pytest.approx(2 / 4)
    assert note_f1([none], [none]) == 0.0


def test_frames_are_counted_over_all_cells() -> None:
    truth = np.array([[True, True, False, False]])
    assert frame_f1(truth, np.array([[True, False, True, False]])) == 0.5
    assert roc_auc(truth, np.array([[0.9, 0.2, 0.3, 0.1]], np.float32)) == 0.75


def test_no_threshold_is_better_than_the_best(rng: np.random.Generator) -> None:
    truth = rng.random((3, 20)) < 0.3
    probs = (0.3 * truth + 0.7 * rng.random(truth.shape)).astype(np.float32)
    best = frame_f1(truth, probs >= best_threshold(truth, probs))
    assert best == pytest.approx(max(frame_f1(truth, probs >= level) for level in probs.ravel()))


def some_notes(rng: np.random.Generator) -> EventList:
    onsets = 200 * np.arange(40) + rng.integers(0, 100, 40)
    lengths = rng.integers(40, 100, 40)
    return EventList.of(
        [
            (int(onset), int(onset + length), str(rng.choice(["A0", "C4", "C#4"])))
            for onset, length in zip(onsets, lengths, strict=True)
        ],
        rate_hz=1000,
    )


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
