"""Windows of a detector that is to answer soon."""

from dataclasses import replace

import pytest

from ondes.run.card import Card
from ondes.run.engine import Window
from ondes.run.live import prompt
from ondes.run.pipeline import Pipeline
from ondes.spec import Spec
from ondes.tasks.detect.decoder import Decoder


def frames(spec: Spec, block_s: float = 0.02) -> int:
    pipeline = Pipeline(None, spec, Decoder(), Card(name="x", model={}, spec={}, task={}))
    return prompt(pipeline, block_s=block_s).window.frames


SLOW = Spec(100, 1, ("N",), hop=2, look_back=3000, look_ahead=40)
FAST = Spec(24_000, 1, ("C4",), hop=256, look_back=40_831, look_ahead=40_832)
SHORT = Spec(1_562_500, 1, ("a",), hop=16, look_back=5_144, look_ahead=5_144)


@pytest.mark.parametrize(
    ("spec", "longest_s", "share_hz"),
    [(SLOW, 0.05, 80_000), (FAST, 1.5, 81_000), (SHORT, 0.03, 4e6)],
)
def test_windows_are_as_short_as_they_are_cheap(spec, longest_s, share_hz):
    n, least = frames(spec), Window.of(spec, frames=1)
    assert n * spec.hop / spec.rate_hz <= longest_s
    assert (n + least.before + least.after) / n * spec.rate_hz <= share_hz


def test_a_long_block_has_one_window():
    assert frames(SLOW, block_s=2.0) == 100
    assert frames(replace(SLOW, rate_hz=1.0, hop=1)) == 1


def test_more_rows_share_what_is_cheap():
    pipeline = Pipeline(None, SLOW, Decoder(), Card(name="x", model={}, spec={}, task={}))
    lengths = [prompt(pipeline, block_s=0.02, rows=n).window.frames for n in (1, 2, 12, 800)]
    assert lengths[:1] == [2]
    assert lengths[1] <= 4
    assert 20 <= lengths[2] <= 30
    assert lengths[3] == 1520


def test_who_does_not_wait_gets_windows_of_the_reach():
    pipeline = Pipeline(None, SLOW, Decoder(), Card(name="x", model={}, spec={}, task={}))
    assert prompt(pipeline, block_s=0.02, waited=False).window.frames == 1520


def test_what_has_no_windows_stays_as_it_is():
    detector = object()
    assert prompt(detector, block_s=0.02) is detector
