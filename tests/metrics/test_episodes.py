"""Episodes against examples worked out by hand and against counting samples one by one."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondes.errors import InputError, RateError
from ondes.events import EventList
from ondes.metrics.episodes import Episodes, episodes

RATE_HZ = 10.0


def spans(*rows, label="AF"):
    return EventList.of([(*row, label) for row in rows], rate_hz=RATE_HZ)


def compare(truth, found, **options):
    return episodes(truth, found, **{"learning_s": 0.0, **options})


def test_one_long_episode_found_in_pieces():
    scores = compare(spans((100, 500)), spans((100, 200), (300, 400), (600, 700)))
    assert scores == Episodes(1, 1, 2, 3, 20.0, 40.0, 30.0)
    assert scores.figures() == pytest.approx(
        {"episode/sen": 1, "episode/ppv": 2 / 3, "duration/sen": 1 / 2, "duration/ppv": 2 / 3}
    )


def test_touching_is_no_overlap():
    scores = compare(spans((100, 200)), spans((200, 300)))
    assert (scores.hits, scores.right, scores.overlap_s) == (0, 0, 0.0)


def test_learning_is_cut_off():
    scores = episodes(spans((2000, 4000)), spans((1000, 3500)))
    assert scores == Episodes(1, 1, 1, 1, 50.0, 100.0, 50.0)
    assert episodes(spans((0, 3000)), spans((0, 3000))) == Episodes()


def test_flutter_is_excluded_from_what_is_found():
    flutter = spans((500, 700), label="AFL")
    found = spans((300, 600), (650, 690), (695, 800))
    scores = compare(spans((300, 500)), found, excluded=flutter)
    # cut short, left out, cut short
    assert scores == Episodes(1, 1, 1, 2, 20.0, 20.0, 30.0)
    assert compare(spans((300, 500)), found).found == 3


def test_short_episodes_may_be_left_out():
    scores = compare(spans((0, 50), (100, 200)), spans((0, 40), (100, 130)), min_s=5)
    assert scores == Episodes(0, 2, 0, 0, 0.0, 15.0, 0.0)


def test_labels_and_channels_play_no_part():
    found = EventList.of([(0, 60, "AFIB", 0), (40, 100, "AF", 1)], rate_hz=RATE_HZ)
    assert compare(spans((0, 100)), found) == Episodes(1, 1, 1, 1, 10.0, 10.0, 10.0)


def test_what_has_no_value_is_nan():
    assert all(math.isnan(value) for value in compare(spans(), spans()).figures().values())


def test_records_add_up():
    one, other = compare(spans((0, 90)), spans((0, 30))), compare(spans((0, 10)), spans())
    both = one.plus(other)
    assert both.sensitivity == 0.5
    assert both.duration_sensitivity == pytest.approx(0.3)


SPANS = st.lists(st.tuples(st.integers(0, 120), st.integers(1, 25)), max_size=6).map(
    lambda rows: [(at, at + length) for at, length in rows]
)


@given(SPANS, SPANS, SPANS)
def test_samples_counted_one_by_one_say_the_same(true, claims, free):
    def mask(rows):
        line = np.zeros(160, bool)
        for onset, offset in rows:
            line[onset:offset] = True
        return line

    # the standard's reference AF and reference flutter do not overlap
    alone = spans(*true) if not (mask(true) & mask(free)).any() else spans()
    truth = mask(true) & (len(alone) > 0)
    scores = compare(alone, spans(*claims), excluded=spans(*free, label="AFL"))
    assert scores.truth_s == pytest.approx(truth.sum() / RATE_HZ)
    assert scores.found_s == pytest.approx((mask(claims) & ~mask(free)).sum() / RATE_HZ)
    assert scores.overlap_s == pytest.approx((mask(claims) & truth).sum() / RATE_HZ)
    starts = np.diff(truth, prepend=False) & truth
    assert scores.truth == starts.sum()


def test_errors_name_the_cure():
    with pytest.raises(RateError, match="resample"):
        episodes(spans(), EventList.empty(360))
    with pytest.raises(RateError, match="resample"):
        episodes(spans(), spans(), excluded=EventList.empty(360))
    with pytest.raises(InputError, match="zero or more seconds"):
        episodes(spans(), spans(), learning_s=-1)
