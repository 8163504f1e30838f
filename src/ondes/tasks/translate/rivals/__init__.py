"""Simple rivals of a translator: what an old classifier can also be kept alive by.

``rivals/<name>.py`` holds one, found by its file name: ``ABOUT``, ``LABELLED``, whether it learns
from labels of the new sensor, a frozen dataclass ``Options`` with a default for every number, and
either ``translator(given, options, *, seed)``, which returns a function of signals, or
``classifier(given, options, *, seed)``, which returns another classifier. All end as a `Rival`,
which answers as the old classifier does, so that one table holds them all.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ondes.catalogue import Catalogue
from ondes.errors import InputError, check_options
from ondes.tasks.translate.rivals._given import Given, Rival, answers

__all__ = ["Given", "Rival", "about", "answers", "fit", "names", "possible"]

RIVALS = Catalogue(package=__name__, unknown="no rival of translators is called", dashed=True)


def names() -> list[str]:
    """Return the names of all rivals.

    >>> names()[:4]
    ['affine', 'batch-norm', 'coral', 'distil']
    """
    return RIVALS.names()


def about(name: str) -> str:
    """Return what a rival says of itself; InputError where there is none of that name."""
    text: str = RIVALS.find(name).ABOUT
    return text


def labelled(name: str) -> bool:
    """Tell whether a rival learns from labels of the new sensor."""
    told: bool = RIVALS.find(name).LABELLED
    return told


def possible(given: Given) -> list[str]:
    """Return the names of those that can be fitted to this: some need labels, some batch norms."""
    return [name for name in names() if not _lacks(name, given)]


def fit(
    name: str, given: Given, *, seed: int = 0, options: Mapping[str, Any] | None = None
) -> Rival:
    """Fit a rival; the same data, seed and options give the same.

    Args:
        name: one of `names`.
        given: the pairs, the classifier, which stays as it is, and labelled clips if any.
        seed: of whatever is drawn.
        options: numbers of the rival's ``Options``; what is left out keeps its default.

    Raises:
        InputError: there is no such rival or option, a number is out of its range, or what is
            given lacks what it needs.
    """
    module = RIVALS.find(name)
    if lacking := _lacks(name, given):
        raise InputError(f"{name} cannot be fitted: {lacking}")
    chosen = _options(name, module.Options, options or {})
    if hasattr(module, "translator"):
        turn = module.translator(given, chosen, seed=seed)
        return Rival(name, given.network, turn, labelled=labelled(name))
    changed = module.classifier(given, chosen, seed=seed)
    return Rival(name, changed.eval(), None, labelled=labelled(name))


def _lacks(name: str, given: Given) -> str:
    module = RIVALS.find(name)
    if labelled(name) and given.few is None:
        return "it needs labelled clips of the new sensor (Given.few)"
    told: str = module.lacks(given) if hasattr(module, "lacks") else ""
    return told


def _options(name: str, kind: type[Any], options: Mapping[str, Any]) -> Any:  # noqa: ANN401
    check_options(name, options, [field.name for field in fields(kind)])
    return kind(**options)
