"""Cells that are brought together: what was moved is found again, what lies right stays."""

import numpy as np
import pytest

from ondes.data.pairs import Pairs
from ondes.data.varied_pairs import Config, VariedPairs
from ondes.errors import InputError
from ondes.protocols import Sensor
from ondes.tasks.translate.cells import Cells, fitted
from ondes.tasks.translate.reading import Reading, Side

BINS, CELLS = 32, 48
SENSORS = {"source": Sensor(50.0, BINS, "new"), "target": Sensor(50.0, BINS, "old")}


def scenes(count, *, scale=1.0, offset=0.0, stretch=1.0, seed=0):
    """Two bodies in noise on maps of two sensors: the first shows them at other cells."""
    rng = np.random.default_rng(seed)
    bins, cells = np.arange(BINS)[:, None], np.arange(CELLS) - CELLS // 2
    sides = ([], [])
    for _ in range(count):
        bodies = [(rng.uniform(6, 24), rng.uniform(-10, 10)) for _ in range(2)]
        for side, (a, b, c) in zip(sides, ((scale, offset, stretch), (1, 0, 1)), strict=True):
            whole = 0.1 * rng.normal(size=(BINS, CELLS))
            for row, cell in bodies:
                far = ((bins - a * row - b) / 1.2) ** 2 + ((cells - c * cell) / 1.5) ** 2
                whole = whole + 3 * np.exp(-far / 2)
            side.append(whole.astype(np.float32))
    return sides


def test_where_cells_lie_is_found_again():
    found = fitted(*scenes(60, scale=0.8, offset=2.0, stretch=1.3), bins=BINS, axes="both")
    assert found is not None
    assert found.scale * 16 + found.offset == pytest.approx(0.8 * 16 + 2, abs=0.6)
    assert found.scale == pytest.approx(0.8, abs=0.05)
    assert found.stretch == pytest.approx(1.3, abs=0.05)
    bins = fitted(*scenes(60, scale=0.8, stretch=1.3), bins=BINS, axes="bins")
    assert bins is not None
    assert bins.stretch == 1


def test_cells_that_lie_right_stay():
    assert fitted(*scenes(60), bins=BINS, axes="both") is None


def test_cells_are_moved_about_the_middle_of_doppler_and_beyond_the_edge_repeat():
    x = np.arange(12, dtype=np.float32).reshape(2, 6)
    two = np.concatenate([x, x + 100])  # two maps of two bins
    moved = Cells(bins=2, offset=1.0, stretch=2.0)(two)
    assert moved[:2].tolist() == [[6, 6, 7, 9, 11, 11]] * 2
    assert (moved[2:] - moved[:2] == 100).all()


def test_a_reading_that_moves_cells_comes_back_from_json():
    reading = Reading(source=Side(centre=1.0), cells=Cells(bins=2, scale=0.5))
    assert Reading.from_dict(reading.to_dict()) == reading
    x = np.float32([[1, 1], [5, 5]])
    assert reading.into(x).tolist() == [[0, 0], [0, 0]]  # round(0.5) is 0
    with pytest.raises(InputError, match="unexpected keyword"):
        Cells.from_dict({"bins": 2, "turn": 1.0})
    with pytest.raises(InputError, match="scales above 0"):
        Cells(bins=2, scale=0.0)


def test_a_task_fits_them_to_pairs_that_are_not_varied(task):
    source, target = scenes(40, scale=0.8, offset=2.0)
    pairs = Pairs(source, target, **SENSORS)
    made = task(pairs, maps=1, both=False, align="both", scaling="none")
    made.meet(VariedPairs(pairs, Config(shift=8, p_mix=1.0), seed=0))
    wanted = fitted(source, target, bins=BINS, axes="both")
    assert made.reading.cells == wanted
    assert wanted is not None
    np.testing.assert_array_equal(made.prepare(pairs[0])["x"][0], wanted(pairs[0].source))
    np.testing.assert_array_equal(made.prepare(pairs[0])["y"][0], pairs[0].target)


def test_pairs_that_are_taken_apart_tell_nothing_of_cells():
    pairs = Pairs(*scenes(3), **SENSORS)
    assert VariedPairs(pairs, Config(shift=1), seed=0).plain is pairs
    apart = VariedPairs(pairs, Config(apart=True), seed=0)
    assert apart.plain is apart


def test_signals_have_no_cells(task, pairs):
    with pytest.raises(InputError, match="signals have no cells"):
        task(pairs, align="bins")
