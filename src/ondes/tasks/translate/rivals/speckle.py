"""Noise added to everything, of the loudness at which the classifier agrees with itself most."""

from dataclasses import dataclass

import numpy as np

from ondes.errors import InputError
from ondes.tasks.translate.rivals._given import Given, Samples, Scores, Turn, answers

ABOUT = """\
White noise added to clips as they are, which restores the texture of a noise floor; as loud as
makes the classifier answer most as on the true partners, on the pairs, without a label."""
LABELLED = False


@dataclass(frozen=True, kw_only=True)
class Options:
    """levels: loudness tried, as shares of the target's standard deviation. pairs: judged by."""

    levels: tuple[float, ...] = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8)
    pairs: int = 300

    def __post_init__(self) -> None:
        if not self.levels or min(self.levels) < 0 or self.pairs < 1:
            raise InputError(
                f"speckle(levels={self.levels}, pairs={self.pairs}): give levels of 0 or more, and "
                "one pair or more"
            )


def translator(given: Given, options: Options, *, seed: int) -> Turn:
    """Return x + s n with Gaussian n, the same for a clip at the same place of a call."""
    source, target = given.source[: options.pairs], given.target[: options.pairs]
    wanted, size = _log_softmax(answers(given.network, target)), float(given.target.std())
    costs = [
        _distance(wanted, _log_softmax(answers(given.network, _noisy(source, level * size, seed))))
        for level in options.levels
    ]
    best = options.levels[int(np.argmin(costs))] * size

    def turn(clips: Samples) -> Samples:
        return _noisy(clips, best, seed)

    return turn


def _noisy(clips: Samples, level: float, seed: int) -> Samples:
    noise = np.random.default_rng(seed).standard_normal(clips.shape, dtype=np.float32)
    return np.asarray(clips + np.float32(level) * noise, np.float32)


def _distance(wanted: Scores, found: Scores) -> float:
    """Mean Kullback-Leibler divergence of logarithms of probabilities."""
    return float((np.exp(wanted) * (wanted - found)).sum(1).mean())


def _log_softmax(logits: Scores) -> Scores:
    shifted = logits - logits.max(1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(1, keepdims=True)))
