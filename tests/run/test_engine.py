"""The engine against the network on the whole extended recording, and against its own blocks."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ondes.errors import ChannelError, InputError, NotFiniteError, RateError, TooShortError
from ondes.ops.resample import Resampler
from ondes.ops.tape import Tape
from ondes.run.engine import Window
from ondes.spec import Spec

SAME = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def run(pipeline, x, blocks=None, **options):
    blocks = [x] if blocks is None else np.split(x, np.cumsum(blocks), axis=1)
    options = {"rate_hz": 8000.0, "n_channels": len(x), **options}
    parts = list(pipeline.engine.run(blocks, **options))
    assert [part.first for part in parts] == [
        i * pipeline.engine.window.frames for i in range(len(parts))
    ]
    return np.concatenate([part.values for part in parts], axis=-1)


def whole(pipeline, x):
    """The network once, on the recording between two long silences."""
    silence, hop = 80 * pipeline.spec.hop, pipeline.spec.hop
    frames = -(-x.shape[1] // hop)
    padded = np.pad(x, ((0, 0), (silence, silence + frames * hop - x.shape[1])))
    with torch.no_grad():
        answer = torch.sigmoid(pipeline.predictor.model(torch.tensor(padded)[None]))[0].numpy()
    return answer[..., 80 : 80 + frames]


@pytest.mark.parametrize("frames", [1, 2, 7, 64, 5000])
@pytest.mark.parametrize("n", [8, 9, 800, 4001])
def test_windows_answer_as_the_network_on_the_extended_recording(pipeline, noise, frames, n):
    heard = pipeline(frames=frames)
    x = noise[:1, :n]
    np.testing.assert_allclose(run(heard, x)[0], whole(heard, x), atol=1e-6)


@SAME
@given(st.lists(st.integers(0, 500), max_size=12), st.sampled_from([7, 40, None]))
def test_blocks_of_any_size_give_the_same_bits(pipeline, noise, blocks, frames):
    heard, x = pipeline(frames=frames), noise[:, :2001]
    assert np.array_equal(run(heard, x, blocks), run(heard, x))


def test_single_samples_give_the_same_bits(pipeline, noise):
    heard, x = pipeline(frames=10), noise[:, :900]
    assert np.array_equal(run(heard, x, [1] * 899), run(heard, x))


@SAME
@given(st.lists(st.integers(0, 500), max_size=8), st.sampled_from([6000.0, 11025.0, 44100.0]))
def test_resampled_blocks_give_the_same_bits(pipeline, noise, blocks, rate_hz):
    heard, x = pipeline(frames=20), noise[:, :2001]
    options = {"rate_hz": rate_hz, "resample": True}
    assert np.array_equal(run(heard, x, blocks, **options), run(heard, x, **options))


@pytest.mark.parametrize("rate_hz", [16000.0, 11025.0])
def test_resampling_in_windows_is_resampling_first(pipeline, noise, rate_hz):
    heard, resampler = pipeline(frames=20), Resampler(rate_hz, 8000.0)
    x = np.pad(noise[:1], ((0, 0), (200, 200)))  # so that the filter's tails stay inside
    expected = whole(heard, resampler(x))
    found = run(heard, x, rate_hz=rate_hz, resample=True)[0]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_network_of_one_channel_hears_each_for_itself(pipeline, noise):
    heard = pipeline(frames=16)
    both = run(heard, noise)
    for row in range(2):
        np.testing.assert_allclose(both[row], run(heard, noise[row : row + 1])[0], atol=1e-6)


def test_a_network_of_two_channels_hears_both_together(pipeline, noise):
    heard = pipeline(frames=16, channels=2)
    np.testing.assert_allclose(run(heard, noise)[0], whole(heard, noise), atol=1e-6)
    with pytest.raises(ChannelError, match="choose 2 of them"):
        run(heard, noise[:1])


def test_rates_are_converted_for_which_the_network_was_made_and_no_others(pipeline, noise):
    assert run(pipeline(accepts_hz=(16000.0,)), noise, rate_hz=16000.0).shape[-1] == 251
    with pytest.raises(RateError, match=r"--resample, or resample=True"):
        run(pipeline(), noise, rate_hz=16000.0)


def test_what_cannot_be_heard_is_refused(pipeline, noise):
    heard = pipeline()
    with pytest.raises(TooShortError, match="at least one frame"):
        run(heard, noise[:, :7])
    with pytest.raises(TooShortError, match=r"of 2 samples in 90 channels.*\[channel, time\]"):
        run(heard, np.zeros((90, 2), np.float32))
    with pytest.raises(TooShortError):
        list(heard.engine.run([], rate_hz=8000.0, n_channels=1))
    broken = noise.copy()
    broken[1, 1234] = np.nan
    with pytest.raises(NotFiniteError, match="channel 1 at sample 1234"):
        run(heard, broken, [1000, 100])
    with pytest.raises(InputError, match=r"blocks are \[channel, time\]"):
        list(heard.engine.run([noise[0]], rate_hz=8000.0, n_channels=2))


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 20)), max_size=20))
def test_a_tape_holds_what_was_not_forgotten(steps):
    tape, written, forgotten = Tape(2), np.zeros((2, 0), np.float32), 0
    for size, forget in steps:
        block = np.random.default_rng(size).random((2, size), np.float32)
        written = np.concatenate([written, block], axis=1)
        tape.append(block)
        forgotten = min(forgotten + forget, written.shape[1])
        tape.forget(forgotten)
        expected = np.pad(written, ((0, 0), (0, 9)))[:, forgotten:]
        assert np.array_equal(tape.read(forgotten, written.shape[1] + 9), expected)


@given(st.integers(1, 64), st.integers(0, 500), st.integers(0, 500))
def test_a_window_holds_what_its_frames_depend_on(hop, back, ahead):
    window = Window.of(Spec(8000, 1, ("a",), hop=hop, look_back=back, look_ahead=ahead), frames=3)
    for index in (0, 5):
        start, stop = window.span(index)
        assert start <= 3 * index * hop - back
        assert stop >= (3 * index + 3) * hop + ahead
        assert (start - 3 * index * hop) % hop == 0
        assert stop - start == window.size


def test_the_default_window_spends_most_of_its_time_on_what_it_gives():
    for back in (0, 1000, 100_000):
        window = Window.of(Spec(8000, 1, ("a",), hop=256, look_back=back, look_ahead=back))
        assert window.frames >= 3 * (window.before + window.after)


@pytest.mark.parametrize("frames", [1, 7, 64])
def test_frames_are_decided_when_the_window_says_and_no_sample_later(pipeline, noise, frames):
    heard, first = pipeline(frames=frames), 0
    stream, hop, waits = heard.engine.stream(rate_hz=8000.0, n_channels=1), heard.spec.hop, []
    for n in range(1, 2001):
        for part in stream.push(noise[:1, n - 1 : n]):
            waits += [n - (part.first + i) * hop for i in range(part.values.shape[-1])]
            first = part.first + part.values.shape[-1]
    assert len(waits) == first > 100
    assert max(waits) == heard.engine.window.wait


def test_windows_of_one_frame_wait_as_long_as_the_spec_says(pipeline):
    heard = pipeline(frames=1)
    spec = heard.spec
    assert spec.look_ahead % spec.hop
    said = spec.timebase.samples(spec.latency_s)
    assert heard.engine.window.wait == said + -spec.look_ahead % spec.hop


@SAME
@given(st.lists(st.integers(0, 900), max_size=8), st.integers(1, 20), st.sampled_from([3, 40]))
def test_many_channels_in_blocks_of_any_size_give_the_same_bits(pipeline, blocks, channels, frames):
    heard = pipeline(frames=frames)
    x = np.random.default_rng(channels).normal(size=(channels, 1501)).astype(np.float32)
    assert np.array_equal(run(heard, x, blocks), run(heard, x))


def test_a_network_that_answers_nan_is_not_taken_for_silence(pipeline, noise):
    engine = pipeline().engine
    hurt = replace(engine, predict=lambda x: engine.predict(x) + np.float32(np.nan))
    with pytest.raises(NotFiniteError, match="answers NaN to samples of up to"):
        list(hurt.run([noise], rate_hz=8000.0, n_channels=2))
