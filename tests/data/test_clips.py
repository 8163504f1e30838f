"""Clips in memory: what is right comes back as it went in, what is wrong is refused by name."""

import numpy as np
import pytest

from ondes import Signal
from ondes.data.clips import (
    Clips,
    check_moving,
    classes_of,
    digest,
    from_signals,
    multi_hot,
    numbers,
    one_hot,
)
from ondes.errors import ChannelError, InputError, NotFiniteError, RateError, TooShortError
from ondes.testing import check_dataset

RNG = np.random.default_rng(0)
LABELS = ("no", "yes")


def noise(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def made(
    arrays: list[np.ndarray], names: list[str], labels: tuple[str, ...] = LABELS, **more: object
) -> Clips:
    return Clips(arrays, one_hot(names, labels), labels=labels, rate_hz=10, **more)


def test_clips_come_back_as_they_went_in() -> None:
    arrays = [noise(2, 30), noise(2, 50), noise(2, 7)]
    clips = made(arrays, ["no", "yes", "no"], groups=["ann", "ann", "ben"])
    check_dataset(clips)
    for index, (array, y) in enumerate(zip(arrays, [[1, 0], [0, 1], [1, 0]], strict=True)):
        np.testing.assert_array_equal(clips[index].x, array)
        np.testing.assert_array_equal(clips[index].y, y)
    part = clips.take([2, 0])
    assert part.groups == ("ben", "ann")
    assert part.names == ("2", "0")
    np.testing.assert_array_equal(part[1].x, arrays[0])
    assert np.shares_memory(part[1].x, clips[0].x)


def test_clips_do_not_change_with_the_arrays_they_were_made_of() -> None:
    array = noise(1, 20)
    clips = made([array, noise(1, 20)], ["no", "yes"])
    before = clips[0].x.copy()
    array[:] = 0
    np.testing.assert_array_equal(clips[0].x, before)
    with pytest.raises(ValueError, match="read-only"):
        clips[0].x[0, 0] = 1


def test_one_array_and_whole_numbers_will_do() -> None:
    codes = RNG.integers(0, 64, (4, 3, 20), dtype=np.int8)
    clips = made(codes, ["no", "yes"] * 2)
    np.testing.assert_array_equal(clips[3].x, codes[3])
    assert made(codes[:, 0], ["no", "yes"] * 2).n_channels == 1


@pytest.mark.parametrize("index", [-1, 2])
def test_there_is_no_clip_beyond_the_end(index: int) -> None:
    with pytest.raises(IndexError):
        made([noise(1, 9), noise(1, 9)], list(LABELS))[index]


def test_swapped_axes_are_noticed_unless_they_are_meant() -> None:
    with pytest.raises(ChannelError, match=r"100 channels of 3 samples.*swap the axes"):
        made([noise(100, 3)] * 2, list(LABELS))
    assert made([noise(100, 3)] * 2, list(LABELS), channels=100).n_channels == 100
    with pytest.raises(ChannelError, match="clip 1 has 50 channels"):
        made([noise(3, 100), noise(50, 3)], list(LABELS))


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        (np.full((1, 9), np.nan), NotFiniteError, "clip 1, channel 0, sample 0 is NaN"),
        (np.full((1, 9), 1e39), NotFiniteError, "infinite"),
        (np.zeros((2, 9)), ChannelError, "clip 1 has 2 channels of 9 samples, not 1"),
        (np.zeros((1, 0)), TooShortError, "clip 1 holds no samples"),
        (np.zeros((1, 2, 3)), InputError, r"\[1, 2, 3\]"),
        (np.array(["a", "b"]), InputError, "real numbers"),
    ],
)
def test_bad_samples_are_refused_by_name(
    array: np.ndarray, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        made([noise(1, 9), array], list(LABELS))


def test_labels_that_do_not_match_are_refused() -> None:
    arrays = [noise(1, 9)] * 3
    with pytest.raises(InputError, match="3 clips, 2 labels and y of shape"):
        made(arrays, list(LABELS))
    with pytest.raises(InputError, match=r"clip 1 is labelled 'ye'.*did you mean 'yes'"):
        made(arrays, ["no", "ye", "no"])
    with pytest.raises(InputError, match="all different"):
        Clips(arrays, np.zeros((3, 2)), labels=["a", "a"], rate_hz=1)
    with pytest.raises(InputError, match="3 clips and 2 groups"):
        made(arrays, ["no"] * 3, groups=["a", "b"])
    with pytest.raises(NotFiniteError, match="y of clip 2"):
        Clips(arrays, [[1], [1], [np.nan]], labels=["value"], rate_hz=1)
    with pytest.raises(NotFiniteError, match="number of clip 1"):
        numbers([1, np.inf])
    with pytest.raises(InputError, match=r"give \[clip\]"):
        numbers(np.zeros((2, 2, 2)))


def test_clips_with_foreign_labels_are_called_by_name() -> None:
    with pytest.raises(InputError, match=r"^b\.wav is labelled 'ye'"):
        one_hot(["no", "ye"], LABELS, clips=["a.wav", "b.wav"])


def test_numbers_are_kept_in_double_precision() -> None:
    y = numbers([2**24 + 1, 1e300])
    clips = Clips([noise(1, 9)] * 2, y, labels=["value"], rate_hz=1)
    assert clips.y[:, 0].tolist() == [2**24 + 1, 1e300]
    assert Clips([noise(1, 9)], [[1]], labels=["tag"], rate_hz=1).take([0])[0].y.tolist() == [1]


def test_no_clip_and_no_rate_are_refused() -> None:
    with pytest.raises(TooShortError):
        made([], [])
    with pytest.raises(TooShortError):
        from_signals([], [], labels=["value"])
    with pytest.raises(RateError):
        Clips([noise(1, 9)], [[1]], labels=["value"], rate_hz=0)


def test_signals_of_unequal_rates_are_refused() -> None:
    signals = [Signal.of(noise(1, 9), rate_hz=rate_hz) for rate_hz in (8000, 16000)]
    with pytest.raises(RateError, match="clip 1 is at 16000 Hz, clip 0 at 8000 Hz"):
        from_signals(signals, one_hot(LABELS, LABELS), labels=LABELS)
    assert from_signals(signals[:1], [[1]], labels=["value"]).rate_hz == 8000


def test_names_become_columns() -> None:
    assert classes_of(["b", "a", "b"]) == ("a", "b")
    assert classes_of(["10", "2", "-1"]) == ("-1", "2", "10")
    np.testing.assert_array_equal(
        multi_hot([["b"], ["a", "b"], []], "ab"), [[0, 1], [1, 1], [0, 0]]
    )


def test_hashes_tell_content_apart() -> None:
    x = noise(2, 8)
    assert digest(x) == digest(x.copy()) == digest(x[:, ::-1][:, ::-1])
    assert len({digest(x), digest(x.reshape(1, 16)), digest(-x), digest(x.astype("f8"))}) == 4


def test_a_channel_that_never_moves_is_refused() -> None:
    dead = [np.vstack([noise(1, 9), np.full((1, 9), 0.25)]) for _ in range(4)]
    with pytest.raises(ChannelError, match=r"channel 1 of 2 is 0\.25 throughout all 4 clips"):
        check_moving(made(dead, ["no", "yes"] * 2))
    dead[3][1, -1] = 1
    check_moving(made(dead, ["no", "yes"] * 2))
