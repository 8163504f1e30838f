"""Rhythm tells of intervals what they are, takes up a network of beats and leaves it as it is."""

import math
from pathlib import Path

import pytest
import torch

from ondes import models, recipe
from ondes.errors import RecipeError
from ondes.models.rhythm import STEEP, Config, Intervals, Module
from ondes.recipe import build
from ondes.run import artefact

FRAME_S = 0.02


def told(beats: list[int], *, ventricular: tuple[int, ...] = (), n: int = 600) -> torch.Tensor:
    """What is told after the last beat; beats last five frames, as those that Pulse finds."""
    probable, share = torch.zeros(1, 1, n), torch.zeros(1, 1, n)
    for number, at in enumerate(beats):
        probable[..., at : at + 5] = 1
        share[..., at : at + 5] = number in ventricular
    found: torch.Tensor = Intervals(Config(intervals=3), frame_s=FRAME_S)(probable, share)
    return found[0, :, -1]


def test_intervals_are_told_against_each_other() -> None:
    """Of 30, 40 and 60 frames: two differences, the last one, and how long ago it ended."""
    first, second, *sizes, last, now = told([450, 480, 520, 580]).tolist()[:6]
    assert first == pytest.approx(STEEP * math.log(60 / 40), abs=0.02)
    assert second == pytest.approx(STEEP * math.log(40 / 30), abs=0.02)
    assert sizes == [first, second]
    slower = told([450, 510, 550, 580]).tolist()
    assert slower[0] == pytest.approx(-slower[2])
    assert last == pytest.approx(math.log(60 * FRAME_S / 0.8), abs=0.01)
    assert now == pytest.approx(math.log(16 * FRAME_S / 0.8), abs=0.02)
    assert told([450, 480, 520, 580]).tolist()[6:] == pytest.approx([1, 0] * 3, abs=0.01)


def test_which_beats_looked_ventricular_is_told() -> None:
    *_, newest, _, middle, _, oldest = told([450, 480, 520, 580], ventricular=(2,)).tolist()
    assert [newest, middle, oldest] == pytest.approx([0, 1, 0], abs=0.01)


def test_an_interval_is_unknown_where_none_has_been() -> None:
    known = told([580]).tolist()[6::2]
    assert known == pytest.approx([0, 0, 0], abs=0.01)


@pytest.mark.parametrize("wrong", [{"hop": 6}, {"intervals": 1}, {"reach": [0]}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(RecipeError, match=next(iter(wrong))):
        models.build("rhythm", wrong, rate_hz=100, channels=1, classes=("a",))


def test_beats_are_taken_up_and_stay(shared_data: Path) -> None:
    free = str(shared_data / "ecg_mitbih")
    chosen = recipe.load(
        "ecg/af",
        overrides=[f"folder={shared_data / 'ecg_af'}", f"data.options.free=[{free}]"],
    )
    model = build.task(chosen, build.dataset(chosen, "valid")).model
    assert isinstance(model, Module)
    weights = artefact.read_weights(artefact.find("ecg-beats"))
    for name, value in model.inner.state_dict().items():
        torch.testing.assert_close(value, weights[name], rtol=0, atol=0)
    assert not any(value.requires_grad for value in model.inner.parameters())
    assert not model.train().inner.training
    other = chosen.model_copy(
        update={"model": chosen.model.model_copy(update={"start": "spoken-digits"})}
    )
    with pytest.raises(RecipeError, match=r"model\.start: the weights of spoken-digits"):
        build.task(other, build.dataset(chosen, "valid"))
