"""Files in and out: one file per format, found by name; nothing heavy is imported before use.

A signal format is a module in `io/signals`, an event format one in `io/events`; the package
docstrings say what such a module holds. To add a format, add that one file.
"""

from ondes.io.atomic import atomic_write, make_folder
from ondes.io.events import (
    event_formats,
    event_suffix,
    read_event_table,
    read_events,
    write_events,
)
from ondes.io.inputs import expand
from ondes.io.signalfile import SignalFile
from ondes.io.signals import (
    open_signal,
    read,
    signal_formats,
    signal_suffix,
    signal_suffixes,
    sink,
    write,
)

__all__ = [
    "SignalFile",
    "atomic_write",
    "event_formats",
    "event_suffix",
    "expand",
    "make_folder",
    "open_signal",
    "read",
    "read_event_table",
    "read_events",
    "signal_formats",
    "signal_suffix",
    "signal_suffixes",
    "sink",
    "write",
    "write_events",
]
