"""From whatever names a network to what it has learnt: `ondes.explain` and `ondes.attribute`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError, OndesError
from ondes.io import open_signal
from ondes.protocols import Pair
from ondes.run.card import Card
from ondes.signal import Signal
from ondes.spec import ClipSpec, Spec, TranslatorSpec

if TYPE_CHECKING:
    from torch import nn

    from ondes.protocols import Examples
    from ondes.run.classifier import Classifier
    from ondes.run.pipeline import Pipeline
    from ondes.run.translator import Translator
    from ondes.tasks.explain import Attribution, Explanation, Method, Progress, Subject


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
    model: str | os.PathLike[str] | Pipeline | Classifier | Translator | nn.Module | Network,
    *,
    data: Signal | str | os.PathLike[str] | NDArray[np.floating] | Examples | None = None,
    rms: float | None = None,
    rate_hz: float | None = None,
    channels: int | None = None,
    outputs: Sequence[str] = (),
    layers: Sequence[str] | None = None,
    filters: int | Literal["all"] | None = None,
    samples: int | None = None,
    exact: bool = False,
    seeds: int = 2,
    seed: int = 0,
    method: Method = "sphere",
    middle: bool = False,
    tv: float = 0.0,
    pink: float = 0.0,
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
        outputs: names of a module's outputs [batch, output] or [batch, output, frame], to be
            climbed as well; those of its ``spec`` without.
        layers: names of the layers to explain, "output" is the last; None is all.
        filters: at most so many of each layer, evenly spread, or "all"; None is as many as a few
            minutes allow, and says so where that is not all.
        samples: longest waveform; None is 16,384, of several channels less. Layers that see less
            have shorter ones, unless `exact`.
        seeds, seed: how many starts each filter has, and the first.
        method: "sphere", ours; "adam" or "adam-time"; "samplecnn", the published recipe.
        middle: climb the unit in the middle of the clip, not the mean over time.
        tv, pink: total variation's share, and the exponent of a spectrum that falls with frequency;
            both prefer low frequencies, and the notes say so.
        contrasts: pairs of outputs whose difference is climbed beside them.
        progress: is told what share is done, and of what.

    Raises:
        ArtefactError: there is no such model, or it is damaged.
        InputError: it is none of torch, has no convolutions or no rate; a name is unknown; the
            data do not vary; the outputs are not those that are named.
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
        layers=None if layers is None else _names("layers", layers),
        filters=filters,
        samples=samples,
        exact=exact,
        seeds=seeds,
        seed=seed,
        middle=middle,
        contrasts=contrasts,
        climbing=Climbing(method=method, tv=tv, pink=pink),
    )
    found = model if isinstance(model, Network) else network(model)
    level, notes = (rms, ()) if rms is not None else level_of(found, data)
    known = subject(found, rate_hz=rate_hz, channels=channels, outputs=outputs, rms=level)
    known = _with_notes(known, notes)
    return explained(known, options=options, progress=progress)


def attribute(
    model: str | os.PathLike[str] | Pipeline | Classifier | nn.Module | Network,
    signal: Signal | str | os.PathLike[str],
    *,
    label: str | None = None,
    rate_hz: float | None = None,
    outputs: Sequence[str] = (),
    layer: str | None = None,
    seed: int = 0,
) -> list[Attribution]:
    """Return which part of a recording carried a label, by several methods; needs captum.

    Each has a value for every sample, and its rank correlation with the same of the network with
    shuffled weights, see `ondes.tasks.explain.Attribution`.

    Args:
        model, rate_hz, outputs: as for `explain`; outputs of a module must be named.
        signal: a recording, or its path, at the rate and with the channels that the model takes.
        label: one of the outputs; None is the likeliest.
        layer: of Grad-CAM; None is the deepest that has still several values along time.
        seed: of the shuffled weights.

    Raises:
        InputError: there is no such output or layer, or the recording is too long.
        RateError, ChannelError, TooShortError: the recording does not fit.
        MissingExtraError: captum is not installed.
    """
    from ondes.tasks.explain import attribute as attributed

    found = model if isinstance(model, Network) else network(model)
    if not isinstance(signal, (Signal, str, os.PathLike)):
        raise InputError(
            f"attribute(signal={_called(signal)}): give a recording's path or a Signal, as of "
            "Signal.of(samples, rate_hz=...)"
        )
    heard = signal if isinstance(signal, Signal) else open_signal(Path(signal)).read()
    channels = None if hasattr(found.module, "spec") else heard.n_channels
    known = subject(found, rms=1.0, rate_hz=rate_hz, channels=channels, outputs=outputs)
    return attributed(known, heard, label=label, layer=layer, seed=seed)


def network(
    model: str | os.PathLike[str] | Pipeline | Classifier | Translator | nn.Module,
) -> Network:
    """Return the network of torch that a model is made of; of an ensemble the first.

    Raises:
        ArtefactError: there is no such model.
        InputError: it holds no network of torch, or is no model.
    """
    from torch import nn

    if isinstance(model, nn.Module):
        return _single(model, None)
    whole: object = model
    if isinstance(model, (str, os.PathLike)):
        from ondes.run.networks import opened

        whole = opened(model, device="cpu", precision="float32")
    module = getattr(getattr(whole, "predictor", None), "model", None)
    if not isinstance(module, nn.Module):
        raise InputError(
            f"explain({_called(model)}): it holds no network of torch. Give a model's name or "
            "folder, what ondes.load returns, or a torch.nn.Module; of an exported file or a "
            "classical rival the network it was made from, or is compared with"
        )
    return _single(module, getattr(whole, "card", None))


def subject(
    found: Network,
    *,
    rms: float,
    rate_hz: float | None = None,
    channels: int | None = None,
    outputs: Sequence[str] = (),
) -> Subject:
    """Return a network as it is explained.

    Raises:
        InputError: its rate is not known or not above 0, channels are below 1, or it takes maps of
            any height.
    """
    from ondes.tasks.explain import Subject
    from ondes.tasks.explain.given import check_whole, is_number

    spec = getattr(found.module, "spec", None)
    known = spec if isinstance(spec, (Spec, ClipSpec, TranslatorSpec)) else None
    hertz = rate_hz if known is None or rate_hz is not None else known.rate_hz
    if not (is_number(hertz) and hertz > 0):
        raise InputError(
            f"explain({found.name}, rate_hz={hertz!r}): say at which sampling rate it hears, in "
            "hertz above 0; a module does not tell"
        )
    if channels is not None:
        check_whole("channels", channels, least=1)
    module, wide = _of_signals(found, known)
    step = known.hop * known.step if isinstance(known, Spec) else 1
    classes = known.classes if isinstance(known, (Spec, ClipSpec)) else ()
    return Subject(
        model=module,
        rate_hz=float(hertz),
        channels=channels or wide,
        rms=rms,
        outputs=_names("outputs", outputs) or classes,
        least=known.least if isinstance(known, ClipSpec) else step,
        multiple=step,
        name=found.name,
        notes=found.notes,
    )


def _of_signals(
    found: Network, spec: Spec | ClipSpec | TranslatorSpec | None
) -> tuple[nn.Module, int]:
    """Return what takes signals, and their channels; a map's are its bins, one after another."""
    if not isinstance(spec, TranslatorSpec) or spec.dims == 1:
        return found.module, spec.channels if spec else 1
    if spec.bins is None:
        raise InputError(
            f"explain({found.name}): it takes maps of any height, of which no waveform can be "
            "made; explain one that was trained on maps of a given number of bins"
        )
    from torch import nn

    unfolded = nn.Unflatten(1, (spec.channels, spec.bins))
    return nn.Sequential(unfolded, found.module), spec.channels * spec.bins


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
    except OndesError:
        return ASSUMED_RMS, (_assumed("the validation data of its recipe are not here"),)
    if examples is None:
        return ASSUMED_RMS, (_assumed("no data were given"),)
    return _rms(_arrays(examples), what=f"the validation data of {found.name}"), ()


