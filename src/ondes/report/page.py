"""From a template to one file that needs nothing else.

Styles, scripts, pictures and sound are written into the page. A Content-Security-Policy forbids it
every request and every script but its own, by their hashes, whatever a label or a file name says.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ondes import __version__
from ondes.io import atomic_write

HERE = Path(__file__).parent
WAVESURFER = "7.12.12"
VIEWER = (
    *("data", "words", "axis", "panel", "ruler", "waveform", "spectrogram", "roll", "alarms"),
    *("player", "overview", "table", "stage", "steer", "main"),
)


def write(
    path: str | os.PathLike[str],
    *,
    template: str,
    context: Mapping[str, object],
    styles: Sequence[str],
    scripts: Sequence[str],
) -> None:
    """Render `template` with `context`, the assets named in `styles` and the `scripts` inlined."""
    page = _environment().get_template(template)
    text = page.render(
        context,
        version=__version__,
        wavesurfer=WAVESURFER,
        style=Markup("\n".join(map(asset, styles))),
        scripts=[Markup(script) for script in scripts],
        policy=_policy(scripts),
    )
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@cache
def asset(name: str) -> str:
    """Return the text of one of our own files."""
    return (HERE / name).read_text(encoding="utf-8")


def viewer_scripts() -> tuple[str, str]:
    """Return wavesurfer.js with its licence, and the viewer in one closed scope."""
    licence = f"/*! wavesurfer.js {WAVESURFER}\n{asset('vendor/wavesurfer.LICENSE')}*/"
    library = f"{licence}\n{asset('vendor/wavesurfer.min.js')}"
    parts = "\n".join(asset(f"assets/viewer/{name}.js") for name in VIEWER)
    return library, f'(() => {{\n"use strict";\n{parts}\n}})();'


def _policy(scripts: Sequence[str]) -> str:
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "img-src data:; media-src blob:"
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    environment.filters["duration"] = duration
    environment.filters["number"] = number
    environment.filters["words"] = words
    return environment


def number(value: object) -> str:
    """Write a float with four digits, anything else as it is.

    >>> number(0.98765), number(48000.0), number(3), number("mel")
    ('0.9877', '48000', '3', 'mel')
    """
    if not isinstance(value, float):
        return "–" if value is None else str(value)
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.1f}"


def words(name: object) -> str:
    """Write a key as people do.

    >>> words("roc_auc"), words("note_f1"), words("look_back")
    ('ROC AUC', 'note F1', 'look back')
    """
    short = {"f1": "F1", "r2": "R²"}
    capitals = ("roc", "auc", "pr", "psds", "rtf", "mae", "mse", "ece")
    short |= {name: name.upper() for name in capitals}
    return " ".join(short.get(word, word) for word in str(name).split("_"))


def hertz(rate: float) -> str:
    """Write a frequency.

    >>> hertz(48000), hertz(1562500), hertz(360)
    ('48 kHz', '1.5625 MHz', '360 Hz')
    """
    for size, unit in ((1e6, "MHz"), (1e3, "kHz")):
        if rate >= size:
            return f"{rate / size:.7g} {unit}"
    return f"{rate:.6g} Hz"


def duration(seconds: float) -> str:
    """Write a length of time.

    >>> duration(55.36), duration(3725), duration(0.0125)
    ('0:55.36', '1:02:05', '12.5 ms')
    """
    if seconds < 1:
        return f"{seconds * 1e3:.4g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.4g} µs"
    minutes, rest = divmod(round(seconds, 2), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{rest:02.0f}" if hours else f"{minutes}:{rest:05.2f}"
