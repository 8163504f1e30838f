"""The package's recipes: all load, at every scale; the tables' rows say what the thesis says."""

import pytest

from ondes import recipe
from ondes.recipe import build

# Thesis, table 4.1: size, learning rate -> F1, ROC AUC.
TABLE_41 = {
    ("small", "2e-4"): (0.38976, 0.91846),
    ("big", "2e-4"): (0.53206, 0.95667),
    ("small", "1e-3"): (0.64221, 0.91773),
    ("big", "1e-3"): (0.76400, 0.93236),
}
# Thesis, table 4.2: size, augmentation, kHz -> F1, ROC AUC.
TABLE_42 = {
    ("small", "plain", 24): (0.84799, 0.99932),
    ("big", "plain", 24): (0.82798, 0.99940),
    ("small", "augmented", 24): (0.93618, 0.99952),
    ("big", "augmented", 24): (0.94290, 0.99974),
    ("small", "plain", 48): (0.84541, 0.99835),
    ("big", "plain", 48): (0.83426, 0.99886),
    ("small", "augmented", 48): (0.92779, 0.99864),
    ("big", "augmented", 48): (0.93689, 0.99911),
}


@pytest.mark.parametrize("name", recipe.names())
def test_it_loads_at_every_scale(name):
    loaded = recipe.load(name)
    assert loaded.name == name
    assert loaded.about.endswith(".")
    assert "\n" not in loaded.about
    for scale in loaded.scales:
        recipe.load(name, scale=scale)


def published(loaded):
    return loaded.published.scores["frame_f1"], loaded.published.scores["roc_auc"]


@pytest.mark.parametrize(("size", "rate"), TABLE_41)
def test_rows_of_table_4_1(size, rate):
    row = recipe.load(f"tones/inception-time-{size}-lr{rate}")
    assert (row.model.name, row.model.options["size"]) == ("inception_time", size)
    assert (row.train.lr, row.train.batch, row.train.steps) == (float(rate), 16, 40_000)
    assert published(row) == TABLE_41[size, rate]
    config = build.data_config(row, "train")
    assert (config.rate_hz, config.mixing.n_samples) == (48_000, 2**17)
    assert config.mixing.augmented


@pytest.mark.parametrize(("size", "kind", "khz"), TABLE_42)
def test_rows_of_table_4_2(size, kind, khz):
    row = recipe.load(f"tones/spec2map-{size}-{kind}-{khz}k")
    assert (row.model.name, row.model.options["size"]) == ("spec2map", size)
    assert (row.train.optimiser, row.train.lr) == ("adam", 1e-4)
    assert (row.train.batch, row.train.steps) == (16, 40_000)
    assert published(row) == TABLE_42[size, kind, khz]
    for split in ("train", "test"):
        config = build.data_config(row, split)
        assert config.rate_hz == khz * 1000
        assert config.mixing.n_samples / config.rate_hz == pytest.approx(2.74, abs=0.015)
        assert config.mixing.augmented == (kind == "augmented" or split == "test")