def _assumed(why: str) -> str:
    return (
        f"The RMS of {ASSUMED_RMS} is assumed, for {why}: give a recording of what it hears "
        "(--data, data=), or that RMS (--rms, rms=)."
    )


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


def _names(what: str, given: object) -> tuple[str, ...]:
    """Return names as a tuple, a single one too; raises InputError where they are none."""
    names = (given,) if isinstance(given, str) else given
    known = tuple(names) if isinstance(names, Iterable) else (None,)
    if not all(isinstance(name, str) for name in known) or len(set(known)) < len(known):
        raise InputError(f"explain({what}={given!r}): give names, all different, as ['yes', 'no']")
    return known


def _arrays(data: object) -> Iterable[NDArray[np.floating]]:
    if isinstance(data, Signal):
        return [data.samples]
    if isinstance(data, (str, os.PathLike)):
        return [open_signal(Path(data)).read().samples]
    if isinstance(data, np.ndarray):
        return [np.atleast_2d(data)]
    few: list[Any] = [data]
    if hasattr(data, "__len__") and hasattr(data, "__getitem__"):
        step = max(1, len(data) // EXAMPLES)
        few = [data[k] for k in range(0, min(len(data), step * EXAMPLES), step)]
    if not all(hasattr(one, "x") or isinstance(one, Pair) for one in few):
        raise InputError(
            f"explain(data={_called(data)}): give a Signal, a recording's path, a numpy array "
            "[channel, time] or a set of examples"
        )
    return [one.source if isinstance(one, Pair) else one.x for one in few]


def _rms(arrays: Iterable[NDArray[np.floating]], *, what: str) -> float:
    """Return the RMS about the means of all arrays [channel, time]."""
    powers, counts = [], []
    for array in arrays:
        x = np.asarray(array, np.float64)
        if x.size == 0:
            continue
        if not np.isfinite(x).all():
            raise InputError(f"explain(data={what}): it holds NaN or infinity; repair it")
        powers.append(float(np.square(x - x.mean(-1, keepdims=True)).sum()))
        counts.append(x.size)
    if not sum(counts) or not sum(powers):
        raise InputError(
            f"explain(data={what}): it is empty or its variance is 0, so it says nothing of how "
            "loud signals are; give a recording that sounds, or rms=..."
        )
    return float(np.sqrt(sum(powers) / sum(counts)))


def _called(what: object) -> str:
    return str(what) if isinstance(what, (str, os.PathLike)) else type(what).__name__
