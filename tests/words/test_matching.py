"""Comparing lists, held against every possible matching and against mir_eval."""

import math
from itertools import combinations, permutations

import mir_eval
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ondes.errors import InputError
from ondes.events import Event, EventList
from ondes.matching import best_matching

edges = st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(0, 4)), st.integers(0, 9), min_size=1, max_size=9
)
rows = st.lists(
    st.builds(
        lambda onset, length, label, channel: Event(onset, onset + length, label, channel),
        st.integers(0, 400),
        st.integers(1, 600),
        st.sampled_from(["A4", "C4"]),
        st.integers(0, 1),
    ),
    max_size=14,
)


def every_matching(edges):
    for size in range(len(edges), 0, -1):
        for chosen in combinations(edges, size):
            left, right = zip(*chosen, strict=True)
            if len(set(left)) == len(set(right)) == size:
                yield chosen


@given(edges)
def test_no_matching_is_larger_or_of_its_size_cheaper(edges):
    pairs, cost = np.array(list(edges)), np.array(list(edges.values()))
    chosen = [tuple(pair) for pair in best_matching(pairs, cost).tolist()]
    best = min(every_matching(edges), key=lambda m: (-len(m), sum(edges[e] for e in m)))
    assert len(set(chosen)) == len(chosen) == len(best)
    assert set(chosen) <= set(edges)
    assert len({i for i, _ in chosen}) == len({j for _, j in chosen}) == len(chosen)
    assert sum(edges[e] for e in chosen) == sum(edges[e] for e in best)


@given(st.integers(0, 2**32))
@settings(max_examples=5)
def test_many_components_are_as_good_as_one_by_one(seed):
    """Whole components of four by four, more pairs than are solved together."""
    rng = np.random.default_rng(seed)
    n = 300
    pairs = np.array([(4 * c + i, 4 * c + j) for c in range(n) for i in range(4) for j in range(4)])
    cost = rng.integers(0, 99, len(pairs))
    chosen = {tuple(pair) for pair in best_matching(pairs, cost).tolist()}
    total = sum(k for pair, k in zip(pairs.tolist(), cost, strict=True) if tuple(pair) in chosen)
    squares = cost.reshape(n, 4, 4)
    orders = np.array(list(permutations(range(4))))
    least = squares[:, np.arange(4), orders].sum(axis=2).min(axis=1).sum()
    assert (len(chosen), total) == (4 * n, least)


def notes(events):
    """Intervals and pitches of mir_eval; label and channel make the pitch."""
    pitches = [100 * (1 + 2 * (e.label == "A4") + e.channel) for e in events]
    spans = np.stack([events.onset_s, events.offset_s], axis=1)
    return spans, np.array(pitches, dtype=float)


@given(rows, rows, st.sampled_from([0.0, 0.2, 0.5]), st.booleans())
def test_as_many_notes_match_as_mir_eval_finds(truth, found, ratio, with_offsets):
    truth, found = (EventList.of(events, rate_hz=1000) for events in (truth, found))
    ours = truth.compare(found, offset_s=0.05 if with_offsets else None, ratio=ratio)
    theirs = (
        mir_eval.transcription.match_notes(
            *notes(truth), *notes(found), offset_ratio=ratio if with_offsets else None
        )
        if len(truth) and len(found)
        else []
    )
    assert len(ours.pairs) == len(theirs)


@given(rows, rows)
def test_pairs_missed_and_extra_make_up_both_lists(truth, found):
    truth, found = (EventList.of(events, rate_hz=1000) for events in (truth, found))
    result = truth.compare(found)
    hits, hits_found = (result.pairs[:, side].tolist() for side in (0, 1))
    assert EventList.of([truth[i] for i in hits], rate_hz=1000) + result.missed == truth
    assert EventList.of([found[j] for j in hits_found], rate_hz=1000) + result.extra == found
    assert all(truth[i][2:4] == found[j][2:4] for i, j in result.pairs.tolist())


def test_the_nearer_onset_is_taken():
    truth = EventList.of([(100, 200, "A4")], rate_hz=1000)
    found = EventList.of([(90, 200, "A4"), (104, 200, "A4"), (130, 200, "A4")], rate_hz=1000)
    assert truth.compare(found).pairs.tolist() == [[0, 1]]


def test_more_matches_go_before_nearer_ones():
    truth = EventList.of([(100, 200, "A4"), (140, 240, "A4")], rate_hz=1000)
    found = EventList.of([(60, 200, "A4"), (100, 200, "A4")], rate_hz=1000)
    assert truth.compare(found).pairs.tolist() == [[0, 0], [1, 1]]


def test_a_tolerance_is_never_stretched_to_a_whole_sample():
    truth = EventList.of([(0, 9, "step")], rate_hz=32)
    assert truth.compare(truth.shift(1)).f1 == 1
    assert truth.compare(truth.shift(2)).f1 == 0
    with pytest.raises(InputError, match="zero or more"):
        truth.compare(truth, onset_s=-1)


def test_scores_and_where_there_are_none():
    one, none = EventList.of([(0, 9, "a")], rate_hz=1), EventList.empty(1)
    two = one + one.shift(500)
    result = two.compare(one)
    assert (result.precision, result.recall, result.f1) == (1, 0.5, 2 / 3)
    missed, invented, nothing = one.compare(none), none.compare(one), none.compare(none)
    assert (missed.recall, missed.f1, invented.precision, invented.f1) == (0, 0, 0, 0)
    assert all(map(math.isnan, (missed.precision, invented.recall, nothing.f1)))


def test_lists_too_far_apart_for_integers_are_refused():
    far = EventList.of([(-(2**61), 0, "a"), (0, 2**61, "b")], rate_hz=1)
    with pytest.raises(InputError, match="too far apart"):
        far.compare(far)
