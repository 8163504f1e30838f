"""How good an answer is, floor 2: frame maps, notes, events, segments, PSDS; clips as a whole.

Beats of an electrocardiogram and episodes are scored after EC57, in `ec57` and `episodes`; how soon
the first abnormal beat raises an alarm is told in `advance`.

What has no value is NaN, never an error or a warning: the precision of no detection, the recall
of no event, the area under a curve that cannot be drawn. F1 is NaN only where there was nothing
to find and nothing was found; silence taken for silence is no reason for a bad mean.
"""

from ondes.metrics.events import event_scores, note_score, segment_scores
from ondes.metrics.frames import FrameCounts, Histogram, frame_scores, pr_auc, roc_auc
from ondes.metrics.labels import class_scores, confusion, number_scores, tag_scores
from ondes.metrics.psds import Psds, psds
from ondes.metrics.score import Score, macro_f1, merged, total

__all__ = [
    "FrameCounts",
    "Histogram",
    "Psds",
    "Score",
    "class_scores",
    "confusion",
    "event_scores",
    "frame_scores",
    "macro_f1",
    "merged",
    "note_score",
    "number_scores",
    "pr_auc",
    "psds",
    "roc_auc",
    "segment_scores",
    "tag_scores",
    "total",
]
