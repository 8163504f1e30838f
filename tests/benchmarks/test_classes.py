"""What the benchmark of clips makes of the scores of folds."""

import pytest

from benchmarks import classes
from ondes.errors import InputError

FOLDS = [
    {"accuracy": 1.0, "f1_macro": 0.5, "confusion": [[1, 0], [0, 0]]},
    {"accuracy": 0.5, "f1_macro": 0.5, "confusion": [[1, 1], [2, 2]]},
]


def test_means_over_folds_weigh_each_fold_alike() -> None:
    assert classes._mean(FOLDS, ("accuracy",)) == [0.75]


def test_pooled_scores_weigh_each_clip_alike() -> None:
    accuracy, f1, mean = classes._pooled(FOLDS, ("accuracy", "f1_macro"))
    assert accuracy == pytest.approx(4 / 7)  # [[2, 1], [2, 2]]
    assert f1 == pytest.approx((4 / 7 + 4 / 7) / 2)
    assert mean == 0.75
    wrist = classes.EXPERIMENTS["wrist"]
    assert classes._columns(wrist, wrist.folds) == [*wrist.scores, "accuracy, mean of folds"]


def test_sets_of_the_archive_are_shown_one_by_one() -> None:
    archive = classes.EXPERIMENTS["archive"]
    assert classes._columns(archive, archive.folds[:2]) == ["ArrowHead", "BasicMotions"]
    assert classes._cells([FOLDS, FOLDS], archive) == ["1.000 ± 0.000", "0.500 ± 0.000"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"only": "esc"}, r"classes\.only=esc: there is no 'esc'; did you mean 'esc10'"),
        ({"only": "uwb", "models": "uwb/inception"}, "did you mean 'uwb/inception-time'"),
    ],
)
def test_unknown_names_are_told(options: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        classes.report(**options)


def test_all_recipes_are_there() -> None:
    for one in classes.EXPERIMENTS.values():
        for name in one.recipes:
            assert classes._recipe(name, one, one.folds[0], 1, "laptop").seed == 100


def test_tags_have_a_line_each() -> None:
    tags = classes.EXPERIMENTS["tags"]._replace(by_tag=("roc_auc",))
    first = {"roc_auc/rain": 0.5, "roc_auc/wind": 1.0}
    second = {**first, "roc_auc/rain": 1.0}
    (shown,) = classes._by_tag(tags, {"a": [[first, second]], "b": [[second, second]]})
    assert [line.split(" | ") for line in shown.splitlines()[2:]] == [
        ["| rain", "0.750", "1.000 |"],
        ["| wind", "1.000", "1.000 |"],
    ]
