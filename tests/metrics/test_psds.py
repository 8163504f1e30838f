"""PSDS against values worked out by hand and against those of psds_eval."""

import math

import numpy as np
import pytest

from ondes.errors import InputError, RateError
from ondes.events import EventList
from ondes.metrics.psds import Criteria, psds

RATE_HZ = 100.0
HOUR_S = 3600.0
LABELS = ("alarm", "dog", "rain")


def events(*rows):
    return EventList.of(rows, rate_hz=RATE_HZ)


def score(truth, *found, **criteria):
    """Return the score of one recording of an hour: one false positive is one per hour."""
    return psds(
        [truth], [[each] for each in found], durations_s=[HOUR_S], criteria=Criteria(**criteria)
    )


FOUR = events(*((1000 * i, 1000 * i + 100, "a") for i in range(4)))


def test_the_truth_scores_one_and_silence_zero():
    assert score(FOUR, FOUR).value == 1
    assert score(FOUR, EventList.empty(RATE_HZ)).value == 0
    assert score(FOUR).value == 0


def test_a_detector_with_false_alarms_counts_from_its_rate_on():
    wrong = events(*((20_000 + 200 * i, 20_000 + 200 * i + 50, "a") for i in range(30)))
    result = score(FOUR, FOUR + wrong)
    assert result.efpr.tolist() == [0, 30]
    assert result.tpr.tolist() == [[0, 1]]
    assert result.value == pytest.approx(0.7)


def test_operating_points_make_a_staircase_that_never_falls():
    def point(hits, wrong):
        noise = [(20_000 + 200 * i, 20_050 + 200 * i, "a") for i in range(wrong)]
        return FOUR[np.arange(4) < hits] + EventList.of(noise, rate_hz=RATE_HZ)

    result = score(FOUR, point(1, 0), point(3, 20), point(2, 40), point(4, 60))
    assert result.efpr.tolist() == [0, 20, 40, 60]
    assert result.tpr.tolist() == [[0.25, 0.75, 0.75, 1]]
    assert result.value == pytest.approx((0.25 * 20 + 0.75 * 40 + 1 * 40) / 100)


def test_beyond_e_max_nothing_counts():
    noise = EventList.of([(20_000 + 200 * i, 20_050 + 200 * i, "a") for i in range(9)], rate_hz=100)
    assert score(FOUR, FOUR + noise, e_max=9).value == 0
    assert score(FOUR, FOUR + noise, e_max=12).value == pytest.approx(0.25)


@pytest.mark.parametrize(("dtc", "hit"), [(0.4, True), (0.5, True), (0.51, False)])
def test_a_detection_is_right_when_enough_of_it_is_true(dtc, hit):
    half = score(events((0, 100, "a")), events((0, 200, "a")), dtc=dtc)
    assert half.tpr[0, -1] == hit
    assert half.efpr[-1] == (0 if hit else 1)


@pytest.mark.parametrize(("gtc", "hit"), [(0.5, True), (0.6, True), (0.61, False)])
def test_an_event_is_found_when_enough_of_it_is_covered(gtc, hit):
    found = events((0, 30, "a"), (50, 80, "a"))
    result = score(events((0, 100, "a")), found, gtc=gtc)
    assert (result.tpr[0, -1], result.efpr[-1]) == (hit, 0)


def test_only_right_detections_cover_an_event():
    found = events((0, 40, "a"), (60, 200, "a"))
    assert score(events((0, 100, "a")), found, dtc=0.5, gtc=0.5).value == 0
    assert score(events((0, 100, "a")), found, dtc=0.25, gtc=0.5).value == 1


def test_one_long_detection_may_find_two_events():
    truth = events((0, 100, "a"), (120, 200, "a"))
    assert score(truth, events((0, 200, "a")), dtc=0.9).value == 1


