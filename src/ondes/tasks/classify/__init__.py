"""What a clip is: one class of several, several tags, or numbers, of the clip as a whole.

``Task`` trains a network, `read` turns its outputs into probabilities or numbers and `choose` into
names, `fit_reading` fits that on validation data (`tuned` on a whole data set), `evaluate` scores.
What trains is loaded when it is first asked for: the rest needs no torch.
"""

from typing import TYPE_CHECKING

from ondes.tasks.classify.check import check_samples, check_targets
from ondes.tasks.classify.read import choose, fit_reading, read
from ondes.tasks.classify.reading import Reading, Target
from ondes.tasks.classify.score import Answers, Classifier, answers, evaluate, scores, tuned

if TYPE_CHECKING:
    from ondes.tasks.classify.task import ClassifyTask
    from ondes.tasks.classify.task import ClassifyTask as Task

__all__ = [
    "Answers",
    "Classifier",
    "ClassifyTask",
    "Reading",
    "Target",
    "Task",
    "answers",
    "check_samples",
    "check_targets",
    "choose",
    "evaluate",
    "fit_reading",
    "read",
    "scores",
    "tuned",
]


def __getattr__(name: str) -> object:
    if name in ("ClassifyTask", "Task"):
        from ondes.tasks.classify.task import ClassifyTask

        return ClassifyTask
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
