"""The examples of docs/extending.md, written where they say, are found by name and work."""

import re
from pathlib import Path

import numpy as np
import pytest

import ondes
from ondes import data, io, models, recipe
from ondes.recipe import run
from ondes.testing import check_dataset, check_model

DOCUMENT = Path(__file__).parents[1] / "docs" / "extending.md"
EXAMPLE = re.compile(r"^`([\w/.]+)`:\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
ROOMS = {
    "src/ondes/models": "ondes.models",
    "src/ondes/data/sets": "ondes.data.sets",
    "src/ondes/io/events": "ondes.io.events",
}


@pytest.fixture
def examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write all examples to a folder that continues the package's own."""
    from importlib import import_module

    from ondes.io import formats

    for name, text in EXAMPLE.findall(DOCUMENT.read_text(encoding="utf-8")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    for folder, room in ROOMS.items():
        path = [*import_module(room).__path__, str(tmp_path / folder)]
        monkeypatch.setattr(import_module(room), "__path__", path)
    formats.names.cache_clear()
    yield tmp_path
    formats.names.cache_clear()


def test_the_architecture(examples) -> None:
    assert "energy" in models.names()
    check_model(models.build("energy", rate_hz=8000, channels=2, classes=("a", "b")))


@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_the_data_set(examples, split) -> None:
    module = data.find("beeps")
    assert split == "train" or split in module.CLIPS
    check_dataset(module.build(module.Config(), split=split, seed=1))


def test_the_format(examples) -> None:
    assert io.event_suffix("htk") == ".lab"
    rng = np.random.default_rng(0)
    edges = np.sort(rng.choice(10**7, (50, 2), replace=False), axis=1)
    events = ondes.EventList.of([(a, b, f"l{a % 7}") for a, b in edges], rate_hz=48_000)
    ondes.write_events(events, examples / "take.lab")
    assert ondes.read_events(examples / "take.lab", rate_hz=48_000) == events
    (examples / "take.lab").write_text("0 100 a\n100 x b\n")
    with pytest.raises(ondes.OndesError, match=r"line 2: a time is 'x'"):
        ondes.read_events(examples / "take.lab", rate_hz=48_000)


def test_the_experiment(examples) -> None:
    tiny = recipe.load(examples / "beeps.yaml", scale="tiny")
    folder = run.train(tiny, examples / "model")
    found = ondes.load(folder).detect(np.zeros(8000, np.float32), rate_hz=8000)
    assert found.rate_hz == 8000


def test_no_example_is_left_out() -> None:
    names = [name for name, _ in EXAMPLE.findall(DOCUMENT.read_text(encoding="utf-8"))]
    assert [Path(name).name for name in names] == ["energy.py", "beeps.py", "htk.py", "beeps.yaml"]
