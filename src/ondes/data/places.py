"""Where recordings lie: here, or in the folder that the variable ONDES_DATA names."""

from __future__ import annotations

import os
from pathlib import Path

from ondes.errors import InputError

VARIABLE = "ONDES_DATA"


def located(name: str, *, option: str) -> Path:
    """The file or folder that `option` names; one that is not here is looked for in `$ONDES_DATA`.

    Raises InputError where it is in neither place, saying where was looked.
    """
    here, home = Path(name).expanduser(), os.environ.get(VARIABLE)
    places = [here] if home is None else [here, Path(home, here)]
    for place in places:
        if place.exists():
            return place
    hint = f"name the folder it lies in by {VARIABLE}" if home is None else f"look at {VARIABLE}"
    raise InputError(
        f"data.options.{option}: there is no {' nor '.join(map(str, places))}; give its path "
        f"(--set data.options.{option}=PATH), or {hint}"
    )
