"""``ondes report``, and classical detectors named where a model could be."""

import json

import numpy as np
import pytest

from ondes.events import EventList
from ondes.io import read_events, write_events
from ondes.tasks.detect import classical
from ondes.tasks.detect.classical import Threshold

RATE_HZ = 1_562_500
RAW = ("--rate", RATE_HZ, "--dtype", "float32", "--channels", 1)
ONSETS = tuple(range(5000, 95_000, 9000))


@pytest.fixture
def steel(tmp_path):
    """A raw recording with bursts, and its event list beside it."""
    x = 0.01 * np.random.default_rng(0).normal(size=100_000)
    t = np.arange(252)
    for onset in ONSETS:
        x[onset : onset + 252] += 0.2 * np.exp(-t / 70) * np.sin(0.6 * t)
    path = tmp_path / "in" / "steel.bin"
    path.parent.mkdir()
    x.astype("<f4").tofile(path)
    truth = EventList.of([(onset, onset + 252, "burst") for onset in ONSETS], rate_hz=RATE_HZ)
    write_events(truth, path.with_suffix(".csv"), file=path.name)
    return path


@pytest.mark.parametrize("name", ["threshold", "sta-lta"])
def test_classical_detectors_are_named_as_models_are(ondes, steel, tmp_path, name):
    done = ondes("detect", steel, *RAW, "--model", name, "-o", tmp_path / "out", "--report")
    assert done.status == 0, done.err
    found = read_events(tmp_path / "out" / "steel.csv", rate_hz=RATE_HZ)
    assert len(found) == len(ONSETS)
    assert np.abs(found.onset - ONSETS).max() < 20
    assert (tmp_path / "out" / "steel.html").exists()


def test_their_numbers_come_from_a_file(ondes, steel, tmp_path):
    path = tmp_path / "my-threshold.json"
    path.write_text(json.dumps(classical.to_dict(Threshold(labels=("knock",)))))
    done = ondes("detect", steel, *RAW, "--model", path, "--json")
    rows = json.loads(done.out)["recordings"][0]["events"]
    assert [row["label"] for row in rows] == ["knock"] * len(ONSETS)


def test_a_page_compares_detectors(ondes, steel, tmp_path):
    path = tmp_path / "deaf.json"
    path.write_text(json.dumps(classical.to_dict(Threshold(threshold=1e3))))
    words = ("report", steel, *RAW, "--model", "threshold", "--with", "sta-lta", "--with", path)
    done = ondes(*words, "-o", tmp_path / "out", "--json")
    assert done.status == 0, done.err
    (recording,) = json.loads(done.out)["recordings"]
    assert recording["events"] == {"threshold": 10, "sta-lta": 10, "deaf": 0}
    text = (tmp_path / "out" / "steel.html").read_text()
    assert text.count('class="card moment"') == len(ONSETS)
    assert "Precision" in text  # the truth lies beside the recording


def test_several_recordings_get_a_first_page(ondes, steel, tmp_path):
    steel.with_name("other.bin").write_bytes(steel.read_bytes())
    (steel.parent / "broken.bin").write_bytes(b"123")
    out = tmp_path / "out"
    done = ondes("report", steel.parent, *RAW, "--model", "threshold", "-w", "sta-lta", "-o", out)
    assert done.status == 1
    assert "steel.bin: threshold 10, sta-lta 10; " in done.out
    assert "failed: broken.bin" in done.err
    names = {path.name for path in out.iterdir()}
    assert names == {"index.html", "other.html", "steel.html"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--with", "threshold"), "with different names"),
        (("--with", "stalta"), "no model is called 'stalta'"),
        (("--tolerance", "0"), "above 0"),
    ],
)
def test_calls_that_are_wrong(ondes, steel, tmp_path, words, said):
    done = ondes("report", steel, *RAW, "--model", "threshold", "-o", tmp_path / "out", *words)
    assert done.status == 2
    assert said in done.err
