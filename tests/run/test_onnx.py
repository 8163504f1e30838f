"""A detector in one ONNX file: the same answers, without torch, whole or refused."""

import subprocess
import sys

import numpy as np
import onnx
import pytest
import soundfile
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from ondes import models
from ondes.errors import ArtefactError, InputError, MissingExtraError
from ondes.run import export as exporting
from ondes.run import onnxfile
from ondes.run.artefact import read_card
from ondes.run.pipeline import load, pack
from ondes.spec import Spec
from ondes.tasks.detect import Decoder, DetectTask, Tolerances

OPTIONS = {"hop": 16, "filters": 2, "first": [5, 7, 9]}
DECODER = Decoder(high=(0.46, 0.55), median=3, weights=(1.5, 0.1, 0.0, 0.2), bias=-0.25)
SAME = settings(
    deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def pipeline():
    """A network of hop 16, as it is before it has learnt anything."""
    torch.manual_seed(3)
    network = models.build(
        "inception_time", OPTIONS, rate_hz=8000, channels=1, classes=("low", "höher")
    )
    torch.nn.init.zeros_(network.head.bias)  # which else begins in silence
    task = DetectTask(network.eval(), decoder=DECODER, onset_s=0.01)
    return pack(
        task,
        name="two",
        model={"name": "inception_time", "options": OPTIONS},
        options={"onset_s": 0.01},
        limits="Everything but two tones.",
    )


@pytest.fixture(scope="module")
def path(pipeline, tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "net.onnx"
    assert pipeline.export(path) < 1e-3
    return path


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).normal(size=(3, 16_000)).astype(np.float32)


def test_the_file_alone_is_the_whole_detector(pipeline, path, noise):
    loaded = load(path)
    assert (loaded.spec, loaded.decoder) == (pipeline.spec, pipeline.decoder)
    assert loaded.tolerances == Tolerances(onset_s=0.01)
    assert loaded.card.limits == "Everything but two tones."
    np.testing.assert_allclose(
        loaded.frames(noise, rate_hz=8000).probs,
        pipeline.frames(noise, rate_hz=8000).probs,
        atol=1e-5,
    )
    assert len(loaded.detect(noise, rate_hz=8000)) > 10
    onnx.checker.check_model(path)


def test_a_saved_file_is_the_same_file(path, tmp_path):
    load(path).save(tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == path.read_bytes()
    with pytest.raises(InputError, match=r"ends in \.onnx"):
        load(path).save(tmp_path / "folder")


@SAME
@given(
    st.lists(st.integers(0, 6000), max_size=8),
    st.sampled_from([8000.0, 11025.0]),
    st.sampled_from([None, 10, 77]),
)
def test_blocks_of_any_size_give_the_same_bits(path, noise, sizes, rate_hz, frames):
    heard = load(path, threads=1, window_frames=frames)
    options = {"rate_hz": rate_hz, "n_channels": 3, "resample": True}
    blocks = np.split(noise, np.cumsum(sizes), axis=1)
    cut, whole = (
        np.concatenate([part.values for part in heard.engine.run(x, **options)], axis=-1)
        for x in (blocks, [noise])
    )
    assert np.array_equal(cut, whole)


def test_single_samples_give_the_same_events(path, noise):
    heard, x = load(path, threads=1, window_frames=10), noise[:, :700]
    single = heard.detect(iter(np.split(x, x.shape[1], axis=1)), rate_hz=8000)
    assert len(single) > 3
    assert single == heard.detect(x, rate_hz=8000)


def test_every_damage_is_caught(path, tmp_path):
    whole, broken = path.read_bytes(), tmp_path / "broken.onnx"
    rng = np.random.default_rng(0)
    for stop in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        broken.write_bytes(whole[:stop])
        with pytest.raises(ArtefactError, match=r"broken\.onnx.*(export|copy)"):
            load(broken)
    for place in [0, 1, 2, len(whole) - 2, *rng.integers(0, len(whole), 300).tolist()]:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(rng.integers(8))
        broken.write_bytes(flipped)
        with pytest.raises(ArtefactError, match=r"broken\.onnx"):
            load(broken)
    broken.write_text("no such thing")
    with pytest.raises(ArtefactError, match="or no ONNX file"):
        load(broken)


def test_a_foreign_file_and_a_changed_graph_are_refused(path, tmp_path):
    model = onnx.load(path)
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "foreign.onnx")
    with pytest.raises(ArtefactError, match=r"without a card of ondes.*ondes export"):
        load(tmp_path / "foreign.onnx")
    model = onnx.load(path)
    model.graph.node[0].name = "other"
    onnx.save(model, tmp_path / "changed.onnx")
    with pytest.raises(ArtefactError, match="SHA-256"):
        load(tmp_path / "changed.onnx")


def test_what_cannot_be_had_is_said(path, pipeline, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="take cpu, cuda"):
        load(path, device="cuda:7")
    with pytest.raises(InputError, match="float32"):
        load(path, precision="bfloat16")
    with pytest.raises(InputError, match=r"ends in \.onnx"):
        pipeline.export(tmp_path / "net.bin")
    with pytest.raises(InputError, match="copy that file"):
        load(path).export(tmp_path / "net.onnx")
    with pytest.raises(ArtefactError, match="ONNX file"):
        load(tmp_path / "none.onnx")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"ondes\[onnx\]"):
        load(path)


