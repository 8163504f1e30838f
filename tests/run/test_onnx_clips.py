"""A classifier in one ONNX file: the same answers at any length, without torch."""

import subprocess
import sys

import numpy as np
import onnxruntime
import pytest
import torch

import ondes
from ondes import models
from ondes.errors import ArtefactError
from ondes.nn.ensemble import united
from ondes.run.card import Card
from ondes.run.classifier import Classifier
from ondes.run.predictors.torch import Network
from ondes.tasks.classify import Reading

RATE_HZ = 1000
OPTIONS = {
    "raw": {"front": {"scale": "clip"}},
    "mel": {
        "dims": 2,
        "front": {"kind": "mel", "scale": "clip", "window_s": 0.064, "hop_s": 0.02, "bands": 16},
    },
}
READINGS = {
    "raw": Reading(kind="tags", temperature=0.7, thresholds=(0.4, 0.6)),
    "mel": Reading(kind="class", temperature=1.7),
}


def classifier(kind):
    torch.manual_seed(3)
    nets = [
        models.build(
            "lenet", OPTIONS[kind], rate_hz=RATE_HZ, channels=2, classes=("a", "b"), level="clip"
        ).eval()
        for _ in range(2)
    ]
    card = Card(
        name=kind,
        model={"name": "lenet", "options": OPTIONS[kind], "members": 2},
        spec=nets[0].spec.to_dict(),
        task={"name": "classify", "options": {"target": READINGS[kind].kind}},
    )
    whole = united(nets, averages=READINGS[kind].kind)
    return Classifier(Network(whole), nets[0].spec, READINGS[kind], card)


@pytest.fixture(scope="module", params=OPTIONS)
def pair(request, tmp_path_factory):
    """Return a classifier of two members and its file."""
    made = classifier(request.param)
    path = tmp_path_factory.mktemp("onnx") / f"{request.param}.onnx"
    assert made.export(path) < 1e-3
    return made, path


def noise(length):
    return np.random.default_rng(length).normal(size=(2, length)).astype(np.float32)


def test_the_file_is_the_whole_classifier(pair, tmp_path):
    made, path = pair
    loaded = ondes.load(path, threads=1)
    assert (loaded.spec, loaded.reading) == (made.spec, made.reading)
    for length in (21, 64, 999, 5000):
        x = noise(length)
        answers = [one.classify(x, rate_hz=RATE_HZ) for one in (made, loaded)]
        np.testing.assert_allclose(answers[0].scores, answers[1].scores, atol=1e-5)
        blocks = iter(np.split(x, [5, 6, 20], axis=1))
        assert loaded.classify(blocks, rate_hz=RATE_HZ) == answers[1]
    loaded.save(tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == path.read_bytes()


def test_other_programs_get_probabilities_of_batches(pair):
    made, path = pair
    session = onnxruntime.InferenceSession(path)
    assert [one.name for one in session.get_outputs()] == ["logits", "probabilities"]
    x = np.stack([noise(300), -noise(300), noise(600)[:, ::2]])
    _, probs = session.run(None, {"signal": x})
    np.testing.assert_allclose(probs, made.predict_proba(x, rate_hz=RATE_HZ), atol=1e-5)


def test_a_machine_without_torch_answers_the_same(pair):
    made, path = pair
    code = f"""
import sys
sys.modules["torch"] = None
import numpy as np, ondes
x = np.random.default_rng(700).normal(size=(2, 700)).astype(np.float32)
print(*ondes.load({str(path)!r}, threads=1).classify(x, rate_hz={RATE_HZ}).scores.tolist())
assert not [name for name in sys.modules if name.startswith("torch.")]
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    wanted = made.classify(noise(700), rate_hz=RATE_HZ).scores
    np.testing.assert_allclose([float(word) for word in done.stdout.split()], wanted, atol=1e-5)


def test_what_it_cannot_compute_is_said(pair):
    loaded = ondes.load(pair[1], threads=1)
    with pytest.raises(ArtefactError, match=r"shape \[1, 3, 500\]"):
        loaded.predictor(np.zeros((1, 3, 500), np.float32))
