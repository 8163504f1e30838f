"""Event lists, each operation held against a plain loop over its events."""

import copy
import dataclasses
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondes.errors import InputError, RateError
from ondes.events import Event, EventList

lists = st.from_type(EventList)
NONE = math.nan
TUNE = EventList.of([(4, 8, "C4", 0, 0.5), (0, 4, "A4"), (4, 6, "A4", 1)], rate_hz=2)


def key(event: Event) -> tuple:
    return *event[:4], math.isnan(event.score), 0.0 if math.isnan(event.score) else event.score


def same(events: EventList, rows: list[Event]) -> bool:
    return list(map(key, events)) == sorted(map(key, rows))


def test_events_are_in_order_with_their_columns():
    assert [event[:4] for event in TUNE] == [(0, 4, "A4", 0), (4, 6, "A4", 1), (4, 8, "C4", 0)]
    assert TUNE.label.tolist() == ["A4", "A4", "C4"]
    assert TUNE.score[2] == 0.5
    assert np.isnan(TUNE.score[:2]).all()
    assert (TUNE.labels, TUNE.onset_s.tolist(), TUNE.offset_s.tolist()) == (
        ("A4", "C4"),
        [0, 2, 2],
        [2, 3, 4],
    )
    assert repr(TUNE) == "<EventList: 3 events, labels ('A4', 'C4'), at 2 Hz>"


def test_indices_give_events():
    assert TUNE[2] == TUNE[-1] == Event(4, 8, "C4", 0, 0.5)
    with pytest.raises(IndexError):
        TUNE[3]


def test_slices_are_seconds_and_masks_choose():
    assert TUNE[1:2.5] == TUNE.crop(2, 5)
    assert TUNE[2:] == TUNE[np.array([False, True, True])]
    assert TUNE[:] == TUNE
    assert len(TUNE[9:]) == 0
    for wrong in (np.array([0, 1]), np.array([True])):
        with pytest.raises(InputError, match="one boolean per event"):
            TUNE[wrong]


@given(lists)
def test_a_list_is_made_of_its_events(events):
    assert EventList.of(reversed(list(events)), rate_hz=events.rate_hz) == events
    assert [events[k][:4] for k in range(len(events))] == [event[:4] for event in events]


def test_seconds_go_to_the_nearest_sample():
    rows = [(0.26, 0.74, "A4"), (1.0, 1.1, "C4", 1, 0.5)]
    assert EventList.from_seconds(rows, rate_hz=4) == EventList.of(
        [(1, 3, "A4"), (4, 5, "C4", 1, 0.5)], rate_hz=4
    )
    assert EventList.from_seconds([], rate_hz=4) == EventList.empty(4)


@given(lists)
def test_seconds_lead_back_to_the_samples(events):
    rows = zip(
        events.onset_s.tolist(),
        events.offset_s.tolist(),
        *(column.tolist() for column in (events.label, events.channel, events.score)),
        strict=True,
    )
    assert EventList.from_seconds(rows, rate_hz=events.rate_hz) == events


@pytest.mark.parametrize(
    "make",
    [
        lambda: EventList.of([(0, 1, "A4"), (5, 5, "A4")], rate_hz=1),
        lambda: EventList.from_seconds([(0.0, 1.0, "A4"), (2.0, 1.0, "A4")], rate_hz=1),
    ],
)
def test_an_event_that_does_not_end_after_it_begins_is_named(make):
    with pytest.raises(InputError, match=r"row 1.*offset must follow onset"):
        make()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(0.0, 1.0, "A4")], "whole numbers"),
        ([(0, 1, 60)], "give strings"),
        ([(0, 1, "A4", 0.5)], "whole numbers"),
    ],
)
def test_columns_have_their_types(rows, said):
    with pytest.raises(InputError, match=said):
        EventList.of(rows, rate_hz=1)


def test_columns_have_one_length():
    with pytest.raises(InputError, match="one value per event"):
        EventList(np.zeros(2, int), np.ones(1, int), np.array(["A4"]), np.zeros(1, int), [NONE], 1)


def test_times_in_seconds_are_finite():
    with pytest.raises(InputError, match="finite"):
        EventList.from_seconds([(0.0, math.nan, "A4")], rate_hz=1)


def test_nothing_can_change_a_list():
    onset = np.array([0, 1])
    events = EventList(onset, onset + 1, np.array(["a", "b"]), onset, np.zeros(2), 1)
    onset[:] = 9
    assert events.onset.tolist() == [0, 1]
    for name in ("onset", "offset", "label", "channel", "score"):
        assert not getattr(events, name).flags.writeable
    with pytest.raises(dataclasses.FrozenInstanceError):
        events.rate_hz = 2


@given(lists)
def test_copies_are_equal_and_read_only(events):
    for twin in (copy.deepcopy(events), pickle.loads(pickle.dumps(events))):
        assert twin == events
        assert hash(twin) == hash(events)
        assert not twin.onset.flags.writeable


