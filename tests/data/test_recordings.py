"""Recordings with event lists beside them, as a data set."""

from pathlib import Path

import numpy as np
import pytest

from ondes.data.sets.recordings import Config, build
from ondes.errors import ChannelError, FormatError, InputError, RateError
from ondes.events import EventList
from ondes.io import write, write_events
from ondes.signal import Signal
from ondes.testing import check_dataset

RATE_HZ = 8000


def put(
    folder: Path, name: str, *, seconds: float = 2.0, rate_hz: int = RATE_HZ, channels: int = 1
):
    """Write noise that is loud in an event of its own, and the event beside it."""
    rng = np.random.default_rng(len(name))
    x = rng.uniform(-0.01, 0.01, (channels, round(seconds * rate_hz)))
    x[:, rate_hz // 2 : rate_hz] *= 50
    events = EventList.of([(rate_hz // 2, rate_hz, name[0].upper())], rate_hz=rate_hz)
    write(Signal.of(x, rate_hz=rate_hz), folder / f"{name}.wav")
    write_events(events, folder / f"{name}.csv", file=f"{name}.wav")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b", "c", "d", "e"):
        put(tmp_path, name)
    return tmp_path


@pytest.mark.parametrize("split", ["train", "valid", "test", "all"])
def test_it_keeps_what_data_sets_promise(folder: Path, split: str) -> None:
    check_dataset(build(Config(folder=str(folder), n_samples=12_000), split=split))


def test_splits_share_no_recording(folder: Path) -> None:
    config = Config(folder=str(folder))
    found = {s: set(build(config, split=s).paths) for s in ("test", "all")}
    valid = build(config, split="valid").whole.paths
    train = build(config, split="train").whole.paths
    assert [len(valid), len(train), len(found["test"])] == [1, 3, 1]
    assert {*valid, *train} | found["test"] == found["all"]


def test_whole_recordings_come_as_they_are(folder: Path) -> None:
    example = build(Config(folder=str(folder)), split="all")[0]
    assert example.x.shape == (1, 16_000)
    assert example.events == EventList.of([(4000, 8000, "A")], rate_hz=RATE_HZ)


def test_events_ride_with_clips(folder: Path) -> None:
    clips = build(Config(folder=str(folder), n_samples=6000), split="train", seed=3)
    for index in range(20):
        x, events = clips[index]
        loud = np.abs(x[0]) > 0.01
        inside = np.zeros(6000, bool)
        for event in events:
            inside[event.onset : event.offset] = True
        assert not loud[~inside].any()
        assert loud[inside].mean() > 0.9 if inside.any() else True


def test_clips_of_validation_cover_every_sample(folder: Path) -> None:
    clips = build(Config(folder=str(folder), n_samples=6000), split="valid")
    joined = np.concatenate([clips[i].x for i in range(len(clips))], axis=1)
    whole = clips.whole[0].x
    assert len(clips) == 3
    assert np.array_equal(joined[:, : whole.shape[1]], whole)
    assert not joined[:, whole.shape[1] :].any()


def test_resampled_and_mixed_when_asked(folder: Path) -> None:
    put(folder, "f", rate_hz=16_000)
    put(folder, "g", channels=2)
    with pytest.raises(RateError, match="say rate_hz"):
        build(Config(folder=str(folder)), split="all")[5]
    with pytest.raises(ChannelError, match="say mix"):
        build(Config(folder=str(folder)), split="all")[6]
    whole = build(Config(folder=str(folder), rate_hz=16_000, mix=True), split="all")
    for index in range(7):
        example = whole[index]
        assert example.x.shape == (1, 32_000)
        assert (example.events[0].onset, example.events[0].offset) == (8000, 16_000)


def test_what_is_missing_is_named(folder: Path) -> None:
    (folder / "a.csv").rename(folder / "a.txt")
    with pytest.raises(FormatError, match=r"a\.txt"):
        build(Config(folder=str(folder)), split="all")
    (folder / "a.txt").unlink()
    with pytest.raises(InputError, match=r"a\.wav has no event list beside it"):
        build(Config(folder=str(folder)), split="all")


def test_with_labels_given_each_recording_answers_for_itself(folder: Path) -> None:
    (folder / "a.csv").unlink()
    (folder / "b.wav").write_bytes(b"no sound")
    whole = build(Config(folder=str(folder), labels=("A", "C")), split="all")
    for index, error in enumerate((InputError, FormatError)):
        with pytest.raises(error, match="ab"[index]):
            whole[index]
    assert len(whole[2].events) == 1
    strange = build(Config(folder=str(folder), labels=("B",)), split="all")
    with pytest.raises(InputError, match="labels C, which are none of B"):
        strange[2]


def test_the_list_of_another_recording_is_refused(folder: Path) -> None:
    write_events(
        EventList.of([(20_000, 21_000, "A")], rate_hz=RATE_HZ), folder / "a.csv", file="a.wav"
    )
    with pytest.raises(InputError, match=r"has an event at 2\.5 s"):
        build(Config(folder=str(folder)), split="all")[0]
