"""The page of many clips, read as a browser would."""

import base64
import io
import re

import numpy as np
import pytest
import soundfile

from ondes.errors import FormatError
from ondes.report import classification, examples, judged
from ondes.report.classification import Item, Outputs
from ondes.signal import Signal

NAMES = ("cat", "dog", "owl")
CLASSES = Outputs(names=NAMES, kind="class")
RATE_HZ = 8000


def clip(seconds=0.5, channels=1):
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return Signal.of(np.tile(0.5 * np.sin(2 * np.pi * 440 * t), (channels, 1)), rate_hz=RATE_HZ)


def item(file, scores, true=None, *, outputs=CLASSES, opened=clip):
    scores = np.asarray(scores, np.float64)
    if outputs.kind == "class":
        chosen = (outputs.names[int(scores.argmax())],)
    else:
        chosen = tuple(n for n, s in zip(outputs.names, scores, strict=True) if s >= 0.5)
    chosen = () if outputs.kind == "number" else chosen
    truth = None if true is None else np.asarray(true, np.float32)
    return Item(file=file, scores=scores, chosen=chosen, truth=truth, opened=opened)


SURE, UNSURE = [0.98, 0.01, 0.01], [0.4, 0.35, 0.25]
CAT, DOG, OWL = np.eye(3)
FOUR = [
    item("sure.wav", SURE, CAT),
    item("unsure.wav", UNSURE, CAT),
    item("mistaken.wav", SURE, DOG),
    item("nearly.wav", UNSURE, DOG),
]


@pytest.fixture
def page_of(tmp_path):
    """Write a page and return its text."""

    def page_of(items, outputs=CLASSES, **options):
        classification.write(tmp_path / "p.html", items, outputs=outputs, **options)
        return (tmp_path / "p.html").read_text(encoding="utf-8")

    return page_of


def shown(page):
    return re.findall(r"<header><b>(.*?)</b>", page)


def test_what_is_mistaken_comes_first_then_what_is_least_sure(page_of):
    assert shown(page_of(FOUR)) == ["mistaken.wav", "nearly.wav", "unsure.wav", "sure.wav"]
    blind = [item(one.file, one.scores) for one in FOUR[:2]]
    page = page_of(blind)
    assert shown(page) == ["unsure.wav", "sure.wav"]
    assert 'id="confusion"' not in page
    assert "are misjudged" not in page


def test_the_confusion_of_classes(page_of):
    page = page_of([*FOUR, item("owl.wav", [0.1, 0.1, 0.8], OWL)])
    cells = re.findall(r'data-true="(\w+)" data-found="(\w+)" title="[^"]*">(\d+)<', page)
    assert sorted(cells) == [("cat", "cat", "2"), ("dog", "cat", "2"), ("owl", "owl", "1")]
    found = judged.matrix(FOUR, CLASSES)
    assert found.names == ("cat", "dog")
    assert found.counts.tolist() == [[2, 0], [2, 0]]
    assert (found.share(1, 0), found.share(1, 1)) == (1.0, 0.0)


def test_what_was_misjudged_is_marked(page_of):
    assert page_of(FOUR).count('class="marked"') == 2


def test_figures_are_those_of_all_that_is_known(page_of):
    told = judged.scores(FOUR, CLASSES)
    assert told["accuracy"] == 0.5
    rows = {one.name: one for one in judged.by_output(FOUR, CLASSES)}
    assert (rows["cat"].found, rows["cat"].true) == (4, 2)
    assert (rows["cat"].recall, rows["cat"].precision) == (1.0, 0.5)
    assert (rows["dog"].recall, rows["dog"].precision) == (0.0, None)
    page = page_of([*FOUR, item("else.wav", SURE)])
    assert "<dt>accuracy</dt><dd>0.5</dd>" in page
    assert "<dt>clips</dt><dd>5</dd>" in page


def test_doubt_is_the_distance_from_another_answer():
    two = Outputs(names=("a", "b"), kind="tags", thresholds=(0.5, 0.8))
    rows = [
        judged.rows([item("x", scores, outputs=outputs)], outputs)[0]
        for outputs, scores in [(CLASSES, SURE), (CLASSES, [0.5, 0.5, 0]), (two, [1.0, 0.4])]
    ]
    assert [row.doubt for row in rows] == pytest.approx([0.03, 1.0, 0.5])


def test_tags_are_wrong_where_any_is():
    two = Outputs(names=("a", "b"), kind="tags")
    rows = judged.rows(
        [
            item("right", [0.9, 0.2], [1, 0], outputs=two),
            item("half", [0.9, 0.2], [1, 1], outputs=two),
            item("none", [0.1, 0.2], [0, 0], outputs=two),
        ],
        two,
    )
    assert (rows[0].item.file, rows[0].wrong) == ("half", True)
    said = {row.item.file: (row.label, row.true, row.score) for row in rows}
    assert said == {
        "half": ("a", "a, b", 0.9),
        "right": ("a", "a", 0.9),
        "none": ("none", "none", None),
    }


def test_numbers_begin_with_the_largest_error(page_of):
    metres = Outputs(names=("m",), kind="number")
    items = [
        item(f"{k}", [float(k)], [k + error], outputs=metres) for k, error in enumerate((0, 3, 1))
    ]
    page = page_of(items, metres)
    assert shown(page) == ["1", "2", "0"]
    assert "<dt>MAE</dt>" in page


def test_the_page_is_bounded_and_says_what_is_left_out(page_of, monkeypatch):
    monkeypatch.setattr(classification, "MOST_ROWS", 50)
    items = [item(f"{k}.wav", [0.9 - k / 1000, 0.1, k / 1000]) for k in range(120)]
    page = page_of(items)
    assert len(shown(page)) == classification.MOST_EXAMPLES
    assert "84 are in the table alone" in page
    assert "The first 50 of 120; 70 that are surest are left out" in page
    assert page.count('<th scope="row" data-value="') == 50


def test_thousands_of_clips_stay_small(page_of):
    items = [item(f"{k}.wav", np.random.default_rng(k).dirichlet(np.ones(3))) for k in range(5000)]
    assert len(page_of(items)) < 6e6


def test_long_and_wide_clips_are_drawn_within_bounds():
    noise = np.random.default_rng(0).normal(size=(8, 60 * RATE_HZ))
    drawn = examples.example(lambda: Signal.of(noise, rate_hz=RATE_HZ))
    assert len(drawn.waves) == examples.CHANNELS
    assert "6 of 8 channels" in drawn.facts
    assert len(drawn.blob) < 2 * examples.SOUND_BYTES
    assert not drawn.heard
    assert "too much for one page" in drawn.note


def test_the_sound_is_the_clip():
    drawn = examples.example(clip)
    samples, rate_hz = soundfile.read(io.BytesIO(base64.b64decode(drawn.blob)))
    assert rate_hz == RATE_HZ
    assert np.abs(samples - clip().samples[0]).max() < 1e-4
    assert drawn.picture
    assert not examples.example(lambda: clip(0.01)).picture


def test_a_clip_that_is_gone_says_why(page_of):
    def gone():
        raise FormatError("x.wav is damaged: copy it again")

    page = page_of([item("x.wav", SURE, opened=gone)], failures=[("y.wav", "no such file")])
    assert "x.wav is damaged" in page
    assert "no such file" in page
