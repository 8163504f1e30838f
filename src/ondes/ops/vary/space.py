"""Changes across channels: a sensor of several axes that is worn, or set up, another way round."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ondes.errors import ChannelError
from ondes.ops.vary.time import Samples


def turn(x: Samples, plane: Sequence[Sequence[float]], degrees: float) -> Samples:
    """Turn what all channels tell at a moment, a vector, by an angle in a plane.

    `plane` [2, channel] are two directions that span it; what lies across stays as it is, and so
    do lengths and the angles between moments. Of three axes it is a rotation of the sensor (Um et
    al., "Data augmentation of wearable sensor data", 2017). Clips of one channel stay.

    Raises ChannelError where `plane` is of another number of channels.

    >>> turn(np.array([[1.0], [0.0], [2.0]]), [[1, 0, 0], [1, 1, 0]], 90.0).round(6)
    array([[0.],
           [1.],
           [2.]])
    """
    basis = np.asarray(plane, np.float64)
    if basis.shape != (2, x.shape[-2]):
        raise ChannelError(
            f"turn of {x.shape[-2]} channels in a plane of shape {list(basis.shape)}: give two "
            "directions, a number for each channel"
        )
    if x.shape[-2] < 2:
        return x.copy()
    basis, angle = _orthonormal(basis), np.radians(degrees)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.eye(x.shape[-2]) + basis.T @ (rotation - np.eye(2)) @ basis
    turned: Samples = matrix.astype(x.dtype) @ x
    return turned


def _orthonormal(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """Two directions at right angles, the first and the part of the second across it."""
    first = plane[0] / np.linalg.norm(plane[0])
    across = plane[1] - (plane[1] @ first) * first
    return np.stack([first, across / np.linalg.norm(across)])
