"""Hearts: all beats of a record, cut alike, with their classes and their rhythm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.data.ecg.records import Record, loaded, rows
from ondes.errors import InputError
from ondes.io.beats import Escapes
from ondes.ops.beats import RATE_HZ, SIZE, rhythm, shapes
from ondes.ops.degrade import Doubles


class Heart(NamedTuple):
    """The beats of one record, in order of time.

    person: whose they are.
    peaks: [beat], samples at 360 Hz.
    label: [beat], N, S, V, F or Q.
    shapes: [beat, sample], as `ondes.ops.beats.shapes` cuts them.
    rhythm: [beat, 2], as `ondes.ops.beats.rhythm` says it.
    """

    person: str
    peaks: NDArray[np.int64]
    label: NDArray[np.str_]
    shapes: Doubles
    rhythm: Doubles

    def at(self, kept: NDArray[np.bool_]) -> Heart:
        """The beats that are kept, with the rhythm they had among all."""
        return Heart(
            self.person,
            self.peaks[kept],
            self.label[kept],
            self.shapes[kept],
            self.rhythm[kept],
        )

    def before(self, seconds: float) -> NDArray[np.bool_]:
        """Which beats came before a time."""
        return np.asarray(self.peaks < seconds * RATE_HZ)

    def of(self, label: str) -> Heart:
        """The beats of one class."""
        return self.at(self.label == label)


def heart(
    record: Record, *, leads: Sequence[str] = (), rest: str = "", escapes: Escapes = "S"
) -> Heart:
    """The heart of a record, by one lead: the first, or the first of `leads` that there is.

    Another rate is brought to 360 Hz. `rest` and `escapes` are those of `Record.beats`.

    Raises InputError where the record tells no beats, ChannelError where the lead is missing.
    """
    lead = rows(record, leads)[0]
    told = record.beats(rest=rest, escapes=escapes)
    if not len(told):
        raise InputError(
            f"{record.path} tells no beats: detect them first (ondes detect {record.name}.hea "
            "--model ecg-beats -f wfdb), or give another record"
        )
    peaks = (told if told.rate_hz == RATE_HZ else told.resample(RATE_HZ)).onset
    signal = loaded(record, 0.0 if record.rate_hz == RATE_HZ else RATE_HZ)
    return Heart(
        record.person,
        peaks,
        told.label,
        shapes(signal.samples[lead], peaks, size=SIZE),
        rhythm(peaks),
    )
