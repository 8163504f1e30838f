"""What `ondes.load` loads: a trained model, an exported one, or a classical detector."""

import os
from typing import TYPE_CHECKING, cast

from ondes.run import classical, kinds
from ondes.run.classical import Classical
from ondes.run.networks import opened
from ondes.run.predictors import Precision

if TYPE_CHECKING:
    from ondes.run.classifier import Classifier
    from ondes.run.pipeline import Pipeline
    from ondes.run.translator import Translator


def load(
    model: str | os.PathLike[str],
    *,
    device: str = "auto",
    precision: Precision = "auto",
    window_frames: int | None = None,
    threads: int = 0,
) -> "Pipeline | Classifier | Translator | Classical":
    """Return a trained model, as its task says: a detector, a classifier, a translator.

    Args:
        model: a name, as ``"piano-tones"`` or, of a classical detector, ``"sta-lta"``; the path of
            a folder, an ONNX file (which needs ONNX Runtime and no torch), or a JSON file of a
            classical detector's numbers, to which the rest means nothing.
        device: as torch names it; ``auto`` is the GPU where there is one.
        precision: of the network's arithmetic; ``auto`` is float32, but for detectors bfloat16
            where the processor has matrix units for it, which is about twice as fast. An ONNX
            file is float32.
        window_frames: frames that a detector computes at once; None lets its receptive field
            decide.
        threads: of the processor; torch's number holds for the whole process. 0 leaves it.

    Raises:
        ArtefactError: there is no such model, or it is damaged.
        InputError: there is no such device here.
        MissingExtraError: what runs it is not installed.
    """
    return classical.find(model) or trained(
        model, device=device, precision=precision, window_frames=window_frames, threads=threads
    )


def trained(
    model: str | os.PathLike[str],
    *,
    device: str = "auto",
    precision: Precision = "auto",
    window_frames: int | None = None,
    threads: int = 0,
) -> "Pipeline | Classifier | Translator":
    """Return a trained model, as `load` does; classical detectors are none."""
    path, card, predictor = opened(model, device=device, precision=precision, threads=threads)
    kind = kinds.find(card.task["name"])
    revived = kind.revive(path, card, predictor, window_frames=window_frames)
    return cast("Pipeline | Classifier | Translator", revived)
