"""What `ondes.load` loads: a trained model, an exported one, or a classical detector."""

import os

from ondes.run import classical, pipeline
from ondes.run.classical import Classical
from ondes.run.pipeline import Pipeline
from ondes.run.predictors import Precision


def load(
    model: str | os.PathLike[str],
    *,
    device: str = "auto",
    precision: Precision = "auto",
    window_frames: int | None = None,
    threads: int = 0,
) -> Pipeline | Classical:
    """Return a detector, as `ondes.run.pipeline.load`; or a classical one.

    Args:
        model: a name, as ``"piano-tones"`` or ``"sta-lta"``; the path of a folder, an ONNX file,
            or a JSON file of a classical detector's numbers, to which the rest means nothing.
        device, precision, window_frames, threads: as for `ondes.run.pipeline.load`.

    Raises:
        ArtefactError, InputError, MissingExtraError: as `ondes.run.pipeline.load`.
    """
    return classical.find(model) or pipeline.load(
        model, device=device, precision=precision, window_frames=window_frames, threads=threads
    )
