"""``ondes draw`` draws trained models, recipes and architectures."""

import json
from xml.etree import ElementTree as ET

from PIL import Image


def test_a_trained_model(ondes, loud_model, tmp_path):
    run = ondes("draw", loud_model, "-o", tmp_path / "net.svg")
    assert (run.status, run.err) == (0, "")
    assert run.out.startswith(f"{tmp_path / 'net.svg'}: ")
    assert "multiply-adds for 1×8000" in run.out  # a second at 8 kHz, 125 frames of 64
    ET.parse(tmp_path / "net.svg")
    run = ondes("draw", loud_model, "--classes", "3")
    assert run.status == 2
    assert "takes no options" in run.err


def test_an_architecture_with_options(ondes, tmp_path):
    words = (
        "--level",
        "frame",
        "--set",
        "hop=64",
        "--classes",
        5,
        "--samples",
        640,
        "--title",
        "mine",
    )
    run = ondes("draw", "inception_time", *words, "--json", "-o", tmp_path / "net.png")
    said = json.loads(run.out)
    assert (said["name"], said["file"]) == ("mine", str(tmp_path / "net.png"))
    assert said["layers"][-1]["shape"] == [5, 10]
    assert said["parameters"] == sum(layer["parameters"] for layer in said["layers"])
    with Image.open(tmp_path / "net.png") as picture:
        assert picture.format == "PNG"


def test_an_architecture_for_clips_and_on_images(ondes):
    run = ondes("draw", "lenet", "--rate", 100, "--samples", 400, "--channels", 3)
    assert run.status == 0, run.err
    assert "multiply-adds for 3×400" in run.out
    run = ondes("draw", "lenet", "--image", "1x32x32", "--classes", 7)
    assert run.status == 0, run.err
    assert "dense 7" in run.out
    run = ondes("draw", "lenet", "--image", "32x32")
    assert run.status == 2
    assert "3x224x224" in run.err
    run = ondes("draw", "mel", "--image", "1x32x32")
    assert run.status == 2
    assert "without images" in run.err


def test_translators_of_signals_and_of_maps(ondes):
    run = ondes("draw", "uwb-new-to-old", "--depth", 1)
    assert run.status == 0, run.err
    assert "multiply-adds for 1×64×64" in run.out
    small = ("--set", "width=2", "--set", "depth=3")
    run = ondes("draw", "sig2sig", *small, "--samples", 50, "--channels", 2, "--classes", 1)
    assert run.status == 0, run.err
    assert "multiply-adds for 2×50" in run.out
    run = ondes("draw", "pix2pix", *small, "--image", "3x16x32", "--json")
    assert json.loads(run.out)["layers"][0]["shape"] == [3, 16, 32]
    for words, cure in (
        (("pix2pix", "--level", "clip"), "leave out --level"),
        (("pix2pix", "--heads"), "leave out --heads"),
        (("translate/uwb/sig2sig",), "draw sig2sig"),
    ):
        run = ondes("draw", *words)
        assert run.status == 2
        assert cure in run.err


def test_heads_that_serve_training(ondes):
    words = ("googlenet", "--rate", 100, "--samples", 512, "--classes", 7)
    alone, both = (ondes("draw", *words, *more, "--json") for more in ((), ("--heads",)))
    alone, both = json.loads(alone.out), json.loads(both.out)
    assert alone["parameters"] == both["parameters"]
    dense = [layer for layer in both["layers"] if layer["layer"] == "dense 7"]
    assert len(dense) == 3
    assert sum(layer["parameters"] for layer in both["layers"]) == both["parameters"]
    run = ondes("draw", "mel", "--heads")
    assert run.status == 2
    assert "leave out --heads" in run.err


def test_a_recipe_with_and_without_its_data(ondes):
    name = "bursts/inception-time-small"
    run = ondes("draw", name)
    assert run.status == 0, run.err
    assert "1×1562496" in run.out  # a second at 1.5625 MHz, in whole frames of 16
    run = ondes("draw", "own-sounds", "--set", "data.options.folder=nowhere")
    assert run.status == 2
    assert "--rate, --channels and --classes" in run.err
    words = ("--rate", 16_000, "--channels", 1, "--classes", 3)
    run = ondes("draw", "own-sounds", "--set", "data.options.folder=nowhere", *words)
    assert run.status == 0, run.err


def test_wrong_calls_name_their_cure(ondes, tmp_path):
    for words, cure in (
        (("resnett",), "did you mean 'resnet'"),
        (("resnet", "-o", tmp_path / "net.pdf"), ".svg"),
        (("resnet", "--set", "layer=50"), "did you mean 'layers'"),
        (("net.onnx",), "draw the model"),
        (("mel", "--level", "clip"), "it judges frame"),
    ):
        run = ondes("draw", *words)
        assert run.status == 2
        assert cure in run.err
    assert list(tmp_path.iterdir()) == []
