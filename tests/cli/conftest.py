"""A model whose answer is known beforehand: `loud` wherever the samples are above a half."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

RATE_HZ = 8000
HOP = 64


@pytest.fixture(scope="session")
def loud_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a network that reads the largest sample of a frame."""
    import torch

    from ondes.models import build
    from ondes.run.pipeline import pack
    from ondes.tasks import build as task_of

    options = {"hop": HOP, "filters": 1, "first": [1], "activation": "selu"}
    network = build("inception_time", options, rate_hz=RATE_HZ, channels=1, classes=("loud",))
    with torch.no_grad():
        network.blocks[0].convs[0].weight.fill_(1.0)  # the sample itself
        network.head.weight.copy_(torch.tensor([[[20.0], [0.0]]]))
        network.head.bias.fill_(-20.0 * 1.0507 * 0.5)  # selu(x) = 1.0507 x for x > 0
    folder = tmp_path_factory.mktemp("models") / "loud"
    pipeline = pack(
        task_of("detect", network.eval()),
        name="loud",
        model={"name": "inception_time", "options": options},
        data="nothing: its weights were set by hand",
    )
    pipeline.save(folder)
    return folder


@pytest.fixture(scope="session")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of models with one called piano-tones, to which all that is loud is C4."""
    import torch

    from ondes.data.sets.tones import LABELS
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
    pipeline = pack(task_of("detect", network.eval()), name="piano-tones", model=model)
    folder = tmp_path_factory.mktemp("models")
    pipeline.save(folder / "piano-tones")
    return folder


@pytest.fixture
def piano_tones(stand_ins: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a stand-in answer to the name piano-tones: tests of the verbs need no good model."""
    monkeypatch.setattr("ondes.run.artefact.ZOO", stand_ins)


@dataclass(frozen=True)
class Recordings:
    """Where recordings are written, with bursts on the model's grid of frames."""

    folder: Path
    rate_hz: int = RATE_HZ
    frame_s: float = HOP / RATE_HZ

    def write(self, name: str, *bursts: tuple[int, int], seconds: float = 1.0) -> Path:
        """Write a recording that is loud over frames [first, stop) of each burst."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, self.samples(*bursts, seconds=seconds), RATE_HZ, subtype="PCM_16")
        return path

    def samples(self, *bursts: tuple[int, int], seconds: float = 1.0) -> NDArray[np.float32]:
        """Return the samples of such a recording."""
        x = np.zeros(round(seconds * RATE_HZ), np.float32)
        for first, stop in bursts:
            x[first * HOP : stop * HOP] = 0.9
        return x


@pytest.fixture
def recordings(tmp_path: Path) -> Recordings:
    """Return a fresh folder to write recordings to."""
    return Recordings(tmp_path / "in")


@dataclass(frozen=True)
class Run:
    """What a call of the command line said."""

    status: int
    out: str
    err: str


@pytest.fixture
def ondes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Run]:
    """Return the command line as a function: exit status, stdout and stderr."""
    from ondes.cli import main

    def run(*words: object) -> Run:
        monkeypatch.setattr("sys.argv", ["ondes", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return Run(int(left.value.code or 0), said.out, said.err)

    return run
