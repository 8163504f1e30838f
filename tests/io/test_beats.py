"""Symbols to classes, beside counts that were published."""

import pytest

from ondes.errors import InputError
from ondes.io import beats, read_events

# PhysioNet's counts of the beats of all 48 records (MIT-BIH Arrhythmia Database Directory)
COUNTS = {
    "N": 75052, "L": 8075, "R": 7259, "A": 2546, "a": 150, "J": 83, "S": 2, "V": 7130, "F": 803,
    "e": 16, "j": 229, "E": 106, "/": 7028, "f": 982, "Q": 33,
}  # fmt: skip


def test_counts_are_those_of_the_papers():
    """2,781 S and 7,236 V beats: the sums that Kiranyaz et al. and others give."""
    totals = dict.fromkeys(beats.CLASSES, 0)
    for symbol, count in COUNTS.items():
        totals[beats.class_of(symbol, escapes="N")] += count
    assert totals == {"N": 90_631, "S": 2_781, "V": 7_236, "F": 803, "Q": 8_043}
    strict = sum(n for symbol, n in COUNTS.items() if beats.class_of(symbol) == "S")
    assert strict == 2_781 + 16 + 229


def test_what_is_no_beat_is_refused():
    with pytest.raises(InputError, match="'~' is no symbol of a beat"):
        beats.class_of("~")


def test_a_real_record(shared_data):
    found = beats.beats(read_events(shared_data / "ecg_mitbih" / "100.atr"))
    counts = {label: len(part) for label, part in found.split().items()}
    assert counts == {"N": 2239, "S": 33, "V": 1}
