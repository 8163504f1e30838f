"""``ondes translate`` and ``ondes watch --with``, by a network that lets all pass as it is."""

import csv
import io
import json
import re

import numpy as np
import pytest
import soundfile
import torch

from ondes.data.clips import Clips, one_hot
from ondes.data.uwb.maps import Form, Frames
from ondes.models import translators
from ondes.protocols import Sensor
from ondes.run import rivals
from ondes.run.card import Card
from ondes.run.predictors.torch import Network
from ondes.run.translator import Translator
from ondes.run.way import Way
from ondes.tasks.translate import Reading

RATE_HZ = 1000
FRAMES = Frames(form=Form(shape=(6, 16)), rate_hz=50.0, n_channels=24, size=32)
MAP_HZ = 0.32


def saved(folder, size, *, rate_hz, facts=None):
    """Save a translator that gives back what it is given, to the bit."""
    options = {"width": 4, "depth": 1}
    net = translators.build(
        "residual", options, rate_hz=rate_hz, channels=1, outputs=("old",), size=size
    )
    with torch.no_grad():
        for parameter in net.body.last.parameters():
            parameter.zero_()
    bins = size[0] if len(size) > 1 else 1
    way = Way(
        source=Sensor(rate_hz, bins, "new"), target=Sensor(rate_hz, bins, "old"), size=size, step=2
    )
    card = Card(
        name="as-it-is",
        model={"name": "residual", "options": options, "size": list(size)},
        spec={},
        task={"name": "translate", "options": {}},
        facts=facts or {},
    )
    Translator(Network(net.eval()), net.spec, Reading(), way, card).save(folder)
    return folder


def tone(name, n=400):
    steps = {"slow": 0.2, "fast": 1.1}[name]
    return (0.5 * np.sin(steps * np.arange(n))).astype(np.float32)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("t") / "as-it-is", (200,), rate_hz=float(RATE_HZ))


@pytest.fixture(scope="module")
def model_of_maps(tmp_path_factory):
    folder = tmp_path_factory.mktemp("t") / "maps"
    return saved(folder, (6, 16), rate_hz=MAP_HZ, facts={"frames": FRAMES.to_dict()})


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    words = ["slow", "fast"] * 4
    clips = Clips(
        [tone(word, 300 + k) for k, word in enumerate(words)],
        one_hot(words, ["fast", "slow"]),
        labels=["fast", "slow"],
        rate_hz=RATE_HZ,
    )
    folder = tmp_path_factory.mktemp("j") / "old"
    rivals.fit("minirocket", clips, options={"features": 84}).save(folder)
    return folder


@pytest.fixture
def new(tmp_path):
    """Return a folder of three recordings, of which one is broken; what is old lies beside."""
    for side in ("new", "old"):
        (tmp_path / side).mkdir()
    for name, was, truly in (("a", "slow", "slow"), ("b", "fast", "slow")):
        soundfile.write(tmp_path / "new" / f"{name}.wav", tone(was), RATE_HZ, subtype="FLOAT")
        np.save(tmp_path / "old" / f"{name}.npy", tone(truly)[None])
    soundfile.write(tmp_path / "new" / "stereo.wav", np.zeros((400, 2)), RATE_HZ)
    return tmp_path / "new"


def test_one_bad_file_is_named_and_the_others_are_done(ondes, model, new, tmp_path):
    done = ondes("translate", new, "-m", model, "-o", tmp_path / "out", "--format", "npy,wav")
    assert done.status == 1
    assert "2 done, 1 failed" in done.err
    assert "stereo.wav: 2 channels given" in done.err
    assert done.out.splitlines()[0].startswith("a.wav: ")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"a.npy", "a.wav", "b.npy", "b.wav"}
    np.testing.assert_array_equal(np.load(tmp_path / "out" / "b.npy"), tone("fast")[None])


def test_json_tells_errors_and_answers(ondes, model, judge, new, tmp_path):
    done = ondes(
        *("translate", new / "a.wav", new / "b.wav", "-m", model, "-o", tmp_path / "out"),
        *("--targets", tmp_path / "old", "--with", judge, "--json", "--report"),
    )
    assert done.status == 0
    document = json.loads(done.out)
    first, second = document["recordings"]
    assert second["file"] == "b.wav"
    assert second["l1"] == pytest.approx(np.abs(tone("fast") - tone("slow")).mean())
    assert first["l1"] == first["l1_as_is"] == 0
    said = {which: answer["chosen"] for which, answer in second["answers"].items()}
    assert said == {"as_is": ["fast"], "translated": ["fast"], "target": ["slow"]}
    assert document["scores"]["agreement_translated"] == 0.5
    assert document["failed"] == []
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert re.findall(r'<article class="card made" data-fate="([\w ]+)"', page) == [
        "still other",
        "kept",
    ]


