"""Frame maps of event lists and back."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from ondes.errors import InputError, RateError
from ondes.events import EventList
from ondes.timebase import Timebase

lists = st.from_type(EventList)
grids = st.builds(Timebase, st.just(48000.0), hop=st.integers(1, 9), start=st.integers(-9, 9))
maps = npst.arrays(np.bool_, st.tuples(st.just(2), st.integers(0, 20)))
LABELS = ("A4", "C4", "door")


def on_grid(events: EventList, grid: Timebase) -> EventList:
    return EventList.of(events, rate_hz=grid.rate_hz)


@given(lists, grids)
def test_a_frame_is_active_where_an_event_covers_its_centre(events, grid):
    events = on_grid(events, grid)
    expected = np.zeros((3, 12), np.bool_)
    for event in events:
        row = LABELS.index(event.label)
        frames = [k for k in range(-99, 99) if event.onset <= grid.centre_of(k) < event.offset]
        for k in frames or [grid.frame_of((event.onset + event.offset) // 2)]:
            if 0 <= k < 12:
                expected[row, k] = True
    assert np.array_equal(events.to_frames(grid, LABELS, 12), expected)


@given(lists, grids, st.integers(0, 10))
def test_the_map_of_a_window_is_the_window_of_the_map(events, grid, first):
    events = on_grid(events, grid)
    window = Timebase(grid.rate_hz, grid.hop, grid.sample_of(first))
    whole = events.to_frames(grid, LABELS, 20)
    assert np.array_equal(events.to_frames(window, LABELS, 5), whole[:, first : first + 5])


@given(lists, grids, st.integers(-50, 50))
def test_a_map_moves_with_its_grid(events, grid, shift):
    events = on_grid(events, grid)
    moved = Timebase(grid.rate_hz, grid.hop, grid.start + shift)
    assert np.array_equal(
        events.shift(shift).to_frames(moved, LABELS, 9), events.to_frames(grid, LABELS, 9)
    )


@given(lists, grids)
def test_no_event_gets_lost(events, grid):
    events = on_grid(events, grid)
    wide = Timebase(grid.rate_hz, grid.hop, grid.sample_of(-60))
    assert all(
        EventList.of([event], rate_hz=grid.rate_hz).to_frames(wide, LABELS, 200).any()
        for event in events
    )


@given(maps, grids)
def test_a_map_survives_the_way_to_events_and_back(frames, grid):
    events = EventList.from_frames(frames, grid, ("a", "b"))
    assert np.array_equal(events.to_frames(grid, ("a", "b"), frames.shape[1]), frames)


@given(maps, grids, st.data())
def test_each_run_is_an_event_scored_by_its_mean(frames, grid, data):
    scores = data.draw(npst.arrays(np.float32, frames.shape, elements=st.floats(0, 1, width=32)))
    events = EventList.from_frames(frames, grid, ("a", "b"), scores=scores, channel=3)
    for event in events:
        a, b = grid.frame_of(event.onset), grid.frame_of(event.offset)
        row = ("a", "b").index(event.label)
        assert frames[row, a:b].all()
        assert not frames[row, max(a - 1, 0) : a].any()
        assert not frames[row, b : b + 1].any()
        assert math.isclose(event.score, np.mean(scores[row, a:b], dtype=float), abs_tol=1e-6)
        assert event.channel == 3
    assert sum(e.offset - e.onset for e in events) == frames.sum() * grid.hop


@given(lists, grids)
def test_events_come_back_within_half_a_hop(events, grid):
    for event in on_grid(events, grid):
        if event.offset - event.onset < grid.hop:
            continue
        one = EventList.of([event], rate_hz=grid.rate_hz)
        wide = Timebase(grid.rate_hz, grid.hop, grid.sample_of(-60))
        (back,) = EventList.from_frames(one.to_frames(wide, LABELS, 200), wide, LABELS)
        assert abs(back.onset - event.onset) <= (grid.hop + 1) / 2
        assert abs(back.offset - event.offset) <= (grid.hop + 1) / 2


def test_what_does_not_fit_the_map_is_refused():
    events = EventList.of([(0, 9, "C#4")], rate_hz=48000)
    with pytest.raises(RateError, match=r"resample\(24000\)"):
        events.to_frames(Timebase(24000), ["C#4"], 9)
    with pytest.raises(InputError, match=r"'C#4' is not among the 1 .* did you mean 'C4'"):
        events.to_frames(Timebase(48000), ["C4"], 9)
    for frames, scores in [
        (np.zeros(9), None),
        (np.zeros((2, 9)), None),
        (np.zeros((1, 9)), [[1]]),
    ]:
        with pytest.raises(InputError, match="one label for each row"):
            EventList.from_frames(
                frames, Timebase(1), ["a"], scores=None if scores is None else np.array(scores)
            )
