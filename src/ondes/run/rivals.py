"""Classical rivals as classifiers: fitted in one call, and kept beside the model they rival.

A rival's folder is a model's like any other - arrays in safetensors, a sealed card -, and
`ondes.load` returns a `Classifier`. Those that a recipe asks for lie in ``baselines/<family>``
below the model's own folder; the model's card holds their scores alone.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ondes import __version__
from ondes.protocols import ClipDataset
from ondes.run.card import Card
from ondes.run.classifier import Classifier, revived
from ondes.run.networks import opened
from ondes.run.predictors.rival import Fitted
from ondes.tasks.classify import Target, classical


def fit(
    family: str,
    clips: ClipDataset,
    *,
    target: Target = "class",
    seed: int = 0,
    absent: bool = False,
    options: Mapping[str, Any] | None = None,
    data: str = "",
) -> Classifier:
    """Return a rival, fitted to clips, as a classifier; `data` says for its card what they are.

    Takes and raises else what `ondes.tasks.classify.classical.fit` does.
    """
    rival = classical.fit(family, clips, seed=seed, target=target, absent=absent, options=options)
    card = Card(
        name=family,
        model={"name": family, "options": dict(rival.options)},
        spec=rival.spec.to_dict(),
        task={"name": "classify", "options": {"target": target}},
        data=data,
        ondes=__version__,
    )
    return Classifier(Fitted(rival), rival.spec, rival.reading, card)


def beside(folder: Path, card: Card) -> dict[str, Callable[[], Classifier]]:
    """Return what gives each rival that lies with a model; none where they were left behind."""
    places = {family: folder / "baselines" / family for family in card.baselines}
    return {family: partial(load, place) for family, place in places.items() if place.is_dir()}


def load(folder: Path) -> Classifier:
    """Return the rival in a folder; raises what `ondes.load` does."""
    path, card, predictor = opened(folder)
    return revived(path, card, predictor)
