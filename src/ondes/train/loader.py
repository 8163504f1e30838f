"""Which examples a step sees and how they reach it: the same for any number of workers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from ondes.errors import InputError
from ondes.protocols import ENDLESS, Examples, Task
from ondes.train import seeds
from ondes.train.config import TrainConfig

Arrays = Mapping[str, NDArray[np.generic]]
Batch = dict[str, torch.Tensor]
Place = tuple[int, int]  # position in the run, index in the data set


@dataclass(frozen=True)
class Order:
    """The index that stands at each position of a run: pass after pass, each in its own order.

    Every pass of ``length`` positions visits each index once, whatever the batch size.

    >>> order = Order(length=3, seed=0)
    >>> sorted(order(position) for position in range(3, 6))
    [0, 1, 2]
    """

    length: int
    seed: int

    def __call__(self, position: int) -> int:
        """Return the index at ``position``."""
        turn, place = divmod(position, self.length)
        if self.length >= ENDLESS:
            return place
        return int(_permutation(self.length, self.seed, turn)[place])


@lru_cache(maxsize=4)
def _permutation(length: int, seed: int, turn: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, turn]).permutation(length)


@dataclass(frozen=True, kw_only=True)
class Share:
    """The part of the data that one of ``processes`` loads."""

    process: int = 0
    processes: int = 1


def training_places(
    order: Order, config: TrainConfig, share: Share, *, start: int
) -> Iterator[list[Place]]:
    """Yield one list per forward pass, from optimiser step ``start`` to the last.

    Batch ``s`` is positions ``[s * batch, (s + 1) * batch)``, dealt to passes, then processes.
    """
    part = part_of(config, share)
    for step in range(start, config.steps):
        for turn in range(config.accumulate):
            first = step * config.batch + (turn * share.processes + share.process) * part
            yield [(position, order(position)) for position in range(first, first + part)]


def validation_places(length: int, part: int, share: Share) -> Iterator[list[Place]]:
    """Yield every index once over all processes, ``part`` at a time, in order."""
    mine = range(share.process, length, share.processes)
    for first in range(0, len(mine), part):
        yield [(index, index) for index in mine[first : first + part]]


def part_of(config: TrainConfig, share: Share) -> int:
    """Return the examples of one forward pass; InputError where the batch cannot be dealt."""
    part, left = divmod(config.batch, config.accumulate * share.processes)
    if left:
        raise InputError(
            f"train.batch: {config.batch} examples cannot be dealt evenly to train.accumulate "
            f"{config.accumulate} x {share.processes} processes; take a multiple of "
            f"{config.accumulate * share.processes}"
        )
    return part


def batches(
    task: Task,
    examples: Examples,
    places: Iterable[list[Place]],
    *,
    seed: tuple[int, ...],
    workers: int,
) -> Iterator[Batch]:
    """Yield what ``task.prepare`` makes of the examples, stacked, as tensors.

    Each example is prepared under generators seeded by ``seed`` and its position in the run, so
    that neither the number of workers nor a resume changes it.

    Raises InputError where there is no example.
    """
    if len(examples) < 1:
        raise InputError(f"the data set {examples!r} holds no example; nothing can be learnt of it")
    loader = DataLoader(
        _Prepared(task, examples, seed),
        batch_sampler=places,
        num_workers=workers,
        collate_fn=stack,
        worker_init_fn=_one_thread,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator(),  # the loader draws from it; the run's own must not notice
    )
    return iter(loader)


class _Prepared(TorchDataset[Arrays]):
    def __init__(self, task: Task, examples: Examples, seed: tuple[int, ...]) -> None:
        self._task, self._examples, self._seed = task, examples, seed

    def __getitem__(self, place: Place) -> Arrays:
        position, index = place
        with seeds.seeded(*self._seed, position):
            return self._task.prepare(self._examples[index])


def _one_thread(_: int) -> None:
    torch.set_num_threads(1)


def stack(rows: Sequence[Arrays]) -> Batch:
    """Return prepared examples as tensors with a batch axis.

    Arrays ``x`` of unequal time get zeros at the end where ``length`` says how long each is.

    Raises:
        InputError: other arrays differ in shape.
    """
    return {name: torch.from_numpy(_stacked(name, rows)) for name in rows[0]}


def _stacked(name: str, rows: Sequence[Arrays]) -> NDArray[np.generic]:
    arrays = [row[name] for row in rows]
    shapes = sorted({array.shape for array in arrays})
    if len(shapes) == 1:
        return np.stack(arrays)
    if name == "x" and "length" in rows[0] and len({shape[:-1] for shape in shapes}) == 1:
        return _padded(arrays)
    raise InputError(
        f"the examples of one batch differ in the shape of {name!r}: {shapes}; "
        "let the data set cut windows of one length, or train with batch: 1"
    )


def _padded(arrays: list[NDArray[np.generic]]) -> NDArray[np.generic]:
    """Stack arrays [..., time] with zeros after the shorter ones."""
    longest = max(array.shape[-1] for array in arrays)
    batch = np.zeros((len(arrays), *arrays[0].shape[:-1], longest), arrays[0].dtype)
    for row, array in zip(batch, arrays, strict=True):
        row[..., : array.shape[-1]] = array
    return batch
