"""Which events, and when: frame maps learnt by cross-entropy, read as event lists.

``Task`` trains a network, `decode` turns its probabilities into events, `fit_decoder` fits the
rules for that on validation data (`tuned` on a whole data set), `evaluate` scores. What trains is
loaded when it is first asked for: the rest needs no torch.
"""

from typing import TYPE_CHECKING

from ondes.tasks.detect.decode import Scan, decode
from ondes.tasks.detect.decoder import Decoder
from ondes.tasks.detect.fit import fit_decoder, tuned
from ondes.tasks.detect.score import Detector, Tolerances, evaluate, predictions

if TYPE_CHECKING:
    from ondes.tasks.detect.task import DetectTask
    from ondes.tasks.detect.task import DetectTask as Task

__all__ = [
    "Decoder",
    "DetectTask",
    "Detector",
    "Scan",
    "Task",
    "Tolerances",
    "decode",
    "evaluate",
    "fit_decoder",
    "predictions",
    "tuned",
]


def __getattr__(name: str) -> object:
    if name in ("DetectTask", "Task"):
        from ondes.tasks.detect.task import DetectTask

        return DetectTask
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
