"""ONNX files, run by ONNX Runtime; every architecture's logits are compared by the battery."""

import sys

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from ondes.errors import InputError, MissingExtraError
from ondes.nn.export import to_onnx
from ondes.nn.inception import InceptionModule
from ondes.spec import Spec

SPEC = Spec(rate_hz=100, channels=2, classes=("a",), hop=4, look_back=3, look_ahead=4)


class Net(nn.Module):
    spec = SPEC

    def __init__(self):
        super().__init__()
        self.block = InceptionModule(
            2, filters=1, kernels=(8,), activation_name="mish", pool=SPEC.hop
        )

    def forward(self, x):
        return self.block(x)[:, None, :1]


class OneLength(Net):
    def forward(self, x):
        frames = [x[:, :1, i : i + 4].amax(-1) for i in range(0, x.shape[-1], 4)]
        return torch.stack(frames, -1)[:, None]


class Levels(Net):
    """Relates to the level around, which is above zero in silence too."""

    def forward(self, x):
        power = nn.functional.avg_pool1d(x[:, :1].square(), 4)
        return torch.log(power / (power + 1e-9) + 1e-7)[:, None]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "net.onnx"
    to_onnx(Net(), path)
    return path


def test_names_and_axes_say_what_they_are(path):
    graph = onnx.load(path).graph
    (signal,), (logits,) = graph.input, graph.output
    assert (signal.name, logits.name) == ("signal", "logits")
    axes = [d.dim_param or d.dim_value for d in signal.type.tensor_type.shape.dim]
    assert axes == ["batch", 2, "time"]


@pytest.mark.parametrize(("items", "samples"), [(1, 4), (1, 27), (5, 400)])
def test_any_batch_and_length_runs(path, items, samples):
    session = onnxruntime.InferenceSession(path)
    (logits,) = session.run(None, {"signal": np.zeros((items, 2, samples), np.float32)})
    assert logits.shape == (items, 1, 1, samples // 4)


def test_the_network_stays_in_training_and_one_file_is_left(tmp_path):
    net = Net().train()
    (tmp_path / "net.onnx").write_text("old")
    to_onnx(net, tmp_path / "net.onnx")
    assert net.training
    assert net.block.norm.training
    assert [file.name for file in tmp_path.iterdir()] == ["net.onnx"]
    onnx.checker.check_model(tmp_path / "net.onnx")


def test_a_network_for_one_length_is_refused(tmp_path):
    with pytest.raises(InputError, match="any length"):
        to_onnx(OneLength(), tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())


def test_a_missing_package_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'ondes\[onnx\]'"):
        to_onnx(Net(), tmp_path / "net.onnx")


def test_small_terms_stay(tmp_path):
    net = Levels().eval()
    to_onnx(net, tmp_path / "net.onnx", output="levels")
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    x = np.zeros((1, 2, 40), np.float32)
    x[..., 20:] = np.logspace(-6, 0, 20)
    (found,) = session.run(["levels"], {"signal": x})
    np.testing.assert_allclose(found, net(torch.tensor(x)).detach(), rtol=1e-4)
