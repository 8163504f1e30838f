"""Varied pairs: both halves alike, powers mixed, the same whenever they are asked for."""

import numpy as np
import pytest

from ondes.data.pairs import Pairs
from ondes.data.varied_pairs import Config, VariedPairs, mirrored, mixed
from ondes.errors import InputError, RecipeError
from ondes.protocols import Sensor

BINS, CELLS = 6, 8


@pytest.fixture
def pairs():
    """Return maps whose halves differ by 1 everywhere."""
    maps = np.random.default_rng(0).uniform(0, 2, (5, BINS, CELLS)).astype(np.float32)
    sensor = Sensor(1.0, BINS)
    return Pairs(list(maps), list(maps + 1), source=sensor, target=sensor)


def test_halves_are_moved_and_mirrored_alike(pairs):
    varied = VariedPairs(pairs, Config(shift=2, p_mirror=0.5), seed=1)
    known = {
        np.roll(turn(pair.source), bins, axis=0).tobytes()
        for pair in pairs.pairs
        for turn in (mirrored, lambda x: x)
        for bins in range(-2, 3)
    }
    found = [varied[index] for index in range(40)]
    assert all(pair.source.tobytes() in known for pair in found)
    assert len({pair.source.tobytes() for pair in found}) > 20
    for pair in found:
        np.testing.assert_allclose(pair.target, pair.source + 1, atol=1e-6)


def test_mixtures_are_those_of_powers(pairs):
    varied = VariedPairs(pairs, Config(p_mix=1.0), seed=0)
    for index in range(6):
        source, target = varied[index]
        np.testing.assert_allclose(target, source + 1, atol=1e-5)  # tenfold power stays tenfold
    loud, quiet = np.float32([[3.0]]), np.float32([[-3.0]])
    assert float(mixed(loud, quiet, 0.5)[0, 0]) == pytest.approx(3 - np.log10(2), abs=1e-4)


def test_tones_are_lines_in_the_source_alone(pairs):
    varied = VariedPairs(pairs, Config(tones=3.0), seed=0)
    plain = {pair.target.tobytes(): pair.source for pair in pairs.pairs}
    added = [
        10.0**pair.source - 10.0 ** plain[pair.target.tobytes()]
        for pair in map(varied.__getitem__, range(30))
    ]
    struck = [int((part[0] > 1e-3).sum()) for part in added]
    assert 1.5 < np.mean(struck) < 4
    for part in added:
        np.testing.assert_allclose(part, np.broadcast_to(part[:1], part.shape), atol=2e-4)


def test_an_index_means_one_pair_and_a_pass_every_pair(pairs):
    config = Config(shift=3, p_mirror=0.5, p_mix=0.5, tones=1.0)
    one, same, other = (VariedPairs(pairs, config, seed=seed) for seed in (4, 4, 5))
    assert all(map(np.array_equal, one[7], same[7]))
    assert not np.array_equal(one[7].source, other[7].source)
    bare = VariedPairs(pairs, Config(), seed=0)
    first = {bare[index].source.tobytes() for index in range(5)}
    assert first == {pair.source.tobytes() for pair in pairs.pairs}
    with pytest.raises(IndexError):
        one[-1]


@pytest.mark.parametrize("options", [{"p_mix": 2.0}, {"shift": -1}, {"least_share": -0.5}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(RecipeError, match=next(iter(options))):
        Config(**options)


def test_halves_that_are_taken_apart_are_of_different_pairs(pairs):
    varied = VariedPairs(pairs, Config(apart=True), seed=0)
    for pair in map(varied.__getitem__, range(20)):
        assert np.abs(pair.target - pair.source - 1).max() > 0.1
    with pytest.raises(InputError, match="a single pair"):
        VariedPairs(pairs.take([0]), Config(apart=True), seed=0)
