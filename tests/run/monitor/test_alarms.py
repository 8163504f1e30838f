"""Alarms against what a plain look at the whole list says, however the events come in."""

from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ondes.events import Event, EventList
from ondes.run.detector import Known
from ondes.run.monitor import Monitor, Rules, alarms
from ondes.run.monitor.alarm import from_json, in_seconds, to_json
from ondes.run.monitor.monitor import merged

RATE_HZ = 100
BEATS = ["N", "S", "V", "F", "Q"]
ALL = Rules.of(
    {
        "alarms": {
            "run": {"kind": "run", "of": "V", "among": BEATS, "count": 3},
            "near": {"kind": "run", "of": ["V", "F"], "count": 2, "apart_s": 0.5},
            "fast": {"kind": "rate", "of": BEATS, "above_per_min": 100, "over": 3},
            "slow": {"kind": "rate", "of": BEATS, "below_per_min": 60, "over": 2},
            "pause": {"kind": "pause", "of": BEATS, "longer_s": 1.5},
            "long": {"kind": "lasting", "of": ["AF", "AT"], "longer_s": 3, "join_s": 0.3},
            "many": {"kind": "count", "of": "V", "count": 3, "within_s": 4},
            "off": {"kind": "lasting", "of": "flat", "longer_s": 1},
        },
        "quality": {"flat": {"within": 0.1}},
    }
)


def only(name):
    return Rules(tuple(rule for rule in ALL.alarms if rule.name == name), ALL.quality)


def beats(text, *, step=80):
    rows = [(k * step, k * step + 5, label) for k, label in enumerate(text) if label != " "]
    return EventList.of(rows, rate_hz=RATE_HZ)


@st.composite
def lists(draw):
    """Beats and episodes of two channels: some near each other, some far, some at once."""
    rows = []
    for channel in (0, 1):
        at = 0
        for _ in range(draw(st.integers(0, 25))):
            at += draw(st.sampled_from([1, 30, 50, 80, 150, 300]))
            rows.append(
                Event(at, at + 5, draw(st.sampled_from(["N", "V", "V", "F"])), channel, 0.5)
            )
        for label in ("AF", "AT", "flat"):
            at = 0
            for _ in range(draw(st.integers(0, 3))):
                at += draw(st.sampled_from([10, 20, 31, 200]))
                length = draw(st.sampled_from([1, 50, 100, 250, 500]))
                rows.append(Event(at, at + length, label, channel, 0.25))
                at += length
    return EventList.of(rows, rate_hz=RATE_HZ)


def streamed(rules, events, stop, steps, *, gaps=(), telling=True, save=False):
    """All that a monitor tells of events that come when they are over, at these positions."""
    monitor, told, given = Monitor(rules, rate_hz=RATE_HZ, channels=(0, 1)), [], 0
    rows, late = sorted(events, key=lambda event: event.offset), sorted(gaps)
    for now in [*sorted(steps), stop]:
        over = [event for event in rows[given:] if event.offset <= now]
        given += len(over)
        going = [e._replace(offset=now, score=np.nan) for e in rows[given:] if e.onset < now]
        begun = [gap for gap in late if gap[1] <= now]
        late = late[len(begun) :]
        settled = min([now, *(start for start, _ in late)])
        if telling:
            known = Known(settled, EventList.of(going, rate_hz=RATE_HZ))
        else:
            known = Known(min([settled, *(event.onset for event in going)]))
        told += monitor.push(EventList.of(over, rate_hz=RATE_HZ), known, gaps=begun)
        if save:
            state = monitor.save()
            monitor = Monitor(rules, rate_hz=RATE_HZ, channels=(0, 1), state=state)
    return told + monitor.finish(stop)


@settings(max_examples=150)
@given(
    events=lists(),
    steps=st.lists(st.integers(0, 4000), max_size=30),
    telling=st.booleans(),
    save=st.booleans(),
)
def test_how_the_events_come_in_changes_nothing(events, steps, telling, save):
    stop = int(events.offset.max(initial=0)) + 700
    whole = alarms(events, ALL, start=0, stop=stop, channels=(0, 1))
    told = streamed(ALL, events, stop, steps, telling=telling, save=save)
    assert merged(told) == whole
    assert len({alarm.key for alarm in told}) == len(told) == 2 * len(whole)
    for alarm in whole:
        assert alarm.onset <= alarm.raised <= alarm.offset


@settings(max_examples=60)
@given(events=lists(), steps=st.lists(st.integers(0, 4000), max_size=20), at=st.integers(0, 3000))
def test_a_gap_parts_what_is_before_from_what_is_after(events, steps, at):
    stop = int(events.offset.max(initial=0)) + 5000
    kept = [e for e in events if e.offset <= at or e.onset >= at + 100]
    kept = EventList.of(kept, rate_hz=RATE_HZ)
    before, after = kept.crop(0, at), kept.crop(at, stop)
    apart = [
        *alarms(before, ALL, start=0, stop=at, channels=(0, 1)),
        *alarms(after, ALL, start=at + 100, stop=stop, channels=(0, 1)),
    ]
    told = merged(streamed(ALL, kept, stop, steps, gaps=[(at, at + 100)]))
    assert [a._replace(number=0) for a in told] == sorted(
        (a._replace(number=0) for a in apart), key=lambda a: (a.raised, a.rule, a.channel)
    )


