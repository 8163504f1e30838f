"""Classical detectors of beats from the wfdb package: XQRS, after Pan and Tompkins; and GQRS."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError, MissingExtraError
from ondes.events import EventList

FAMILIES = ("xqrs", "gqrs")
GAIN = 200.0  # units per mV that GQRS reckons in


def peaks(family: str, x: NDArray[np.float32], *, rate_hz: float) -> EventList:
    """Return the beats of one lead [time] in mV, as events N; none where the detector gives up.

    Raises InputError for another family, MissingExtraError without ``ondes[wfdb]``.
    """
    try:
        from wfdb import processing
    except ImportError as error:
        raise MissingExtraError("rivals of beats need wfdb: pip install 'ondes[wfdb]'") from error
    if family == "xqrs":
        places = processing.xqrs_detect(x.astype(np.float64), fs=rate_hz, verbose=False)
    elif family == "gqrs":
        places = processing.gqrs_detect(x.astype(np.float64), fs=rate_hz, adc_gain=GAIN, adc_zero=0)
    else:
        raise InputError(f"no rival is called {family!r}; there are {', '.join(FAMILIES)}")
    rows = [(place, place + 1, "N") for place in sorted({int(p) for p in places})]
    return EventList.of(rows, rate_hz=rate_hz)
