"""Splits: which clips are learnt from, which choose, which judge; refused where they are not apart.

A `Split` holds the places of clips in a set. Whoever makes one hands it to `check`, which looks
for what would make scores too good: one clip on two sides, clips of one group (a speaker, a
person, a session) on two sides, the same samples on two sides, windows that overlap.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError, LeakageError, RecipeError, nearest

Places = NDArray[np.int64]
Valid = Literal["group", "within"]

NAMES = ("train", "valid", "test")
PARTS = 5
"""Of so many parts of what is not tested, one is for validation."""


class Span(NamedTuple):
    """Samples [start, stop) of a recording, from which a clip was cut."""

    source: str
    start: int
    stop: int


@dataclass(frozen=True, eq=False)
class Split:
    """Places of clips for training, for validation (epochs, thresholds) and for tests."""

    train: Places
    valid: Places
    test: Places

    def __post_init__(self) -> None:
        for field in fields(self):
            places = np.unique(np.asarray(getattr(self, field.name), np.int64))
            places.setflags(write=False)
            object.__setattr__(self, field.name, places)

    def part(self, name: str, *, of: str = "the data") -> Places:
        """The places of one part, or of `all`.

        Raises RecipeError where there is no such part, InputError where it is empty.
        """
        if name == "all":
            return np.unique(np.concatenate([self.train, self.valid, self.test]))
        if name not in NAMES:
            raise RecipeError(f"{of} have no split {name!r}{nearest(name, (*NAMES, 'all'))}")
        places: Places = getattr(self, name)
        if not places.size:
            raise InputError(
                f"this split of {of} leaves nothing for {name!r}: hold something out (fold, valid)"
            )
        return places


def check(
    split: Split,
    *,
    groups: Sequence[str] | None = None,
    content: Sequence[str] | None = None,
    spans: Sequence[Span] | None = None,
    valid: Valid = "group",
    names: Sequence[str] | None = None,
) -> None:
    """Raise LeakageError, naming the first leak, unless all parts of a split are apart.

    Args:
        split: what is looked at.
        groups: of each clip; no group may stand on two sides.
        content: a hash of the samples of each clip (`ondes.data.clips.digest`); equal ones may
            not stand on two sides.
        spans: from where each clip was cut; those on two sides may not overlap.
        valid: "within" lets a group stand in train and valid, though not in test.
        names: what messages call the clips; numbers without.

    >>> check(Split([0, 1], [2], [3]), groups=["ann", "ben", "cas", "ann"])
    Traceback (most recent call last):
    ondes.errors.LeakageError: group 'ann' is in train (clip 0) and in test (clip 3): ...
    """
    told = names or list(map(str, range(_length(split))))
    _check_apart(split, told, range(len(told)), "a clip itself is", "put it on one side")
    if groups is not None:
        judged = split if valid == "group" else _joined(split)
        _check_apart(judged, told, groups, "group {0!r} is", "put all of a group on one side")
    if content is not None:
        cure = "leave the copy out, or group the two"
        _check_apart(split, told, content, "the same samples are", cure)
    if spans is not None:
        _check_spans(split, told, spans)


def given(parts: Sequence[str]) -> Split:
    """The split that a word for each clip says: train, valid or test.

    Raises InputError on another word.
    """
    for place, word in enumerate(parts):
        if word not in NAMES:
            raise InputError(
                f"the split of clip {place} is {word!r}{nearest(word, NAMES)}; write one of "
                f"{', '.join(NAMES)}"
            )
    words = np.array(parts)
    return Split(*(np.flatnonzero(words == name) for name in NAMES))


def leave_group_out(
    groups: Sequence[str],
    fold: int | None,
    *,
    strata: Sequence[str],
    valid: Valid = "group",
    keep: Sequence[str] | None = None,
    order: Sequence[str] | None = None,
    seed: int = 0,
) -> Split:
    """Test one group, the `fold`-th in their order; learn from the others.

    Args:
        groups: of each clip.
        fold: which group is tested, from 0; None tests none.
        strata: the class of each clip.
        valid: "group" validates by other groups: the next ones in a circle, until they hold a
            tenth of the rest, leaving out those that hold more than half of it. "within"
            validates by one of five clips of each class, of the groups that are learnt from.
        keep: finer groups, which stay together within.
        order: of the groups; sorted without.
        seed: of which clips "within" takes.

    Raises:
        InputError: there is no such fold, or too few groups.

    >>> who = ["ann", "ann", "ben", "ben", "cas", "cas"]
    >>> split = leave_group_out(who, 1, strata=["yes", "no"] * 3)
    >>> split.train, split.valid, split.test
    (array([0, 1]), array([4, 5]), array([2, 3]))
    """
    _check_lengths(groups, strata, keep)
    names = tuple(order or sorted(set(groups)))
    if fold is not None and not 0 <= fold < len(names):
        raise InputError(
            f"fold {fold} of {len(names)} groups ({', '.join(names)}): give 0 to {len(names) - 1}, "
            "or none to test nothing"
        )
    words = np.array(groups)
    test = words == names[fold] if fold is not None else np.zeros(len(words), bool)
    if valid == "within":
        return _within(~test, strata, keep, seed=seed)
    first = 0 if fold is None else fold + 1
    circle = [names[(first + step) % len(names)] for step in range(len(names))]
    aside = np.isin(words, _next(words[~test], circle))
    return Split(*map(np.flatnonzero, (~test & ~aside, aside, test)))


def leave_groups_out(
    groups: Sequence[str],
    fold: int | None,
    *,
    folds: int,
    strata: Sequence[str],
    valid: Valid = "group",
    seed: int = 0,
) -> Split:
    """Test the `fold`-th of `folds` collections of whole groups, of like size and classes.

    `valid` "group" validates by the next collection, "within" by one of five clips of each class
    of those that are learnt from. Raises InputError as `leave_group_out` and `balanced` do.
    """
    dealt = balanced(strata, folds, groups=groups, seed=seed)
    names = [str(k) for k in range(folds)]
    return leave_group_out(
        [names[k] for k in dealt], fold, strata=strata, valid=valid, order=names, seed=seed
    )


def stratified(
    strata: Sequence[str],
    *,
    fold: int | None = 0,
    folds: int = PARTS,
    groups: Sequence[str] | None = None,
    seed: int = 0,
) -> Split:
    """Test the `fold`-th of `folds` parts that hold each class alike, validate by the next.

    Without `fold` nothing is tested. Groups, where they are given, stay whole.
    """
    own = [str(place) for place in range(len(strata))]
    return leave_groups_out(groups or own, fold, folds=folds, strata=strata, seed=seed)


def balanced(
    strata: Sequence[str], folds: int, *, groups: Sequence[str] | None = None, seed: int = 0
) -> Places:
    """Deal clips, or whole groups, to folds of like size and classes; return each clip's fold.

    Without groups, or where each clip is its own, those of a class are shuffled and dealt in
    turn. Else groups are dealt one by one, the largest first, each to the fold where the counts
    of classes stay most even.

    Raises InputError where there are fewer groups than folds, or under two folds.

    >>> balanced(["a"] * 4 + ["b"] * 2, 2).tolist().count(0)
    3
    >>> x, _, y, z, _ = balanced(["a", "a", "b", "a", "b"], 2, groups=["x", "x", "y", "z", "z"])
    >>> x == y != z
    np.True_
    """
    names = np.arange(len(strata)) if groups is None else np.array(groups)
    _check_lengths(names, strata)
    _, owner, sizes = np.unique(names, return_inverse=True, return_counts=True)
    if not 2 <= folds <= len(sizes):
        raise InputError(
            f"{folds} folds of {len(sizes)} groups or clips: give 2 folds or more, no more than "
            "there are (folds), or more to learn from"
        )
    _, stratum = np.unique(np.array(strata), return_inverse=True)
    rng = np.random.default_rng(seed)
    if sizes.max() == 1:
        return _dealt(stratum, folds, rng)
    counts = np.zeros((len(sizes), stratum.max() + 1))
    np.add.at(counts, (owner, stratum), 1)
    fold_of: Places = _greedy(counts, folds, rng)[owner]
    return fold_of


def held(
    strata: Sequence[str], *, parts: int = PARTS, groups: Sequence[str] | None = None, seed: int = 0
) -> NDArray[np.bool_]:
    """Which clips to hold back: one of `parts` of each class, rounded up, but never its last.

    Groups, where they are given, stay whole, and classes are then held as evenly as they allow.
    Raises InputError where all would be, or none.

    >>> held(["a"] * 6 + ["b"] * 2 + ["c"]).sum()
    np.int64(3)
    """
    if groups is not None and len(set(groups)) < len(groups):
        if len(set(groups)) == 1:
            raise InputError(
                f"all {len(groups)} clips are of one group, {groups[0]!r}, which cannot be both "
                "learnt from and held back: give two groups or more"
            )
        return np.equal(balanced(strata, min(parts, len(set(groups))), groups=groups, seed=seed), 0)
    words, places = np.array(strata), np.random.default_rng(seed).permutation(len(strata))
    chosen = np.zeros(len(words), bool)
    for name in sorted(set(strata)):
        own = places[words[places] == name]
        chosen[own[: min(-(-len(own) // parts), len(own) - 1)]] = True
    if not chosen.any():
        raise InputError(
            f"{len(words)} clips, one of each class, leave none to hold back: give more"
        )
    return chosen


def _dealt(stratum: Places, folds: int, rng: np.random.Generator) -> Places:
    """Shuffle, sort by class, deal in turn."""
    order = rng.permutation(len(stratum))
    order = order[np.argsort(stratum[order], kind="stable")]
    fold_of = np.empty(len(stratum), np.int64)
    fold_of[order] = np.arange(len(stratum)) % folds
    return fold_of


def _greedy(counts: NDArray[np.float64], folds: int, rng: np.random.Generator) -> Places:
    """Fold of each group, for counts [group, class] of clips."""
    shares = counts / counts.sum(axis=0)
    filled = np.zeros((folds, counts.shape[1]))
    fold_of = np.empty(len(counts), np.int64)
    order = rng.permutation(len(counts))
    for group in order[np.argsort(-counts[order].sum(axis=1), kind="stable")]:
        # adding s to a fold of f raises the sum of squares by 2 f s + s ** 2
        uneven = filled @ shares[group]
        best = np.lexsort((filled.sum(axis=1), np.round(uneven, 9)))[0]
        filled[best] += shares[group]
        fold_of[group] = best
    return fold_of


def _next(words: NDArray[np.str_], circle: Sequence[str]) -> list[str]:
    """The groups that validate, for the group of each clip that is not tested."""
    sizes = {name: int((words == name).sum()) for name in circle}
    rest = [name for name in circle if 0 < 2 * sizes[name] <= len(words)]
    if not rest or sum(size > 0 for size in sizes.values()) < 2:
        raise InputError(
            f"the groups {', '.join(dict.fromkeys(words.tolist()))} are left to learn from and to "
            "validate by, which none of a half or less allows: give more groups, or say "
            "valid='within' to validate by clips of those that are learnt from"
        )
    chosen: list[str] = []
    for name in rest:
        if 10 * sum(sizes[one] for one in chosen) >= len(words) or len(chosen) == len(rest) - 1:
            break
        chosen.append(name)
    return chosen or rest[:1]


def _within(
    rest: NDArray[np.bool_], strata: Sequence[str], keep: Sequence[str] | None, *, seed: int
) -> Split:
    """Validate by a fifth of the rest."""
    places = np.flatnonzero(rest)
    groups = None if keep is None else np.array(keep)[places].tolist()
    aside = held(np.array(strata)[places].tolist(), groups=groups, seed=seed)
    return Split(places[~aside], places[aside], np.flatnonzero(~rest))


def _check_apart(
    split: Split, names: Sequence[str], keys: Sequence[Hashable], what: str, cure: str
) -> None:
    seen: dict[Hashable, tuple[str, int]] = {}
    for name in NAMES:
        for place in getattr(split, name).tolist():
            side, first = seen.setdefault(keys[place], (name, place))
            if side != name:
                raise LeakageError(
                    f"{what.format(keys[place])} in {side} (clip {names[first]}) and in "
                    f"{name} (clip {names[place]}): {cure}"
                )


def _check_spans(split: Split, names: Sequence[str], spans: Sequence[Span]) -> None:
    """Walk through the spans in order of their start; look at the one that reaches furthest."""
    sides = [(spans[k], name, int(k)) for name in NAMES for k in getattr(split, name)]
    furthest: dict[tuple[str, str], tuple[int, int]] = {}
    for span, side, place in sorted(sides):
        for other in NAMES:
            stop, first = furthest.get((span.source, other), (-1, 0))
            if other != side and stop > span.start:
                raise LeakageError(
                    f"clips {names[first]} ({other}) and {names[place]} ({side}) of {span.source} "
                    f"overlap from sample {span.start} on: put both on one side, or cut them apart"
                )
        reached = furthest.get((span.source, side), (-1, 0))
        furthest[span.source, side] = max(reached, (span.stop, place))


def _check_lengths(first: Collection[object], *others: Collection[object] | None) -> None:
    for other in others:
        if other is not None and len(other) != len(first):
            raise InputError(f"{len(first)} groups and {len(other)} classes: one for each clip")


def _joined(split: Split) -> Split:
    """Training and validation as one."""
    return Split(np.union1d(split.train, split.valid), np.arange(0), split.test)


def _length(split: Split) -> int:
    return 1 + max((int(part[-1]) for part in _parts(split) if part.size), default=-1)


def _parts(split: Split) -> Iterable[Places]:
    return split.train, split.valid, split.test
