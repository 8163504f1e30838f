"""Classifiers that hear a stream."""

import numpy as np
import pytest

from ondes.data.clips import Clips, numbers, one_hot
from ondes.errors import InputError
from ondes.run import rivals
from ondes.run.live import Settings, Watch, source_of
from ondes.run.live.windowed import Windowed

RATE_HZ = 1000


def wave(*names, n=250):
    rng = np.random.default_rng(len(names))
    parts = [np.sin(np.arange(n) * {"slow": 0.2, "fast": 1.1}[name]) for name in names]
    return (np.concatenate(parts) + 0.05 * rng.normal(size=n * len(names))).astype(np.float32)


@pytest.fixture(scope="module")
def model():
    words = ["slow", "fast"] * 5
    clips = Clips(
        [wave(w) for w in words],
        one_hot(words, ["fast", "slow"]),
        labels=["fast", "slow"],
        rate_hz=RATE_HZ,
    )
    return rivals.fit("minirocket", clips, options={"features": 84})


X = wave("slow", "fast", "slow", "slow", "fast")[None, :1187]


@pytest.mark.parametrize("hop_s", [None, 0.1])
def test_a_watched_stream_gives_the_windows_of_the_file(model, tmp_path, memory, hop_s):
    (tmp_path / "x.bin").write_bytes(X.tobytes())
    source = source_of(
        str(tmp_path / "x.bin"), rate_hz=RATE_HZ, n_channels=1, dtype="float32", fast=True
    )
    job = Watch(
        Windowed(model, 0.25, hop_s), source, sinks=[memory], settings=Settings(block_s=0.03)
    )
    job.run()
    assert job.failure is None
    expected = model.classify(X, rate_hz=RATE_HZ, window_s=0.25, hop_s=hop_s).events
    found = [batch.events for batch in memory.batches if len(batch.events)]
    assert sum(found[1:], found[0]) == expected
    assert {"slow", "fast"} == set(expected.labels)


@pytest.mark.parametrize("at", range(0, 1187, 97))
def test_a_new_hearing_gives_what_was_still_to_come(model, at):
    detector = Windowed(model, 0.25, 0.1)
    old = detector.listen(rate_hz=RATE_HZ, start=40)
    old.push(X[:, :at])
    assert 40 <= old.restart <= old.decided <= 40 + at
    new = detector.listen(rate_hz=RATE_HZ, start=old.restart)
    later = new.push(X[:, old.restart - 40 :]) + new.finish()
    whole = detector.listen(rate_hz=RATE_HZ, start=40)
    everything = whole.push(X) + whole.finish()
    floor = old.decided
    assert later[later.onset >= floor] == everything[everything.onset >= floor]


def test_what_is_resampled_begins_anew(model):
    hearing = Windowed(model, 0.25).listen(rate_hz=2 * RATE_HZ, resample=True, start=7)
    hearing.push(np.repeat(X, 2, axis=1))
    assert hearing.restart == 7 < hearing.decided


def test_numbers_are_no_events():
    clips = Clips([wave("slow")] * 4, numbers([1, 2, 3, 4]), labels=["v"], rate_hz=RATE_HZ)
    meter = rivals.fit("nn-dtw", clips, target="number", options={"window": 0.0})
    with pytest.raises(InputError, match="tells numbers"):
        Windowed(meter, 0.25)
