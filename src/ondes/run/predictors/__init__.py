"""What computes a network, array in, array out: one file for each that can.

``predictors/<name>.py`` alone imports the library it is named after, so that a recording can go
through an ONNX file on a machine without torch.
"""

import os
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ondes.run.card import Card

Floats = NDArray[np.float32]
Precision = Literal["auto", "float32", "bfloat16"]


class Predictor(Protocol):
    """A network, ready to run."""

    def __call__(self, x: Floats, /) -> Floats:
        """Return the answer to samples [b, channel, time], of maps [b, channel, bin, time].

        That is probabilities [b, head, class, frame]; of a network that judges clips as a whole
        logits [b, output]; of a translator its result, its coarse result and, if it tells that,
        its log-uncertainty, as channels of [b, n, (bin,) time].
        """

    def save(self, path: str | os.PathLike[str], card: Card) -> None:
        """Write the network and a card where `ondes.load` finds both."""
