import re
from pathlib import Path

import pytest

from ondes.errors import InputError
from ondes.events import EventList
from ondes.report import index

HOSTILE = "</th><script>alert(1)</script>"


@pytest.fixture
def rows() -> list[index.Row]:
    events = EventList.from_seconds(
        [(0.0, 1.0, "door"), (1.0, 2.0, "door"), (59.5, 60.0, "cough")], rate_hz=100
    )
    return [
        index.Row.of(
            "a.wav", events, duration_s=60, report="a b/a.wav.html", scores={"note_f1": 0.5}
        ),
        index.Row.of("b.wav", EventList.empty(100), duration_s=30, report="javascript:alert(1)"),
        index.Row.failed("c.wav", "c.wav: it was cut off. Copy it again"),
    ]


def text_of(path: Path, rows: list[index.Row], **options: str) -> str:
    index.write(path, rows, **options)
    return path.read_text(encoding="utf-8")


def test_a_row_counts_labels_and_says_when(rows):
    assert rows[0].labels == (("door", 2), ("cough", 1))
    assert (rows[0].density[0], rows[0].density[1], rows[0].density[59]) == (1, 1, 1)
    assert sum(rows[0].density) == rows[0].n_events == 3
    assert rows[0].bars == "M0 1V0.000M1 1V0.000M59 1V0.000"
    assert rows[1].bars == ""


def test_each_recording_is_named_with_its_report_or_its_reason(tmp_path, rows):
    text = text_of(tmp_path / "index.html", rows, model="office")
    assert '<a href="./a%20b/a.wav.html">a.wav</a>' in text
    assert "c.wav: it was cut off. Copy it again" in text
    assert "model office" in text
    assert ">0.500<" in text
    assert "1:30.00" in text


def test_links_stay_beside_the_index(tmp_path, rows):
    rows.append(index.Row.of("d", EventList.empty(1), duration_s=1, report="//example.org/x"))
    text = text_of(tmp_path / "index.html", rows)
    assert all(link.startswith("./") for link in re.findall(r'<a href="([^"]*)"', text))
    assert "javascript:" not in text


def test_names_and_reasons_cannot_become_markup(tmp_path):
    rows = [
        index.Row.failed(HOSTILE, HOSTILE),
        index.Row.of(
            HOSTILE,
            EventList.of([(0, 1, HOSTILE)], rate_hz=1),
            duration_s=1,
            report=HOSTILE,
            scores={HOSTILE: 1.0},
        ),
    ]
    text = text_of(tmp_path / "index.html", rows, title=HOSTILE, command=HOSTILE, model=HOSTILE)
    assert "<script>alert" not in text
    assert "</th><script" not in text


def test_an_index_of_nothing_is_a_page(tmp_path):
    assert "0 recordings" in text_of(tmp_path / "index.html", [])


def test_a_missing_folder_is_named(tmp_path, rows):
    with pytest.raises(InputError, match="make the folder"):
        index.write(tmp_path / "none" / "index.html", rows)


def test_what_failed_is_marked(tmp_path) -> None:
    rows = [index.Row.failed("a.wav", "cut off"), index.Row(file="b.wav")]
    index.write(tmp_path / "index.html", rows)
    assert (tmp_path / "index.html").read_text().count('<tr class="marked">') == 1
