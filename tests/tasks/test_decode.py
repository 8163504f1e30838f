"""Decoding against plain rules, closed forms and itself in pieces."""

import json
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ondes.errors import InputError
from ondes.events import EventList
from ondes.tasks.detect.decode import Scan, decode
from ondes.tasks.detect.decoder import Decoder
from ondes.timebase import Timebase

_rules = spec_from_file_location("reference", Path(__file__).with_name("reference.py"))
reference = module_from_spec(_rules)
_rules.loader.exec_module(reference)

plain = st.builds(
    Decoder,
    high=st.sampled_from([(0.5,), (0.8,), (0.3, 0.6)]),
    low_ratio=st.sampled_from([1.0, 0.7, 0.4]),
    median=st.sampled_from([1, 3, 5]),
    min_frames=st.integers(1, 4),
    gap_frames=st.integers(0, 4),
    onset=st.sampled_from([0.3, 0.6, 1.0]),
    restart=st.sampled_from([0.4, 0.7, 1.0]),
    offset=st.sampled_from([0.4, 0.8]),
    attach=st.integers(0, 4),
    reach=st.integers(1, 3),
    onset_shift=st.sampled_from([0.0, -0.3, 0.25]),
    offset_shift=st.sampled_from([0.0, 0.75, -1.5, 2.5]),
    weights=st.sampled_from([(1.0, 0.0, 0.0, 0.0), (0.5, 0.3, 0.4, 0.2)]),
    bias=st.sampled_from([0.0, -0.5]),
    min_score=st.sampled_from([0.0, 0.5037]),  # no mean of so few hundredths: no ties
)
exclusive = plain.map(lambda d: replace(d, exclusive=True, high=d.high[:1]))
decoders = plain | exclusive


def walk(seed, heads, frames):
    """Probabilities that dwell near 0 and 1, with plateaus and sharp peaks."""
    rng = np.random.default_rng(seed)
    levels = np.repeat(rng.random((heads, 2, frames)) ** 2, rng.integers(1, 6), axis=2)
    return (
        np.round(levels[:, :, :frames] + rng.normal(0, 0.1, (heads, 2, frames)), 2)
        .clip(0, 1)
        .astype(np.float32)
    )


def assert_close(found, expected):
    assert len(found) == len(expected)
    np.testing.assert_array_equal(found.label, expected.label)
    np.testing.assert_allclose(found.onset, expected.onset, atol=1)
    np.testing.assert_allclose(found.offset, expected.offset, atol=1)
    np.testing.assert_allclose(found.score, expected.score, atol=1e-6)


@settings(deadline=None, max_examples=150)
@given(decoders, st.integers(0, 2**32), st.integers(1, 3), st.integers(1, 90))
def test_decoding_follows_the_plain_rules(decoder, seed, heads, frames):
    probs, grid = walk(seed, heads, frames), Timebase(1000, hop=1000, start=-7)
    found = decode(probs, grid, ("a", "b"), decoder)
    assert_close(found, reference.decode(probs, grid, ("a", "b"), decoder))


@settings(deadline=None, max_examples=100)
@given(decoders, st.integers(0, 2**32), st.integers(1, 3), st.lists(st.integers(0, 40), min_size=1))
def test_blocks_of_any_size_give_the_same_events(decoder, seed, heads, sizes):
    probs, grid = walk(seed, heads, max(1, sum(sizes))), Timebase(48000, hop=512)
    whole = Scan(decoder, timebase=grid, labels=("a", "b"))
    expected = whole.push(probs) + whole.finish()
    scan, found = Scan(decoder, timebase=grid, labels=("a", "b")), EventList.empty(48000)
    cuts = np.cumsum(sizes)
    for block in np.split(probs, cuts, axis=2):
        found += scan.push(block)
    assert found + scan.finish() == expected


