"""The comparison of detectors: what is one and the same, what is shown, and that it stays whole."""

import base64
import shutil
import subprocess

import numpy as np
import pytest

from ondes.errors import InputError
from ondes.events import EventList
from ondes.report import compare
from ondes.report.agreement import Agreement
from ondes.report.closeups import Moment, Moments
from ondes.report.comparing import LEAST_SAMPLES, Answer, Comparing
from ondes.report.source import Source
from ondes.signal import Signal

RATE_HZ = 8000


def events(*onsets, label="a", channel=0, length=80):
    rows = [(onset, onset + length, label, channel, 0.5) for onset in onsets]
    return EventList.of(rows, rate_hz=RATE_HZ)


@pytest.fixture
def signal():
    rng = np.random.default_rng(0)
    return Signal.of(rng.normal(size=(2, 3 * RATE_HZ)), rate_hz=RATE_HZ, start=1000)


ANSWERS = (
    Answer("net", events(2000, 9000, 15_000)),
    Answer("threshold", events(2010, 12_000, 15_005, label="event")),
    Answer("sta-lta", events(2005, 9008, 15_010, 20_000, label="event")),
)


def comparing(signal, truth=None, answers=ANSWERS):
    source = Source.of(signal)
    return Comparing.of(source, answers, truth, tolerance_s=0.005, onset_s=0.002)


def test_events_near_each_other_are_one_whatever_their_label():
    agreement = Agreement.of([answer.events for answer in ANSWERS], tolerance_s=0.005)
    assert agreement.onset.tolist() == [2000, 9000, 12_000, 15_000, 20_000]
    expected = [[1, 1, 1], [1, 0, 1], [0, 1, 0], [1, 1, 1], [0, 0, 1]]
    assert agreement.members.astype(int).tolist() == expected


def test_channels_are_told_apart_and_answers_may_be_empty():
    lists = [events(100), events(100, channel=1), EventList.empty(RATE_HZ)]
    agreement = Agreement.of(lists, tolerance_s=1)
    assert agreement.members.astype(int).tolist() == [[1, 0, 0], [0, 1, 0]]


def test_rows_count_what_is_shared(signal):
    rows = comparing(signal).rows()
    counts = [(row.events, row.shared, row.some, row.alone) for row in rows]
    assert counts == [(3, 2, 1, 0), (3, 2, 0, 1), (4, 2, 1, 1)]
    assert comparing(signal).pairs()[1] == ("net", "sta-lta", 3, 3 / 4)


def test_rows_are_scored_against_the_truth(signal):
    rows = comparing(signal, truth=events(2000, 9004, 15_000)).rows()
    assert [round(row.scores.f1, 3) for row in rows] == [1.0, 0.667, 0.857]
    assert rows[0].labelled.f1 == 1.0
    assert rows[1].labelled is None  # "event" is no label of the truth
    assert [row.error for row in rows] == ["0", "938 µs", "625 µs"]


def test_differences_are_of_every_kind_and_apart(signal):
    found = comparing(signal)
    groups = found.differing()
    assert [found.agreement.onset[group] for group in groups] == [9000, 12_000, 20_000]
    many = (Answer("one", events(*range(2000, 20_000, 100))), Answer("two", events()))
    crowded = comparing(signal, answers=many)
    onsets = crowded.agreement.onset[crowded.differing()]
    assert np.diff(onsets).min() >= LEAST_SAMPLES
    assert len(onsets) > 5


def test_a_difference_says_what_each_answer_says(signal):
    found = comparing(signal)
    group = found.differing()[0]
    lines = found.difference(group, found.moment(group)).said
    assert [(line.name, line.words, line.wrong) for line in lines] == [
        ("net", "a 0.50", False),
        ("threshold", "nothing", True),
        ("sta-lta", "event 0.50", False),
    ]


def test_an_event_within_a_longer_one_is_said_to_be(signal):
    answers = (Answer("one", events(5000, 5600)), Answer("two", events(5000, length=1500)))
    found = comparing(signal, answers=answers)
    lines = found.difference(1, found.moment(1)).said
    assert [line.words for line in lines] == ["a 0.50", "within another"]


def test_moments_are_cut_from_blocks_of_any_size(signal):
    for size in (7, 500, 10**6):
        moments = [Moment(10, 900, 1), Moment(890, 1500, 0), Moment(0, 20, 0)]
        collected = Moments(moments)
        for block in Source.of(signal).blocks(size):
            collected.push(block)
        for moment in moments:
            expected = signal.samples[moment.channel, moment.start : moment.stop]
            np.testing.assert_array_equal(moment.samples, expected)


def test_a_moment_s_outline_keeps_its_extremes():
    x = np.zeros(5000, np.float32)
    x[2500], x[3000] = 2.0, -1.0
    moment = Moment(0, 5000, 0, [x])
    heights = [float(pair.split()[1]) for pair in moment.outline[1:-1].split("L")]
    assert (min(heights), max(heights)) == (0.0, 0.75)
    assert moment.peak == 2.0
    assert base64.b64decode(moment.picture(RATE_HZ)).startswith(b"\x89PNG")


@pytest.fixture
def page(signal, tmp_path):
    def made(**options):
        path = tmp_path / "page.html"
        compare.write(path, signal=signal, answers=ANSWERS, tolerance_s=0.005, **options)
        return path

    return made


def test_a_page_names_counts_and_differences(page):
    text = page(file="steel & iron.wav").read_text()
    assert "steel &amp; iron.wav" in text
    assert text.count('class="card moment"') == 3
    assert "Where they differ" in text
    assert ">Precision<" not in text
    assert ">Precision<" in page(truth=events(2000)).read_text()


def test_answers_that_cannot_be_compared_are_refused(signal, tmp_path):
    one = ANSWERS[0]
    for answers in ([one], [one, one], [one, Answer("truth", one.events)]):
        with pytest.raises(InputError, match="at least two answers, all different"):
            compare.write(tmp_path / "x.html", signal=signal, answers=answers, tolerance_s=1)


def test_agreement_everywhere_is_said(signal, tmp_path):
    same = [Answer(name, ANSWERS[0].events) for name in ("one", "two")]
    compare.write(tmp_path / "x.html", signal=signal, answers=same, tolerance_s=0.001)
    assert "They differ nowhere" in (tmp_path / "x.html").read_text()


def test_a_page_draws_and_the_console_stays_clean(page, tmp_path):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium to open a report with")
    options = "--headless --no-sandbox --disable-gpu --enable-logging=stderr --dump-dom"
    command = [browser, *options.split(), "--virtual-time-budget=3000"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", page(truth=events(2000)).as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    assert 'style="left: 0%; width: 100%;"' in done.stdout