def test_frames_are_translated_map_by_map(ondes, model_of_maps, tmp_path):
    x = np.random.default_rng(0).normal(size=(24, 80)).astype(np.float32)
    np.save(tmp_path / "walk.npy", x)
    out = tmp_path / "out"
    done = ondes("translate", tmp_path / "walk.npy", "-m", model_of_maps, "-o", out, "--json")
    assert done.status == 0
    assert "frames at 50 Hz" in done.err
    maps = json.loads(done.out)["recordings"][0]["maps"]
    assert [(one["onset_s"], one["offset_s"]) for one in maps] == [
        (0.0, 0.64),
        (0.64, 1.28),
        (0.96, 1.6),
    ]
    call = ("translate", tmp_path / "walk.npy", "-m", model_of_maps, "-o", out)
    assert "3 maps" in (said := ondes(*call, "--skip-existing").out)
    assert "(before)" in said
    (out / "walk.0002.npy").unlink()
    assert "(before)" not in ondes(*call, "--skip-existing").out
    second = np.load(out / "walk.0001.npy")
    np.testing.assert_allclose(second, FRAMES.map_of(x[:, 32:64]), atol=1e-5)
    again = ondes("translate", out / "walk.0001.npy", "-m", model_of_maps, "-o", tmp_path / "two")
    assert again.status == 0
    np.testing.assert_array_equal(np.load(tmp_path / "two" / "walk.0001.npy"), second)


def test_maps_of_more_bins_are_no_frames(ondes, model_of_maps, tmp_path):
    np.save(tmp_path / "walk.npy", np.random.default_rng(0).normal(size=(8, 16)))
    done = ondes("translate", tmp_path / "walk.npy", "-m", model_of_maps, "-o", tmp_path / "out")
    assert done.status == 1
    assert "8 channels given" in done.err
    assert "for a model of 6" in done.err


def test_results_that_are_there_can_stay(ondes, model, new, tmp_path):
    call = ("translate", new / "a.wav", "-m", model, "-o", tmp_path / "out", "--skip-existing")
    assert "(before)" not in ondes(*call).out
    before = (tmp_path / "out" / "a.npy").stat().st_mtime_ns
    assert "(before)" in ondes(*call).out
    assert (tmp_path / "out" / "a.npy").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--with", "{model}"), "is no classifier: name one of the sensor"),
        (("--format", "npyy"), "format 'npyy'"),
        (("--targets", "nowhere"), "is no folder"),
        (("--targets", "{empty}"), "none of its files is called like"),
        (("--skip-existing", "--report"), "leave out --report"),
    ],
)
def test_a_wrong_call_is_told_before_anything_is_done(ondes, model, new, tmp_path, words, said):
    np.save(tmp_path / "other.npy", np.zeros((1, 9)))
    words = [word.format(model=model, empty=tmp_path) for word in words]
    done = ondes("translate", new / "a.wav", "-m", model, "-o", tmp_path / "out", *words)
    assert done.status == 2
    assert said in done.err
    assert not (tmp_path / "out").exists()


def test_inputs_are_never_written_over(ondes, model, new):
    done = ondes("translate", new / "a.wav", "-m", model, "-o", new, "--format", "wav")
    assert done.status == 1
    assert "is the input itself" in done.err


def test_a_target_of_another_length_is_refused(ondes, model, new, tmp_path):
    np.save(tmp_path / "old" / "a.npy", tone("slow", 300)[None])
    done = ondes(
        *("translate", new / "a.wav", "-m", model, "-o", tmp_path / "out"),
        *("--targets", tmp_path / "old"),
    )
    assert done.status == 1
    assert "no target of a translation" in done.err


def test_a_stream_is_watched_through_a_translator(ondes, model, judge, tmp_path):
    x = np.concatenate([tone("slow"), tone("fast")])
    soundfile.write(tmp_path / "x.wav", x, RATE_HZ, subtype="FLOAT")
    call = ("watch", tmp_path / "x.wav", "-m", model, "--fast", "--quiet")
    done = ondes(*call, "--with", judge, "--window", 0.4)
    assert done.status == 0
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [row["label"] for row in rows] == ["slow", "fast"]
    assert "say what hears the translation" in ondes(*call).err
    assert "translates nothing" in ondes(*call[:3], judge, "--with", judge, "--window", 1).err


def test_a_translator_is_told_to_those_who_take_it_for_something_else(ondes, model, new, judge):
    assert "ondes translate" in ondes("classify", new / "a.wav", "-m", model).err
    assert "ondes translate" in ondes("detect", new / "a.wav", "-m", model).err
    done = ondes("translate", new / "a.wav", "-m", judge, "-o", "out")
    assert done.status == 2
    assert "ondes classify" in done.err
