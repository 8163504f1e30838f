"""Event scores against mir_eval and sed_eval, and their values at the edges."""

import math

import mir_eval
import numpy as np
import pytest
import sed_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from ondes.errors import InputError, RateError
from ondes.events import EventList
from ondes.metrics import Score, event_scores, macro_f1, merged, note_score, segment_scores, total

RATE_HZ = 1000.0
LABELS = ("C4", "E4", "G4", "knock")
NONE = EventList.empty(RATE_HZ)


@st.composite
def takes(draw):
    """Draw events and a disturbed copy: some moved, lost, renamed or added.

    True times are 2 modulo 4 and found ones 1, true durations multiples of 20: so no difference
    is exactly a tolerance and no time exactly a boundary, where the references' floats waver.
    """
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n = draw(st.integers(1, 30))
    truth = [event(rng) for _ in range(n)]
    found = [disturbed(rng, row) for row in truth if rng.random() < 0.8]
    found += [disturbed(rng, event(rng)) for _ in range(rng.integers(0, 6))]
    return EventList.of(truth, rate_hz=RATE_HZ), EventList.of(found, rate_hz=RATE_HZ)


def event(rng):
    onset = 4 * int(rng.integers(0, 1250)) + 2
    return onset, onset + 20 * int(rng.integers(1, 100)), str(rng.choice(LABELS))


def disturbed(rng, row):
    onset = max(row[0] - 1 + 4 * int(rng.integers(-75, 75) * rng.random()), 1)
    offset = max(row[1] - 1 + 4 * int(rng.integers(-150, 150) * rng.random()), onset + 4)
    return onset, offset, row[2] if rng.random() < 0.9 else str(rng.choice(LABELS))


def mir(events):
    intervals = np.stack([events.onset_s, events.offset_s], 1)
    return intervals, 440 * 2.0 ** (np.searchsorted(LABELS, events.label) / 12)


@settings(deadline=None, max_examples=100)
@given(takes(), st.sampled_from([None, 0.2]))
def test_note_scores_are_mir_evals(pair, ratio):
    truth, found = pair
    ours = note_score(truth, found, offset_ratio=ratio)
    if not len(found):
        return
    precision, recall, f1, _ = mir_eval.transcription.precision_recall_f1_overlap(
        *mir(truth), *mir(found), offset_ratio=ratio
    )
    assert (ours.precision, ours.recall, ours.f1) == pytest.approx((precision, recall, f1))


def sed(events):
    return [
        {"event_label": e.label, "onset": e.onset / RATE_HZ, "offset": e.offset / RATE_HZ}
        for e in events
    ]


def sed_scores(metric, truth, found, **evaluate):
    metric.evaluate(sed(truth), sed(found), **evaluate)
    by_label = metric.results_class_wise_metrics()
    return metric.results_overall_metrics()["f_measure"]["f_measure"], {
        label: (scores["f_measure"]["precision"], scores["f_measure"]["recall"])
        for label, scores in by_label.items()
    }


def assert_same(ours, overall, by_label):
    if math.isnan(overall):  # sed_eval gives none where precision or recall has none
        assert total(ours).matched == 0
    else:
        assert total(ours).f1 == pytest.approx(overall)
    for label, score in ours.items():
        if score.truth and score.found:
            assert (score.precision, score.recall) == pytest.approx(by_label[label])


@settings(deadline=None, max_examples=100)
@given(takes(), st.booleans())
def test_event_scores_are_sed_evals(pair, offsets):
    truth, found = pair
    ours = event_scores(truth, found, offset_s=0.2 if offsets else None)
    metric = sed_eval.sound_event.EventBasedMetrics(
        list(LABELS), t_collar=0.2, evaluate_offset=offsets, event_matching_type="optimal"
    )
    assert_same(ours, *sed_scores(metric, truth, found))


@settings(deadline=None, max_examples=100)
@given(takes(), st.sampled_from([0.1, 0.25, 1.0]))
def test_segment_scores_are_sed_evals(pair, segment_s):
    truth, found = pair
    ours = segment_scores(truth, found, segment_s=segment_s)
    metric = sed_eval.sound_event.SegmentBasedMetrics(list(LABELS), time_resolution=segment_s)
    assert_same(ours, *sed_scores(metric, truth, found))


@given(takes())
def test_the_truth_scores_one(pair):
    truth, _ = pair
    for scores in (event_scores(truth, truth), segment_scores(truth, truth)):
        assert {score.f1 for score in scores.values()} == {1.0}
    assert note_score(truth, truth, offset_ratio=0.2).f1 == 1


def test_at_microseconds_a_tolerance_is_a_tolerance():
    truth = EventList.of([(1000, 1252, "crack")], rate_hz=1_562_500)
    late = truth.shift(31)  # 19.84 us
    assert note_score(truth, late, onset_s=20e-6).f1 == 1
    assert note_score(truth, late.shift(1), onset_s=20e-6).f1 == 0


def test_channels_do_not_match():
    truth = EventList.of([(0, 500, "a", 0)], rate_hz=RATE_HZ)
    other = EventList.of([(0, 500, "a", 1)], rate_hz=RATE_HZ)
    for score in (event_scores(truth, other)["a"], segment_scores(truth, other)["a"]):
        assert score == Score(0, score.truth, score.found)
    assert note_score(truth, other).matched == 0


@pytest.mark.parametrize("function", [event_scores, segment_scores])
def test_silence_and_absent_classes_have_documented_values(function):
    one = EventList.of([(0, 500, "a")], rate_hz=RATE_HZ)
    assert function(NONE, NONE) == {}
    assert math.isnan(total(function(NONE, NONE)).f1)
    missed, extra = function(one, NONE)["a"], function(NONE, one)["a"]
    assert (missed.recall, missed.f1, extra.precision, extra.f1) == (0, 0, 0, 0)
    assert math.isnan(missed.precision)
    assert math.isnan(extra.recall)


def test_notes_in_silence():
    assert math.isnan(note_score(NONE, NONE).f1)


def test_recordings_and_labels_add_up():
    first, second = {"a": Score(1, 2, 3)}, {"b": Score(0, 1, 0), "a": Score(2, 2, 2)}
    both = merged([first, second])
    assert both == {"a": Score(3, 4, 5), "b": Score(0, 1, 0)}
    assert total(both) == Score(3, 5, 5)
    assert (total(both).missed, total(both).extra) == (2, 2)
    assert macro_f1(both) == pytest.approx((6 / 9 + 0) / 2)
    assert math.isnan(macro_f1({}))
    assert merged([]) == {}


@pytest.mark.parametrize("function", [event_scores, segment_scores, note_score])
def test_lists_at_different_rates_are_refused(function):
    with pytest.raises(RateError, match="resample"):
        function(NONE, EventList.empty(2 * RATE_HZ))


@pytest.mark.parametrize("segment_s", [0.0, -1.0, math.nan])
def test_segments_have_a_length(segment_s):
    with pytest.raises(InputError, match="above zero"):
        segment_scores(NONE, NONE, segment_s=segment_s)
