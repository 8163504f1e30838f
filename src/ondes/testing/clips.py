"""What a data set of whole clips must keep, besides what every data set must."""

import numpy as np

from ondes.protocols import Clip, ClipDataset
from ondes.testing.require import require


def check_clips(dataset: ClipDataset, indices: range) -> None:
    """Check that each clip tells what its data set says.

    What is true of a clip is a float32 array [label], finite; not all clips are silent.
    """
    clips = [dataset[index] for index in indices]
    for index, clip in zip(indices, clips, strict=True):
        check_truth(dataset, clip, f"example {index}")
    last = dataset[len(dataset) - 1]
    check_truth(dataset, last, "the last example")
    require(any(clip.x.any() for clip in clips), f"the first {len(clips)} are silent")


def check_truth(dataset: ClipDataset, clip: Clip, where: str) -> None:
    """Check what is said to be true of one clip."""
    y = clip.y
    kind = getattr(y, "dtype", type(y))
    require(kind == np.float32, f"{where}: y is {kind}, not a float32 array")
    expected = (len(dataset.labels),)
    require(y.shape == expected, f"{where}: y has shape {y.shape}, not {expected}, one per label")
    require(np.isfinite(y).all(), f"{where}: y holds NaN or infinity")
