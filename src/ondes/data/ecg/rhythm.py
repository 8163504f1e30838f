"""Rhythms made anew: the same beats at other times, regular ones or as in atrial fibrillation.

Few persons are at hand whose rhythm changes while they are recorded, so that a network that learns
from others may take a heart's shape for its rhythm. The same person with both rhythms tells it
better. Each beat keeps its wave from before P to after T as far as there is room; what lies between
beats is stretched or shortened. How irregular fibrillation is: Tateno and Glass (2001, Med. Biol.
Eng. Comput. 39, 664-671) find a coefficient of variation of .24 in its intervals. None of these is
shorter than the node between atria and ventricles takes to recover, so that they are skewed the
more the faster it goes.
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
RECOVERY = (0.0, 0.75)  # of the mean interval, within which no beat of fibrillation comes
SHORTEST_S = 0.28
OWN_PACE = (0.7, 1.3)  # times a person's mean interval, where the rhythm is regular
FIBRILLATING_S = (0.36, 1.0)  # mean intervals, whatever the person's own
LENGTHS = (8, 100)  # beats of a stretch of one rhythm
MANY = 1000  # beats, more than a clip holds
EARLY = (0.45, 0.85)  # of its usual interval, for an early beat
OFTEN = (0.02, 0.3)  # how often beats are early that come by chance
PAIRED = 0.2  # how often another one follows these
TURNS = (2, 3, 4)  # every so many beats an early one: bigeminy, trigeminy, quadrigeminy


def intervals(rng: np.random.Generator, n: int, mean_s: float, *, irregular: bool) -> Times:
    """Draw intervals between beats in seconds: of fibrillation, or swinging with the breath.

    >>> drawn = intervals(np.random.default_rng(0), 500, 0.8, irregular=True)
    >>> bool(0.1 < drawn.std() / drawn.mean() < 0.35)
    True
    """
    spread = rng.uniform(*(IRREGULAR if irregular else REGULAR))
    if irregular:
        sure = rng.uniform(*RECOVERY)
        shape = ((1 - sure) / spread) ** 2
        drawn: Times = mean_s * (sure + rng.gamma(shape, (1 - sure) / shape, n))
    else:
        breath = np.sin(2 * np.pi * (np.arange(n) * mean_s / rng.uniform(2.5, 6) + rng.random()))
        drawn = mean_s * (1 + spread * (breath + 0.3 * rng.standard_normal(n)))
    return np.maximum(drawn, SHORTEST_S)


def ectopic(rng: np.random.Generator, regular: Times) -> Times:
    """Let some beats come early, by chance or every so many, with a pause after them or none.

    That is what most often is taken for fibrillation.

    >>> s = ectopic(np.random.default_rng(1), np.full(9, 0.8))
    >>> bool(s.min() < 0.7), bool(s.max() <= 2 * 0.8)
    (True, True)
    """
    n, early = len(regular), rng.uniform(*EARLY)
    turn = int(rng.choice(TURNS))
    by_turns = np.arange(n) % turn == int(rng.integers(turn))
    by_chance = rng.random(n) < rng.uniform(*OFTEN)
    by_chance[1:] |= by_chance[:-1] & (rng.random(n - 1) < PAIRED)
    chosen = by_turns if rng.random() < 0.4 else by_chance
    pause = 2 - early if rng.random() < 0.7 else 1.0
    after = np.append(False, chosen[:-1]) & ~chosen
    factor = np.where(chosen, early * rng.normal(1, 0.03, n), np.where(after, pause, 1.0))
    return np.maximum(regular * factor, SHORTEST_S)


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
    p_ectopic: float = 0.0,
) -> Example:
    """Return a clip as long as x [channel, time] whose rhythm is drawn anew, with its episodes.

    It is regular, or irregular, or changes between the two; a regular stretch has early beats in
    `p_ectopic` of cases. It is never faster than it was, so that there are beats to its end.
    """
    n, begun = x.shape[1], float(beats[0])
    own_s = float(np.mean(np.diff(beats))) / rate_hz
    alone = bool(rng.random() < 0.5)
    parts: list[Times] = []
    rows: list[tuple[int, int, str]] = []
    while begun < n:
        irregular = bool(rng.random() < 0.5)
        drawn = _drawn(rng, own_s, irregular=irregular, p_ectopic=p_ectopic)
        length = np.searchsorted(np.cumsum(drawn), (n - begun) / rate_hz) + 1
        drawn = drawn[:length] if alone else drawn[: min(length, _count(rng))]
        ended = begun + float(drawn.sum()) * rate_hz
        if irregular:
            rows.append((round(begun) if parts else 0, min(round(ended), n), label))
        parts.append(drawn)
        begun = ended
    new_s = np.concatenate(parts)
    longer = _again(x, beats, len(new_s) + 1)
    told = EventList.of(rows, rate_hz=rate_hz).merge_gaps(0.0)
    return Example(retimed(*longer, new_s, rate_hz=rate_hz, n=n), told)


def _drawn(rng: np.random.Generator, own_s: float, *, irregular: bool, p_ectopic: float) -> Times:
    """Draw more intervals than a clip holds, of one rhythm."""
    mean_s = np.exp(rng.uniform(*np.log(FIBRILLATING_S if irregular else OWN_PACE)))
    if irregular:
        return intervals(rng, MANY, mean_s, irregular=True)
    regular = intervals(rng, MANY, max(own_s * mean_s, FIBRILLATING_S[0]), irregular=False)
    return ectopic(rng, regular) if rng.random() < p_ectopic else regular


def _count(rng: np.random.Generator) -> int:
    """Draw how many beats a stretch has, short and long ones alike."""
    return round(float(np.exp(rng.uniform(*np.log(LENGTHS)))))


def _again(
    x: NDArray[np.float32], beats: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return a clip with its beats, over and over from the first to the last, up to so many."""
    first, last = int(beats[0]), int(beats[-1])
    turns = -(-count // (len(beats) - 1))
    more = [beats[1:] + turn * (last - first) for turn in range(1, turns)]
    again = [x[:, first:last]] * (turns - 1)
    return np.concatenate([x[:, :last], *again, x[:, last:]], axis=1), np.concatenate(
        [beats, *more]
    )
