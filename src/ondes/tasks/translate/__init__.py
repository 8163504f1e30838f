"""One sensor's signal into another's, learnt from pairs that were recorded together.

``Task`` trains translators and their critics, `Reading` brings raw signals to what a network takes
and its results to the wanted sensor's units, `evaluate` scores translations, by what a classifier
of the wanted sensor makes of them too. What trains is loaded when it is first asked for: the rest
needs no torch.
"""

from typing import TYPE_CHECKING

from ondes.tasks.translate.reading import Reading, Side, even
from ondes.tasks.translate.score import Judge, Translator, evaluate, judged, recovered, truths

if TYPE_CHECKING:
    from ondes.tasks.translate.task import TranslateTask
    from ondes.tasks.translate.task import TranslateTask as Task

__all__ = [
    "Judge",
    "Reading",
    "Side",
    "Task",
    "TranslateTask",
    "Translator",
    "evaluate",
    "even",
    "judged",
    "recovered",
    "truths",
]


def __getattr__(name: str) -> object:
    if name in ("TranslateTask", "Task"):
        from ondes.tasks.translate.task import TranslateTask

        return TranslateTask
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
