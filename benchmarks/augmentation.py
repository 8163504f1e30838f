"""Speed of the augmentation on one thread, and how close it comes to pedalboard.

pedalboard (GPL) serves as an oracle where it is installed and is never a dependency. The chorus is
compared over its first 0.1 s: pedalboard sums the phase of its oscillator in float32, which drifts
by 0.02 ms of delay within a clip.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import torch
from numpy.typing import NDArray

from ondes.ops.augment import Chain, Chorus, Noise, Reverb, draw

Samples = NDArray[np.float32]
Effect = Callable[[Samples], Samples]

RATE_HZ = 48000
CLIP = 2**17
COMPARED = {"chorus": RATE_HZ // 10}
ROOM = Reverb(room_size=0.8, damping=0.3, wet=0.6, dry=0.4, freeze=0.1)
EFFECTS = {
    "gain": Chain(gain_db=6.0),
    "noise": Chain(noise=Noise(snr_db=20.0, seed=1)),
    "chorus": Chain(chorus=Chorus(centre_ms=7.0, phase=0.0)),
    "reverb": Chain(reverb=ROOM),
}


def milliseconds(call: Callable[[], object], *, repeats: int = 30) -> float:
    """Median time of a call, warmed up."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1e3 * float(np.median(times))


def clips_per_second(clip: Samples, *, n: int = 300) -> float:
    """Rate of the thesis's chain: each effect with probability 0.2."""
    rng = np.random.default_rng(0)
    start = time.perf_counter()
    for _ in range(n):
        draw(rng)(clip, RATE_HZ)
    return n / (time.perf_counter() - start)


def rivals() -> dict[str, Effect]:
    """pedalboard's effects with the same settings; empty where it is not installed."""
    if find_spec("pedalboard") is None:
        return {}
    import pedalboard

    boards = {
        "gain": pedalboard.Gain(gain_db=6.0),
        "chorus": pedalboard.Chorus(
            rate_hz=1.0, depth=0.25, centre_delay_ms=7.0, feedback=0.0, mix=0.5
        ),
        "reverb": pedalboard.Reverb(
            room_size=ROOM.room_size,
            damping=ROOM.damping,
            wet_level=ROOM.wet,
            dry_level=ROOM.dry,
            freeze_mode=ROOM.freeze,
            width=1.0,
        ),
    }
    return {name: lambda x, board=board: board(x, RATE_HZ) for name, board in boards.items()}


def row(name: str, clip: Samples, rival: Effect | None) -> str:
    """One line of the table: our time, pedalboard's, and the largest difference of samples."""
    ours = EFFECTS[name](clip, RATE_HZ)
    spent = milliseconds(lambda: EFFECTS[name](clip, RATE_HZ))
    if rival is None:
        return f"| {name} | {spent:.2f} | - | - |"
    theirs = milliseconds(lambda: rival(clip))
    n = COMPARED.get(name, CLIP)
    error = np.abs(ours - rival(clip))[:, :n].max() / np.abs(ours).max()
    return f"| {name} | {spent:.2f} | {theirs:.2f} | {20 * np.log10(error):.0f} dB |"


def report() -> str:
    """The whole benchmark as a section of Markdown."""
    torch.set_num_threads(1)
    clip = np.random.default_rng(0).standard_normal((1, CLIP)).astype(np.float32)
    oracles = rivals()
    lines = [
        "## Augmentation",
        "",
        f"One mono clip of {CLIP} samples at {RATE_HZ} Hz, one thread.",
        "",
        "| effect | ondes, ms | pedalboard, ms | largest difference |",
        "|---|---|---|---|",
        *(row(name, clip, oracles.get(name)) for name in EFFECTS),
        "",
        f"All effects at p = 0.2 each: {clips_per_second(clip):.0f} clips per second.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
