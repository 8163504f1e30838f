"""The monitor: alarms as rules over events, and signal that is not to be judged.

A kind of rule is a class of `kinds`; rules come from a small file (`rules`); `monitor` puts them to
work over an event list or a stream; `quality` finds flat and saturated signal, `checked` keeps a
detector from judging it.
"""

from ondes.run.monitor.alarm import Alarm
from ondes.run.monitor.checked import Checked
from ondes.run.monitor.monitor import Monitor, alarms
from ondes.run.monitor.quality import Quality, stretches
from ondes.run.monitor.rules import Rules, load, names

__all__ = [
    "Alarm",
    "Checked",
    "Monitor",
    "Quality",
    "Rules",
    "alarms",
    "load",
    "names",
    "stretches",
]
