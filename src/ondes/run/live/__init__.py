"""Streams heard while they come in: `Watch` over a source, with events in any number of sinks."""

from ondes.run.live.lines import JsonLines
from ondes.run.live.measures import Counts
from ondes.run.live.prompt import prompt
from ondes.run.live.sinks import Batch, Csv, Gap, Position, Sink, SinkError
from ondes.run.live.sources import Source, source_of
from ondes.run.live.watch import Settings, Watch

__all__ = [
    "Batch",
    "Counts",
    "Csv",
    "Gap",
    "JsonLines",
    "Position",
    "Settings",
    "Sink",
    "SinkError",
    "Source",
    "Watch",
    "prompt",
    "source_of",
]
