"""Splits: parts that are apart, folds that are alike, and every leak caught."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, StratifiedKFold

from ondes.data import splits
from ondes.data.clips import digest
from ondes.data.splits import Span, Split
from ondes.errors import InputError, LeakageError, RecipeError


def split(train: list[int], valid: list[int], test: list[int]) -> Split:
    return Split(*(np.array(part, np.int64) for part in (train, valid, test)))


def whole(parts: Split) -> list[int]:
    return np.concatenate([parts.train, parts.valid, parts.test]).tolist()


def test_a_clip_on_two_sides_is_a_leak() -> None:
    splits.check(split([0, 1], [2], [3]))
    with pytest.raises(LeakageError, match=r"a clip itself is in train \(clip 1\) and in valid"):
        splits.check(split([0, 1], [1], [2]))
    with pytest.raises(LeakageError, match=r"a clip itself is in train \(clip 0\) and in test"):
        splits.check(split([0], [1], [0]))


def test_a_group_on_two_sides_is_a_leak() -> None:
    people = ["ann", "ben", "cas", "ann"]
    with pytest.raises(LeakageError, match=r"group 'ann' is in train \(clip 0\).*test \(clip 3\)"):
        splits.check(split([0, 1], [2], [3]), groups=people)
    splits.check(split([0, 3], [1], [2]), groups=people)
    with pytest.raises(LeakageError, match="'ann'"):
        splits.check(split([0, 1], [3], [2]), groups=people)
    splits.check(split([0, 1], [3], [2]), groups=people, valid="within")
    with pytest.raises(LeakageError, match="'ann'"):
        splits.check(split([0, 1], [2], [3]), groups=people, valid="within")


def test_the_same_samples_on_two_sides_are_a_leak() -> None:
    x = np.random.default_rng(0).standard_normal((4, 1, 10)).astype(np.float32)
    parts = split([0, 1], [2], [3])
    splits.check(parts, content=[digest(one) for one in x])
    x[3] = x[1]
    with pytest.raises(LeakageError, match=r"same samples are in train \(clip 1\) and in test"):
        splits.check(parts, content=[digest(one) for one in x])
    splits.check(split([1, 3], [0], [2]), content=[digest(one) for one in x])


@pytest.mark.parametrize(
    ("train", "test", "leaks"),
    [
        ((0, 10), (10, 20), False),
        ((0, 10), (9, 20), True),
        ((0, 100), (40, 50), True),
        ((40, 50), (0, 100), True),
        ((10, 20), (0, 10), False),
        ((5, 6), (5, 6), True),
    ],
)
def test_windows_that_overlap_are_a_leak(
    train: tuple[int, int], test: tuple[int, int], leaks: bool
) -> None:
    spans = [Span("a", *train), Span("b", 0, 100), Span("a", *test)]
    parts = split([0], [1], [2])
    if leaks:
        with pytest.raises(LeakageError, match="of a overlap"):
            splits.check(parts, spans=spans)
    else:
        splits.check(parts, spans=spans)


SPANS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 20), st.integers(1, 8), st.integers(0, 2)),
    min_size=1,
    max_size=12,
)


@drawn(SPANS)
def test_overlaps_are_found_as_by_looking_at_all_pairs(
    rows: list[tuple[str, int, int, int]],
) -> None:
    spans = [Span(source, start, start + length) for source, start, length, _ in rows]
    sides = np.array([side for *_, side in rows])
    parts = Split(*(np.flatnonzero(sides == side) for side in range(3)))
    leaks = any(
        a.source == b.source
        and max(a.start, b.start) < min(a.stop, b.stop)
        and sides[i] != sides[j]
        for i, a in enumerate(spans)
        for j, b in enumerate(spans)
    )
    try:
        splits.check(parts, spans=spans)
    except LeakageError:
        assert leaks
    else:
        assert not leaks


@pytest.mark.parametrize("folds", [2, 3, 5])
def test_clips_are_dealt_as_evenly_as_by_scikit_learn(folds: int) -> None:
    strata = np.random.default_rng(1).choice(["a", "b", "c"], 200, p=[0.7, 0.2, 0.1])
    ours = splits.balanced(strata.tolist(), folds)
    dealt = [strata[ours == fold] for fold in range(folds)]
    theirs = [strata[test] for _, test in StratifiedKFold(folds).split(strata, strata)]
    for name in "abc":
        spread = [np.ptp([int((one == name).sum()) for one in parts]) for parts in (dealt, theirs)]
        assert spread[0] <= max(spread[1], 1)
    assert np.ptp([len(part) for part in dealt]) <= 1


def test_groups_are_dealt_whole_and_as_evenly_as_by_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    groups = np.repeat([f"g{k}" for k in range(20)], rng.integers(5, 60, 20))
    strata = rng.choice(["a", "b"], len(groups))
    ours = splits.balanced(strata.tolist(), 4, groups=groups.tolist())
    owners = {(group, fold) for group, fold in zip(groups.tolist(), ours.tolist(), strict=True)}
    assert len(owners) == 20
    sizes = np.bincount(ours)
    theirs = [len(test) for _, test in GroupKFold(4).split(groups, groups=groups)]
    assert np.ptp(sizes) <= max(np.ptp(theirs), 0.1 * len(groups))


@drawn(st.lists(st.sampled_from("abcdef"), min_size=12, max_size=40), st.integers(0, 2))
def test_every_clip_is_tested_once_and_groups_stay_whole(words: list[str], seed: int) -> None:
    strata = [word.translate(str.maketrans("abcdef", "xyxyxy")) for word in words]
    if len(set(words)) < 4:
        return
    tested: list[int] = []
    for fold in range(3):
        parts = splits.leave_groups_out(words, fold, folds=3, strata=strata, seed=seed)
        splits.check(parts, groups=words)
        assert sorted(whole(parts)) == list(range(len(words)))
        tested += parts.test.tolist()
    assert sorted(tested) == list(range(len(words)))


def test_one_group_is_tested_and_another_validates() -> None:
    people = ["ann"] * 10 + ["ben"] * 12 + ["cas"] * 9
    classes = ["yes", "no"] * 15 + ["yes"]
    # ben, who is next after ann, holds more than half of what is left then
    for fold, (tested, held) in enumerate([("ann", "cas"), ("ben", "cas"), ("cas", "ann")]):
        parts = splits.leave_group_out(people, fold, strata=classes)
        assert {people[k] for k in parts.test} == {tested}
        assert {people[k] for k in parts.valid} == {held}
        splits.check(parts, groups=people)


def test_validation_grows_to_a_tenth_and_spares_the_largest() -> None:
    people = ["a"] * 100 + ["b"] * 5 + ["c"] * 8 + ["d"] * 20 + ["e"] * 50
    parts = splits.leave_group_out(people, 4, strata=["x"] * len(people))
    assert {people[k] for k in parts.valid} == {"b", "c", "d"} - {"d"}
    parts = splits.leave_group_out(people, 3, strata=["x"] * len(people))
    assert {people[k] for k in parts.valid} == {"e"}
    parts = splits.leave_group_out(people, None, strata=["x"] * len(people))
    assert not parts.test.size
    assert "a" not in {people[k] for k in parts.valid}


def test_within_takes_a_fifth_of_each_class_and_keeps_what_belongs_together() -> None:
    people = [f"p{k % 4}" for k in range(80)]
    classes = [f"c{k // 40}" for k in range(80)]
    parts = splits.leave_group_out(people, 1, strata=classes, valid="within")
    assert {people[k] for k in parts.test} == {"p1"}
    assert Counter(classes[k] for k in parts.valid) == {"c0": 6, "c1": 6}
    splits.check(parts, groups=people, valid="within")
    with pytest.raises(LeakageError):
        splits.check(parts, groups=people)
    sources = [f"s{k // 8}" for k in range(80)]
    kept = splits.leave_group_out(people, None, strata=classes, valid="within", keep=sources)
    splits.check(kept, groups=sources)


def test_two_groups_cannot_be_parted_in_three() -> None:
    people = ["ann"] * 4 + ["ben"] * 4
    with pytest.raises(InputError, match="valid='within'"):
        splits.leave_group_out(people, 0, strata=["x"] * 8)
    parts = splits.leave_group_out(people, 0, strata=["x", "y"] * 4, valid="within")
    assert parts.valid.size == 2
    with pytest.raises(InputError, match="fold 2 of 2 groups"):
        splits.leave_group_out(people, 2, strata=["x"] * 8)
    with pytest.raises(InputError, match="9 folds of 8 groups"):
        splits.balanced(["x"] * 8, 9)
    with pytest.raises(InputError, match="one for each clip"):
        splits.leave_group_out(people, 0, strata=["x"])


def test_parts_are_asked_for_by_name() -> None:
    parts = splits.given(["train", "test", "valid", "train"])
    assert parts.part("train").tolist() == [0, 3]
    assert parts.part("all").tolist() == [0, 1, 2, 3]
    with pytest.raises(RecipeError, match="did you mean 'train'"):
        parts.part("trian")
    with pytest.raises(InputError, match="leaves nothing for 'test'"):
        split([0], [1], []).part("test")
    with pytest.raises(InputError, match="clip 1 is 'tset'; did you mean 'test'"):
        splits.given(["train", "tset"])
    with pytest.raises(ValueError, match="read-only"):
        parts.train[0] = 5


def test_the_seed_deals_otherwise_but_alike() -> None:
    strata = ["a", "b"] * 20
    first, second = (splits.balanced(strata, 4, seed=seed) for seed in (0, 1))
    assert first.tolist() != second.tolist()
    assert first.tolist() == splits.balanced(strata, 4, seed=0).tolist()
    assert np.bincount(second).tolist() == [10] * 4


def test_what_is_held_back_knows_every_class_that_can_spare_one() -> None:
    strata = ["a"] * 11 + ["b"] * 5 + ["c"] * 2 + ["d"]
    for seed in range(5):
        aside = splits.held(strata, seed=seed)
        assert Counter(np.array(strata)[aside].tolist()) == {"a": 3, "b": 1, "c": 1}
    with pytest.raises(InputError, match="none to hold back"):
        splits.held(["a", "b"])
