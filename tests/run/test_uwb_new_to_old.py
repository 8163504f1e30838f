"""The embedded uwb-new-to-old: what old-classifier says is righter on its translations."""

import numpy as np
import pytest

import ondes
from ondes.data.sets import uwb_pairs
from ondes.run.kinds.translate import Judged, evaluate

PAIRS = 60


@pytest.fixture(scope="module")
def pairs():
    return uwb_pairs.build(uwb_pairs.Config(test=PAIRS), split="test")


def test_a_frozen_classifier_is_righter_on_translations(pairs):
    model, judge = ondes.load("uwb-new-to-old"), ondes.load("old-classifier")
    found = evaluate(Judged(model, judge, learnt=lambda: pairs), pairs)
    assert found["f1_old"] > 0.9
    assert found["f1_as_is"] < 0.85
    assert found["f1_translated"] > found["f1_as_is"] + 0.05
    assert found["l1"] < found["l1_as_is"]


def test_a_map_comes_out_as_a_map_of_the_old_sensor(pairs):
    model = ondes.load("uwb-new-to-old")
    assert (model.way.source.name, model.way.target.name) == ("new", "old")
    made = model.parts_of(pairs[0].source).result
    assert made.shape == pairs[0].target.shape
    assert np.isfinite(made).all()
    assert -1.5 < made.min() < made.max() < 5.5  # tens of dB over the median
