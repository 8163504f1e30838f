"""Long recordings on disk: tones of the piano never heard, one clip after the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from benchmarks._clips import dataset

RATE_HZ = 48_000


def write(path: Path, *, seconds: int) -> None:
    """Write so many seconds at 48 kHz, 16 bits; clips over full scale are turned down."""
    clips = dataset("test", f"data.options.rate_hz={RATE_HZ}")
    left, index = seconds * RATE_HZ, 0
    with soundfile.SoundFile(path, "w", RATE_HZ, channels=1, subtype="PCM_16") as file:
        while left:
            clip = clips[index % len(clips)].x[0, :left]
            file.write(clip / max(float(np.abs(clip).max()), 1.0))
            left, index = left - clip.size, index + 1
