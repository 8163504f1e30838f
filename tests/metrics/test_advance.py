"""Warnings of first abnormal beats, against examples by hand and closed forms."""

import math

import numpy as np
import pytest

from ondes.errors import InputError, RateError
from ondes.events import EventList
from ondes.metrics.advance import Watch, advance, watch

RATE_HZ = 100.0


def beats(labels, *, first=100):
    rows = [(first + 100 * k, first + 100 * k + 1, x) for k, x in enumerate(labels) if x != " "]
    return EventList.of(rows, rate_hz=RATE_HZ)


def watched(truth, found, **options):
    return watch(beats(truth), beats(found), **{"duration_s": 3600, "learning_s": 0, **options})


def person(*caught, false_alarms=0, hours=1.0):
    return Watch(np.array(caught, bool), false_alarms, hours)


def test_beats_are_caught_in_order_and_alarms_are_false_at_normal_ones():
    #                 true      found
    result = watched("NVSFNV NQ", "NVNVVN VV")
    assert result.caught.tolist() == [True, False, False]  # V found, S missed, V missed
    assert result.false_alarms == 2  # of an N each; at F and Q it is not counted
    assert watched("N ", "NV").false_alarms == 1  # where no beat is


def test_what_is_abnormal_may_be_chosen():
    assert watched("VSF", "VVV", abnormal="F").caught.tolist() == [True]
    assert watched("VSF", "xxx", normal="x").caught.tolist() == [False, False]


def test_learning_is_not_watched():
    late = watch(beats("V" * 400), beats("V" * 400), duration_s=401)
    assert (len(late.caught), late.hours) == (101, pytest.approx(101 / 3600))
    with pytest.raises(InputError, match="nothing is left"):
        watch(beats("V"), beats("V"), duration_s=300)


def test_shares_of_two_persons():
    result = advance([person(0, 0, 1, 1), person(1, 0)], beats=4)
    assert result.first.tolist() == [0.5, 0.5, 1.0, 1.0]
    assert result.anywhere == pytest.approx([0.5, (2 / 3 + 1) / 2, 1.0, 1.0])
    assert result.independent == pytest.approx([1 - 0.5**n for n in (1, 2, 3, 4)])


def test_independent_beats_are_caught_anywhere_as_the_formula_says():
    caught = np.random.default_rng(0).random(100_000) < 0.8
    result = advance([Watch(caught, 0, 1.0)], beats=3)
    assert result.anywhere == pytest.approx([0.8, 0.96, 0.992], abs=0.002)
    assert result.independent == pytest.approx(result.anywhere, abs=0.002)


def test_alarms_of_everybody_count_by_the_hour():
    result = advance([person(1, false_alarms=3), person(false_alarms=6, hours=2.0)], beats=1)
    assert result.alarms_per_hour == 3.0
    assert result.first.tolist() == [1.0]  # the healthy are no misses


def test_what_has_no_value_is_nan():
    result = advance([], beats=2)
    assert all(math.isnan(value) for value in (*result.first, result.alarms_per_hour))
    assert math.isnan(advance([person(1)], beats=2).anywhere[1])


def test_errors():
    with pytest.raises(InputError, match="1 or more"):
        advance([], beats=0)
    with pytest.raises(RateError, match="resample"):
        watch(beats("N"), EventList.empty(360), duration_s=400)
