"""A classical rival where a network could stand: arrays and numbers, no torch."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ondes.errors import InputError
from ondes.run import artefact
from ondes.run.card import Card
from ondes.run.predictors import Floats, Precision
from ondes.tasks.classify import classical
from ondes.tasks.classify.classical import Rival

FITTED = "fitted"
"""Key of a card's model that says its weights are a rival's: what JSON holds of it."""


@dataclass(frozen=True)
class Fitted:
    """A rival that gives logits."""

    rival: Rival

    def __call__(self, x: Floats) -> Floats:
        """Return the answer to samples [b, channel, time], see `Predictor`."""
        rate_hz = self.rival.spec.rate_hz
        return np.stack([self.rival.logits(one, rate_hz=rate_hz) for one in x]).astype(np.float32)

    def save(self, path: str | os.PathLike[str], card: Card) -> None:
        """Write arrays and card to a folder, as a network's weights lie there."""
        arrays, document = self.rival.to_arrays()
        model = {name: document[name] for name in ("name", "options")}
        whole = replace(card, model={**model, FITTED: document["model"]})
        artefact.save_arrays(path, arrays, whole)


def load(folder: Path, card: Card, *, device: str, precision: Precision) -> Fitted:
    """Return the rival in a folder.

    Raises:
        ArtefactError: it is damaged.
        InputError: it is to run on another device than the processor, or in other numbers.
    """
    if device not in ("auto", "cpu") or precision == "bfloat16":
        raise InputError(
            f"device={device!r} (--device), precision={precision!r} for {card.name!r}: a classical "
            "rival runs on the processor alone, in its own numbers; leave both out"
        )
    document = {
        **{name: card.model[name] for name in ("name", "options")},
        "spec": card.spec,
        "reading": card.task["decoder"],
        "model": card.model[FITTED],
    }
    return Fitted(classical.from_arrays(artefact.read_arrays(folder), document))