def sparse(seed, heads, frames):
    """Probabilities that are low nearly everywhere, with some bursts, at the ends too."""
    probs, rng = walk(seed, heads, frames), np.random.default_rng(seed)
    probs[..., rng.random(frames) < 0.5] *= np.float32(0.2)
    for start in rng.integers(0, frames, 1 + frames // 90):
        probs[..., start : start + 60] *= np.float32(0.1)
    return np.round(probs, 2)


@settings(deadline=None, max_examples=60)
@given(decoders, st.integers(0, 2**32), st.integers(1, 3), st.integers(1, 400))
def test_what_is_skipped_changes_nothing(decoder, seed, heads, frames):
    probs, grid = sparse(seed, heads, frames), Timebase(1000, hop=1000)
    found = decode(probs, grid, ("a", "b"), decoder)
    assert_close(found, reference.decode(probs, grid, ("a", "b"), decoder))


@settings(deadline=None, max_examples=60)
@given(decoders, st.integers(0, 2**32), st.integers(1, 3), st.lists(st.integers(0, 99), min_size=1))
def test_channels_at_once_are_channels_one_by_one(decoder, seed, heads, sizes):
    grid, frames = Timebase(1000, hop=1000), max(1, sum(sizes))
    probs = np.stack([sparse(seed + i, heads, frames) for i in range(3)])
    scan = Scan(decoder, timebase=grid, labels=("a", "b"), channels=(4, 0, 2))
    found = EventList.empty(1000)
    for block in np.split(probs, np.cumsum(sizes), axis=3):
        found += scan.push(block)
    found += scan.finish()
    for channel, alone in zip((4, 0, 2), probs, strict=True):
        one = Scan(decoder, timebase=grid, labels=("a", "b"), channels=(channel,))
        assert found.filter(channel=channel) == one.push(alone) + one.finish()


def test_events_of_a_class_never_overlap():
    decoder = Decoder(high=(0.8,), low_ratio=0.4, onset=0.3, restart=0.5, offset_shift=2.5)
    for seed in range(20):
        found = decode(walk(seed, 3, 200), Timebase(1000, hop=1000), ("a", "b"), decoder)
        for events in found.split().values():
            assert (events.offset[:-1] <= events.onset[1:]).all()


def test_one_event_at_a_time_where_classes_exclude_each_other():
    probs = np.zeros((1, 2, 12), np.float32)
    probs[0, :, 3:7] = [[0.3, 0.6, 0.4, 0.2], [0.3, 0.35, 0.5, 0.6]]
    decoder = Decoder(high=(0.7,), low_ratio=0.5)
    grid = Timebase(1000, hop=1000)
    (event,) = decode(probs, grid, ("a", "b"), replace(decoder, exclusive=True))
    assert event.label == "b"
    assert event.score == pytest.approx(np.mean([0.6, 0.95, 0.9, 0.8]))
    assert not decode(probs, grid, ("a", "b"), decoder)


def triangle(position, frames, reach):
    return np.maximum(0, 1 - np.abs(np.arange(frames) + 0.5 - position) / reach)


@given(st.floats(6, 20), st.integers(1, 3))
def test_an_onset_is_found_to_the_sample_between_frames(position, reach):
    frame = (np.arange(40) + 0.5 > position) & (np.arange(40) < 35)
    probs = np.stack([frame, triangle(position, 40, reach)])[:, None].astype(np.float32)
    decoder = Decoder(reach=reach, onset=0.4)
    (event,) = decode(probs, Timebase(48000, hop=480), ("a",), decoder)
    assert abs(event.onset - 480 * position) <= 1


@given(st.floats(0.15, 0.85), st.floats(0.15, 0.85))
def test_without_onset_peaks_ends_lie_where_the_line_crosses_the_threshold(rise, fall):
    probs = np.array([[[0, 0, rise, 1, 1, fall, 0, 0]]], np.float32)
    (event,) = decode(probs, Timebase(1000, hop=1000), ("a",), Decoder())
    ramp = np.interp(np.linspace(0, 8, 8001), np.arange(8) + 0.5, probs[0, 0]) >= 0.5
    assert abs(event.onset - np.flatnonzero(ramp)[0]) <= 2
    assert abs(event.offset - np.flatnonzero(ramp)[-1]) <= 2


def one(frame, onset=None, **options):
    heads = [frame] if onset is None else [frame, onset]
    probs = np.array(heads, np.float32)[:, None]
    return decode(probs, Timebase(1000, hop=100), ("a",), Decoder(**options))


def test_a_class_struck_again_while_it_sounds_is_two_events():
    frame, onset = [0, 0] + [0.9] * 16, [0] * 18
    onset[2] = onset[10] = 0.8
    assert [(e.onset, e.offset) for e in one(frame, onset)] == [(250, 1050), (1050, 1794)]
    assert len(one(frame, onset, restart=0.9)) == 1


def test_an_onset_peak_makes_an_event_that_stays_below_the_high_threshold():
    frame, onset = [0, 0, 0.4, 0.4, 0.4, 0, 0, 0, 0], [0, 0, 0.7, 0, 0, 0, 0, 0, 0]
    options = {"high": (0.6,), "low_ratio": 0.5}
    assert len(one(frame, **options)) == 0
    assert len(one(frame, onset, **options)) == 1


def test_gaps_close_unless_an_onset_peak_ends_them():
    frame = [0, 0, 0, 0.9, 0.9, 0.9, 0, 0.9, 0.9, 0.9, 0, 0, 0, 0, 0]
    onset = [0.0] * 15
    assert [len(one(frame, onset, gap_frames=n)) for n in (0, 1)] == [2, 1]
    onset[7] = 0.9
    assert len(one(frame, onset, gap_frames=1)) == 2


def test_the_plain_score_is_the_mean_probability_and_sorts_out():
    (event,) = one([0, 0, 0.6, 0.8, 1.0, 0, 0])
    assert event.score == pytest.approx(0.8, abs=1e-6)
    assert not len(one([0, 0, 0.6, 0.8, 1.0, 0, 0], min_score=0.81))


@given(decoders)
def test_a_decoder_comes_back_from_json(decoder):
    assert Decoder.from_dict(json.loads(json.dumps(decoder.to_dict()))) == decoder


@pytest.mark.parametrize(
    "wrong",
    [
        {"high": (1.5,)},
        {"high": ()},
        {"low_ratio": 0.0},
        {"median": 4},
        {"reach": 0},
        {"gap_frames": -1},
        {"min_score": float("nan")},
        {"onset_shift": float("inf")},
    ],
)
def test_numbers_out_of_range_are_refused_by_name(wrong):
    with pytest.raises(InputError, match="must"):
        Decoder(**wrong)


def test_unfit_calls_name_the_cure():
    grid = Timebase(1000)
    with pytest.raises(InputError, match="did you mean 'median'"):
        Decoder.from_dict({"medain": 3})
    with pytest.raises(InputError, match="one class per label"):
        decode(np.zeros((1, 3, 9), np.float32), grid, ("a", "b"), Decoder())
    two = Scan(Decoder(), timebase=grid, labels=("a",), channels=(0, 1))
    with pytest.raises(InputError, match="1 labels in 2 channels"):
        two.push(np.zeros((3, 1, 1, 9), np.float32))
    with pytest.raises(InputError, match="give 1 or 3"):
        decode(np.zeros((1, 3, 9), np.float32), grid, tuple("abc"), Decoder(high=(0.5, 0.4)))


def test_nothing_in_is_nothing_out():
    empty = Scan(Decoder(), timebase=Timebase(1000), labels=("a",))
    assert empty.finish() == EventList.empty(1000)
    assert len(decode(np.zeros((2, 1, 0), np.float32), Timebase(1000), ("a",), Decoder())) == 0
