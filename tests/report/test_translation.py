"""The page of translations, read as a browser would."""

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from ondes.errors import InputError
from ondes.report import lanes, translation, walk
from ondes.report.lanes import Shown
from ondes.report.translation import Item
from ondes.run.labels import Labels
from ondes.signal import Signal

NAMES = ("fall", "walk")


def labels(fall):
    scores = np.array([fall, 1 - fall])
    return Labels(NAMES, scores, (NAMES[int(scores.argmax())],))


def of_map(*, target=True, hot=3):
    x = np.zeros((6, 16), np.float32)
    x[hot, 5] = 10.0
    source, made = Signal.of(x, rate_hz=0.32), Signal.of(x / 2, rate_hz=0.32)
    doubt = Signal.of(np.full((6, 16), 0.5), rate_hz=0.32)
    return Shown(source, source if target else None, made, source, doubt, is_map=True)


def of_waves(n=500, *, target=True):
    wave = Signal.of(np.sin(np.arange(n) / 9), rate_hz=100)
    made = Signal.of(np.cos(np.arange(n) / 9), rate_hz=100)
    return Shown(wave, made if target else None, wave, wave)


def item(name, was, now, truly=None, opened=of_map):
    answers = {"as_is": labels(was), "translated": labels(now)}
    answers |= {} if truly is None else {"target": labels(truly)}
    return Item(name=name, figures={"l1": 0.25}, answers=answers, opened=opened)


FOUR = [
    item("kept.npy", 0.9, 0.8, 1.0),
    item("mended.npy", 0.1, 0.8, 1.0),
    item("spoilt.npy", 0.9, 0.2, 1.0),
    item("other.npy", 0.1, 0.2, 1.0),
]


def written(tmp_path, items, **options):
    translation.write(tmp_path / "page.html", items, **options)
    return (tmp_path / "page.html").read_text(encoding="utf-8")


def test_what_became_of_answers():
    assert [one.verdict for one in FOUR] == ["kept", "mended", "spoilt", "still other"]
    assert item("x", 0.9, 0.1).verdict == "changed"
    assert item("x", 0.9, 0.8).verdict == "same"
    assert Item(name="x", figures={}, answers={}, opened=of_map).verdict == ""


def test_the_page_shows_the_most_telling_first_and_needs_no_network(tmp_path):
    page = written(tmp_path, FOUR, model="sig2sig", judge="old", sensors=("new", "old"))
    shown = re.findall(r'class="card made" data-fate="([\w ]+)"', page)
    assert shown == ["mended", "spoilt", "still other", "kept"]
    captions = re.findall(r"<figcaption[^>]*>(\w+)<", page)[:6]
    assert captions == ["input", "target", "uncertainty", "coarse", "result", "error"]
    assert "default-src &#39;none&#39;" in page
    assert not re.findall(r'(?:src|href)="(?!data:)', page)


def test_names_cannot_break_the_page(tmp_path):
    page = written(tmp_path, [item("<script>alert(1)</script>", 0.1, 0.2)])
    assert "<script>alert" not in page


def test_many_are_shared_out_among_what_became_of_them(tmp_path):
    many = [item(f"{k}", 0.9, 0.8, 1.0) for k in range(60)] + FOUR[1:]
    page = written(tmp_path, many, scores={"l1": 0.25})
    shown = re.findall(r'class="card made" data-fate="([\w ]+)"', page)
    assert len(shown) == translation.MOST_SHOWN
    assert [shown.count(name) for name in ("mended", "spoilt", "still other")] == [1, 1, 1]
    assert page.count('<tr data-fate="') == 63


def test_what_cannot_be_drawn_says_why(tmp_path):
    def gone():
        raise InputError("it was moved away")

    page = written(tmp_path, [item("a.npy", 0.1, 0.2, opened=gone)], failures=[("b", "broken")])
    assert "it was moved away" in page
    assert "broken" in page


def pixels(lane):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(lane.picture))))


def test_maps_stand_with_their_first_bin_at_the_bottom_in_shared_colours():
    drawn = {lane.kind: lane for lane in lanes.picture(of_map(hot=1)).lanes}
    assert list(drawn) == ["source", "target", "uncertainty", "coarse", "result", "error"]
    image = pixels(drawn["source"])
    assert image.shape == (6, 16)
    assert np.unravel_index(image.argmax(), image.shape) == (4, 5)
    assert (drawn["source"].low, drawn["source"].high) == (
        drawn["target"].low,
        drawn["target"].high,
    )
    assert drawn["uncertainty"].high == drawn["error"].high
    assert drawn["uncertainty"].low == 0


def test_what_is_not_there_has_no_lane():
    shown = of_map(target=False)._replace(uncertainty=None)
    shown = shown._replace(coarse=shown.result)
    assert [lane.kind for lane in lanes.picture(shown).lanes] == ["source", "result"]


@pytest.mark.parametrize("n", [500, 50_000])
def test_waveforms_are_drawn_to_scale(n):
    drawn = {lane.kind: lane for lane in lanes.picture(of_waves(n)).lanes}
    (path,) = drawn["result"].paths
    y = [float(point.split()[1]) for point in re.findall(r"[\d.]+ -?[\d.]+", path)]
    assert (min(y), max(y)) == pytest.approx((-1, 1), abs=0.01)
    assert drawn["result"].behind == drawn["target"].paths
    assert len(path) < 200_000


def test_signals_can_be_zoomed_together(tmp_path):
    page = written(tmp_path, [item("a.wav", 0.1, 0.2, 0.3, opened=of_waves)])
    assert 'class="lanes" data-seconds="5.0"' in page
    assert page.count('data-n="500"') == 4  # input, target, result, error


def test_the_first_signals_can_be_walked_through(tmp_path):
    long = item("a.wav", 0.1, 0.2, 0.3, opened=lambda: of_waves(5000))
    page = written(tmp_path, [long])
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])
    assert data["recording"]["channels"] == ["input", "target", "result", "error"]
    assert data["recording"]["duration_s"] == 50.0
    assert 'id="stage"' not in written(tmp_path, FOUR)


def test_rates_that_differ_share_one_axis():
    slow = Signal.of(np.sin(np.arange(600) / 9), rate_hz=50)
    quick = Signal.of(np.sin(np.arange(1199) / 18), rate_hz=100)
    walked = walk.walk("a", Shown(slow, None, quick, quick))
    assert walked.data["recording"]["channels"] == ("input", "result")
    assert walked.data["recording"]["duration_s"] == 11.99
