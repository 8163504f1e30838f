"""``ondes explain`` and ``ondes.explain``: any model in, a page and arrays out."""

import json

import numpy as np
import pytest
import torch
from torch import nn

import ondes as package
from ondes.errors import InputError, NotFiniteError, RateError
from ondes.models import translators
from ondes.protocols import Pair
from ondes.recipe import explaining

FEW = ("--filters", "2", "--samples", "2048", "--seeds", "1", "--threads", "1")


def test_a_detector_is_explained_in_json(ondes, loud_model, tmp_path):
    words = ("--rms", "0.1", "--band", "voice", "--json")
    run = ondes("explain", loud_model, "-o", tmp_path, *FEW, *words)
    assert run.status == 0, run.err
    said = json.loads(run.out)
    for figures in said["layers"].values():
        assert {"filters", "dead", "tone_response", "repeatability", "seconds"} <= set(figures)
        assert 0 <= figures["in_band"] <= 1
    assert "output" in said["layers"]
    assert "What " in (tmp_path / "index.html").read_text()
    with np.load(tmp_path / "arrays.npz") as arrays:
        assert arrays["output/waves"].shape[1:] == (1, 2048)


def test_without_data_the_level_is_assumed_and_said(ondes, loud_model, tmp_path):
    run = ondes("explain", loud_model, "-o", tmp_path, *FEW, "--layer", "output")
    assert run.status == 0, run.err
    assert "output" in run.out
    assert "assumed" in run.err
    assert "--data" in run.err
    assert "--set" not in run.err  # which explain has not


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--layer", "outptu"), "did you mean 'output'"),
        (("--band", "3000-300"), "300-3000"),
        (("--contrast", "yes"), "two outputs"),
        (("--method", "hill"), "choose one of"),
        (("--rms", "0"), "above 0"),
        (("--filters", "some"), "--filters some: give a whole number"),
        (("--filters", "0"), "filters=0"),
    ],
)
def test_wrong_calls_are_named(ondes, loud_model, tmp_path, words, said):
    run = ondes("explain", loud_model, "-o", tmp_path, *FEW, *words)
    assert run.status == 2
    assert said in run.err


def test_where_nothing_can_be_written_no_work_is_begun(ondes, loud_model, tmp_path):
    (tmp_path / "file").write_text("")
    run = ondes("explain", loud_model, "-o", tmp_path / "file", "--layer", "outptu")
    assert run.status == 2
    assert "cannot be a folder" in run.err


def test_silence_says_nothing_of_levels(ondes, loud_model, tmp_path):
    silent = package.Signal.of(np.zeros(8000), rate_hz=8000)
    package.write(silent, tmp_path / "silent.wav")
    run = ondes("explain", loud_model, "-o", tmp_path / "o", "--data", tmp_path / "silent.wav")
    assert run.status == 2
    assert "variance is 0" in run.err


def test_a_recording_is_attributed(ondes, loud_model, tmp_path):
    x = 0.5 * np.random.default_rng(0).standard_normal(8000)
    package.write(package.Signal.of(x, rate_hz=8000), tmp_path / "take.wav")
    words = ("--layer", "output", "--rms", "0.1", "--recording", tmp_path / "take.wav")
    run = ondes("explain", loud_model, "-o", tmp_path / "o", *FEW, *words)
    assert run.status == 0, run.err
    page = (tmp_path / "o" / "index.html").read_text()
    assert "take.wav" in page
    assert "Integrated gradients" in page
    wrong = ondes("explain", loud_model, "-o", tmp_path / "o", *FEW, *words, "--label", "loudd")
    assert wrong.status == 2
    assert "take.wav: attribute(label='loudd')" in wrong.err


def test_a_module_is_attributed_at_the_rate_that_is_told():
    conv = nn.Sequential(nn.Conv1d(2, 2, 9), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten())
    signal = package.Signal.of(np.random.default_rng(0).standard_normal((2, 400)), rate_hz=100)
    told = {"rate_hz": 100, "outputs": ("a", "b"), "label": "b"}
    found = package.attribute(conv, signal, **told)
    assert [one.values.shape for one in found] == [(400,)] * 3
    with pytest.raises(RateError, match="resample"):
        package.attribute(conv, signal, **told | {"rate_hz": 200})


def test_what_cannot_be_attributed_is_named():
    conv = nn.Sequential(nn.Conv1d(1, 2, 9), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten())
    told = {"rate_hz": 100, "outputs": ("a", "b")}
    take = package.Signal.of(np.ones((1, 5)), rate_hz=100)
    with pytest.raises(InputError, match=r"of shape \[1, 1, 5\]"):
        package.attribute(conv, take, **told)
    with pytest.raises(InputError, match=r"Signal\.of"):
        package.attribute(conv, np.ones((1, 50)), **told)
    with pytest.raises(InputError, match="no convolution"):
        package.attribute(nn.Sequential(nn.Flatten(), nn.Linear(5, 2)), take, **told)
    conv[0].weight.data[0] = torch.nan
    with pytest.raises(NotFiniteError, match=r"0\.weight"):
        package.attribute(conv, take, **told)


