"""Classical detectors: the rules sample by sample, and events that no cutting changes."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ondes.errors import ArtefactError, InputError, NotFiniteError
from ondes.events import EventList
from ondes.tasks.detect import classical
from ondes.tasks.detect.classical import Ear, StaLta, Threshold
from ondes.tasks.detect.classical.features import definition_peak, frequency
from ondes.tasks.detect.classical.front import Plan, Recursive, Sliding
from ondes.tasks.detect.classical.onset import aic, pick
from ondes.tasks.detect.classical.trigger import Hit, Trigger

RATE_HZ = 1_562_500.0
SAME = settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SHORT = {"before_s": 60e-6, "after_s": 30e-6, "longest_s": 1e-3}
RULES = (
    Threshold(noise_s=500e-6, hlt_s=50e-6, refine=True, **SHORT),
    Threshold(threshold=5.0, floating=False, hdt_s=20e-6, noise_s=300e-6, **SHORT),
    StaLta(lta_s=500e-6, on=3.0, off=1.5, refine=True, clip=3.0, high_hz=400e3, **SHORT),
    StaLta(kind="classic", lta_s=400e-6, labels=("low", "high"), split_hz=140e3, **SHORT),
)


def found(rule, blocks, *, rate_hz=RATE_HZ):
    hearing = Ear(rule).hear(rate_hz=rate_hz, n_rows=len(blocks[0]))
    parts = [*map(hearing.push, blocks), hearing.finish()]
    return EventList.of([event for part in parts for event in part], rate_hz=rate_hz)


# Running means, against loops that do what the papers say.


def recursive_loop(squares, n_sta, n_lta):
    """ObsPy's recursive_sta_lta: both means begin at nothing."""
    sta = lta = 0.0
    means = []
    for square in squares:
        sta = square / n_sta + (1 - 1 / n_sta) * sta
        lta = square / n_lta + (1 - 1 / n_lta) * lta
        means.append((sta, lta))
    return np.array(means).T


def classic_loop(squares, n):
    return np.array([sum(squares[max(0, k - n + 1) : k + 1]) / n for k in range(len(squares))])


def test_recursive_means_are_those_of_the_loop():
    squares = np.random.default_rng(0).normal(size=700) ** 2
    sta, lta = recursive_loop(squares, 12, 150)
    nothing = np.zeros(1)
    np.testing.assert_allclose(Recursive(12, nothing)(squares[None])[0], sta, rtol=1e-12)
    np.testing.assert_allclose(Recursive(150, nothing)(squares[None])[0], lta, rtol=1e-12)


def test_sliding_means_are_those_of_the_loop():
    squares = np.random.default_rng(1).normal(size=700) ** 2
    mean = Sliding(40, np.zeros(1))
    parts = [mean(part[None]) for part in np.split(squares, [1, 30, 31, 500])]
    expected = classic_loop(squares, 40)
    np.testing.assert_allclose(np.concatenate(parts, axis=1)[0], expected, rtol=1e-9)


def trigger_loop(ratio, on, off):
    """A ratio's triggers as seismology has them: above on to below off."""
    hits, start = [], None
    for k, value in enumerate(ratio):
        if start is None and value > on:
            start = k
        elif start is not None and value <= off:
            hits.append((start, k))
            start = None
    return hits + ([(start, len(ratio))] if start is not None else [])


def test_sta_lta_finds_what_the_loop_finds(bursts):
    x, _ = bursts(n=20_000)
    rule = StaLta(sta_s=40 / RATE_HZ, lta_s=1000 / RATE_HZ, on=4.0, off=1.5, low_hz=0)
    squares = x[0].astype(np.float64) ** 2
    level = np.median(squares[:1000]) / 0.45493642311957
    rest = (1 - 1 / np.array([[40], [1000]])) ** np.arange(1, 20_001)
    sta, lta = recursive_loop(squares, 40, 1000) + rest * level
    events = found(rule, [x])
    assert len(events) > 5
    ends = list(zip(events.onset.tolist(), events.offset.tolist(), strict=True))
    first = 8 * 1000  # from here on means begin anew with a run-up
    expected = trigger_loop(sta / lta, 4.0, 1.5)
    assert [e for e in ends if e[1] < first] == [e for e in expected if e[1] < first]
    assert ends == expected  # e^-8 of the level it begins with moves no crossing here


def hits_loop(crossed, *, gap, lockout, longest):
    """Hit definition and lockout, sample by sample."""
    hits, start, last, free = [], None, 0, 0
    for k, high in enumerate(crossed):
        if start is not None and k - last > gap:
            hits.append((start, last + 1))
            start, free = None, last + gap + lockout
        if start is not None and k >= start + longest and high:
            hits.append((start, last + 1))
            start, free = None, start + longest + lockout
        if start is None and high and k >= free:
            start = k
        if high:
            last = k
    return hits + ([(start, last + 1)] if start is not None else [])


