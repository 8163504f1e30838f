"""``ondes demo`` with a stand-in for the embedded model, which hears C4 in all that is loud."""

import csv
from pathlib import Path

import mido
import pytest

from ondes.cli import demo as verb
from ondes.data.sets.tones import LABELS


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    from ondes.models import build
    from ondes.run.pipeline import pack
    from ondes.tasks import build as task_of

    options = {"hop": 512, "filters": 1, "first": [1], "activation": "selu"}
    network = build("inception_time", options, rate_hz=48_000, channels=1, classes=LABELS)
    with torch.no_grad():
        network.blocks[0].convs[0].weight.fill_(1.0)
        network.head.weight.zero_()
        network.head.bias.fill_(-10.0)
        network.head.weight[LABELS.index("C4"), 0] = 200.0
    model = {"name": "inception_time", "options": options}
    pipeline = pack(task_of("detect", network.eval()), name="stand-in", model=model)
    folder = tmp_path_factory.mktemp("models") / "stand-in"
    pipeline.save(folder)
    return folder


def test_the_main_job(ondes, stand_in, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(verb, "MODEL", str(stand_in))
    done = ondes("demo", "-o", tmp_path / "demo")
    assert done.status == 0
    lines = done.out.splitlines()
    assert "Bach" in lines[0]
    (n_found,) = (int(line.split()[0]) for line in lines if "tones found" in line)
    assert sum("C4" in line for line in lines) == min(verb.SHOWN, n_found) > 0
    assert "note F1" in done.out
    assert lines[-2].startswith("Your own recording:  ondes detect")
    assert lines[-1].startswith("Your own model:      ondes train")


def test_its_results_agree(ondes, stand_in, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(verb, "MODEL", str(stand_in))
    ondes("demo", "-o", tmp_path)
    with (tmp_path / "prelude.csv").open(newline="") as table:
        rows = [(float(row["onset_s"]), float(row["offset_s"])) for row in csv.DictReader(table)]
    lines = (tmp_path / "prelude.txt").read_text().splitlines()
    labels = [tuple(map(float, line.split("\t")[:2])) for line in lines]
    messages = [m for m in mido.MidiFile(tmp_path / "prelude.mid") if m.type == "note_on"]
    assert rows
    assert labels == rows
    assert len([m for m in messages if m.velocity]) == len(rows)
    assert {m.note for m in messages} == {60}
    page = (tmp_path / "prelude.html").read_text(encoding="utf-8")
    assert "ondes demo" in page


def test_what_it_tells_to_try_exists() -> None:
    from ondes import recipe

    words = verb.NEXT.splitlines()[1].split()
    assert "laptop" in recipe.outline(words[words.index("train") + 1]).scales
