"""What translations are worth, of translators whose worth is known."""

import numpy as np
import pytest

from ondes.errors import InputError
from ondes.spec import TranslatorSpec
from ondes.tasks.translate import evaluate, recovered
from ondes.tasks.translate.score import spectral_distance

RATE_HZ = 50.0  # of the items of conftest.py


class Known:
    """A translator that is told how to translate, and how sure it shall be."""

    spec = TranslatorSpec(RATE_HZ, 2, ("old 0", "old 1"))
    source_hz = RATE_HZ

    def __init__(self, turn, doubt=None):
        self.turn, self.doubt = turn, doubt

    def translated(self, x):
        made = self.turn(x)
        return made, None if self.doubt is None else self.doubt(x, made)


class ByMean:
    """A classifier of old items by their mean."""

    classes = ("below", "above")

    def probabilities(self, x, *, rate_hz):
        assert rate_hz == RATE_HZ
        return np.eye(2)[int(x.mean() > 0)]


def as_is(x):
    return x


def back(x):
    return ((x - 3) * 2).astype(np.float32)


def test_a_perfect_translator_recovers_all_and_no_translation_nothing(kit):
    pairs = kit.toy(40)
    none, all_of_it = (evaluate(Known(turn), pairs, ByMean()) for turn in (as_is, back))
    assert none["f1_old"] == all_of_it["f1_old"] == 1
    assert none["f1_as_is"] == none["f1_translated"] < 0.5  # all of the new sensor's are above 0
    assert (none["recovered"], all_of_it["recovered"]) == (0, pytest.approx(1, abs=0.15))
    assert all_of_it["agreement"] > 0.9
    assert all_of_it["l1"] < 0.05 < 1 < all_of_it["l1_as_is"] == none["l1"]
    assert all_of_it["spectral"] < 2 < none["spectral"]
    assert all_of_it["pairs"] == 40


def test_doubt_that_is_the_error_is_calibrated(kit):
    pairs = kit.toy(4)
    targets = {pair.source.tobytes(): pair.target for pair in pairs.pairs}

    def error(x, made):
        return np.abs(made - targets[x.tobytes()])

    sure = evaluate(Known(as_is, error), pairs)
    assert sure["calibration"] == pytest.approx(1)
    assert sure["foretold"] == pytest.approx(1)
    wrong = evaluate(Known(as_is, lambda x, made: 10 - error(x, made)), pairs)
    assert wrong["calibration"] == pytest.approx(-1)


def test_without_a_judge_or_labels_there_is_no_f1(kit):
    pairs = kit.toy(4)
    assert "f1_old" not in evaluate(Known(back), pairs)
    bare = type(
        "Bare",
        (),
        {name: property(lambda _, name=name: getattr(pairs, name)) for name in ("source", "target")}
        | {"__len__": lambda _: 4, "__getitem__": lambda _, k: pairs[k]},
    )()
    found = evaluate(Known(back), bare, ByMean())
    assert "agreement" in found
    assert "f1_old" not in found


def test_what_does_not_fit_is_refused(kit):
    pairs = kit.toy(4)
    other = ByMean()
    other.classes = ("low", "high")
    with pytest.raises(InputError, match="labelled below, above, the classifier tells low, high"):
        evaluate(Known(back), pairs, other)
    with pytest.raises(InputError, match="from old to new: the sensors are swapped"):
        evaluate(Known(back), pairs, way=("old", "new"))


def test_the_share_recovered_is_the_posters():
    assert recovered(0.92, 0.75, 0.85) == pytest.approx(0.588, abs=1e-3)
    assert recovered(0.92, 0.75, 0.91) == pytest.approx(0.941, abs=1e-3)
    assert np.isnan(recovered(0.9, 0.9, 0.9))


def test_spectra_a_hundred_times_as_strong_are_20_db_apart():
    x = np.random.default_rng(0).normal(size=(2, 100)).astype(np.float32)
    assert spectral_distance(x, 10 * x) == pytest.approx(20, abs=1e-3)
    assert spectral_distance(x, -x) == 0
