"""`check_dataset` on sets of whole clips: passes a sound one, catches each planted fault."""

import os

import numpy as np
import pytest

from ondes.protocols import Clip
from ondes.testing import check_dataset


class Sound:
    """Noise of one class each, in unequal lengths; faulty ones below change one thing each."""

    rate_hz = 100.0
    labels = ("a", "b")
    n_channels = 2
    length = 5

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        if not 0 <= index < self.length:
            raise IndexError(index)
        rng = np.random.default_rng(index)
        x = rng.normal(size=(2, 50 + index)).astype(np.float32)
        return self.changed(Clip(x, np.eye(2, dtype=np.float32)[index % 2]))

    def changed(self, clip):
        return clip


def test_a_sound_data_set_passes():
    check_dataset(Sound())


class OneChannel(Sound):
    n_channels = 1


class Silent(Sound):
    def changed(self, clip):
        return Clip(np.zeros_like(clip.x), clip.y)


class NotFinite(Sound):
    def changed(self, clip):
        return Clip(clip.x * np.float32(np.nan), clip.y)


class Doubles(Sound):
    def changed(self, clip):
        return Clip(clip.x, clip.y.astype(float))


class Word(Sound):
    def changed(self, clip):
        return Clip(clip.x, "a")


class OneMore(Sound):
    def changed(self, clip):
        return Clip(clip.x, np.append(clip.y, np.float32(0)))


class Unknown(Sound):
    def changed(self, clip):
        return Clip(clip.x, clip.y * np.float32(np.inf))


class LastIsOther(Sound):
    def __getitem__(self, index):
        clip = super().__getitem__(index)
        return clip if index < self.length - 1 else Clip(clip.x, clip.y[:1])


class Truth(Sound):
    asked = 0

    def changed(self, clip):
        self.asked += 1
        return Clip(clip.x, clip.y + np.float32(self.asked))


class ByProcess(Sound):
    def changed(self, clip):
        return Clip(clip.x, clip.y + np.float32(os.getpid() % 997))


class GlobalDraw(Sound):
    def changed(self, clip):
        return Clip(clip.x + np.float32(np.random.rand()), clip.y)  # noqa: NPY002


@pytest.mark.parametrize(
    ("faulty", "says"),
    [
        (OneChannel, r"shape \(2, 50\), not \[1, time\]"),
        (Silent, "are silent"),
        (NotFinite, "samples hold NaN"),
        (Doubles, "y is float64, not a float32"),
        (Word, "y is <class 'str'>"),
        (OneMore, r"y has shape \(3,\), not \(2,\)"),
        (Unknown, "y holds NaN or infinity"),
        (LastIsOther, r"the last example: y has shape \(1,\)"),
        (Truth, "differs when it is asked for again"),
        (ByProcess, "differs in a worker process"),
        (GlobalDraw, "global random generator"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_planted_fault_is_caught(faulty, says):
    with pytest.raises(AssertionError, match=says):
        check_dataset(faulty())
