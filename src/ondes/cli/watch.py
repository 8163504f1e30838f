"""``ondes watch``: the events of a stream while it comes in."""

import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from ondes.cli import _console, _options
from ondes.cli._alarms import Alarming, rules_of, tell_unheard

if TYPE_CHECKING:
    from ondes.run.detector import Detector
    from ondes.run.live import Counts, JsonLines, Settings, Sink, Source, Watch
    from ondes.run.live.store import Store
    from ondes.run.live.watch import Shown
    from ondes.run.monitor import Monitor

SourceWord = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="tcp://HOST:PORT, tcp-listen://HOST:PORT, a file, mic://DEVICE, or - for stdin.",
    ),
]
Dtype = Annotated[
    str | None,
    typer.Option(metavar="TYPE", help="Sample type of a raw stream, as int16; else float32."),
]
Channels = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Channels of a raw stream, interleaved.")
]
Rate = Annotated[float | None, typer.Option(metavar="HZ", help="Sampling rate of a raw stream.")]
StorePath = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="SQLite file for events; a watch started again goes on."),
]
Lines = Annotated[
    Path | None, typer.Option("--jsonl", metavar="FILE", help="Append a line for each event.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No counters every second.")]
Fast = Annotated[bool, typer.Option("--fast", help="Replay a file as fast as it can be heard.")]
Once = Annotated[
    bool, typer.Option("--once", help="End when the sender hangs up, rather than wait for it.")
]
BlockMs = Annotated[float, typer.Option(metavar="MS", help="Hear so much of the signal at once.")]
Buffer = Annotated[float, typer.Option(metavar="S", help="Seconds of signal the buffer holds.")]
FullScale = Annotated[
    float | None,
    typer.Option(metavar="X", help="Absolute value from which floats count as clipped."),
]
Wait = Annotated[
    bool | None,
    typer.Option(
        "--wait/--drop",
        help="When the buffer is full: let the sender wait (files, stdin) or drop samples (tcp).",
        show_default=False,
    ),
]


def watch(
    source: SourceWord,
    *,
    model: _options.Model,
    rate: Rate = None,
    channels: Channels = None,
    dtype: Dtype = None,
    channel: _options.Channel = None,
    rules: _options.RulesName = None,
    unit: _options.Unit = None,
    store: StorePath = None,
    jsonl: Lines = None,
    json: _options.Json = False,
    quiet: Quiet = False,
    fast: Fast = False,
    once: Once = False,
    wait: Wait = None,
    block_ms: BlockMs = 20.0,
    buffer: Buffer = 2.0,
    full_scale: FullScale = None,
    window_s: _options.WindowS = None,
    hop_s: _options.HopS = None,
    judge: _options.Judge = None,
    resample: _options.Resample = False,
    device: _options.Device = "auto",
    threads: _options.Threads = 1,
) -> None:
    """Find the events of a stream while it comes in, and say how far behind that is.

    A classifier tells what each window of --window seconds is, as events with that label. A
    translator, of another sensor's stream, goes before the model of --with.

    SIGINT, SIGTERM and the end of the stream end what still sounds, and the watch. Exit status: 0
    it came to its end, 1 something broke on the way (what was found before is kept), 2 the call is
    wrong.
    """
    from ondes.run.live import Settings, Watch, prompt, source_of

    stream = source_of(
        source,
        rate_hz=rate,
        n_channels=channels,
        dtype=dtype,
        fast=fast,
        once=once,
        waits=wait,
    )
    settings = Settings(
        block_s=block_ms / 1e3,
        buffer_s=buffer,
        full_scale=full_scale,
        resample=resample,
        channels=_options.choice(channel),
    )
    how = {"window_s": window_s, "hop_s": hop_s}
    loaded = _options.hearer(model, **how, judge=judge, device=device, threads=threads)
    rows = stream.layout.n_channels if channel is None else len(channel)
    detector = prompt(loaded, block_s=settings.block_s, waited=not fast, rows=rows)
    alarming = _alarming(rules, detector, stream, settings, unit)
    detector = alarming.checked(detector) if alarming else detector
    _check_fits(detector, stream, settings)
    more = _settled(model, window_s, hop_s, judge) + (alarming.told if alarming else "")
    kept = _store(store, stream, model=model, settings=settings, more=more)
    rate_hz = stream.layout.rate_hz
    monitor = alarming.monitor(rate_hz, kept.monitor if kept else None) if alarming else None
    lines = _lines(jsonl, stream, kept, monitor)
    with _shown(quiet=quiet) as shown:
        job = Watch(
            detector,
            stream,
            sinks=_sinks(lines, kept, stream, csv=not json),
            settings=settings,
            position=kept.position if kept else None,
            known=kept.known if kept else (),
            monitor=monitor,
            told=_console.note,
            shown=shown,
        )
        counts = _run(job)
    _close(lines, kept)
    _finish(job, counts, _named(source, model, judge), json=json)


