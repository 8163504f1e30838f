"""Heart beats: which symbols of annotations are beats, and which of five classes each is in.

The classes are those of ANSI/AAMI EC57 (Testing and reporting performance results of cardiac rhythm
and ST segment measurement algorithms): N, S (supraventricular ectopic), V (ventricular ectopic),
F (fusion of ventricular and normal) and Q (paced, fused with paced, or unclassifiable). The
standard counts supraventricular escape beats among S. De Chazal, O'Dwyer and Reilly (2004, IEEE
Trans. Biomed. Eng. 51, 1196-1206) and most who compare with them, Kiranyaz et al. (2016) too, count
them among N: `escapes` says which.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from ondes.errors import InputError, nearest
from ondes.events import EventList

Class = Literal["N", "S", "V", "F", "Q"]
Escapes = Literal["N", "S"]

CLASSES = ("N", "S", "V", "F", "Q")
ESCAPES = "ejn"  # atrial, nodal, either
SYMBOLS = {"N": "NLRB", "S": "AaJS" + ESCAPES, "V": "VrE", "F": "F", "Q": "/fQ?"}
"""The symbols of the beats in each class."""
_CLASS_OF = {symbol: name for name, symbols in SYMBOLS.items() for symbol in symbols}


def class_of(symbol: str, *, escapes: Escapes = "S") -> Class:
    """The class of a beat.

    Raises InputError where the symbol is none of a beat.

    >>> [class_of(symbol) for symbol in "NLAV/"], class_of("j", escapes="N")
    (['N', 'N', 'S', 'V', 'Q'], 'N')
    """
    if symbol not in _CLASS_OF:
        known = "".join(_CLASS_OF)
        raise InputError(
            f"{symbol!r} is no symbol of a beat{nearest(symbol, _CLASS_OF)}; those are {known}"
        )
    return escapes if symbol in ESCAPES else _CLASS_OF[symbol]  # type: ignore[return-value]


def beats(events: EventList, *, escapes: Escapes = "S") -> EventList:
    """The beats among annotations, labelled by class; rhythms, noise, waves and notes fall away.

    >>> rows = [(0, 900, "(N"), (18, 19, "N"), (77, 78, "A"), (90, 91, "~"), (370, 371, "/")]
    >>> beats(EventList.of(rows, rate_hz=360)).label.tolist()
    ['N', 'S', 'Q']
    """
    kept = events[np.isin(events.label, list(_CLASS_OF))]
    names = [class_of(symbol, escapes=escapes) for symbol in kept.label.tolist()]
    return replace(kept, label=np.array(names, np.str_))


def flutter(events: EventList) -> EventList:
    """The stretches of ventricular flutter or fibrillation, from each `[` to the next `]`.

    EC57 leaves them out when beats are scored. One that is never closed lasts to the last
    annotation.

    >>> rows = [(5, 6, "["), (9, 10, "!"), (40, 41, "]"), (50, 51, "N")]
    >>> [tuple(event)[:3] for event in flutter(EventList.of(rows, rate_hz=360))]
    [(5, 41, 'VF')]
    """
    rows: list[tuple[int, int, str]] = []
    begun: int | None = None
    for event in events.filter(label=("[", "]")):
        if event.label == "[" and begun is None:
            begun = event.onset
        elif event.label == "]" and begun is not None:
            rows.append((begun, event.offset, "VF"))
            begun = None
    if begun is not None:
        rows.append((begun, int(events.offset.max()), "VF"))
    return EventList.of(rows, rate_hz=events.rate_hz)
