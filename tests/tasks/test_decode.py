"""Decoding against plain rules, closed forms and itself in pieces."""

import dataclasses
import importlib.util
import json
import time
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

_spec = importlib.util.spec_from_file_location("reference", Path(__file__).parent / "reference.py")
reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reference)

decoders = st.builds(
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
    min_score=st.sampled_from([0.0, 0.5]),
)


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


@settings(deadline=None, max_examples=300)
@given(decoders, st.integers(0, 2**32), st.integers(1, 3), st.integers(1, 90))
def test_decoding_follows_the_plain_rules(decoder, seed, heads, frames):
    probs, grid = walk(seed, heads, frames), Timebase(1000, hop=1000, start=-7)
    found = decode(probs, grid, ("a", "b"), decoder)
    assert_close(found, reference.decode(probs, grid, ("a", "b"), decoder))


@settings(deadline=None, max_examples=200)
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