def _named(source: str, model: str, judge: str | None) -> dict[str, str]:
    """Return what a document calls the stream and the models."""
    return {"source": source, "model": model, **({"with": judge} if judge else {})}


def _settled(model: str, window_s: float | None, hop_s: float | None, judge: str | None) -> str:
    """Return what tells a run of the store from others, besides its stream and words."""
    windows = "" if window_s is None else f" window={window_s:g} hop={hop_s or window_s:g}"
    hop = f" hop={hop_s:g}" if window_s is None and hop_s is not None else ""
    judged = f" with={judge}{_content(judge)}" if judge else ""
    return f"{_content(model)}{windows}{hop}{judged}"


def _content(model: str) -> str:
    """Return what tells a folder's or file's model from another in its place; none of a name."""
    from ondes.run.artefact import CARD
    from ondes.run.card import sha256

    path = Path(model, CARD) if Path(model).is_dir() else Path(model)
    return f" sha256={sha256(path.read_bytes())[:16]}" if path.is_file() else ""


def _close(*sinks: "Sink | None") -> None:
    for sink in sinks:
        if sink:
            sink.close()


def _finish(job: "Watch", counts: "Counts", named: "Mapping[str, str]", *, json: bool) -> None:
    """Say how it went, and leave."""
    failure = str(job.failure) if job.failure else None
    if json:
        document = {**named, **counts.document(), "failure": failure}
        _console.show_json(document)
    _console.note(counts.line())
    if failure:
        _console.note(f"ondes: {failure}")
    raise typer.Exit(int(failure is not None))


def _alarming(
    rules: str | None,
    detector: "Detector",
    stream: "Source",
    settings: "Settings",
    unit: str | None,
) -> Alarming | None:
    """Return what ``--rules`` asks for, having said what cannot come true."""
    chosen = rules_of(rules)
    tell_unheard(chosen, detector.spec)
    if chosen is None:
        return None
    layout = stream.layout
    return Alarming(chosen, detector.spec, layout.channels, settings.channels, unit or layout.unit)


def _check_fits(detector: "Detector", stream: "Source", settings: "Settings") -> None:
    """Raise what is wrong with rate or channels before anything is opened."""
    detector.listen(
        rate_hz=stream.layout.rate_hz,
        channels=stream.layout.channels,
        choice=settings.channels,
        resample=settings.resample,
    )


def _store(
    path: str | None, stream: "Source", *, model: str, settings: "Settings", more: str
) -> "Store | None":
    if path is None:
        return None
    from ondes.run.live.store import Run, Store

    layout = stream.layout
    how = f"{layout.dtype.str} block={settings.block_s:g} channels={settings.channels}{more}"
    return Store(path, Run(stream.name, model, layout.rate_hz, layout.n_channels, how))


def _lines(
    path: Path | None, stream: "Source", kept: "Store | None", monitor: "Monitor | None"
) -> "JsonLines | None":
    if path is None:
        return None
    from ondes.run.live import JsonLines

    rate_hz = stream.layout.rate_hz
    if kept is None or not stream.replays:
        return JsonLines(path, rate_hz=rate_hz)
    has = monitor.has if monitor else _has_none
    resume = kept.position.decided
    return JsonLines(path, rate_hz=rate_hz, resume=resume, known=kept.known, has=has)


def _has_none(_key: object) -> bool:
    return False


def _sinks(
    lines: "JsonLines | None", kept: "Store | None", stream: "Source", *, csv: bool
) -> "Sequence[Sink]":
    """Return the sinks: what the store has committed is in the lines already, and printed last."""
    from ondes.run.live import Csv

    some: list[Sink | None] = [lines, kept, Csv(stream.name) if csv else None]
    return [sink for sink in some if sink]


def _run(job: "Watch") -> "Counts":
    """Run until the stream ends, or a signal asks for an end; a second one does not wait."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number, handler in before.items():
            signal.signal(number, handler)
        _console.note("stopping: what has arrived is heard")
        job.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return job.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _shown(*, quiet: bool) -> "Iterator[Shown]":
    """Lend what shows the counters every second: in place on a terminal, else line by line."""
    if quiet:
        yield lambda _counts: None
    elif not sys.stderr.isatty():
        yield lambda counts: _console.note(counts.line())
    else:
        from rich.console import Console
        from rich.status import Status

        with Status("waiting for samples", console=Console(stderr=True)) as status:
            yield lambda counts: status.update(counts.line())
