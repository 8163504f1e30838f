"""Classifiers without a network: what a network's answers to whole clips are shown beside.

``classical/families/<name>.py`` holds a family, found by its file name: ``ABOUT``, a frozen
dataclass ``Options`` with a default for every number, ``fit(train, options, *, rate_hz, seed)``,
``from_arrays(arrays, numbers)`` and ``least(model)``, the fewest samples it judges. `fit` gives a
`Rival`, which judges one clip at a time and lies in arrays and JSON.
"""

from ondes.tasks.classify.classical.catalogue import about, fit, from_arrays, names
from ondes.tasks.classify.classical.rival import Rival

__all__ = ["Rival", "about", "fit", "from_arrays", "names"]