@given(labels=st.lists(st.sampled_from("NVVS"), max_size=40))
def test_runs_are_those_of_the_text(labels):
    found = alarms(beats("".join(labels)), only("run"))
    runs = [(name, len(list(group))) for name, group in groupby(labels)]
    assert [alarm.value for alarm in found] == [n for name, n in runs if name == "V" and n >= 3]
    for alarm in found:
        assert [event.label for event in alarm.evidence] == ["V"] * 3
        assert alarm.raised == alarm.evidence[-1].onset


@given(steps=st.lists(st.integers(20, 200), min_size=5, max_size=40))
def test_rates_are_means_over_intervals(steps):
    onsets = np.cumsum(steps)
    events = EventList.of([(t, t + 1, "N") for t in onsets.tolist()], rate_hz=RATE_HZ)
    rate = 3 * 60 * RATE_HZ / (onsets[3:] - onsets[:-3])
    fast = rate > 100
    found = alarms(events, only("fast"), start=0)
    begins = np.flatnonzero(fast & ~np.append(False, fast[:-1]))
    assert [alarm.raised for alarm in found] == onsets[3:][begins].tolist()
    for alarm, first in zip(found, begins, strict=True):
        last = first + int(np.argmin(np.append(fast[first:], False)))
        assert alarm.value == pytest.approx(rate[first:last].max())
        assert alarm.offset == onsets[3:][last - 1] + 1


@given(steps=st.lists(st.integers(1, 400), min_size=1, max_size=20))
def test_pauses_are_the_long_intervals(steps):
    onsets = np.cumsum(steps).tolist()
    events = EventList.of([(t, t + 1, "N") for t in onsets], rate_hz=RATE_HZ)
    found = alarms(events, only("pause"), start=0, stop=onsets[-1] + 200)
    edges = [0, *onsets, onsets[-1] + 200]
    spans = [(a, b) for a, b in pairwise(edges) if b - a >= 150]
    assert [(alarm.onset, alarm.offset) for alarm in found] == spans
    assert [alarm.value for alarm in found] == [(b - a) / RATE_HZ for a, b in spans]
    assert [alarm.raised for alarm in found] == [a + 150 for a, _ in spans]


@given(events=lists())
def test_long_episodes_are_those_of_merged_lists(events):
    episodes = EventList.of(
        [e._replace(label="AF") for e in events if e.label in ("AF", "AT")], rate_hz=RATE_HZ
    )
    rules = Rules(only("long").alarms)
    long = episodes.merge_gaps(0.3).filter(min_s=3)
    expected = sorted((e.channel, e.onset, e.offset) for e in long)
    found = alarms(events, rules)
    assert sorted((a.channel, a.onset, a.offset) for a in found) == expected
    assert all(a.raised == a.onset + 300 for a in found)
    assert all(e.offset <= a.raised for a in found for e in a.evidence)


@given(events=lists())
def test_many_within_a_time_are_counted(events):
    rules = Rules(only("many").alarms)
    found = alarms(events, rules, channels=(0, 1))
    for channel in (0, 1):
        onsets = events.filter(label="V", channel=channel).onset
        first = [i for i in range(2, len(onsets)) if onsets[i] - onsets[i - 2] <= 400]
        raised = [alarm.raised for alarm in found if alarm.channel == channel]
        assert raised[:1] == [onsets[i] for i in first[:1]]
        assert set(raised) <= {onsets[i] for i in first}


def test_bad_signal_is_no_pause_and_breaks_runs():
    rows = [(0, 5, "V"), (80, 85, "V"), (100, 900, "flat"), (950, 955, "V"), (1000, 1005, "V")]
    found = alarms(EventList.of(rows, rate_hz=RATE_HZ), ALL, start=0, stop=1100)
    found = [alarm[:1] + alarm[3:6:2] for alarm in found if alarm.rule != "fast"]
    assert found == [("off", 100, 900), ("near", 950, 1005)]


def test_in_a_model_of_several_leads_one_bad_lead_is_enough():
    rows = [(0, 5, "N"), (50, 900, "flat", 3)]
    events = EventList.of(rows, rate_hz=RATE_HZ)
    assert "pause" in [a.rule for a in alarms(events, ALL, start=0, channels=[0])]
    together = alarms(events, ALL, start=0, channels=[0], together=True)
    assert [(alarm.rule, alarm.channel) for alarm in together] == [("off", 3)]


def test_an_alarm_is_raised_while_the_event_goes_on():
    monitor = Monitor(ALL, rate_hz=RATE_HZ)
    none = EventList.empty(RATE_HZ)
    going = EventList.of([(0, 290, "AF")], rate_hz=RATE_HZ)
    monitor.push(EventList.of([(290, 295, "N")], rate_hz=RATE_HZ), Known(290, going))
    raised = monitor.push(none, Known(310, EventList.of([(0, 305, "AF")], rate_hz=RATE_HZ)))
    assert [
        (alarm.rule, alarm.raised, alarm.offset) for alarm in raised if alarm.rule == "long"
    ] == [("long", 300, None)]


def test_an_alarm_goes_through_json():
    (alarm,) = alarms(beats("NVVVN"), only("run"))
    assert str(from_json(to_json(alarm))) == str(alarm)
    row = in_seconds(alarm, RATE_HZ)
    assert (row["onset_s"], row["raised_s"], row["offset_s"]) == (0.8, 2.4, 2.45)
    assert row["evidence"][0]["score"] is None
    assert str(from_json(row)) == str(alarm)
