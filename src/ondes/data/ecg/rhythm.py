"""Rhythms made anew: the same beats at other times, regular ones or as in atrial fibrillation.

Few persons are at hand whose rhythm changes while they are recorded, so that a network that learns
from others may take a heart's shape for its rhythm. The same person with both rhythms tells it
better. Each beat keeps its wave from before P to after T as far as there is room; what lies between
beats is stretched or shortened. How irregular fibrillation is: Tateno and Glass (2001, Med. Biol.
Eng. Comput. 39, 664-671) find a coefficient of variation of .24 in its intervals.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ondes.events import EventList
from ondes.protocols import Example

Times = NDArray[np.float64]

BEFORE_S, AFTER_S = 0.2, 0.35  # of a beat that keep their pace
ROOM = 0.4  # of the shorter one of an interval's two lengths, for either of these at most
REGULAR = (0.005, 0.05)  # coefficient of variation, of breathing and chance
IRREGULAR = (0.12, 0.3)
SHORTEST_S = 0.28
SLOWER = (1.05, 1.3)


def intervals(rng: np.random.Generator, n: int, mean_s: float, *, irregular: bool) -> Times:
    """Draw intervals between beats in seconds: of fibrillation, or swinging with the breath.

    >>> drawn = intervals(np.random.default_rng(0), 500, 0.8, irregular=True)
    >>> bool(0.1 < drawn.std() / drawn.mean() < 0.35)
    True
    """
    spread = rng.uniform(*(IRREGULAR if irregular else REGULAR))
    if irregular:
        shape = 1 / spread**2
        drawn: Times = rng.gamma(shape, mean_s / shape, n)
    else:
        breath = np.sin(2 * np.pi * (np.arange(n) * mean_s / rng.uniform(2.5, 6) + rng.random()))
        drawn = mean_s * (1 + spread * (breath + 0.3 * rng.standard_normal(n)))
    return np.maximum(drawn, SHORTEST_S)


def retimed(
    x: NDArray[np.float32], beats: NDArray[np.int64], new_s: Times, *, rate_hz: float, n: int
) -> NDArray[np.float32]:
    """Return n samples [channel, n] in which the k-th interval between beats lasts `new_s[k]`.

    Where the beats or the intervals are over, what comes is as it was.

    >>> x = np.zeros((1, 400), np.float32)
    >>> x[0, 50::100] = 1
    >>> y = retimed(x, np.array([50, 150, 250, 350]), np.array([1.5, 0.5, 1.0]), rate_hz=100, n=360)
    >>> np.flatnonzero(y[0] == 1).tolist()
    [50, 200, 250, 350]
    """
    old, new = np.diff(beats) / rate_hz, new_s[: len(beats) - 1]
    old = old[: len(new)]
    room = ROOM * np.minimum(old, new)
    before, after = np.minimum(BEFORE_S, room) * rate_hz, np.minimum(AFTER_S, room) * rate_hz
    at = beats[: len(new) + 1].astype(np.float64)
    to = at[0] + np.append(0.0, np.cumsum(new)) * rate_hz
    knots = [np.sort(np.concatenate([p, p[:-1] + after, p[1:] - before])) for p in (to, at)]
    ends = [np.append(np.append(-1.0, k), k[-1] + x.shape[1]) for k in knots]
    ends[1][0] = knots[1][0] - knots[0][0] - 1.0
    place = np.interp(np.arange(n), ends[0], ends[1])
    rows = [np.interp(place, np.arange(x.shape[1]), row.astype(np.float64)) for row in x]
    return np.stack(rows).astype(np.float32)


def rewritten(
    x: NDArray[np.float32],
    beats: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    rate_hz: float,
    label: str,
) -> Example:
    """Return a clip as long as x [channel, time] whose rhythm is drawn anew, with its episode.

    It is regular, or irregular, or changes once from one to the other; never faster than it was,
    so that there are beats to its end.
    """
    n = x.shape[1]
    mean_s = float(np.mean(np.diff(beats))) / rate_hz * rng.uniform(*SLOWER)
    first, turn = bool(rng.random() < 0.5), int(rng.integers(len(beats)))
    turn = turn if rng.random() < 0.5 else len(beats)
    kinds = [(turn, first), (len(beats) - turn, not first)]
    new_s = np.concatenate([intervals(rng, k, mean_s, irregular=kind) for k, kind in kinds])
    changed = round(float(beats[0] + new_s[:turn].sum() * rate_hz))
    edge = min(changed, n) if turn < len(beats) else n
    spans = [(0, edge), (edge, n)]
    rows = [(*span, label) for span, (_, kind) in zip(spans, kinds, strict=True) if kind]
    told = EventList.of([row for row in rows if row[1] > row[0]], rate_hz=rate_hz)
    return Example(retimed(x, beats, new_s, rate_hz=rate_hz, n=n), told)
