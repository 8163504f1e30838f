"""Families of rivals by name: fit one to clips, bring one back from arrays and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from ondes.catalogue import Catalogue
from ondes.errors import ArtefactError, check_options
from ondes.protocols import ClipDataset
from ondes.spec import ClipSpec
from ondes.tasks.classify.classical.rival import Arrays, Rival, training
from ondes.tasks.classify.reading import Reading, Target

FAMILIES = Catalogue(
    package="ondes.tasks.classify.classical.families",
    unknown="no classical rival is called",
    dashed=True,
)


def names() -> list[str]:
    """Return the names of all families.

    >>> names()
    ['minirocket', 'nn-dtw', 'random-forest']
    """
    return FAMILIES.names()


def about(name: str) -> str:
    """Return what a family says of itself; InputError where there is none of that name."""
    text: str = FAMILIES.find(name).ABOUT
    return text


def fit(
    name: str,
    clips: ClipDataset,
    *,
    seed: int = 0,
    target: Target = "class",
    absent: bool = False,
    options: Mapping[str, Any] | None = None,
) -> Rival:
    """Fit a family to clips; the same clips, seed and options give the same rival.

    Args:
        name: one of `names`.
        clips: of any lengths; all of them are held in memory.
        seed: of whatever is drawn.
        target: what y of a clip is: shares of classes, of which the greatest is true ("class"),
            "tags" that hold from .5 on, or a "number" or several.
        absent: whether classes or tags without a clip are allowed; they are never found.
        options: numbers of the family's ``Options``; what is left out keeps its default.

    Raises:
        InputError: there is no such family or option, a number is out of its range, the data set
            is empty or endless, or there is nothing to tell apart.
        ChannelError, TooShortError, NotFiniteError: a clip cannot be learnt from.
    """
    family = FAMILIES.find(name)
    chosen = _options(name, family.Options, options or {})
    train = training(clips, target, absent=absent)
    model = family.fit(train, chosen, rate_hz=clips.rate_hz, seed=seed)
    spec = ClipSpec(clips.rate_hz, clips.n_channels, tuple(clips.labels), family.least(model))
    return Rival(name, spec, Reading(kind=target), model, asdict(chosen))


def from_arrays(arrays: Arrays, document: Mapping[str, Any]) -> Rival:
    """Return the rival that `Rival.to_arrays` took apart; its scores are the same to the bit.

    Raises:
        ArtefactError: arrays and document do not belong together, or are no rival's.
    """
    try:
        name, spec = document["name"], ClipSpec.from_dict(document["spec"])
        model = FAMILIES.find(name).from_arrays(arrays, document["model"])
        return Rival(name, spec, Reading.from_dict(document["reading"]), model, document["options"])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ArtefactError(
            f"these arrays and this document hold no rival ({error!r}); save it again"
        ) from error


def _options(name: str, kind: type[Any], options: Mapping[str, Any]) -> Any:  # noqa: ANN401
    check_options(name, options, [field.name for field in fields(kind)])
    return kind(**options)
