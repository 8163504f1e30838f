"""What the README tells one to type works."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ondes.io import write
from ondes.signal import Signal

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
CALLS = [line for line in README.splitlines() if line.startswith("ondes ")]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Return an empty folder with recordings as the README names them."""
    tone = 0.5 * np.sin(2 * np.pi * 262 * np.arange(48_000) / 48_000)
    monkeypatch.chdir(tmp_path)
    for name in ("take.wav", "recordings/a.wav", "recordings/b.wav"):
        Path(name).parent.mkdir(exist_ok=True)
        soundfile.write(name, tone, 48_000)
    heart = np.sin(2 * np.pi * np.arange(3600) / 300) ** 31
    write(Signal.of(heart, rate_hz=360, unit="mV"), "record.hea")
    return tmp_path


def test_the_python_example(here, piano_tones, capsys) -> None:
    exec(BLOCKS[0], {"array": np.zeros((1, 48_000))})  # noqa: S102
    assert Path("take.mid").exists()
    assert capsys.readouterr().out == ""


def test_the_example_of_classes(here) -> None:
    quick = BLOCKS[1].replace('"inception-time"', '"random-forest", options={"trees": 3}')
    waves = np.sin(np.arange(400) * np.linspace(0.1, 0.9, 12)[:, None, None])
    soundfile.write("new.wav", waves[0, 0], 8000)
    exec(quick, {"X": waves, "y": ["low"] * 6 + ["high"] * 6, "X_new": waves})  # noqa: S102
    assert {path.name for path in Path("digits").iterdir()} == {"card.json", "weights.safetensors"}


def test_beats_as_shown(ondes, here) -> None:
    (call,) = [call for call in CALLS if "ecg-beats" in call]
    assert ondes(*shlex.split(call, comments=True)[1:]).status == 0
    assert any(Path("out").iterdir())


@pytest.mark.parametrize("call", [call for call in CALLS if "detect" in call and "ecg" not in call])
def test_detect_as_shown(ondes, here, piano_tones, call) -> None:
    assert ondes(*shlex.split(call, comments=True)[1:]).status == 0
    assert any(Path("out").iterdir())


@pytest.mark.parametrize("call", [call for call in CALLS if "train" in call])
def test_what_is_trained_exists(call) -> None:
    from ondes import recipe

    words = shlex.split(call, comments=True)
    assert recipe.load(words[2], scale=words[words.index("--scale") + 1])


def test_every_verb_is_named() -> None:
    from ondes.cli import verbs

    assert all(f"`{verb}" in README for verb in verbs())
