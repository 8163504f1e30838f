import base64
import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from ondes.events import EventList
from ondes.report import detection
from ondes.signal import Signal

RATE_HZ = 8000


class Page(HTMLParser):
    """What a browser would make of a page: its tags, its links and its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = text
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.scripts: dict[str, str] = {}
        self.code: list[str] = []
        self.words: list[str] = []
        self._open: dict[str, str] | None = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attributes]
        self._open = dict(attributes) if tag == "script" else None

    def handle_data(self, data):
        if self._open is None:
            self.words.append(data)
        elif "id" in self._open:
            self.scripts[self._open["id"]] = self.scripts.get(self._open["id"], "") + data
        else:
            self.code.append(data)

    def handle_endtag(self, tag):
        self._open = None

    @property
    def data(self) -> dict:
        return json.loads(self.scripts["data"])

    def blob(self, name: str) -> bytes:
        return base64.b64decode(self.scripts[f"{name}-data"], validate=True)


@pytest.fixture(scope="session")
def signal() -> Signal:
    """Two seconds: A4, silence, A5."""
    time = np.arange(2 * RATE_HZ) / RATE_HZ
    samples = 0.5 * np.sin(2 * np.pi * 440 * time) * (time < 0.8)
    samples += 0.25 * np.sin(2 * np.pi * 880 * time) * (time >= 1.2)
    return Signal.of(samples, rate_hz=RATE_HZ)


@pytest.fixture(scope="session")
def truth() -> EventList:
    return EventList.from_seconds(
        [(0.0, 0.8, "A4"), (1.2, 2.0, "A5"), (1.2, 1.4, "C5")], rate_hz=RATE_HZ
    )


@pytest.fixture(scope="session")
def found() -> EventList:
    """A4 10 ms late, A5 right, C5 missed and a B5 too many."""
    return EventList.from_seconds(
        [(0.01, 0.8, "A4", 0, 0.9), (1.2, 2.0, "A5", 0, 0.8), (0.5, 0.6, "B5", 0, 0.1)],
        rate_hz=RATE_HZ,
    )


@pytest.fixture
def page_of(tmp_path: Path, signal: Signal) -> Callable[..., Page]:
    """Write a report and read it back as a browser would."""

    def page_of(events: EventList, *, of: Signal | Path = signal, **options: object) -> Page:
        path = tmp_path / "report.html"
        detection.write(path, signal=of, events=events, **options)
        return Page(path.read_text(encoding="utf-8"))

    return page_of
