"""What every data set must keep: `check_dataset` and its single checks."""

from collections.abc import Callable
from operator import itemgetter
from typing import Any, TypeVar, cast

import numpy as np
import torch
from torch.utils.data import DataLoader

from ondes.protocols import Clip, ClipDataset, Dataset, Example, Examples, Pair, PairDataset
from ondes.testing.clips import check_clips
from ondes.testing.pairs import check_pairs, check_sensors
from ondes.testing.require import require, require_error

T = TypeVar("T")


def check_dataset(dataset: Examples, *, examples: int = 4) -> None:
    """Check that a data set keeps the promises that training and evaluation rest on.

    ``dataset[i]`` is an `Example` of samples x [channel, time] and the events in it, a `Clip`
    of samples and what is true of them as a whole, or a `Pair` of what two sensors made of the same
    time; of pairs `ondes.testing.pairs` says what is checked in place of 1 to 3. Checked on the
    first `examples` indices are, in this order:

    1. rate, labels and length make sense, and an index beyond the end raises IndexError;
    2. samples are float32, finite and of the declared channels;
    3. events lie within the samples, at the declared rate, with declared labels and channels;
       not all examples are silent or without events; or, of clips, y is float32 [label], finite,
       and not all are silent;
    4. an index gives the same example each time, in any order, whatever the global random
       state, which it leaves alone; and also in a loader's worker process.

    Raises:
        AssertionError: a promise is broken; the message says which and how.
    """
    require(len(dataset) >= 1, "the data set is empty")
    indices = range(min(examples, len(dataset)))
    if isinstance(dataset[0], Pair):
        check_sensors(cast("PairDataset", dataset))
        check_pairs(cast("PairDataset", dataset), indices)
    else:
        _check_examples(cast("Dataset | ClipDataset", dataset), indices)
    check_repeatable(dataset, indices)
    check_workers(dataset, indices)


def _check_examples(dataset: Dataset | ClipDataset, indices: range) -> None:
    check_description(dataset)
    for index in indices:
        check_samples(dataset, index)
    if isinstance(dataset[0], Clip):
        check_clips(cast("ClipDataset", dataset), indices)
    else:
        check_happenings(cast("Dataset", dataset), indices)


def check_happenings(dataset: Dataset, indices: range) -> None:
    """Check that events fit their samples, and that there are some."""
    for index in indices:
        check_events(dataset, index)
    first = [dataset[i] for i in indices]
    require(any(len(example.events) for example in first), f"the first {len(first)} hold no event")
    require(any(example.x.any() for example in first), f"the first {len(first)} are silent")


def check_description(dataset: Dataset | ClipDataset) -> None:
    """Check what the data set says of itself."""
    require(dataset.rate_hz > 0, f"rate_hz is {dataset.rate_hz}")
    require(dataset.n_channels >= 1, f"n_channels is {dataset.n_channels}")
    labels: object = dataset.labels
    words = isinstance(labels, tuple) and all(isinstance(label, str) for label in labels)
    require(words, f"labels are {labels!r}, not a tuple of words")
    differ = len(dataset.labels) == len(set(dataset.labels)) > 0
    require(differ, f"labels {labels} are none or repeat")
    end = len(dataset)
    require_error(IndexError, f"index {end} of {end}", lambda: dataset[end])


def check_samples(dataset: Dataset | ClipDataset, index: int) -> None:
    """Check the samples of one example."""
    example, where = dataset[index], f"example {index}"
    known = isinstance(example, Example | Clip)
    require(known, f"{where} is {type(example)}, not an ondes Example or Clip")
    x = example.x
    kind = getattr(x, "dtype", type(x))
    require(kind == np.float32, f"{where}: samples are {kind}, not a float32 array")
    require(
        x.ndim == 2 and x.shape[0] == dataset.n_channels and x.shape[1] > 0,
        f"{where}: samples have shape {x.shape}, not [{dataset.n_channels}, time]",
    )
    require(np.isfinite(x).all(), f"{where}: samples hold NaN or infinity")


def check_events(dataset: Dataset, index: int) -> None:
    """Check the events of one example against its samples and the data set's description."""
    (x, events), where = dataset[index], f"example {index}"
    require(
        events.rate_hz == dataset.rate_hz,
        f"{where}: events are at {events.rate_hz:.10g} Hz, the data set at "
        f"{dataset.rate_hz:.10g} Hz",
    )
    unknown = set(events.labels) - set(dataset.labels)
    require(not unknown, f"{where}: labels {sorted(unknown)} are not among those declared")
    inside = (events.onset >= 0) & (events.offset <= x.shape[1])
    require(
        inside.all(),
        f"{where}: events such as {next(iter(events[~inside]), None)} reach beyond the clip of "
        f"{x.shape[1]} samples",
    )
    channels = set(events.channel.tolist())
    require(
        channels <= set(range(dataset.n_channels)),
        f"{where}: events on channels {sorted(channels)}, there are {dataset.n_channels}",
    )


def check_repeatable(dataset: Examples, indices: range) -> None:
    """Check that an index means one example, and that asking leaves no trace."""
    states = [_global_states()]
    first = [dataset[i] for i in indices]
    states.append(_global_states())
    require(states[0] == states[1], "asking for examples draws from a global random generator")
    again = _with_other_seeds(lambda: [dataset[i] for i in reversed(indices)])
    for index, a, b in zip(indices, first, reversed(again), strict=True):
        require(_same(a, b), f"example {index} differs when it is asked for again")


def check_workers(dataset: Examples, indices: range) -> None:
    """Check that a loader's worker process gives the same examples."""
    loader: DataLoader[Any] = DataLoader(
        dataset,  # type: ignore[arg-type]  # a Dataset by its methods, not by inheritance
        batch_size=1,
        sampler=list(reversed(indices)),
        num_workers=1,
        collate_fn=itemgetter(0),
    )
    for index, example in zip(reversed(indices), loader, strict=True):
        require(_same(dataset[index], example), f"example {index} differs in a worker process")


def _same(a: Example | Clip | Pair, b: Example | Clip | Pair) -> bool:
    if isinstance(a, Pair) and isinstance(b, Pair):
        return all(map(np.array_equal, a, b))
    if isinstance(a, Clip) and isinstance(b, Clip):
        return np.array_equal(a.x, b.x) and np.array_equal(a.y, b.y)
    if isinstance(a, Example) and isinstance(b, Example):
        return a.events == b.events and np.array_equal(a.x, b.x)
    return False


def _global_states() -> tuple[str, bytes]:
    return str(np.random.get_state()), torch.random.get_rng_state().numpy().tobytes()  # noqa: NPY002


def _with_other_seeds(call: Callable[[], list[T]]) -> list[T]:
    state = np.random.get_state()  # noqa: NPY002
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(1)
        np.random.seed(1)  # noqa: NPY002
        try:
            return call()
        finally:
            np.random.set_state(state)  # noqa: NPY002
