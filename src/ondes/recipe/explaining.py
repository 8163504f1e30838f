"""From whatever names a network to what it has learnt: `ondes.explain`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError, OndesError
from ondes.io import open_signal
from ondes.run.card import Card
from ondes.signal import Signal
from ondes.spec import ClipSpec, Spec

if TYPE_CHECKING:
    from torch import nn

    from ondes.protocols import ClipDataset, Dataset, Examples
    from ondes.run.classifier import Classifier
    from ondes.run.pipeline import Pipeline
    from ondes.tasks.explain import Explanation, Method, Progress, Subject


EXAMPLES = 16  # of which the RMS is taken
ASSUMED_RMS = 0.1


class Network(NamedTuple):
    """A network of torch, what is said of it, and what a reader has to know."""

    module: nn.Module
    card: Card | None
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called."""
        return self.card.name if self.card else type(self.module).__name__


def explain(
    model: str | os.PathLike[str] | Pipeline | Classifier | nn.Module | Network,
    *,
    data: Signal | str | os.PathLike[str] | NDArray[np.floating] | Examples | None = None,
    rms: float | None = None,
    rate_hz: float | None = None,
    channels: int | None = None,
    outputs: Sequence[str] = (),
    layers: Sequence[str] | None = None,
    filters: int | None = None,
    samples: int | None = None,
    exact: bool = False,
    seeds: int = 2,
    seed: int = 0,
    method: Method = "sphere",
    contrasts: Sequence[tuple[str, str]] = (),
    progress: Progress | None = None,
) -> Explanation:
    """Return what excites the filters of a network most, layer by layer, as arrays.

    Args:
        model: a model of ondes - its name, its folder, or as `ondes.load` or `network` returns
            it - or any ``torch.nn.Module`` with convolutions that maps [batch, channel, time] to
            anything.
        data: what it was trained on, or the like - a signal, a recording's path, an array or a set
            of examples -, of which the RMS of all waveforms is taken; None takes the validation
            data of a model's recipe where they are here, else an RMS of 0.1, and says so.
        rms: that RMS itself.
        rate_hz, channels: of a module that does not say them by a ``spec``; one channel without.
        outputs: names of a module's outputs, to be climbed as well; those of its ``spec`` without.
        layers: names of the layers to explain, "output" is the last; None is all.
        filters: at most so many of each layer, evenly spread.
        samples: longest waveform; None is 16,384. Layers that see less have shorter ones, unless
            `exact`.
        seeds, seed: how many starts each filter has, and the first.
        method: "sphere", ours; "adam" or "adam-time"; "samplecnn", the published recipe.
        contrasts: pairs of outputs whose difference is climbed beside them.
        progress: is told what share is done, and of what.

    Raises:
        ArtefactError: there is no such model, or it is damaged.
        InputError: it is none of torch, has no convolutions or no rate; a name is unknown; the
            data do not vary.
        NotFiniteError: a weight is NaN or infinite.

    >>> from torch import nn
    >>> net = nn.Sequential(nn.Conv1d(1, 4, 9, stride=2), nn.ReLU(), nn.Conv1d(4, 4, 9), nn.ReLU())
    >>> found = explain(net, rate_hz=8000, rms=1.0, seeds=1)
    >>> [(layer.name, layer.waves.shape, layer.field) for layer in found.layers]
    [('0', (4, 1, 2048), 9), ('2', (4, 1, 2048), 25)]
    """
    from ondes.tasks.explain import Climbing, Options
    from ondes.tasks.explain import explain as explained

    options = Options(
        layers=None if layers is None else tuple(layers),
        filters=filters,
        samples=samples,
        exact=exact,
        seeds=seeds,
        seed=seed,
        contrasts=tuple(contrasts),
        climbing=Climbing(method=method),
    )
    found = model if isinstance(model, Network) else network(model)
    level, notes = (rms, ()) if rms is not None else level_of(found, data)
    known = subject(found, rate_hz=rate_hz, channels=channels, outputs=outputs, rms=level)
    known = _with_notes(known, notes)
    return explained(known, options=options, progress=progress)


