"""Learning rates as pure functions of the step, so that resuming needs no scheduler's state."""

from math import cos, pi

from ondes.train.config import TrainConfig

# Smith's one-cycle as torch has it: from lr/25 up to lr within 30 %, down to lr/250,000.
_START, _END, _RISE = 1 / 25, 1 / 250_000, 0.3


def learning_rate(config: TrainConfig, step: int, drops: int = 0) -> float:
    """Return the learning rate of optimiser step ``step``, counted from 0.

    ``drops`` is how often schedule ``stages`` has lowered it.

    >>> config = TrainConfig(steps=100, lr=1.0, schedule="cosine", warmup=10)
    >>> [round(learning_rate(config, step), 3) for step in (0, 4, 9, 10, 55, 99)]
    [0.1, 0.5, 1.0, 1.0, 0.5, 0.0]
    """
    if config.schedule == "one-cycle":
        return config.lr * _one_cycle(step, config.steps, config.warmup)
    if step < config.warmup:
        return config.lr * (step + 1) / config.warmup
    return config.lr * _share(config, step - config.warmup, drops)


def _share(config: TrainConfig, step: int, drops: int) -> float:
    """Return the share of ``lr`` at ``step`` counted from the end of the warm-up."""
    if config.schedule in ("linear", "cosine"):
        left = max(1, config.steps - config.warmup - config.hold)
        along = max(0, step - config.hold) / left
        straight = config.schedule == "linear"
        return 1 + (config.lr_end - 1) * along if straight else _glide(1.0, config.lr_end, along)
    if config.schedule == "step":
        return float(config.decay ** (step // config.decay_every))
    if config.schedule == "stages":
        return float(config.decay**drops)
    return 1.0


def _one_cycle(step: int, steps: int, rise: int) -> float:
    last = steps - 1
    top = float(rise or _RISE * steps) - 1
    if step <= top:
        return _glide(_START, 1.0, step / top if top else 1.0)
    return _glide(1.0, _END, (step - top) / (last - top))


def _glide(start: float, stop: float, along: float) -> float:
    """Return the half cosine from ``start`` (along = 0) to ``stop`` (along = 1)."""
    return stop + (start - stop) * (1 + cos(pi * along)) / 2