@SAME
@given(
    st.integers(0, 10**6),
    st.sampled_from([1, 3, 9]),
    st.sampled_from([0, 5, 40]),
    st.sampled_from([1, 7, 50, 1000]),
    st.lists(st.integers(0, 60), max_size=8),
)
def test_hits_are_those_of_the_loop(seed, gap, lockout, longest, cuts):
    crossed = np.random.default_rng(seed).random(400) < 0.2
    trigger = Trigger(gap, lockout, longest)
    hits, first = [], 0
    for part in np.split(crossed, np.cumsum(cuts)):
        places = first + np.flatnonzero(part)
        first += len(part)
        hits += trigger.push(places, places, stop=first)
    expected = hits_loop(crossed, gap=gap, lockout=lockout, longest=longest)
    assert hits + trigger.finish() == [Hit(*hit) for hit in expected]


def test_a_peak_is_the_first_that_none_exceeds_in_time():
    x = np.array([1, 2, 5, 4, 0, 0, 8, 0], np.float32)
    assert [definition_peak(x, n) for n in (1, 3, 4)] == [5.0, 5.0, 8.0]


# Onsets.


def test_aic_is_maeda_s_formula():
    x = np.random.default_rng(2).normal(size=60)
    x[35:] *= 20
    k = np.arange(2, 58)
    plain = [i * math.log(x[:i].var()) + (60 - i - 1) * math.log(x[i + 1 :].var()) for i in k]
    np.testing.assert_allclose(aic(x)[2:58], plain, rtol=1e-9)
    assert abs(pick(x, 0) - 35) <= 1


def test_a_window_too_short_for_aic_leaves_the_trigger():
    assert pick(np.ones(3), 1) == 1


@pytest.mark.parametrize("rule", [Threshold(), StaLta()])
def test_refinement_brings_onsets_nearer(bursts, rule):
    x, (onsets,) = bursts(n=120_000, snr_db=26.0)
    errors = []
    for refine in (False, True):
        events = found(replace(rule, refine=refine), [x])
        assert len(events) == len(onsets)
        errors.append(np.abs(events.onset - onsets).mean())
    assert errors[1] < 0.7 * errors[0]
    assert errors[1] < 4


# What is found.


@pytest.mark.parametrize("rule", [Threshold(), StaLta()])
@pytest.mark.parametrize("rate_hz", [100.0, 44_100.0, RATE_HZ])
def test_defaults_work_at_any_rate_and_level(bursts, rule, rate_hz):
    x, onsets = bursts(rows=2, hertz=150e3)
    for gain in (1e-6, 1e4):
        events = found(rule, [x * np.float32(gain)], rate_hz=rate_hz)
        for row in (0, 1):
            mine = events[events.channel == row]
            assert len(mine) == len(onsets[row])
            assert np.abs(mine.onset - onsets[row]).max() < 40


def test_scores_grow_with_the_signal_to_noise_ratio(bursts):
    means = [found(Threshold(), [bursts(snr_db=s)[0]]).score.mean() for s in (16.0, 22.0, 40.0)]
    assert 0 < means[0] < means[1] < means[2] <= 1


def test_two_labels_are_told_apart_by_frequency(bursts):
    rule = StaLta(labels=("low", "high"), split_hz=200e3)
    assert found(rule, [bursts(hertz=120e3)[0]]).labels == ("low",)
    assert found(rule, [bursts(hertz=300e3)[0]]).labels == ("high",)


def test_the_centroid_is_that_of_what_stands_out_of_the_noise():
    rng = np.random.default_rng(3)
    noise = rng.normal(size=(2, 256)).astype(np.float32)
    tone = 20 * np.sin(2 * np.pi * 0.2 * np.arange(256)).astype(np.float32)
    centre = frequency(noise[0] + tone, noise[1], rate_hz=1000, feature="centroid")
    assert abs(centre - 200) < 5


def test_a_lockout_hides_what_follows(bursts):
    x, (onsets,) = bursts(every=2000, snr_db=30.0)
    events = found(Threshold(hlt_s=2500 / RATE_HZ), [x])
    assert len(events) < 0.7 * len(onsets)


def test_silence_holds_no_event():
    assert len(found(Threshold(), [np.zeros((1, 50_000), np.float32)])) == 0
    assert len(found(StaLta(), [np.zeros((1, 50_000), np.float32)])) == 0


def test_a_loud_beginning_does_not_hide_the_rest(bursts):
    x, (onsets,) = bursts(n=40_000)
    x[0, : 2 * 252] += 100
    assert len(found(Threshold(low_hz=0), [x])) >= len(onsets)


