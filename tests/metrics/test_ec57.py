"""EC57 against tables worked out by hand, published figures and WFDB's own comparison."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondes.errors import InputError, RateError
from ondes.events import EventList
from ondes.metrics.ec57 import (
    LABELS,
    BeatCounts,
    OneClass,
    average,
    beat_counts,
    gross,
    match_beats,
)

RATE_HZ = 100.0


def beats(*rows):
    return EventList.of([(at, at + 1, label) for at, label in rows], rate_hz=RATE_HZ)


def periods(*spans):
    return EventList.of([(*span, "period") for span in spans], rate_hz=RATE_HZ)


def cells(counts):
    """Return the cells above zero by name, true class first, as the standard writes them."""
    rows, columns = np.nonzero(counts.table)
    return {
        LABELS[row] + LABELS[column].lower(): int(counts.table[row, column])
        for row, column in zip(rows, columns, strict=True)
    }


def count(truth, found, **options):
    return cells(beat_counts(truth, found, **{"learning_s": 0.0, **options}))


# --- pairs ---------------------------------------------------------------------------------------


def test_the_window_is_150_ms_and_closed():
    truth = beats((100, "N"), (300, "V"))
    assert count(truth, beats((115, "N"), (285, "V"))) == {"Nn": 1, "Vv": 1}
    assert count(truth, beats((116, "N"), (284, "V"))) == {"No": 1, "On": 1, "Vo": 1, "Ov": 1}
    assert count(truth, beats((116, "N"), (284, "V")), window_s=0.16) == {"Nn": 1, "Vv": 1}


def test_beats_are_paired_by_time_and_counted_by_class():
    truth = beats((100, "N"), (200, "S"), (300, "V"), (400, "F"), (500, "Q"))
    found = beats((101, "Q"), (202, "N"), (299, "S"), (405, "V"), (500, "F"))
    assert count(truth, found) == {"Nq": 1, "Sn": 1, "Vs": 1, "Fv": 1, "Qf": 1}


def test_a_beat_waits_for_one_that_is_nearer():
    # the second of two found is nearer: the first stays alone
    assert count(beats((100, "V")), beats((92, "N"), (103, "V"))) == {"On": 1, "Vv": 1}
    # the first true beat has to leave what is nearer to the second
    assert count(beats((100, "N"), (110, "V")), beats((107, "V"))) == {"No": 1, "Vv": 1}
    # as far from either: bxb leaves the earlier one alone
    assert count(beats((100, "V")), beats((95, "N"), (105, "V"))) == {"On": 1, "Vv": 1}


@pytest.mark.parametrize("seed", range(5))
def test_wfdb_pairs_the_same_beats_just_as_near(seed):
    processing = pytest.importorskip("wfdb.processing", reason="wfdb is an extra")
    rng = np.random.default_rng(seed)
    true = np.cumsum(rng.integers(40, 130, 400))
    kept = (true + rng.integers(-18, 19, 400))[rng.random(400) < 0.9]
    found = np.unique(np.append(kept, rng.integers(0, true[-1], 60)))
    theirs = processing.compare_annotations(true, found, 16)  # wfdb's window is open
    ours = match_beats(
        beats(*((at, "N") for at in true.tolist())),
        beats(*((at, "N") for at in found.tolist())),
        learning_s=0,
    )
    nearest = theirs.matching_sample_nums
    assert ours.pairs[:, 0].tolist() == np.flatnonzero(nearest >= 0).tolist()
    apart = np.abs(true - found[nearest])[nearest >= 0]
    assert np.abs(true[ours.pairs[:, 0]] - found[ours.pairs[:, 1]]).tolist() == apart.tolist()


SPARSE = st.lists(st.integers(20, 120), min_size=0, max_size=30).map(
    lambda gaps: np.cumsum(gaps).tolist()
)


@given(SPARSE, SPARSE)
def test_pairs_are_one_to_one_in_order_and_within_the_window(true, found):
    pairs = match_beats(
        beats(*((at, "N") for at in true)), beats(*((at, "N") for at in found)), learning_s=0
    )
    gaps = np.array(true, int)[pairs.pairs[:, 0]] - np.array(found, int)[pairs.pairs[:, 1]]
    assert (np.abs(gaps) <= 15).all()
    assert (np.diff(pairs.pairs, axis=0) > 0).all()
    assert len(pairs.missed) + len(pairs.pairs) == len(true)
    assert len(pairs.extra) + len(pairs.pairs) == len(found)


APART = st.lists(st.integers(31, 120), max_size=30).map(lambda gaps: np.cumsum(gaps).tolist())


@given(APART, APART)
def test_beats_further_apart_than_two_windows_are_matched_as_well_as_can_be(true, found):
    lists = [beats(*((at, "N") for at in times)) for times in (true, found)]
    best = lists[0].compare(lists[1], onset_s=0.15)
    assert match_beats(*lists, learning_s=0).pairs.tolist() == best.pairs.tolist()


# --- what does not count -------------------------------------------------------------------------


def test_the_first_five_minutes_are_for_learning():
    truth, found = beats((29_000, "V"), (30_500, "N")), beats((29_500, "V"), (30_501, "N"))
    assert cells(beat_counts(truth, found)) == {"Nn": 1}
    assert count(truth, found) == {"Vo": 1, "Ov": 1, "Nn": 1}


def test_pairs_across_the_end_of_learning():
    # found before, true after: a pair
    across = beat_counts(beats((1005, "V")), beats((996, "V")), learning_s=10)
    assert cells(across) == {"Vv": 1}
    # found just after, next beat nearer to the first true one: it belongs to one before
    late = beat_counts(
        beats((998, "N"), (1080, "V")), beats((1003, "N"), (1079, "V")), learning_s=10
    )
    assert cells(late) == {"Vv": 1}
    # further from the end than the window: it is an extra beat
    extra = beat_counts(beats((1080, "V")), beats((1016, "N"), (1079, "V")), learning_s=10)
    assert cells(extra) == {"On": 1, "Vv": 1}


def test_beats_in_shutdown_are_counted_apart():
    truth, found = beats((100, "N"), (200, "V"), (300, "N")), beats((100, "N"), (400, "S"))
    options = {"shutdown": periods((150, 250)), "unreadable": periods((390, 500))}
    assert count(truth, found, **options) == {"Nn": 1, "Vx": 1, "No": 1, "Xs": 1}
    counts = beat_counts(truth, found, learning_s=0, **options)
    assert counts.shut == pytest.approx(1 / 3)
    assert counts.qrs.recall == pytest.approx(1 / 3)  # missed is missed
    assert counts.veb == OneClass(tp=0, fn=1, fp=0, tn=2)


def test_what_is_found_in_fibrillation_does_not_count():
    truth, found = beats((100, "N")), beats((100, "N"), (200, "V"), (300, "V"))
    assert count(truth, found, fibrillation=periods((150, 250))) == {"Nn": 1, "Ov": 1}


# --- figures -------------------------------------------------------------------------------------


def table(*rows):
    """Return counts of 5 x 5 cells with no beat missed nor found in vain."""
    full = np.zeros((7, 7), np.int64)
    full[:5, :5] = rows
    return BeatCounts(full)


# de Chazal et al. 2004 on DS2: the cells fit the totals and the figures of their abstract. With F
# taken for V as false, the positive predictivity of VEB would be 81.6 %.
DE_CHAZAL = table(
    (38444, 1904, 303, 3509, 99),
    (173, 1395, 252, 16, 1),
    (117, 321, 2504, 176, 103),
    (33, 1, 7, 347, 0),
    (2, 1, 1, 3, 0),
)


def test_figures_are_those_that_de_chazal_published():
    figures = {name: round(100 * value, 1) for name, value in DE_CHAZAL.figures().items()}
    assert DE_CHAZAL.table.sum(1)[:5].tolist() == [44259, 1837, 3221, 388, 7]
    assert (figures["sveb/sen"], figures["sveb/ppv"]) == (75.9, 38.5)
    assert DE_CHAZAL.sveb.false_positive_rate == pytest.approx(0.047, abs=0.0006)  # they: no Q
    assert (figures["veb/sen"], figures["veb/ppv"], figures["veb/fpr"]) == (77.7, 81.9, 1.2)


def test_each_cell_counts_as_in_bxb():
    """Every cell a power of two, so that a sum tells which cells are in it."""
    powers = 2 ** np.arange(49, dtype=np.int64).reshape(7, 7)
    powers[5:, 5:] = 0
    counts = BeatCounts(powers)

    def total(*names):
        return sum(int(powers[LABELS.index(n[0]), LABELS.index(n[1].upper())]) for n in names)

    assert counts.veb.tp == total("Vv")
    assert counts.veb.fn == total("Vn", "Vs", "Vf", "Vq", "Vo", "Vx")
    assert counts.veb.fp == total("Nv", "Sv", "Ov", "Xv")
    assert counts.veb.tn == total(*(row + column for row in "NSFQOX" for column in "nsfq"))
    assert counts.sveb.fp == total("Ns", "Vs", "Fs", "Os", "Xs")
    assert counts.sveb.tn == total(*(row + column for row in "NVFQOX" for column in "nvfq"))
    beats_paired = total(*(row + column for row in "NSVFQ" for column in "nsvfq"))
    assert counts.qrs.matched == beats_paired
    assert counts.qrs.missed == total(*(row + column for row in "NSVFQ" for column in "ox"))
    assert counts.qrs.extra == total(*(row + column for row in "OX" for column in "nsvfq"))


def test_specificity_and_the_rate_of_false_positives_make_one():
    for one in (DE_CHAZAL.veb, DE_CHAZAL.sveb):
        assert one.specificity + one.false_positive_rate == pytest.approx(1)
        right = one.sensitivity * (one.tp + one.fn) + one.specificity * (one.tn + one.fp)
        assert one.accuracy == pytest.approx(right / sum(one))


def test_truth_taken_for_found_is_perfect():
    truth = beats((100, "N"), (200, "S"), (300, "V"))
    figures = beat_counts(truth, truth, learning_s=0).figures()
    assert all(figures[name] == 1 for name in figures if name[-3:] not in ("fpr", "hut"))
    assert figures["veb/fpr"] == figures["sveb/fpr"] == figures["qrs/shut"] == 0


def test_what_has_no_value_is_nan():
    figures = beat_counts(beats(), beats()).figures()
    assert all(math.isnan(value) for value in figures.values())


def test_gross_is_of_all_beats_and_average_of_all_records():
    one = table((90, 0, 0, 0, 0), (0,) * 5, (2, 0, 8, 0, 0), (0,) * 5, (0,) * 5)
    other = table((90, 0, 0, 0, 0), (0,) * 5, (0, 0, 90, 0, 0), (0,) * 5, (0,) * 5)
    none = table((90, 0, 0, 0, 0), (0,) * 5, (0,) * 5, (0,) * 5, (0,) * 5)
    records = [one, other, none]
    assert gross(records).veb.sensitivity == pytest.approx(0.98)
    mean = average(record.figures() for record in records)
    assert mean["veb/sen"] == pytest.approx(0.9)  # of the two that have VEB
    assert math.isnan(mean["sveb/sen"])


# --- errors --------------------------------------------------------------------------------------


def test_labels_must_be_classes_of_the_standard():
    with pytest.raises(InputError, match=r"labelled 'L'.*N, S, V, F, Q"):
        beat_counts(beats((1, "L")), beats())


def test_rates_must_agree():
    other = EventList.empty(360)
    with pytest.raises(RateError, match="resample"):
        match_beats(beats((1, "N")), other)
    with pytest.raises(RateError, match="resample"):
        beat_counts(beats(), beats(), shutdown=other)
