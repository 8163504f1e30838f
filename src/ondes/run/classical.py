"""Classical detectors where a trained model could stand: named, or read from a JSON file."""

import os
from dataclasses import dataclass
from pathlib import Path

from ondes import __version__
from ondes.run.card import Card
from ondes.run.detector import Detects
from ondes.tasks.detect import classical
from ondes.tasks.detect.classical import Ear, Rule

SUFFIX = ".json"


@dataclass(frozen=True)
class Classical(Detects):
    """A classical detector for recordings of any rate; `detect` and `listen` as a `Pipeline` has.

    >>> import numpy as np
    >>> knock = np.zeros(4000)
    >>> knock[2000:2040] = np.sin(np.arange(40))
    >>> noise = 0.01 * np.random.default_rng(0).normal(size=4000)
    >>> [event.label for event in of("threshold").detect(knock + noise, rate_hz=8000)]
    ['event']
    """

    ear: Ear
    name: str

    @property
    def rule(self) -> Rule:
        """Its numbers."""
        return self.ear.rule

    @property
    def card(self) -> Card:
        """What it is, as a trained model would say it."""
        return Card(
            name=self.name,
            model={"name": "classical", "options": classical.to_dict(self.rule)},
            spec=self.spec.to_dict(),
            task={"name": "detect", "options": {}},
            data="nothing: a classical detector, its numbers are given",
            limits="knows a noise level and a threshold; tells at most two kinds apart",
            ondes=__version__,
        )


def of(rule: Rule | str, *, name: str = "") -> Classical:
    """Return a rule, or the family of a name with its defaults, as a detector.

    Raises:
        InputError: no family has that name.
    """
    if isinstance(rule, str):
        return Classical(Ear(classical.build(rule)), name or rule)
    return Classical(Ear(rule), name or str(classical.to_dict(rule)["detector"]))


def find(model: str | os.PathLike[str]) -> Classical | None:
    """Return the detector that a name or a JSON file stands for; None where it is neither.

    Raises:
        ArtefactError: the file says what cannot be.
    """
    if isinstance(model, str) and model in classical.names():
        return of(model)
    path = Path(model)
    if path.suffix != SUFFIX or path.is_dir():
        return None
    return of(classical.read(path), name=path.stem)
