"""Beats and their rhythm against positions counted by hand."""

import numpy as np
import pytest

from ondes.errors import InputError
from ondes.ops.beats import (
    CHANNELS,
    WEIGHT,
    average,
    clips,
    quickness,
    rhythm,
    shapes,
    suspect,
)

RNG = np.random.default_rng(2)


def test_a_beat_is_cut_around_its_peak_and_levelled():
    lead = np.full(1000, 2.0)
    lead[[300, 600]] += [1.0, -3.0]
    cut = shapes(lead, [300, 600], size=20)
    assert cut.shape == (2, 20)
    assert cut[:, 10].tolist() == [1.0, -3.0]
    assert np.count_nonzero(cut) == 2


def test_beats_at_the_ends_have_the_lead_go_on():
    cut = shapes(np.arange(10.0), [0, 9], size=6)
    assert (cut + np.array([[0.0], [8.5]])).tolist() == [
        [0.0, 0.0, 0.0, 0.0, 1.0, 2.0],
        [6.0, 7.0, 8.0, 9.0, 9.0, 9.0],
    ]
    with pytest.raises(InputError, match=r"1 of 2 peaks lie outside the 10 samples, as \[10\]"):
        shapes(np.arange(10.0), [0, 10], size=6)


def test_rhythm_is_relative_to_what_was_usual_before():
    between = np.array([100.0] * 9 + [50, 150] + [200.0] * 20)
    told = np.exp(rhythm(np.cumsum(np.append(0.0, between))))
    assert told[:10, 0].tolist() == pytest.approx([1.0] * 10)
    assert told[9:11].tolist() == [pytest.approx([1.0, 0.5]), pytest.approx([0.5, 1.5])]
    assert told[-1].tolist() == pytest.approx([1.0, 1.0])  # the slower pace is the usual one now


def test_rhythm_knows_no_later_beat_than_the_next():
    peaks = np.cumsum(RNG.integers(50, 200, 40))
    whole = rhythm(peaks)
    for k in (3, 20, 38):
        assert whole[k].tolist() == rhythm(peaks[: k + 2])[k].tolist()


def test_rhythm_does_not_depend_on_the_rate_and_has_bounds():
    peaks = np.cumsum(RNG.integers(50, 200, 40))
    assert rhythm(peaks) == pytest.approx(rhythm(3 * peaks))
    assert np.exp(rhythm([0, 100, 200, 201, 9000])).tolist()[3] == pytest.approx([0.3, 2.5])
    assert rhythm([5]).tolist() == [[0.0, 0.0]]
    with pytest.raises(InputError, match="order"):
        rhythm([0, 200, 100])


def test_a_clip_is_the_beat_and_two_levels():
    beats, when = RNG.normal(size=(4, 16)), RNG.normal(size=(4, 2))
    given = clips(beats, when)
    assert (given.shape, given.dtype) == ((4, CHANNELS, 16), np.float32)
    assert given[:, 0] == pytest.approx(beats, rel=1e-6)
    assert given[:, 1:].mean(2) == pytest.approx(WEIGHT * when, rel=1e-5)
    assert np.ptp(given[:, 1:], axis=2).max() == 0


def test_artefacts_do_not_enter_the_average():
    shape = np.hanning(32)
    beats = shape + 0.01 * RNG.normal(size=(50, 32))
    beats[[4, 17, 40]] += 30 * RNG.normal(size=(3, 32))
    assert average(beats) == pytest.approx(shape, abs=0.01)
    with pytest.raises(InputError, match="one or more"):
        average(np.zeros((0, 32)))


def test_early_and_slow_beats_are_suspect_and_no_others():
    sharp = np.hanning(20)
    beats = np.stack([np.pad(sharp, 54), np.pad(-3 * sharp, 54), np.hanning(128), np.zeros(128)])
    usual = quickness(beats)[0]
    assert quickness(beats)[1] == pytest.approx(usual)  # neither size nor sign matters
    on_time = np.zeros((4, 2))
    assert suspect(beats, on_time, usual=usual).tolist() == [False, False, True, True]
    early = np.full((4, 2), [-0.3, 0.3])
    assert suspect(beats, early, usual=usual).all()
    assert not suspect(beats[:2], -early[:2], usual=usual).any()
