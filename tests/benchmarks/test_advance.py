"""Thresholds of warners: by the others alone, and where all of them are warned in time."""

import numpy as np
import pytest

from benchmarks import advance
from ondes.data.ecg.hearts import Heart
from ondes.events import EventList

RATE = 360
AT = 400 * RATE  # after what is learnt from


def truth(labels: str) -> EventList:
    rows = [(AT + k * RATE, AT + k * RATE + 1, label) for k, label in enumerate(labels)]
    return EventList.of(rows, rate_hz=RATE)


@pytest.fixture
def persons(monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """Evidence for the beats of three persons."""
    labels = {"a": "NVVV", "b": "NVVVV", "c": "NV"}
    monkeypatch.setattr(advance, "_persons", lambda: list(labels))
    monkeypatch.setattr(advance, "_truth", lambda name: truth(labels[name]))
    return {
        "a": np.array([9.0, 4.0, 6.0, 5.0]),
        "b": np.array([0.0, 1.0, 8.0, 2.0, 3.0]),
        "c": np.array([0.0, 7.0]),
    }


def test_the_largest_threshold_still_warns_in_time(persons: dict[str, np.ndarray]) -> None:
    # of b's two stretches of three the second has 8, 2 and 3, the first 1, 8 and 2
    assert [advance._largest(name, persons[name]) for name in "abc"] == [6.0, 8.0, 7.0]
    assert advance._in_time(np.array([False, False, True]))
    assert not advance._in_time(np.array([False, False, False, True]))
    assert not advance._in_time(np.array([True, False, False, False, True]))


def test_a_person_has_no_part_in_their_own_threshold(persons: dict[str, np.ndarray]) -> None:
    asked: list[tuple[str, str]] = []

    def scores(person: str, absent: str) -> np.ndarray:
        asked.append((person, absent))
        return persons[person]

    assert advance._threshold(scores, "a") == 3.5
    assert asked == [("b", "a"), ("c", "a")]
    assert advance._threshold(scores, "b") == 3.0
    assert advance._threshold(lambda person, _: persons[person] - 10, "b") == -4.0


def test_rivals_tell_an_odd_beat() -> None:
    rng, n = np.random.default_rng(0), 500
    normal = np.hanning(128)
    shapes = normal + 0.02 * rng.normal(size=(n, 128))
    rhythm, label = 0.02 * rng.normal(size=(n, 2)), np.full(n, "N")
    odd = np.arange(450, 500, 10)
    shapes[odd] = -(normal[::-1] ** 2) + 0.02 * rng.normal(size=(len(odd), 128))
    rhythm[odd], label[odd] = [-0.5, 0.4], "V"
    every = Heart("x", np.arange(n) * RATE, label, shapes, rhythm)
    own = every.at(every.before(300))
    for rival in (advance._template, advance._forest, advance._one_class):
        found = rival(own, every)
        assert found[odd].min() > found[label == "N"].max()