def network(model: str | os.PathLike[str] | Pipeline | Classifier | nn.Module) -> Network:
    """Return the network of torch that a model is made of; of an ensemble the first.

    Raises:
        ArtefactError: there is no such model.
        InputError: it holds no network of torch.
    """
    from torch import nn

    if isinstance(model, nn.Module):
        return _single(model, None)
    if isinstance(model, (str, os.PathLike)):
        from ondes.run.networks import opened

        _, card, predictor = opened(model, device="cpu", precision="float32")
    else:
        card, predictor = model.card, model.predictor
    module = getattr(predictor, "model", None)
    if not isinstance(module, nn.Module):
        raise InputError(
            f"explain({_called(model)}): it holds no network of torch - it is an exported file or "
            "a classical rival; explain the model that it was made of"
        )
    return _single(module, card)


def subject(
    found: Network,
    *,
    rms: float,
    rate_hz: float | None = None,
    channels: int | None = None,
    outputs: Sequence[str] = (),
) -> Subject:
    """Return a network as it is explained; InputError where its rate is not known."""
    from ondes.tasks.explain import Subject

    spec: Any = getattr(found.module, "spec", None)
    known = isinstance(spec, (Spec, ClipSpec))
    if not known and rate_hz is None:
        raise InputError(
            f"explain({found.name}): say at which sampling rate it hears, rate_hz=...; a module "
            "does not tell"
        )
    frames = known and isinstance(spec, Spec)
    return Subject(
        model=found.module,
        rate_hz=float(rate_hz if rate_hz is not None else spec.rate_hz),
        channels=channels or (spec.channels if known else 1),
        rms=rms,
        outputs=tuple(outputs) or (spec.classes if known else ()),
        least=spec.hop * spec.step if frames else (spec.least if known else 1),
        multiple=spec.hop * spec.step if frames else 1,
        name=found.name,
        notes=found.notes,
    )


def level_of(
    found: Network,
    data: Signal | str | os.PathLike[str] | NDArray[np.floating] | Examples | None,
) -> tuple[float, tuple[str, ...]]:
    """Return the RMS of data, and what was assumed where there are none.

    Raises:
        InputError: the data do not vary.
    """
    if data is not None:
        return _rms(_arrays(data), what=_called(data)), ()
    try:
        examples = _of_recipe(found.card)
    except OndesError as error:
        return ASSUMED_RMS, (f"The RMS of {ASSUMED_RMS} is assumed: {error}",)
    if examples is None:
        return ASSUMED_RMS, (f"The RMS of {ASSUMED_RMS} is assumed: no data were given.",)
    return _rms(_arrays(examples), what=f"the validation data of {found.name}"), ()


def _single(module: nn.Module, card: Card | None) -> Network:
    from ondes.nn.ensemble import Ensemble

    if isinstance(module, Ensemble):
        many = f"The first of the {len(module)} networks whose answers are averaged."
        return Network(module[0], card, (many,) * (len(module) > 1))
    return Network(module, card)


def _with_notes(known: Subject, notes: tuple[str, ...]) -> Subject:
    from dataclasses import replace

    return replace(known, notes=(*known.notes, *notes))


def _of_recipe(card: Card | None) -> Examples | None:
    """Return the validation data that a card's recipe names."""
    if card is None or not card.recipe:
        return None
    from ondes import recipe
    from ondes.recipe import build

    read = recipe.of(card.recipe, source=f"the card of {card.name}")
    return build.limited(read, build.dataset(read, "valid"), EXAMPLES)


def _arrays(data: object) -> Iterable[NDArray[np.floating]]:
    if isinstance(data, Signal):
        return [data.samples]
    if isinstance(data, (str, os.PathLike)):
        return [open_signal(Path(data)).read().samples]
    if isinstance(data, np.ndarray):
        return [np.atleast_2d(data)]
    examples = cast("Dataset | ClipDataset", data)
    step = max(1, len(examples) // EXAMPLES)
    return [examples[k].x for k in range(0, min(len(examples), step * EXAMPLES), step)]


def _rms(arrays: Iterable[NDArray[np.floating]], *, what: str) -> float:
    """Return the RMS about the means of all arrays [channel, time]."""
    powers, counts = [], []
    for array in arrays:
        x = np.asarray(array, np.float64)
        if not np.isfinite(x).all():
            raise InputError(f"explain(data={what}): it holds NaN or infinity; repair it")
        powers.append(float(np.square(x - x.mean(-1, keepdims=True)).sum()))
        counts.append(x.size)
    if not sum(counts) or not sum(powers):
        raise InputError(
            f"explain(data={what}): its variance is 0, so it says nothing of how loud signals are; "
            "give a recording that sounds, or rms=..."
        )
    return float(np.sqrt(sum(powers) / sum(counts)))


def _called(what: object) -> str:
    return str(what) if isinstance(what, (str, os.PathLike)) else type(what).__name__