def test_any_difference_is_one():
    rows = [(0, 2, "a"), (1, 2, "a"), (0, 3, "a"), (0, 2, "b"), (0, 2, "a", 1), (0, 2, "a", 0, 1.0)]
    variants = [EventList.of([row], rate_hz=1) for row in rows]
    variants += [EventList.empty(1), EventList.empty(2), EventList.of(rows[:1], rate_hz=2)]
    assert all((a == b) == (a is b) for a in variants for b in variants)
    assert variants[0] != "a list"


def test_crop_clips_and_may_leave_nothing():
    assert [event[:2] for event in TUNE.crop(3, 5)] == [(3, 4), (4, 5), (4, 5)]
    assert TUNE.crop(5, 5) == EventList.empty(2)
    with pytest.raises(InputError, match=r"crop\(5, 4\)"):
        TUNE.crop(5, 4)


@given(lists, st.sampled_from(["A4", "C4"]), st.integers(0, 1), st.integers(0, 25))
def test_filter_keeps_what_meets_every_condition(events, label, channel, length):
    bound_s = events.timebase.seconds(length)

    def rows(condition):
        return [event for event in events if condition(event)]

    assert same(events.filter(label=label), rows(lambda e: e.label == label))
    assert same(events.filter(label={label, "x"}), rows(lambda e: e.label == label))
    assert same(events.filter(channel=channel), rows(lambda e: e.channel == channel))
    assert same(events.filter(channel=[0, 1]), list(events))
    assert same(events.filter(min_score=0.5), rows(lambda e: e.score >= 0.5))
    assert same(events.filter(min_s=bound_s), rows(lambda e: e.offset - e.onset >= length))
    assert same(events.filter(max_s=bound_s), rows(lambda e: e.offset - e.onset <= length))
    assert same(
        events.filter(label=label, channel=channel),
        rows(lambda e: e.label == label and e.channel == channel),
    )
    assert events.filter() == events


def merged(events: list[Event], gap: int) -> list[Event]:
    """Merge any two events that are close enough, until there are none."""
    events = list(events)
    for a in events:
        for b in events:
            close = a.onset - b.offset <= gap and b.onset - a.offset <= gap
            if a is not b and a[2:4] == b[2:4] and close:
                score = b.score if math.isnan(a.score) else max(a.score, b.score)
                score = a.score if math.isnan(b.score) else score
                one = Event(min(a.onset, b.onset), max(a.offset, b.offset), *a[2:4], score)
                return merged([e for e in events if e is not a and e is not b] + [one], gap)
    return events


@given(lists, st.integers(0, 20))
def test_gaps_merge_until_none_is_small(events, gap):
    assert same(events.merge_gaps(events.timebase.seconds(gap)), merged(list(events), gap))


def test_a_gap_is_not_negative():
    with pytest.raises(InputError, match="zero or more"):
        TUNE.merge_gaps(-1)


@given(lists, st.sampled_from(["label", "channel"]))
def test_what_is_split_joins_again(events, by):
    parts = events.split(by)
    assert sum(parts.values(), EventList.empty(events.rate_hz)) == events
    assert list(parts) == sorted({getattr(event, by) for event in events})
    assert all(getattr(event, by) == name for name, part in parts.items() for event in part)


def test_lists_split_by_label_or_channel_alone():
    with pytest.raises(InputError, match="'label' or 'channel'"):
        TUNE.split("score")


@given(lists, st.integers(1, 500))
def test_resampling_up_by_a_whole_factor_comes_back(events, factor):
    fine = events.resample(events.rate_hz * factor)
    assert fine.resample(events.rate_hz) == events


def test_an_event_outlives_resampling():
    blink = EventList.of([(1_000_001, 1_000_002, "hit")], rate_hz=1562500)
    assert [event[:2] for event in blink.resample(44100)] == [(28224, 28225)]


def test_lists_of_different_rates_do_not_join():
    for call in (TUNE.__add__, TUNE.compare, lambda e: EventList.concatenate([TUNE, e], [8, 8])):
        with pytest.raises(RateError, match=r"resample\(2\)"):
            call(TUNE.resample(4).crop(0, 8))
    with pytest.raises(TypeError):
        TUNE + 1


def test_pieces_have_a_length_and_keep_to_it():
    with pytest.raises(InputError, match="a length for each"):
        EventList.concatenate([TUNE], [])
    with pytest.raises(InputError, match=r"crop\(0, 7\)"):
        EventList.concatenate([TUNE, TUNE], [7, 8])


def test_hundreds_of_thousands_of_events():
    rng = np.random.default_rng(0)
    n = 100_000
    onset = 4800 * rng.permutation(n)
    label = np.char.add("C", rng.integers(0, 85, n).astype(str))
    many = EventList(onset, onset + 4800, label, np.zeros(n, int), rng.random(n), 48000)
    assert many.onset.tolist() == list(range(0, 4800 * n, 4800))
    assert many.resample(44100).resample(48000) == many
    assert sum(map(len, many.split().values())) == n
    merged = many.merge_gaps(0)
    assert np.sum(merged.offset - merged.onset) == 4800 * n
    assert np.all(
        (merged.onset[1:] == merged.offset[:-1]) & (merged.label[1:] != merged.label[:-1])
    )
    assert many.compare(many.shift(2400)).f1 == 1
