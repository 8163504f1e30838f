"""``ondes explain``: what a network has learnt, as a page to look at and to listen to."""

import math
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ondes.cli import _console, _options
from ondes.errors import InputError, OndesError
from ondes.io import make_folder

if TYPE_CHECKING:
    from ondes.recipe.explaining import Network
    from ondes.run.card import Card
    from ondes.tasks.explain import Explanation

PAGE, ARRAYS = "index.html", "arrays.npz"
BANDS = {"voice": (300.0, 3000.0)}  # in hertz


def explain(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="One of `ondes models`, or a folder.")
    ],
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Where the page and the arrays go.")
    ],
    layer: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Layer to explain, may be repeated; output is the last."),
    ] = None,
    filters: Annotated[
        str | None,
        typer.Option(
            metavar="N|all",
            help="At most so many of each layer, evenly spread; without it what takes minutes.",
        ),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Longest waveform; without it 16,384 values."),
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Waveforms of --samples in all layers.")
    ] = False,
    seeds: Annotated[int, typer.Option(metavar="N", min=1, help="Starts of each filter.")] = 2,
    method: Annotated[
        str,
        typer.Option(metavar="NAME", help="sphere, adam, adam-time or samplecnn, the published."),
    ] = "sphere",
    middle: Annotated[
        bool, typer.Option("--middle", help="Climb the unit in the middle, not the mean over time.")
    ] = False,
    tv: Annotated[
        float, typer.Option(metavar="X", help="Share of total variation; it prefers low tones.")
    ] = 0.0,
    pink: Annotated[
        float,
        typer.Option(metavar="X", help="Exponent of a falling spectrum; it prefers low tones."),
    ] = 0.0,
    band: Annotated[
        str | None,
        typer.Option(
            metavar="HZ-HZ|voice", help="Tell what share of the energy lies in it: 300-3000."
        ),
    ] = None,
    contrast: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B", help="Climb the difference of two outputs, too."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Recording whose RMS waveforms get; see --rms."),
    ] = None,
    rms: Annotated[
        float | None,
        typer.Option(metavar="X", help="That RMS; without either the recipe's validation data."),
    ] = None,
    recording: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Show which part of it carried a label; needs captum."),
    ] = None,
    label: Annotated[
        str | None, typer.Option(metavar="NAME", help="That label; without it the likeliest.")
    ] = None,
    figures: Annotated[
        bool, typer.Option("--figures", help="Write a PNG for each layer, too; needs matplotlib.")
    ] = False,
    json: _options.Json = False,
    threads: _options.Threads = 0,
) -> None:
    """Tell what a network has learnt: what excites each filter of each layer most.

    Every filter is climbed from noise, from several starts, and checked by pure tones. The page
    holds a picture for each layer (filters by frequency), waveforms beside weights, and a sound
    for each output; the arrays behind it lie beside it.
    """
    from ondes.recipe import explaining
    from ondes.report import figures as drawn

    _options.use_threads(threads)
    span = None if band is None else _band(band)
    make_folder(out)
    if figures:
        drawn.check()
    network = explaining.network(model)
    shown = [_attributed(model, network, path, label) for path in recording or ()]
    with _console.progress(1.0) as advance:
        found = explaining.explain(
            network,
            data=data,
            rms=rms,
            layers=layer,
            filters=_count(filters),
            samples=samples,
            exact=exact,
            seeds=seeds,
            method=method,  # type: ignore[arg-type]  # checked where it is used
            middle=middle,
            tv=tv,
            pink=pink,
            contrasts=[_pair(text) for text in contrast or ()],
            progress=advance,
        )
    _write(out, found, network.card, shown, band=span)
    if figures:
        drawn.write(out, found)
    _say(out, found, span, json=json)


def _count(text: str | None) -> int | Literal["all"] | None:
    if text is None or text == "all":
        return text  # type: ignore[return-value]  # it is one of these
    try:
        return int(text)
    except ValueError as error:
        raise InputError(f"--filters {text}: give a whole number, 1 or more, or all") from error


def _band(text: str) -> tuple[float, float]:
    if text in BANDS:
        return BANDS[text]
    low, dash, high = text.partition("-")
    try:
        span = float(low), float(high)
    except ValueError:
        span = 1.0, 0.0
    if not dash or not 0 <= span[0] < span[1] < math.inf:
        raise InputError(f"--band {text}: write two frequencies in hertz, as 300-3000, or voice")
    return span


def _pair(text: str) -> tuple[str, str]:
    first, comma, second = text.partition(",")
    if not comma or not first or not second:
        raise InputError(f"--contrast {text}: write two outputs, as yes,no")
    return first, second


def _attributed(model: str, network: "Network", path: Path, label: str | None) -> dict[str, object]:
    """Return which part of a recording carried its label, with what a detector finds in it."""
    from ondes.io import read
    from ondes.recipe import explaining
    from ondes.report import attribution
    from ondes.run.pipeline import Pipeline

    signal = read(path)
    try:
        found = explaining.attribute(network, signal, label=label)
    except OndesError as error:
        raise type(error)(f"{path}: {error}") from error
    whole = _options.trained(model, device="cpu", threads=0)
    events = whole.detect(signal) if isinstance(whole, Pipeline) else None
    return attribution.shown(signal, found, events=events, title=path.name)


def _write(
    out: Path,
    found: "Explanation",
    card: "Card | None",
    attributions: list[dict[str, object]],
    *,
    band: tuple[float, float] | None,
) -> None:
    from ondes.report import explanation

    explanation.write(
        out / PAGE,
        found,
        band=band,
        attributions=attributions,
        card=None if card is None else _options.summary(card),
        command=shlex.join(["ondes", *sys.argv[1:]]),
    )
    explanation.write_arrays(out / ARRAYS, found)


def _say(out: Path, found: "Explanation", band: tuple[float, float] | None, *, json: bool) -> None:
    figures = found.summary(band=band)
    if json:
        _console.show_json(
            {
                "model": found.name,
                "file": out / PAGE,
                "rms": found.rms,
                "layers": figures,
                "notes": list(found.notes),
            }
        )
        return
    for note in found.notes:
        _console.note(note)
    names = ("filters", "dead", "tone_response", "repeatability", "peak_hz", "seconds")
    columns = (*names, "in_band") if band else names
    rows = [(name, *(_figure(values[key]) for key in columns)) for name, values in figures.items()]
    _console.show_table(("layer", *(name.replace("_", " ") for name in columns)), rows)
    print(out / PAGE)


def _figure(value: object) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:.4g}"
    return str(value)