@pytest.mark.parametrize(("cttc", "crossed"), [(0.3, 1), (0.5, 1), (0.51, 0)])
def test_cross_triggers_add_to_the_false_positive_rate(cttc, crossed):
    truth = events((0, 100, "a"), (10_000, 136_000, "b"), (140_000, 140_100, "c"))
    found = truth + events((9900, 10_100, "a"))
    result = score(truth, found, cttc=cttc, alpha_ct=0.5)
    # One wrong detection per hour, crossing b, which lasts 1260 s; a has two other labels.
    rate = 1 + 0.5 * crossed * HOUR_S / 1260 / 2
    assert result.efpr.tolist() == pytest.approx([0, rate])
    assert score(truth, found, cttc=cttc).efpr.tolist() == [0, 1]


def test_the_spread_over_labels_costs():
    truth = events((0, 100, "a"), (300, 400, "b"))
    assert score(truth, events((0, 100, "a"))).value == 0.5
    assert score(truth, events((0, 100, "a")), alpha_st=0.5).value == 0.25
    assert score(truth, events((0, 100, "a")), alpha_st=3.0).value == 0


def test_overlapping_events_of_a_label_count_as_their_union():
    truth = events((0, 100, "a"), (50, 150, "a"))
    assert score(truth, events((0, 300, "a")), dtc=0.5).value == 1
    assert score(truth, events((0, 301, "a")), dtc=0.5).value == 0


def test_channels_are_told_apart():
    assert score(events((0, 100, "a", 0)), events((0, 100, "a", 1))).value == 0


def test_labels_without_events_do_not_count():
    result = score(FOUR, FOUR + events((0, 100, "b")))
    assert (result.labels, result.value) == (("a",), 1)


def test_with_nothing_to_find_there_is_no_score():
    assert math.isnan(score(EventList.empty(RATE_HZ), FOUR).value)


def scene(rng, most):
    rows = []
    for label in LABELS:
        edges = np.sort(rng.choice(3000, 2 * rng.integers(0, most), replace=False))
        rows += [(int(a), int(b), label) for a, b in edges.reshape(-1, 2)]
    return EventList.of(rows, rate_hz=RATE_HZ)


def heard(rng, truth, share):
    rows = []
    for event in truth:
        if rng.random() < share:
            onset = max(0, event.onset + int(rng.integers(-60, 60)))
            offset = min(3000, max(onset + 5, event.offset + int(rng.integers(-60, 60))))
            label = event.label if rng.random() < 0.8 else str(rng.choice(LABELS))
            rows.append((onset, offset, label))
    return (EventList.of(rows, rate_hz=RATE_HZ) + scene(rng, 3)).merge_gaps(0)


@pytest.mark.parametrize(
    ("seed", "criteria", "by_psds_eval"),
    [
        (1, Criteria(), 0.2590909091),
        (2, Criteria(dtc=0.7, gtc=0.7, e_max=800), 0.5844179894),
        (3, Criteria(dtc=0.1, gtc=0.1, alpha_ct=0.5, alpha_st=1, e_max=800), 0.6606201550),
        (4, Criteria(dtc=0.1, gtc=0.1, alpha_ct=1, e_max=2000), 0.8050410620),
    ],
)
def test_scores_are_those_of_psds_eval(seed, criteria, by_psds_eval):
    """The last column was computed by psds_eval 0.5.3 from the same lists."""
    rng = np.random.default_rng(seed)
    truth = [scene(rng, 5) for _ in range(6)]
    found = [[heard(rng, each, share) for each in truth] for share in (0.2, 0.5, 0.8, 1.0)]
    ours = psds(truth, found, durations_s=[30] * 6, criteria=criteria)
    assert ours.value == pytest.approx(by_psds_eval, abs=1e-9)


def test_calls_that_make_no_sense_are_refused():
    with pytest.raises(InputError, match="one list for each"):
        psds([FOUR], [[FOUR, FOUR]], durations_s=[1])
    with pytest.raises(InputError, match="one list for each"):
        psds([FOUR], [[FOUR]], durations_s=[0])
    with pytest.raises(RateError, match="resample"):
        psds([FOUR], [[FOUR.resample(200)]], durations_s=[1])
    with pytest.raises(InputError, match="from 0 to 1"):
        Criteria(dtc=1.5)
    with pytest.raises(InputError, match="e_max above 0"):
        Criteria(e_max=0)
