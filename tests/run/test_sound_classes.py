"""The embedded sound-classes: mostly right about its own sounds, at any gain, and with credit."""

import csv

import numpy as np
import pytest

import ondes

RATE_HZ = 22_050


@pytest.fixture(scope="module")
def model():
    return ondes.load("sound-classes")


def test_a_sound_of_each_class(model, shared_data):
    folder = shared_data / "esc10"
    with (folder / "labels.csv").open() as file:
        first = {row["label"]: row["file"] for row in reversed([*csv.DictReader(file)])}
    found = {
        label: model.classify(ondes.resample(ondes.read(folder / "ogg" / name), RATE_HZ)).label
        for label, name in first.items()
    }
    right = sum(found[label] == label for label in found)
    assert set(found) == set(model.classes)
    assert right >= 8, found


@pytest.mark.parametrize("gain", [0.01, -1.0, 20.0])
def test_neither_gain_nor_sign_matter(model, gain):
    x = np.random.default_rng(0).normal(size=RATE_HZ).astype(np.float32)
    x[:5000] *= np.linspace(0, 1, 5000, dtype=np.float32)
    same = model.predict_proba([x], rate_hz=RATE_HZ)
    np.testing.assert_allclose(model.predict_proba([gain * x], rate_hz=RATE_HZ), same, atol=1e-3)


def test_its_card_gives_credit(model):
    assert "CC BY 3.0" in model.card.licence
    assert {"1-40730-A.ogg", "2-96460-A.ogg"} == set(
        model.card.recipe["data"]["options"]["without"]
    )


def test_its_onnx_file_answers_alike(model, tmp_path):
    pytest.importorskip("onnxruntime")
    x = np.zeros((1, 44_100), np.float32)
    x[0, 4000:9000] = np.random.default_rng(0).normal(size=5000)
    model.export(tmp_path / "sounds.onnx")  # refused where answers differ
    exported = ondes.load(tmp_path / "sounds.onnx")
    same = model.predict_proba([x], rate_hz=22_050)
    np.testing.assert_allclose(exported.predict_proba([x], rate_hz=22_050), same, atol=1e-3)
