"""Random states of python, numpy and torch: set, saved and put back together."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

States = dict[str, Any]


def seed_all(*words: int) -> None:
    """Seed every global generator, a GPU's too, from one or several whole numbers >= 0."""
    _seed_host(*words)
    if torch.cuda.is_available():
        torch.cuda.manual_seed_all(_word(*words))


def states() -> States:
    """Return all states, in types that ``torch.load(weights_only=True)`` reads."""
    name, keys, *rest = np.random.get_state(legacy=True)  # noqa: NPY002 - others may draw from it
    return {
        "python": random.getstate(),
        "numpy": (name, torch.from_numpy(np.asarray(keys, np.int64)), *rest),
        "torch": torch.default_generator.get_state(),
        "cuda": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
    }


def restore(saved: States) -> None:
    """Put back what ``states`` returned."""
    random.setstate(saved["python"])
    name, keys, *rest = saved["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002
    torch.default_generator.set_state(saved["torch"])
    if saved["cuda"] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(saved["cuda"])


@contextmanager
def seeded(*words: int) -> Iterator[None]:
    """Run the block on the host's generators seeded by ``words``; afterwards they go on as before.

    >>> with seeded(1, 2):
    ...     first = random.random()
    >>> with seeded(1, 2):
    ...     first == random.random()
    True
    """
    before = random.getstate(), np.random.get_state(), torch.default_generator.get_state()  # noqa: NPY002
    _seed_host(*words)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002
        torch.default_generator.set_state(before[2])


def _seed_host(*words: int) -> None:
    word = _word(*words)
    random.seed(word)
    np.random.seed(word % 2**32)  # noqa: NPY002
    torch.default_generator.manual_seed(word)


def _word(*words: int) -> int:
    return int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0]) >> 1
