"""Some examples of a data set are, in all else, as it was."""

import numpy as np
import pytest

from ondes.data.chosen import chosen
from ondes.data.clips import Clips
from ondes.data.pairs import Pairs
from ondes.protocols import Labelled, Sensor, Telling

ITEMS = [np.arange(k, k + 20, dtype=np.float32)[None] for k in range(4)]


def clips() -> Clips:
    return Clips(ITEMS, np.eye(2)[[0, 1, 0, 1]], labels=("a", "b"), rate_hz=10)


def pairs() -> Pairs:
    return Pairs(ITEMS, ITEMS, source=Sensor(10.0, 1, "new"), target=Sensor(10.0, 1, "old"))


@pytest.mark.parametrize("examples", [clips(), pairs()])
def test_they_are_those_at_the_places_and_each_is_told_once(examples):
    asked = []
    some = chosen(examples, [3, 1], seen=asked.append)
    assert [one[0][0, 0] for one in (some[0], some[1])] == [3, 1]
    assert len(some) == 2
    assert asked == [0, 1]
    with pytest.raises(IndexError, match="example 2 of 2"):
        some[2]


def test_clips_and_pairs_say_what_they_said():
    some = chosen(clips(), [3, 1])
    assert (some.rate_hz, some.labels, some.n_channels) == (10, ("a", "b"), 1)
    assert isinstance(some, Telling)
    assert some.told(0).name == "3"
    both = chosen(pairs(), [3, 1])
    assert (both.source.name, both.target.name) == ("new", "old")
    assert not isinstance(both, Labelled)


def test_what_is_known_of_pairs_stays_known():
    some = chosen(pairs().known(["a", "", "b", "a"], ["a", "b"]), [1, 3])
    assert isinstance(some, Labelled)
    assert some.labels == ("a", "b")
    assert some.y_of(0) is None
    assert some.y_of(1).tolist() == [1, 0]
