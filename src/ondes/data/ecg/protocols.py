"""Who is learnt from and who is judged: protocols over records that keep persons apart.

Each gives `Parts`: stretches of records to learn from, to choose by and to test on, which are
looked through for leaks before they are handed out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ondes.data.ecg.records import Record
from ondes.data.splits import Span, Split, Valid, check, leave_group_out
from ondes.errors import InputError, RecipeError, few, nearest

PACED = ("102", "104", "107", "217")
"""MIT-BIH records of paced hearts, which EC57 leaves out of the scores of beats."""
DS1 = (
    "101", "106", "108", "109", "112", "114", "115", "116", "118", "119", "122", "124", "201",
    "203", "205", "207", "208", "209", "215", "220", "223", "230",
)  # fmt: skip
DS2 = (
    "100", "103", "105", "111", "113", "117", "121", "123", "200", "202", "210", "212", "213",
    "214", "219", "221", "222", "228", "231", "232", "233", "234",
)  # fmt: skip
"""De Chazal, O'Dwyer and Reilly (2004): DS1 to learn from, DS2 to test on."""
COMMON = (
    "100", "101", "103", "105", "106", "108", "109", "111", "112", "113", "114", "115", "116",
    "117", "118", "119", "121", "122", "123", "124",
)  # fmt: skip
"""MIT-BIH records 100 to 124 that are not paced: Kiranyaz et al. (2016) take common beats there."""
MANY = 50  # records that messages name
MINUTES = 5.0
VALID_PART = 0.2
"""Of a person's own minutes, the last part, by which is chosen."""


class Parts(NamedTuple):
    """Stretches of records, by name and samples: for training, validation and tests."""

    train: tuple[Span, ...]
    valid: tuple[Span, ...]
    test: tuple[Span, ...]

    def part(self, name: str) -> tuple[Span, ...]:
        """The stretches of one part; `all` is every stretch.

        Raises RecipeError where there is no such part, InputError where it is empty.
        """
        if name == "all":
            return tuple(sorted({*self.train, *self.valid, *self.test}))
        if name not in self._fields:
            raise RecipeError(f"there is no split {name!r}{nearest(name, (*self._fields, 'all'))}")
        chosen: tuple[Span, ...] = getattr(self, name)
        if not chosen:
            raise InputError(f"this protocol leaves nothing for {name!r}: give more records")
        return chosen


def one_out(records: Sequence[Record], fold: int, *, valid: Valid = "group") -> Parts:
    """Test the `fold`-th person, in the order of their names.

    The next persons in a circle validate, until they hold a tenth of the other records; "within"
    validates by one of five records of those that are learnt from. Raises InputError where there
    is no such fold, or too few persons.

    >>> from pathlib import Path
    >>> four = [Record(name, name, Path(), 360.0, 9, ("II",)) for name in "abcd"]
    >>> parts = one_out(four, 1)
    >>> [[span.source for span in part] for part in parts]
    [['a', 'd'], ['c'], ['b']]
    """
    persons = [record.person for record in records]
    split = leave_group_out(persons, fold, strata=["record"] * len(persons), valid=valid)
    parts = Parts(*(tuple(_whole(records[k]) for k in part) for part in _places(split)))
    return _apart(parts, records, valid=valid)


def de_chazal(records: Sequence[Record], *, as_published: bool = False) -> Parts:
    """Learn from DS1, test on DS2, whichever of their records there are.

    One of five records of DS1 validates. Record 201 is left out, because its person is that of
    202, which is tested; `as_published` keeps it, and with it that leak.

    Raises InputError where no record of either is there.
    """
    left = () if as_published else ("201",)
    first = [r for r in records if r.name in DS1 and r.name not in left]
    second = [r for r in records if r.name in DS2]
    if len(first) < 2 or not second:
        raise InputError(
            f"{len(first)} records of DS1 and {len(second)} of DS2 are here: the protocol needs "
            "two and one at least; give the folder of the MIT-BIH Arrhythmia Database"
        )
    aside = set(range(len(first) - 1, -1, -5))
    train, valid = ([_whole(r) for k, r in enumerate(first) if (k in aside) == v] for v in (0, 1))
    parts = Parts(tuple(train), tuple(valid), tuple(map(_whole, second)))
    return parts if as_published else _apart(parts, records)


def own_minutes(
    records: Sequence[Record],
    patient: str,
    *,
    minutes: float = MINUTES,
    common: Sequence[str] = (),
) -> Parts:
    """Learn from others and from the first minutes of one record, test on the rest of it.

    The last fifth of those minutes validates. `common` names the others; none named means all of
    other persons.

    Raises InputError where a record is not there, is too short, or is of the same person.
    """
    named = {record.name: record for record in records}
    for name in (patient, *common):
        if name not in named:
            raise InputError(
                f"there is no record {name!r}; there are {few(sorted(named), most=MANY)}: name "
                "one of these, or the folder that holds it (data.options.folder=mitdb)"
            )
    own = named[patient]
    stop = round(minutes * 60 * own.rate_hz)
    if not 0 < stop < own.n_samples:
        raise InputError(
            f"record {patient} lasts {own.n_samples / own.rate_hz / 60:.3g} minutes: its first "
            f"{minutes:g} leave nothing to test; give fewer (data.options.minutes)"
        )
    others = [named[n] for n in common] or [r for r in records if r.person != own.person]
    middle = round(stop * (1 - VALID_PART))
    train = (*(_whole(r) for r in others if r.name != patient), Span(patient, 0, middle))
    rest = Span(patient, stop, own.n_samples)
    return _apart(Parts(train, (Span(patient, middle, stop),), (rest,)), records, own=patient)


def _whole(record: Record) -> Span:
    return Span(record.name, 0, record.n_samples)


def _places(split: Split) -> list[list[int]]:
    return [split.train.tolist(), split.valid.tolist(), split.test.tolist()]


def _apart(
    parts: Parts, records: Sequence[Record], *, own: str = "", valid: Valid = "group"
) -> Parts:
    """The same parts; raises LeakageError where they are not apart.

    The record `own` may stand on all sides, as long as its stretches do not overlap.
    """
    spans = [span for part in parts for span in part]
    edges = np.cumsum([0, *map(len, parts)])
    split = Split(*(np.arange(a, b) for a, b in pairwise(edges.tolist())))
    persons = {record.name: record.person for record in records}
    groups = [
        f"{persons[span.source]} {k}" if span.source == own else persons[span.source]
        for k, span in enumerate(spans)
    ]
    names = [f"{span.source} from sample {span.start}" for span in spans]
    check(split, groups=groups, spans=spans, names=names, valid=valid)
    strangers = {persons[s.source] for s in spans if s.source != own}
    if own and persons[own] in strangers:
        raise InputError(
            f"a common record is of the person of {own}: leave it out (data.options.common)"
        )
    return parts
