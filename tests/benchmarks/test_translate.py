"""The tables of translation, of scores that are known."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import translate
from benchmarks._scenes import Scenes
from ondes.errors import InputError


class Known:
    """Scenes of which half is lost."""

    f1_old, f1_as_is, as_is = 0.9, 0.5, ("0.200", "0.400")
    new = translate.NEW
    recovered = Scenes.recovered


def test_rows_tell_what_is_recovered_and_how_it_spreads() -> None:
    rows = [translate.Row("ours", 0, [{"f1": 0.7, "l1": 0.1}, {"f1": 0.9, "l1": 0.3}])]
    lines = translate._table(Known(), rows).splitlines()
    assert lines[-1] == "| ours |  | 0.800 ± 0.141 | 0.750 ± 0.354 | 0.200 ± 0.141 |  |"
    assert lines[2].startswith("| old sensor |  | 0.900 | 1 |")


def test_scores_are_kept(tmp_path) -> None:
    path = tmp_path / "a" / "scores.json"
    found = [translate._kept(path, lambda seed: {"f1": 0.5 + seed}, seed) for seed in (0, 1)]
    assert found == [{"f1": 0.5}, {"f1": 0.5}]
    assert json.loads(path.read_text()) == {"f1": 0.5}


def test_each_sensor_has_a_folder_and_what_differs_is_one_thing() -> None:
    known = Known()
    assert translate._folder(known, "x").parts[-2:] == ("all", "x")
    old, noise = translate.OLD, translate.SENSORS["noise"]
    assert (noise.power_db, noise.beam_deg) == (translate.NEW.power_db, old.beam_deg)
    assert np.isclose(translate.SENSORS["form"].power_db, old.power_db)
    with pytest.raises(InputError, match="did you mean 'noise'"):
        translate._others(Path("x"), ["nois"])