# Any cutting, the same events.


@SAME
@given(st.sampled_from(RULES), st.lists(st.integers(0, 9000), max_size=12))
def test_blocks_of_any_size_give_the_same_events(bursts, rule, sizes):
    x, _ = bursts(rows=2, n=40_000)
    whole = found(rule, [x])
    assert len(whole) > 10
    assert found(rule, np.split(x, np.cumsum(sizes), axis=1)) == whole


@pytest.mark.parametrize("rule", RULES)
def test_single_samples_give_the_same_events(bursts, rule):
    x, _ = bursts(n=2500, every=600)
    rule = replace(rule, **{"noise_s" if isinstance(rule, Threshold) else "lta_s": 200e-6})
    assert found(rule, [x[:, i : i + 1] for i in range(2500)]) == found(rule, [x])


@SAME
@given(st.sampled_from(RULES), st.lists(st.integers(1, 9000), min_size=5, max_size=12))
def test_a_new_hearing_takes_over_where_the_old_one_stood(bursts, rule, sizes):
    x, _ = bursts(rows=2, n=90_000)
    whole = found(rule, [x])
    old = Ear(rule).hear(rate_hz=RATE_HZ, n_rows=2)
    given_, decided, restart = [], 0, 0
    for block in np.split(x, np.cumsum(sizes), axis=1)[:-1]:
        given_ += old.push(block)
        assert decided <= old.decided
        assert restart <= old.restart <= old.decided
        decided, restart = old.decided, old.restart
    stored = EventList.of(given_, rate_hz=RATE_HZ)
    assert stored[stored.onset < decided] == whole[whole.onset < decided]
    rest = found(rule, [x[:, restart:]]).shift(restart)
    assert rest[rest.onset >= decided] == whole[whole.onset >= decided]


def test_the_place_to_take_over_moves_on(bursts):
    x, _ = bursts(rows=2, n=400_000)
    hearing = Ear(RULES[0]).hear(rate_hz=RATE_HZ, n_rows=2)
    for i in range(0, 400_000, 5000):
        hearing.push(x[:, i : i + 5000])
    assert hearing.decided - hearing.restart < 90_000


def test_memory_does_not_grow(bursts):
    x, _ = bursts(n=200_000)
    hearing = Ear(Threshold(noise_s=500e-6)).hear(rate_hz=RATE_HZ, n_rows=1)
    sizes = []
    for _ in range(4):
        hearing.push(x)
        sizes.append(hearing._rows[0].tape._array.size)
    assert sizes[3] <= sizes[1]


# What does not fit.


@pytest.mark.parametrize(
    ("family", "options", "said"),
    [
        (Threshold, {"hdt_s": 0.0}, "hdt_s must be above 0"),
        (StaLta, {"on": 2.0, "off": 3.0}, "off must not exceed on"),
        (StaLta, {"kind": "clasic"}, "recursive or classic"),
        (Threshold, {"labels": ("a", "b")}, "two labels need a frequency"),
        (Threshold, {"clip": 0.5}, "clip must be 1 or more"),
    ],
)
def test_numbers_that_cannot_be_are_refused(family, options, said):
    with pytest.raises(InputError, match=said):
        family(**options)


def test_a_band_must_fit_the_rate():
    with pytest.raises(InputError, match=r"half the rate; give .* in a JSON file"):
        Plan(rate_hz=1000, n_fast=0, n_slow=1, low_hz=10, high_hz=600, clip=None)


def test_nan_is_named_with_its_place():
    x = np.zeros((2, 100), np.float32)
    x[1, 7] = np.nan
    hearing = Ear(Threshold()).hear(rate_hz=1000, n_rows=2)
    hearing.push(np.zeros((2, 50), np.float32))
    with pytest.raises(NotFiniteError, match="channel 1 at sample 57"):
        hearing.push(x)


@pytest.mark.parametrize("rule", RULES)
def test_json_brings_a_rule_back(tmp_path, rule):
    path = tmp_path / "rule.json"
    path.write_text(json.dumps(classical.to_dict(rule)))
    assert classical.read(path) == rule


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no classical detector"),
        ("[]", "a list"),
        ('{"detector": "treshold"}', "did you mean 'threshold'"),
        ('{"detector": "threshold", "hdt": 1}', "did you mean 'hdt_s'"),
        ('{"detector": "threshold", "hdt_s": "long"}', "no classical detector"),
        ('{"threshold": 5}', "without 'detector'"),
    ],
)
def test_a_file_that_says_something_else_is_refused(tmp_path, text, said):
    path = tmp_path / "rule.json"
    path.write_text(text)
    with pytest.raises(ArtefactError, match=said):
        classical.read(path)
