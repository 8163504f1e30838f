"""An EventList rides with its Signal: whatever is done to both, they still agree.

A signal is drawn from the events, one channel each for label and channel, whose samples count the
events that last over them. Each operation on the events then gives the events of that operation's
signal.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondes.events import EventList
from ondes.signal import Signal

LABELS = ("A4", "C4", "door")
SPAN = -40, 100
lists = st.from_type(EventList)
spans = st.tuples(st.integers(*SPAN), st.integers(*SPAN)).filter(lambda span: span[0] < span[1])


def drawn(events: EventList, start: int = SPAN[0], stop: int = SPAN[1]) -> Signal:
    samples = np.zeros((6, stop - start))
    for onset, offset, label, channel, _ in events:
        samples[2 * LABELS.index(label) + channel, onset - start : offset - start] += 1
    return Signal.of(samples, rate_hz=events.rate_hz, start=start)


@given(lists, spans)
def test_crop(events, span):
    assert drawn(events.crop(*span), *span) == drawn(events).crop(*span)


@given(lists, spans)
def test_crop_in_seconds(events, span):
    start_s, stop_s = map(events.timebase.seconds, span)
    assert drawn(events[start_s:stop_s], *span) == drawn(events)[start_s:stop_s]


@given(lists, st.integers(-1000, 1000))
def test_shift(events, samples):
    moved = drawn(events.shift(samples), SPAN[0] + samples, SPAN[1] + samples)
    assert moved == drawn(events).shift(samples)


@given(lists, lists)
def test_join_and_mix(events, others):
    others = EventList.of(others, rate_hz=events.rate_hz)
    assert drawn(events + others) == drawn(events) + drawn(others)


@given(st.lists(st.tuples(lists, spans), min_size=1, max_size=4))
def test_concatenate(parts):
    parts = [(EventList.of(events, rate_hz=8000).crop(*span), span) for events, span in parts]
    signals = [drawn(events, *span) for events, span in parts]
    lengths = [signal.n_samples for signal in signals]
    joined = EventList.concatenate(
        [events.shift(-signal.start) for (events, _), signal in zip(parts, signals, strict=True)],
        lengths,
    )
    assert drawn(joined, 0, sum(lengths)) == Signal.concatenate(signals).shift(-signals[0].start)


@given(lists, st.integers(1, 7))
def test_resample_by_a_whole_factor(events, factor):
    fine = events.resample(events.rate_hz * factor)
    held = np.repeat(drawn(events).samples, factor, axis=1)
    assert np.array_equal(drawn(fine, factor * SPAN[0], factor * SPAN[1]).samples, held)


@given(lists, st.sampled_from([31.25, 100 / 3, 44100.0, 48000.0, 1562500.0]))
def test_resample_to_any_rate(events, rate_hz):
    """The middle of each new sample sees what the old signal was there, edges aside."""
    new = events.resample(rate_hz)
    old, places = events.timebase, [event[2:4] for event in events]
    for before, after in zip(
        sorted(events, key=lambda e: e[2:4]), sorted(new, key=lambda e: e[2:4]), strict=True
    ):
        assert after.onset == old.rescale(before.onset, rate_hz)
        assert after.offset == max(old.rescale(before.offset, rate_hz), after.onset + 1)
    assert sorted(places) == sorted(event[2:4] for event in new)


@pytest.mark.parametrize("to_hz", [24000.0, 44100.0, 96000.0])
def test_resampled_clicks_stay_under_their_events(to_hz):
    """Against the signal's own resampling: each event still holds the peak of its click."""
    signals = pytest.importorskip("ondes.ops.signals")
    onsets = np.array([1000, 5003, 9001, 14007])
    samples = np.zeros(16000)
    samples[onsets + 8] = 1
    take = Signal.of(samples, rate_hz=48000, start=777)
    events = EventList.of([(777 + o, 777 + o + 17, "hit") for o in onsets], rate_hz=48000)
    moved, heard = events.resample(to_hz), signals.resample(take, to_hz)
    for event in moved:
        around = heard.crop(event.onset - 50, event.offset + 50)
        peak = around.start + int(np.abs(around.samples[0]).argmax())
        assert event.onset <= peak < event.offset
