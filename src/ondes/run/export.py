"""A whole model in one ONNX file, compared with its network before it is left there.

The file's input ``signal`` is float32 [batch, channel, time]. A detector's output
``probabilities`` is float32 [batch, head, class, frame]: the sigmoid is inside, so that other
programs get what the decoder's thresholds are about. A classifier's are ``logits`` [batch, output]
and what its reading makes of them, ``probabilities`` or ``values``. A translator's are its
``result`` and, where it tells that, ``log_uncertainty``, both scaled as its card says; the first,
``parts``, is what ondes asks for. Batch and time may have any size.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ondes.errors import ArtefactError, InputError
from ondes.io import atomic_write
from ondes.run import kinds, onnxfile
from ondes.run.card import Card
from ondes.run.predictors import Floats, Predictor, onnx

if TYPE_CHECKING:
    from torch import nn

TOLERANCE = 5e-3  # of a probability, relative down to what counts: about that of the logit


class Graph(NamedTuple):
    """What is written of a network, and how it is compared with it.

    module: what is written; outputs: what it gives, the answer that a `Predictor` gives first.
    lengths: of the signals for which answers are compared, in samples.
    least: answers below it are compared as if they were as large.
    bins: of a network that takes maps.
    """

    module: "nn.Module"
    outputs: tuple[str, ...]
    lengths: tuple[int, ...]
    least: float
    bins: int | None = None


def export(predictor: Predictor, card: Card, path: str | os.PathLike[str]) -> float:
    """Write a network of torch and its card to an ONNX file, whole or not at all.

    ONNX Runtime and torch (float32) then answer three lengths of silence and of noise at all
    levels; an answer p that differs from q by more than `TOLERANCE` times the larger (at least
    ``Graph.least``), or is none, is one too many. Returns the largest difference on that scale.

    Raises:
        InputError: `path` does not end in .onnx, the predictor is no network of torch, or it
            cannot be written for signals of any length.
        ArtefactError: the answers differ.
        MissingExtraError: the packages of ``ondes[onnx]`` are not installed.
    """
    from ondes.nn.export import to_onnx
    from ondes.run.predictors.torch import Network

    if not onnxfile.is_named(Path(path)):
        raise InputError(f"export to {os.fspath(path)!r}: name a file that ends in .onnx")
    if not isinstance(predictor, Network):
        raise InputError(
            f"export of {card.name!r}, which is no network of torch: a classical rival runs "
            "without torch as it is; of what came from an ONNX file, copy that file"
        )
    graph = kinds.find(card.task["name"]).graph(predictor.model, card)
    output, *besides = graph.outputs
    with atomic_write(path) as temporary:
        to_onnx(graph.module, temporary, output=output, besides=besides)
        content = onnxfile.packed(temporary.read_bytes(), card)
        temporary.write_bytes(content)
        session = onnx.load(content, source=path, device="cpu", precision="float32", threads=1)
        differs = difference(
            Network(predictor.model),
            session,
            rows=(card.spec["channels"], *((graph.bins,) if graph.bins else ())),
            lengths=graph.lengths,
            least=graph.least,
        )
        _check(differs, card, path)
    return differs


def difference(
    one: Predictor, other: Predictor, *, rows: tuple[int, ...], lengths: Sequence[int], least: float
) -> float:
    """Return the largest relative difference of the answers to silence and noise of some lengths.

    `rows` are the channels, or channels and bins. Batches are of one, two, three and so on.
    """
    rng = np.random.default_rng(0)
    differs = [
        _differs(one, other, _noise(rng, batch, rows, length), least)
        for batch, length in enumerate(lengths, 1)
    ]
    return float(np.max(differs))  # NaN where one is


def _noise(rng: np.random.Generator, batch: int, rows: tuple[int, ...], length: int) -> Floats:
    """Return noise [batch, *rows, time] that begins in silence and grows from it, or falls."""
    level = np.logspace(-9, 0, length) * (np.arange(length) > length // 4)
    noise = level * rng.normal(size=(batch, *rows, length))
    noise[1::2] = noise[1::2, ..., ::-1]
    return noise.astype(np.float32)


def _differs(one: Predictor, other: Predictor, x: Floats, least: float) -> float:
    p, q = one(x).astype(np.float64), other(x).astype(np.float64)
    if p.shape != q.shape:
        return np.inf
    size = np.maximum(np.maximum(np.abs(p), np.abs(q)), least)
    return float((np.abs(p - q) / size).max(initial=0))


def _check(differs: float, card: Card, path: str | os.PathLike[str]) -> None:
    if not differs <= TOLERANCE:
        raise ArtefactError(
            f"export of {card.name!r} to {os.fspath(path)}: ONNX Runtime's answers differ "
            f"from torch's by {differs:.2g} of their size, more than {TOLERANCE:g}; no file was "
            "written. Try other versions of torch, onnxscript and onnxruntime"
        )
