"""Alarms in a report: a list, a lane each, and a shade over the signal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ondes.run.monitor import Alarm, Rules
from ondes.timebase import Timebase


class Shown(NamedTuple):
    """An alarm as a page shows it; times in seconds, and in words."""

    rule: str
    channel: int
    onset: float
    raised: float
    offset: float
    at: str
    lasted: str
    said: str
    why: str

    @classmethod
    def of(cls, alarm: Alarm, rules: Rules, *, rate_hz: float) -> Shown:
        """Return an alarm that is over."""
        grid, end = Timebase(rate_hz), alarm.offset or alarm.raised
        onset, offset = grid.seconds(alarm.onset), grid.seconds(end)
        evidence = [f"{event.label} {grid.seconds(event.onset):.2f} s" for event in alarm.evidence]
        return cls(
            alarm.rule,
            alarm.channel,
            onset,
            grid.seconds(alarm.raised),
            offset,
            f"{onset:.2f} s",
            f"{offset - onset:.2f} s",
            rules[alarm.rule].said(alarm.value),
            ", ".join(evidence) or "no event",
        )


def shown(alarms: Sequence[Alarm], rules: Rules | None, *, rate_hz: float) -> list[Shown]:
    """Return alarms for a page; none without rules."""
    return [Shown.of(alarm, rules, rate_hz=rate_hz) for alarm in alarms] if rules else []


def data(rows: Sequence[Shown]) -> dict[str, object]:
    """Return what the viewer draws: the names of the lanes, and the alarms in columns."""
    names = list(dict.fromkeys(row.rule for row in rows))
    return {
        "rules": names,
        "rule": [names.index(row.rule) for row in rows],
        **{
            name: [getattr(row, name) for row in rows]
            for name in ("channel", "onset", "raised", "offset", "said", "why")
        },
    }
