"""Which events, and when: frame maps learnt by cross-entropy, read as event lists.

``Task`` trains a network, `decode` turns its probabilities into events, `fit_decoder` fits the
rules for that on validation data (`tuned` on a whole data set), `evaluate` scores.
"""

from ondes.tasks.detect.decode import Scan, decode
from ondes.tasks.detect.decoder import Decoder
from ondes.tasks.detect.fit import fit_decoder, tuned
from ondes.tasks.detect.score import Detector, Tolerances, evaluate, predictions
from ondes.tasks.detect.task import DetectTask

Task = DetectTask

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
