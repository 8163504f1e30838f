"""The tables of translation, of scores that are known."""

import json
from collections.abc import Mapping

import numpy as np
import pytest

from benchmarks import _pairs_picture, translate
from benchmarks._kept import kept
from benchmarks._stored import Stored
from benchmarks._trials import Trials
from ondes.data.sets import uwb_pairs
from ondes.errors import InputError

KNOWN = {"f1_old": 0.9, "f1": 0.5, "l1": 0.2, "same": 0.4, "clips": 12}


@pytest.fixture
def told(tmp_path) -> Trials:
    """Trials of which half is lost, and of which two rivals and a translator are done."""
    trials = Trials("no-such-folder", translate.NEW, tmp_path)
    scores: Mapping[str, Mapping[str, float]] = {
        "known": KNOWN,
        "uwb-new-to-old-900-0": {"f1": 0.7, "l1": 0.1, "same": 0.5},
        "uwb-new-to-old-900-1": {"f1": 0.9, "l1": 0.3, "same": 0.7},
        "distil-900-0": {"f1": 0.8, "same": 0.6},
        "whole-net-900-0": {"f1": 0.6, "same": 0.6},
        "whole-net-200-0": {"f1": 0.7, "same": 0.6},
    }
    for name, found in scores.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(found))
    return trials


def test_rows_tell_what_is_recovered_and_how_it_spreads(told) -> None:
    chosen = (("uwb-new-to-old", 2), ("whole-net", 1))
    rows = [translate._row(told, name, n, 0) for name, n in chosen]
    lines = translate._table(told, rows).splitlines()
    spreads = "0.800 ± 0.141 | 0.75 ± 0.35 | 0.200 ± 0.141 | 0.600 ± 0.141"
    assert lines[-2] == f"| uwb-new-to-old | 0 | 2 | {spreads} |"
    assert lines[-1] == "| whole classifier, trained on | 200 | 1 | 0.700 | 0.50 |  | 0.600 |"
    assert lines[2].startswith("| old sensor |  |  | 0.900 | 1 |")


def test_numbers_of_pairs_and_other_sensors_have_their_tables(told, tmp_path, monkeypatch) -> None:
    drawn = {}
    draw = lambda path, counts, found, known: drawn.update(found)  # noqa: E731
    monkeypatch.setattr(_pairs_picture, "draw", draw)
    by_pairs = translate._by_pairs(told, [900], 1, str(tmp_path / "curve.png"))
    assert by_pairs.splitlines()[-1] == "| 900 | 0.700 (0.50) | 0.800 (0.75) | 0.600 (0.25) |"
    assert drawn["distillation"] == [[0.8]]
    for name in ("coral", "batch-norm"):
        (tmp_path / f"{name}-900-0.json").write_text('{"f1": 0.5}')
    line = translate._by_sensor({"noise": told}, 1).splitlines()[-1]
    assert line.startswith("| noise | 0.900 | 0.500 | 0.500 (0.00) |")
    assert line.endswith("| 0.800 (0.75) | 0.700 (0.50) |")


def test_scores_are_kept(tmp_path) -> None:
    path = tmp_path / "a" / "scores.json"
    found = [kept(path, lambda seed=seed: {"f1": 0.5 + seed}) for seed in (0, 1)]
    assert found == [{"f1": 0.5}, {"f1": 0.5}]
    assert json.loads(path.read_text()) == {"f1": 0.5}


def test_what_differs_is_one_thing_and_names_are_checked() -> None:
    old, noise = translate.OLD, translate.SENSORS["noise"]
    assert (noise.power_db, noise.beam_deg) == (translate.NEW.power_db, old.beam_deg)
    assert np.isclose(translate.SENSORS["form"].power_db, old.power_db)
    with pytest.raises(InputError, match="did you mean 'noise'"):
        translate.report(only="none", pairs="none", sensors="nois")


def test_recipes_of_trials_have_their_pairs_sensor_and_classifier(tmp_path) -> None:
    trials = Trials("old-classifier", translate.SENSORS["noise"], tmp_path)
    made = trials.recipe("uwb-new-to-old", 50, 3)
    assert (made.seed, made.data.options["train"]) == (3, 50)
    assert made.data.options["new"]["power_db"] == translate.NEW.power_db
    assert "new" not in Trials("x", translate.NEW, tmp_path).recipe("pix2pix", 50, 0).data.options


def test_the_curve_is_a_picture(tmp_path) -> None:
    path = tmp_path / "curve.png"
    found = {name: [[0.6, 0.7], [0.8, 0.8]] for name in ("a", "b", "c")}
    _pairs_picture.draw(path, [50, 900], found, KNOWN)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_pairs_are_simulated_once_and_come_back_as_they_were(tmp_path) -> None:
    simulated = uwb_pairs.build(uwb_pairs.Config(train=2), split="train")
    for _ in range(2):  # made, then read
        found = Stored(simulated, tmp_path / "pairs.npz")
        for place in range(2):
            assert np.array_equal(found[place].source, simulated[place].source)
            assert np.array_equal(found[place].target, simulated[place].target)
    assert len(found) == 2
    assert found.y_of(1).tolist() == simulated.y_of(1).tolist()
    with pytest.raises(IndexError, match="pair 2 of 2"):
        found[2]


def test_a_row_may_have_steps_of_its_own(told, tmp_path) -> None:
    (tmp_path / "pix2pix-900-0-6000.json").write_text('{"f1": 0.6}')
    row = translate._row(told, "pix2pix:6000", 1, 1)
    assert (row.name, row.scores) == ("pix2pix, 6,000 steps", [{"f1": 0.6}])
    with pytest.raises(InputError, match="a number of steps"):
        translate._row(told, "pix2pix:many", 1, 1)
