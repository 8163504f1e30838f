"""Recordings in every form give the same events, in their own samples, by their own channels."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ondes.errors import ChannelError, InputError, NotFiniteError, RateError, TooShortError
from ondes.events import EventList
from ondes.io import open_signal
from ondes.protocols import Example
from ondes.run.detector import joined
from ondes.signal import Signal
from ondes.tasks.detect import Decoder, decode, evaluate
from ondes.timebase import Timebase

DECODER = Decoder(high=(0.75,), low_ratio=0.95, median=3, gap_frames=1, onset=0.6, restart=0.65)


@pytest.fixture
def heard(pipeline):
    return pipeline(frames=20, decoder=DECODER)


def by_hand(heard, x):
    """The network once over the extended recording, decoded at once."""
    probs = heard.frames(x, rate_hz=8000).probs[0]
    found = decode(probs, Timebase(8000, 8), ("a", "b"), heard.decoder)
    return found.crop(0, x.shape[-1])


def assert_same(found, expected):
    """Equal but for rounding: a network may round otherwise when its batch is another."""
    assert len(found) > 5
    for name in ("onset", "offset"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), atol=1)
    np.testing.assert_array_equal(found.label, expected.label)
    np.testing.assert_array_equal(found.channel, expected.channel)
    np.testing.assert_allclose(found.score, expected.score, atol=1e-5)


def test_detecting_is_decoding_the_frames(heard, noise):
    found = heard.detect(noise[:1], rate_hz=8000)
    assert len(found) > 10
    assert found == by_hand(heard, noise[:1])


@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(0, 400), max_size=10), st.sampled_from([8000.0, 11025.0]))
def test_events_do_not_depend_on_the_blocks(heard, noise, sizes, rate_hz):
    options = {"rate_hz": rate_hz, "resample": True}
    expected = heard.detect(noise[:, :2001], **options)
    blocks = np.split(noise[:, :2001], np.cumsum(sizes), axis=1)
    assert heard.detect(iter(blocks), **options) == expected
    listener = heard.listen(rate_hz=rate_hz, channels=("0", "1"), resample=True)
    parts = [listener.push(block) for block in blocks]
    assert joined([*parts, listener.finish()], rate_hz) == expected


@pytest.mark.parametrize("frames", [1, 20])
def test_events_come_no_later_than_the_pipeline_says(pipeline, noise, frames):
    heard, late = pipeline(frames=frames, decoder=replace(DECODER, gap_frames=0)), []
    listener = heard.listen(rate_hz=8000, channels=("0", "1"))
    for n in range(1, 4002):
        late += [n - event.offset for event in listener.push(noise[:, n - 1 : n])]
    assert len(late) > 20
    said = heard.spec.timebase.samples(heard.latency_s)
    assert said - 40 * frames < max(late) <= said


def test_every_form_of_a_recording_gives_the_same_events(heard, noise, tmp_path):
    signal = Signal.of(noise, rate_hz=8000)
    soundfile.write(tmp_path / "x.wav", signal.samples.T, 8000, subtype="FLOAT")
    expected = heard.detect(signal)
    assert len(expected) > 10
    assert heard.detect(tmp_path / "x.wav") == expected
    assert heard.detect(str(tmp_path / "x.wav")) == expected
    with open_signal(tmp_path / "x.wav") as file:
        assert heard.detect(file) == expected
    assert heard.detect(signal.samples.astype(float), rate_hz=8000) == expected
    assert_same(heard.detect(signal.samples[0].tolist(), rate_hz=8000), expected.filter(channel=0))


def test_events_move_with_the_signal(heard, noise):
    signal = Signal.of(noise, rate_hz=8000)
    assert heard.detect(signal.shift(12_345)) == heard.detect(signal).shift(12_345)


def test_events_come_at_the_recordings_own_rate(pipeline, noise):
    heard = pipeline(frames=20, decoder=DECODER, accepts_hz=(16000.0,))
    twice = np.repeat(noise, 2, axis=1)
    found = heard.detect(twice, rate_hz=16000)
    assert found.rate_hz == 16000
    assert found.offset.max() <= twice.shape[1]
    assert found.onset.max() > noise.shape[1]


def test_channels_are_found_separately_and_named(heard, noise):
    found = heard.detect(noise, rate_hz=8000).split("channel")
    assert sorted(found) == [0, 1]
    for channel, events in found.items():
        alone = heard.detect(noise[channel], rate_hz=8000)
        assert_same(replace(alone, channel=np.full(len(alone), channel)), events)


def test_channels_are_chosen_by_name_or_number_and_mixed_on_demand(heard, noise):
    signal = Signal.of(noise, rate_hz=8000, channels=("left", "right"))
    both = heard.detect(signal)
    assert_same(heard.detect(signal, channels="right"), both.filter(channel=1))
    assert_same(heard.detect(signal, channels=[1]), both.filter(channel=1))
    mixed = heard.detect(signal, channels="mix")
    assert mixed == heard.detect(noise.mean(axis=0, dtype=np.float32), rate_hz=8000)
    with pytest.raises(ChannelError, match="are left, right; did you mean 'right'"):
        heard.detect(signal, channels="rihgt")
    with pytest.raises(ChannelError, match="each once"):
        heard.detect(signal, channels=[0, "left"])


def test_a_network_of_two_channels_takes_two_in_the_order_given(pipeline, noise):
    heard = pipeline(frames=20, decoder=DECODER, channels=2)
    three = np.concatenate([noise, noise[:1]])
    with pytest.raises(ChannelError, match="choose 2"):
        heard.detect(three, rate_hz=8000)
    with pytest.raises(ChannelError, match="choose 2"):
        heard.detect(three, rate_hz=8000, channels="mix")
    expected = heard.detect(noise[::-1], rate_hz=8000)
    assert heard.detect(three, rate_hz=8000, channels=[1, 0]) == expected
    assert set(expected.channel.tolist()) == {0}


def test_frames_lie_on_the_recordings_axis(heard, noise):
    signal = Signal.of(noise, rate_hz=8000, start=800)
    frames = heard.frames(signal)
    assert frames.probs.shape == (2, 2, 2, 501)
    assert frames.timebase == Timebase(8000, hop=8, start=800)
    assert frames.channels == (0, 1)


def test_progress_rises_to_the_length(heard, noise):
    told = []
    heard.detect(iter(np.array_split(noise, 7, axis=1)), rate_hz=8000, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(4001 / 8000)


def test_what_does_not_fit_is_refused_with_its_cure(heard, noise, tmp_path):
    with pytest.raises(RateError, match="resample=True"):
        heard.detect(noise, rate_hz=44100)
    with pytest.raises(RateError, match="say rate_hz="):
        heard.detect(noise)
    with pytest.raises(RateError, match="leave rate_hz out"):
        heard.detect(Signal.of(noise, rate_hz=8000), rate_hz=16000)
    with pytest.raises(TooShortError, match="one frame"):
        heard.detect(noise[:, :5], rate_hz=8000)
    with pytest.raises(NotFiniteError, match="sample 2"):
        heard.detect(iter([np.array([[0, 0, np.nan]], np.float32)]), rate_hz=8000)
    with pytest.raises(InputError, match="a block that is a NoneType in a recording of 2 channels"):
        heard.detect(iter([noise, None]), rate_hz=8000)
    with pytest.raises(InputError, match="no block"):
        heard.detect(iter([]), rate_hz=8000)
    with pytest.raises(InputError, match="no such file"):
        heard.detect(tmp_path / "none.wav")
    with (tmp_path / "bytes").open("wb") as stream, pytest.raises(InputError, match="its path"):
        heard.detect(stream, rate_hz=8000)
    with pytest.raises(InputError, match="2 channels"):
        heard.detect(iter([noise, noise[:1]]), rate_hz=8000)


def test_a_pipeline_is_scored_as_it_is_used(pipeline, noise):
    heard = pipeline(frames=20, decoder=DECODER, accepts_hz=(16000.0,))
    own = heard.detect(noise[0], rate_hz=16000)

    class Found:
        rate_hz, labels, n_channels = 16000.0, ("a", "b"), 1

        def __len__(self):
            return 1

        def __getitem__(self, index):
            return Example(noise[:1], own)

    scores = evaluate(heard, Found())
    assert scores["note_f1"] == 1.0
    assert scores["seconds"] == pytest.approx(4001 / 16000)
    assert isinstance(own, EventList)


HOUR = """
import resource, sys
import numpy as np
sys.path.insert(0, {folder!r})
from conftest import toy_pipeline
heard = toy_pipeline()
rng = np.random.default_rng(0)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
def blocks(seconds):
    block = (rng.normal(size=(1, 8000)) * 0.01).astype(np.float32)
    for _ in range(seconds):
        yield block
heard.detect(blocks(30), rate_hz=8000)
before = peak()
heard.detect(blocks(600), rate_hz=8000)
print(before, peak())
"""


def test_memory_does_not_grow_with_the_recording():
    code = HOUR.format(folder=str(Path(__file__).parent))
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    before, after = map(float, done.stdout.split())
    assert after < before + 10