def net():
    return nn.Sequential(nn.Conv1d(2, 3, 9, stride=2), nn.Tanh(), nn.Conv1d(3, 2, 5), nn.ReLU())


def test_any_module_of_torch():
    torch.manual_seed(0)
    data = np.random.default_rng(0).standard_normal((2, 4000)).astype(np.float32)
    found = package.explain(net(), data=3 * data, rate_hz=100, channels=2, seeds=1, samples=512)
    assert [layer.name for layer in found.layers] == ["0", "2"]
    assert found.rms == pytest.approx(3, rel=0.05)
    assert found["0"].waves.shape == (3, 2, 512)
    assert found.notes == ()
    assumed = package.explain(net(), rate_hz=100, channels=2, seeds=1, samples=512, filters=1)
    assert "assumed" in assumed.notes[0]


def test_bad_modules_are_named():
    with pytest.raises(InputError, match="rate_hz"):
        package.explain(net())
    with pytest.raises(InputError, match="no convolution"):
        package.explain(nn.Linear(3, 3), rate_hz=8000)
    broken = net()
    broken[2].bias.data[0] = torch.inf
    with pytest.raises(NotFiniteError, match=r"2\.bias"):
        package.explain(broken, rate_hz=8000, channels=2)
    with pytest.raises(InputError, match="NaN"):
        package.explain(net(), data=np.full((2, 9), np.nan), rate_hz=8000, channels=2)
    with pytest.raises(InputError, match="it is empty"):
        package.explain(net(), data=np.zeros((2, 0)), rate_hz=8000, channels=2)
    with pytest.raises(InputError, match="in hertz above 0"):
        package.explain(net(), rate_hz=0, channels=2)
    with pytest.raises(InputError, match="no network of torch"):
        package.explain(3)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"rate_hz": "8k"}, r"rate_hz='8k'\): say at which"),
        ({"channels": 1.5}, r"channels=1\.5"),
        ({"layers": 3}, "layers=3"),
        ({"layers": ()}, "name at least one"),
        ({"layers": ("O0",)}, "did you mean '0'"),
        ({"outputs": ("a", "a")}, "all different"),
        ({"contrasts": 3}, "give pairs of outputs"),
        ({"seed": 2**70}, r"below 2\*\*63"),
    ],
)
def test_bad_calls_are_named(wrong, said):
    told = {"rate_hz": 8000, "channels": 2, "rms": 1.0}
    with pytest.raises(InputError, match=said):
        package.explain(net(), **told | wrong)


@pytest.mark.parametrize("data", [np.float32(3), [0.1, 0.2], 3, torch.zeros(1, 9)])
def test_data_of_no_known_kind_are_named(data):
    with pytest.raises(InputError, match="give a Signal, a recording's path"):
        package.explain(net(), data=data, rate_hz=8000, channels=2)


def test_channels_are_one_or_more():
    for channels in (0, -1):
        with pytest.raises(InputError, match=f"channels={channels}"):
            package.explain(net(), rms=1.0, rate_hz=8000, channels=channels)


def test_the_level_of_pairs_is_that_of_what_is_translated():
    class Pairs:
        def __len__(self):
            return 3

        def __getitem__(self, index):
            x = np.random.default_rng(index).standard_normal((1, 500)).astype(np.float32)
            return Pair(2 * x, 9 * x)

    level, notes = explaining.level_of(explaining.network(net()), Pairs())
    assert level == pytest.approx(2, rel=0.1)
    assert notes == ()


def test_translators_of_signals_and_of_maps():
    for size in ((64,), (8, 16)):
        made = translators.build(
            "pix2pix",
            {"width": 4, "depth": 2},
            rate_hz=100,
            channels=1,
            outputs=("new",),
            size=size,
        )
        few = {"rms": 1.0, "samples": 64, "seeds": 1, "filters": 1}
        found = package.explain(made, layers=None, **few)
        assert found.rate_hz == 100
        assert found.channels == (1 if len(size) == 1 else size[0])
        assert {layer.kind[:4] for layer in found.layers} == {"conv"}


def test_the_models_that_come_along_are_understood():
    for name, hertz in (("piano-tones", 24_000.0), ("ae-bursts", 1_562_500.0)):
        known = explaining.subject(explaining.network(name), rms=1.0)
        assert known.rate_hz == hertz
        assert known.outputs
