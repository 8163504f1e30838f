"""What ``--rules`` adds to a detector: bad signal told rather than judged, and alarms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ondes.cli import _console
from ondes.events import EventList

if TYPE_CHECKING:
    from ondes.run.detector import Detector
    from ondes.run.monitor import Alarm, Monitor, Rules
    from ondes.run.source import Choice
    from ondes.spec import Spec


@dataclass(frozen=True)
class Alarming:
    """Rules for what a detector with this spec finds in one recording or stream."""

    rules: "Rules"
    spec: "Spec"
    names: Sequence[str]
    choice: "Choice" = None
    unit: str = ""

    @property
    def channels(self) -> tuple[int, ...]:
        """Those that events have."""
        from ondes.run.source import route

        return route(self.choice, self.names, self.spec).channels

    @property
    def told(self) -> str:
        """What tells a run by these rules from others."""
        return f" rules={self.rules.name}:{self.rules.digest}"

    def checked(self, detector: "Detector") -> "Detector":
        """Return the detector, kept from bad signal where the rules say what that is."""
        from ondes.run.monitor import Checked

        quality = self.rules.quality
        return Checked(detector, quality, self.unit) if quality else detector

    def monitor(self, rate_hz: float, state: str | None = None) -> "Monitor":
        """Return what raises alarms in a stream."""
        from ondes.run.monitor import Monitor

        return Monitor(
            self.rules,
            rate_hz=rate_hz,
            channels=self.channels,
            together=self.spec.channels > 1,
            state=state,
        )

    def alarms(self, events: EventList, *, stop: int) -> "list[Alarm]":
        """Return the alarms of a whole recording of `stop` samples."""
        from ondes.run.monitor import alarms

        return alarms(
            events,
            self.rules,
            start=0,
            stop=stop,
            channels=self.channels,
            together=self.spec.channels > 1,
        )


def rules_of(name: str | None) -> "Rules | None":
    """Return the rules that ``--rules`` names, if it does; raises what `monitor.load` does."""
    if name is None:
        return None
    from ondes.run.monitor import load

    return load(name)


def tell_unheard(rules: "Rules | None", spec: "Spec") -> None:
    """Say which rules no model with these classes can make come true."""
    for text in rules.unheard(spec.classes) if rules else ():
        _console.note(f"--rules: {text}")
