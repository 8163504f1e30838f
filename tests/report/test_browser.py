"""The pages in a real browser, where there is one: they draw, and nothing complains."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from ondes.events import EventList
from ondes.report import classification, detection, index, translation
from ondes.run.monitor import Rules, alarms

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None or os.environ.get("ONDES_NO_BROWSER"):
        pytest.skip("no chromium to open a report with")
    return found


def opened(browser: str, page: Path, profile: Path) -> tuple[str, list[str]]:
    """Return the document once its scripts ran, and what they wrote to the console."""
    options = "--headless --no-sandbox --disable-gpu --disable-background-networking"
    options += " --enable-logging=stderr --virtual-time-budget=3000 --dump-dom"
    command = [browser, *options.split(), f"--user-data-dir={profile}", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def test_a_report_draws_and_the_console_stays_clean(browser, tmp_path, signal, found, truth):
    hostile = EventList.of([(0, 4000, "</script><script>throw 1</script>")], rate_hz=8000)
    page = tmp_path / "report.html"
    detection.write(page, signal=signal, events=found + hostile, truth=truth)
    text, console = opened(browser, page, tmp_path / "profile")
    assert console == []
    assert "5 of 5" in text
    assert len(re.findall(r'<tr data-n="', text)) == 5
    assert re.search(r'id="window" style="left: 0%; width: 100%;"', text)


def test_a_report_with_alarms_draws_them(browser, tmp_path, signal, found):
    rules = Rules.of({"alarms": {"high": {"kind": "run", "of": list(found.labels), "count": 1}}})
    told = alarms(found, rules)
    page = tmp_path / "report.html"
    detection.write(page, signal=signal, events=found, alarms=told, rules=rules)
    text, console = opened(browser, page, tmp_path / "profile")
    assert console == []
    assert text.count('data-alarm="') == len(told) > 0


def test_a_report_without_sound_or_truth_draws_too(browser, tmp_path, signal, found):
    page = tmp_path / "report.html"
    detection.write(page, signal=signal, events=found, with_audio=False)
    text, console = opened(browser, page, tmp_path / "profile")
    assert console == []
    assert "3 of 3" in text


def test_an_index_counts_its_rows(browser, tmp_path, found):
    page = tmp_path / "index.html"
    index.write(page, [index.Row.of("a.wav", found, duration_s=2, report="a.wav.html")])
    text, console = opened(browser, page, tmp_path / "profile")
    assert console == []
    assert "1 of 1" in text


def test_a_page_of_clips_counts_its_rows(browser, tmp_path, signal):
    hostile = "</script><script>throw 1</script>"
    items = [
        classification.Item(
            file=f"{hostile}{k}",
            scores=np.array([0.1 * k, 1 - 0.1 * k]),
            chosen=("dog",),
            truth=np.eye(2, dtype=np.float32)[k % 2],
            opened=lambda: signal,
        )
        for k in range(4)
    ]
    outputs = classification.Outputs(names=(hostile, "dog"), kind="class")
    page = tmp_path / "clips.html"
    classification.write(page, items, outputs=outputs, title=hostile)
    text, console = opened(browser, page, tmp_path / "profile")
    assert console == []
    assert "4 of 4" in text


def test_translations_of_signals_draw(browser, tmp_path, signal):
    shown = translation.Shown(signal, signal, signal, signal)
    item = translation.Item(name="a", figures={}, answers={}, opened=lambda: shown)
    translation.write(tmp_path / "report.html", [item, item])
    text, console = opened(browser, tmp_path / "report.html", tmp_path / "profile")
    assert console == []
    assert "2 of 2" in text
    assert len(re.findall(r'class="rows ruler"><span', text)) == 2
    assert re.search(r'id="window" style="left: 0%; width: 100%;"', text)