class Drifts(nn.Module):
    """Answers otherwise while it is exported than afterwards."""

    spec = Spec(8000, 1, ("a",), hop=4, look_back=0, look_ahead=0)

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, x):
        shift = 0.0 if torch.compiler.is_compiling() else 0.1
        return nn.functional.avg_pool1d(x * self.weight, 4)[:, None] + shift


def test_a_file_that_answers_otherwise_is_not_left(tmp_path):
    made = pack(DetectTask(Drifts()), name="drifts", model={"name": "drifts", "options": {}})
    with pytest.raises(ArtefactError, match="no file was written"):
        made.export(tmp_path / "net.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", models.names())
def test_every_architecture_can_be_exported(name, tmp_path):
    rate_hz = {"inception_time": 8000}.get(name, 24_000)
    torch.manual_seed(0)
    classes = ("C4", "C#4", "D4")
    network = models.build(name, {}, rate_hz=rate_hz, channels=1, classes=classes)
    made = pack(DetectTask(network.eval()), name=name, model={"name": name, "options": {}})
    assert made.export(tmp_path / "net.onnx") < exporting.TOLERANCE
    assert load(tmp_path / "net.onnx").spec == network.spec


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
import ondes
{code}
assert not [name for name in sys.modules if name.startswith("torch.")]
"""


def without_torch(code):
    """Run code in a process where torch cannot be imported."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH.format(code=code)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_torch_is_needed(path, noise, tmp_path):
    soundfile.write(tmp_path / "x.wav", noise.T, 11025, subtype="FLOAT")
    found = without_torch(
        f"heard = ondes.load({str(path)!r}, threads=1)\n"
        f"events = heard.detect({str(tmp_path / 'x.wav')!r}, resample=True)\n"
        "print(len(events), heard.card.name)"
    )
    expected = load(path, threads=1).detect(tmp_path / "x.wav", resample=True)
    assert found.split() == [str(len(expected)), "two"]
    assert len(expected) > 10


def test_the_command_line_needs_no_torch(path, noise, tmp_path):
    soundfile.write(tmp_path / "x.wav", noise.T, 8000, subtype="FLOAT")
    words = ["detect", tmp_path / "x.wav", "-m", path, "-o", tmp_path / "out", "--report"]
    without_torch(
        f"sys.argv = {['ondes', *map(str, words)]!r}\n"
        "from ondes.cli import main\n"
        "try: main()\n"
        "except SystemExit as left: assert not left.code, left.code"
    )
    rows = (tmp_path / "out" / "x.csv").read_text().splitlines()
    assert len(rows) == 1 + len(load(path).detect(tmp_path / "x.wav"))
    assert "two" in (tmp_path / "out" / "x.html").read_text()


def test_a_folder_without_torch_names_the_cure(pipeline, tmp_path):
    pipeline.save(tmp_path / "model")
    said = without_torch(
        f"try: ondes.load({str(tmp_path / 'model')!r})\n"
        "except ondes.OndesError as error: print(error)"
    )
    assert "pip install torch" in said
    assert "ondes export" in said


def test_a_card_is_read_without_runtime(path):
    assert read_card(path).name == "two"
    assert onnxfile.packed(path.read_bytes(), read_card(path)) == path.read_bytes()
