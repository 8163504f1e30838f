"""What pairs need that examples of one signal do not: games for them, and judges."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ondes.errors import ArtefactError, RecipeError
from ondes.models import translators
from ondes.nn.game import Config, Game
from ondes.protocols import PairDataset, Sensor
from ondes.run import artefact
from ondes.tasks.translate.terms import Losses

if TYPE_CHECKING:
    from torch import nn

APART = ("cycle", "adv", "recon")
"""Terms that do not compare the halves of a pair."""


def game_for(pairs: PairDataset, name: str, options: Mapping[str, Any], config: Config) -> Game:
    """Return translators and critics for pairs like these, with freshly drawn weights.

    Raises:
        RecipeError: the two sensors' maps do not go together, or an option is wrong.
    """
    sizes = [
        _size(x, sensor, config.maps) for x, sensor in zip(pairs[0], _sensors(pairs), strict=True)
    ]
    if sizes[0][:-1] != sizes[1][:-1]:
        raise RecipeError(
            f"model.game.maps={config.maps}: maps of {sizes[0][0]} and {sizes[1][0]} bins; a "
            "translation has as many as what it was made of: let the data set give both alike "
            "(data.options)"
        )
    planes = [config.maps or sensor.n_channels for sensor in _sensors(pairs)]
    return translators.build_game(
        name,
        options,
        asdict(config.critic),
        rate_hz=pairs.target.rate_hz,
        inputs=_names(pairs.source, planes[0], "source"),
        outputs=_names(pairs.target, planes[1], "target"),
        size=sizes[1],
        both=config.both,
        conditional=config.conditional,
    )


def check_apart(options: Mapping[str, Any]) -> None:
    """Raise RecipeError where a task of pairs that are taken apart compares their halves."""
    losses: Losses = options.get("losses", Losses())
    comparing = [name for name in losses.named if name not in APART]
    if comparing:
        raise RecipeError(
            f"data.vary.apart: losses.{comparing[0]} compares the halves of a pair, which are of "
            f"different ones; say 0 for it, and weigh {', '.join(APART)}"
        )


def judge(name: str) -> "nn.Module":
    """Return the network of a classifier, which training leaves as it is.

    Raises:
        ArtefactError: there is no such model, or it is damaged.
        RecipeError: it is no classifier.
    """
    try:
        path = artefact.find(name)
    except ArtefactError as error:
        raise ArtefactError(
            f"task.options.classifier: {error}. Train one of the wanted sensor first; the recipe's "
            "notes say how"
        ) from error
    card = artefact.read_card(path)
    if card.task.get("name") != "classify":
        raise RecipeError(
            f"task.options.classifier: {name} is no classifier, its task is "
            f"{card.task.get('name')!r}; name one that tells classes of the wanted sensor's clips"
        )
    return artefact.read_model(path, card)


def _sensors(pairs: PairDataset) -> tuple[Sensor, Sensor]:
    return pairs.source, pairs.target


def _size(x: NDArray[np.float32], sensor: Sensor, maps: int) -> tuple[int, ...]:
    """Return the size of an item: (time,) of signals, (bins, time) of maps."""
    if not maps:
        return (x.shape[1],)
    if sensor.n_channels % maps:
        raise RecipeError(
            f"model.game.maps={maps}: {sensor.n_channels} channels are no {maps} maps of as many "
            "bins; say how many they are"
        )
    return sensor.n_channels // maps, x.shape[1]


def _names(sensor: Sensor, count: int, side: str) -> list[str]:
    """Return names for the channels, or maps, of a sensor."""
    name = sensor.name or side
    return [name] if count == 1 else [f"{name} {k}" for k in range(count)]
