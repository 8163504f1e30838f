"""Libraries of filters: who is in them, what is drawn from them, and that they keep in a file."""

import numpy as np
import pytest
from safetensors.numpy import load, save

from ondes.errors import InputError
from ondes.ops.degrade import apply_filters
from ondes.ops.donors import Library

RNG = np.random.default_rng(5)
NORMAL = RNG.normal(size=32)


def learn(donor, label, count, *, around=0.0, **options):
    beats = RNG.normal(around, 1.0, size=(count, 32))
    return Library.learn(donor, NORMAL, beats, [label] * count, **options)


@pytest.fixture(scope="module")
def library():
    return learn("Ada", "V", 90, around=3) + learn("Bo", "V", 10) + learn("Bo", "S", 5)


def test_filters_give_the_beats_that_they_were_learnt_from():
    beats = RNG.normal(size=(4, 32))
    learnt = Library.learn("Ada", NORMAL, beats, list("VVSV"), ridge=1e-9)
    assert apply_filters(NORMAL, learnt.filters) == pytest.approx(beats, abs=1e-4)
    assert learnt.error.max() < 1e-4
    assert learnt.of("S").filters.tolist() == learnt.filters[2:3].tolist()


def test_nobody_is_warned_by_their_own_beats(library):
    others = library.without("Ada")
    assert (len(library), len(others), set(others.donor)) == (105, 15, {"Bo"})
    assert len(library.of("V").without("Ada")) == 10


def test_donors_are_drawn_alike_however_many_beats_they_gave(library):
    drawn = library.of("V").sample(2000, rng=np.random.default_rng(0))
    ada = library.without("Bo").filters
    share = np.mean([(row == ada).all(1).any() for row in drawn])
    assert share == pytest.approx(0.5, abs=0.04)
    mean, _ = library.of("V").spread()
    halves = [library.of("V").without(name).filters.mean(0) for name in ("Ada", "Bo")]
    assert mean == pytest.approx(np.mean(halves, axis=0))


def test_draws_with_spread_keep_mean_and_covariance():
    one = learn("Ada", "V", 40, around=1)
    drawn = one.sample(20_000, rng=np.random.default_rng(0), spread=0.7)
    mean, deviation = one.spread()
    assert np.abs(drawn.mean(0) - mean).max() < 0.05 * deviation.max()
    assert drawn.std(0) == pytest.approx(deviation, rel=0.05)
    known, seen = (np.cov(rows.T, bias=True) for rows in (one.filters, drawn))
    assert np.linalg.norm(seen - known) < 0.06 * np.linalg.norm(known)
    assert not (drawn[:50, None] == one.filters).all(2).any()  # and yet none is drawn as it was


def test_the_same_seed_draws_the_same(library):
    first, again = (library.sample(9, rng=np.random.default_rng(4), spread=0.5) for _ in "ab")
    assert first.tolist() == again.tolist()


def test_a_library_keeps_in_safetensors(library):
    kept = Library.of_tensors(load(save(library.tensors())))
    for name in ("filters", "label", "donor", "error", "condition"):
        assert getattr(kept, name).tolist() == getattr(library, name).tolist()
    assert (kept.size, kept.ridge) == (32, 1e-3)
    names = Library.of_tensors((learn("Zoë", "V", 1) + learn("Ada", "V", 1)).tensors()).donor
    assert names.tolist() == ["Zoë", "Ada"]
    empty = Library.of_tensors(library.of("Q").tensors())
    assert len(empty) == 0


def test_a_library_does_not_change(library):
    with pytest.raises(ValueError, match="read-only"):
        library.filters[0, 0] = 1.0
    mine = np.zeros((1, 3))
    Library(
        mine, np.array(["V"]), np.array(["Ada"]), np.zeros(1), np.zeros(1), np.zeros((1, 2)), 2, 0.1
    )
    mine[0, 0] = 1.0


def test_errors_name_the_cure(library):
    with pytest.raises(InputError, match="learn from a donor"):
        library.of("F").sample(1, rng=np.random.default_rng(0))
    with pytest.raises(InputError, match="zero or more"):
        library.sample(1, rng=np.random.default_rng(0), spread=-1)
    with pytest.raises(InputError, match="same options"):
        library + learn("Cy", "V", 1, ridge=0.5)
    with pytest.raises(InputError, match="for each"):
        Library.learn("Ada", NORMAL, NORMAL[None], ["V", "V"])
    with pytest.raises(InputError, match="'donor' is missing"):
        Library.of_tensors({k: v for k, v in library.tensors().items() if k != "donor"})


# --- beats that somebody may one day have --------------------------------------------------------


def test_synthetic_beats_of_the_donor_are_the_donors_own():
    beats, when = RNG.normal(size=(6, 32)), RNG.normal(size=(6, 2))
    one = Library.learn("Ada", NORMAL, beats, ["V"] * 6, rhythm=when, ridge=1e-9)
    made = one.synthesise(NORMAL, 50, rng=np.random.default_rng(0))
    nearest = np.abs(made.beats[:, None] - beats).max(2).min(1)
    assert nearest.max() < 1e-4
    assert {tuple(row) for row in made.rhythm.tolist()} <= {tuple(row) for row in when.tolist()}


def test_synthetic_beats_are_filtered_normal_ones_of_anybody(library):
    other = RNG.normal(size=32)
    made = library.of("S").synthesise(other, 9, rng=np.random.default_rng(1))
    expected = apply_filters(other, library.of("S").filters)
    assert np.abs(made.beats[:, None] - expected).max(2).min(1) == pytest.approx(np.zeros(9))
    assert made.rhythm.tolist() == np.zeros((9, 2)).tolist()  # learnt without
    with pytest.raises(InputError, match="cut beats alike"):
        library.synthesise(np.zeros(16), 1, rng=np.random.default_rng(0))


def test_beats_come_when_beats_of_the_same_donor_came():
    early = Library.learn("Ada", NORMAL, NORMAL[None], ["V"], rhythm=[[-1.0, 1.0]])
    late = Library.learn("Bo", -NORMAL, NORMAL[None], ["V"], rhythm=[[1.0, -1.0]])
    made = (early + late).synthesise(NORMAL, 60, rng=np.random.default_rng(0))
    upright = made.beats @ NORMAL > 0  # Ada's filter keeps the beat, Bo's turns it over
    assert set(made.rhythm[upright, 0]) == {-1.0}
    assert set(made.rhythm[~upright, 0]) == {1.0}


def test_a_smaller_library_has_beats_of_all_times(library):
    small = library.at_most(5)
    assert sorted(small.donor.tolist()) == ["Ada"] * 5 + ["Bo"] * 10
    ada = library.without("Bo").filters
    kept = small.without("Bo").filters
    assert kept[[0, -1]].tolist() == ada[[0, -1]].tolist()
    assert len(library.at_most(1000)) == len(library)
