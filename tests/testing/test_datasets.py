"""`check_dataset` passes a sound data set and catches each planted fault, by its own words."""

import os
from dataclasses import replace

import numpy as np
import pytest

from ondes.events import EventList
from ondes.protocols import Example
from ondes.testing import check_dataset


class Sound:
    """Noise with one event each; faulty ones below change one thing each."""

    rate_hz = 100.0
    labels = ("a", "b")
    n_channels = 2
    length = 3

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        if not 0 <= index < self.length:
            raise IndexError(index)
        return self.changed(self.example(np.random.default_rng(index), index))

    def example(self, rng, index):
        x = rng.normal(size=(2, 50)).astype(np.float32)
        return Example(x, EventList.of([(index, 50, "a", 1)], rate_hz=100))

    def changed(self, example):
        return example


def test_a_sound_data_set_passes():
    check_dataset(Sound())


class NoEnd(Sound):
    def __getitem__(self, index):
        return self.example(np.random.default_rng(index), index)


class RepeatedLabels(Sound):
    labels = ("a", "a")


class LabelsInAList(Sound):
    labels = ["a", "b"]  # noqa: RUF012


class Empty(Sound):
    length = 0


class PlainTuple(Sound):
    def changed(self, example):
        return tuple(example)


class Doubles(Sound):
    def changed(self, example):
        return example._replace(x=example.x.astype(float))


class OneChannel(Sound):
    def changed(self, example):
        return example._replace(x=example.x[:1])


class Mono(Sound):
    def changed(self, example):
        return example._replace(x=example.x[0])


class NotFinite(Sound):
    def changed(self, example):
        example.x[1, 7] = np.inf
        return example


class Silent(Sound):
    def changed(self, example):
        return example._replace(x=0 * example.x)


class NoEvents(Sound):
    def changed(self, example):
        return example._replace(events=EventList.empty(100))


class OtherRate(Sound):
    def changed(self, example):
        return example._replace(events=replace(example.events, rate_hz=200))


class UnknownLabel(Sound):
    labels = ("b", "c")


class BeyondTheEnd(Sound):
    def changed(self, example):
        return example._replace(events=example.events.shift(1))


class UnknownChannel(Sound):
    def changed(self, example):
        return example._replace(events=replace(example.events, channel=np.array([2])))


class GlobalDraw(Sound):
    def changed(self, example):
        np.random.rand()  # noqa: NPY002
        return example


class Counter(Sound):
    asked = 0

    def changed(self, example):
        self.asked += 1
        return example._replace(x=example.x + np.float32(self.asked))


class ByProcess(Sound):
    def changed(self, example):
        return example._replace(x=example.x + np.float32(os.getpid() % 997))


@pytest.mark.parametrize(
    ("faulty", "says"),
    [
        (NoEnd, "index 3 of 3 raises no IndexError"),
        (RepeatedLabels, "none or repeat"),
        (LabelsInAList, "not a tuple of words"),
        (Empty, "is empty"),
        (PlainTuple, "not an ondes Example"),
        (Doubles, "float64, not a float32"),
        (OneChannel, r"shape \(1, 50\), not \[2, time\]"),
        (Mono, r"not \[2, time\]"),
        (NotFinite, "NaN or infinity"),
        (Silent, "are silent"),
        (NoEvents, "hold no event"),
        (OtherRate, "200 Hz, the data set at 100 Hz"),
        (UnknownLabel, r"\['a'\] are not among"),
        (BeyondTheEnd, r"Event\(onset=1, offset=51.* beyond the clip of 50"),
        (UnknownChannel, r"channels \[2\], there are 2"),
        (GlobalDraw, "global random generator"),
        (Counter, "differs when it is asked for again"),
        (ByProcess, "differs in a worker process"),
    ],
)
def test_a_planted_fault_is_caught(faulty, says):
    with pytest.raises(AssertionError, match=says):
        check_dataset(faulty())
