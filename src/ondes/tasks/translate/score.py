"""How well a translator does: errors, spectra, its own uncertainty, and what a classifier says."""

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError
from ondes.metrics import class_scores
from ondes.protocols import Labelled, PairDataset
from ondes.spec import TranslatorSpec
from ondes.tasks.translate.check import check_pair, check_sensors
from ondes.tasks.translate.reading import even

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Scores = dict[str, float]

LEAST = 1e-3  # of a spectrum's mean power: what is below counts as that


class Translator(Protocol):
    """What can be scored: a task while it is trained, or a saved model as it is used."""

    @property
    def spec(self) -> TranslatorSpec:
        """What the network takes and gives."""

    @property
    def source_hz(self) -> float:
        """The rate of the sensor that is translated, before its items are brought to another."""

    def translated(self, x: Floats, /) -> tuple[Floats, Floats | None]:
        """Return an item [channel, time] as the wanted sensor's, and its uncertainty, or none.

        The item is at the network's rate.
        """


class Judge(Protocol):
    """A classifier of the wanted sensor."""

    @property
    def classes(self) -> tuple[str, ...]:
        """What it tells apart."""

    def probabilities(self, x: Floats, /, *, rate_hz: float) -> Doubles:
        """Return probabilities [class] of an item [channel, time]."""


def evaluate(
    translator: Translator,
    pairs: PairDataset,
    judge: Judge | None = None,
    *,
    way: tuple[str, str] = ("", ""),
) -> Scores:
    """Return what translations are worth; units are the wanted sensor's.

    l1, l1_as_is: mean absolute error of translations, and of what was there before (where sensors
    have as many channels). spectral: the distance of log spectra in dB, see `spectral_distance`.
    calibration: mean correlation over items of uncertainty and error; foretold: mean uncertainty
    over mean error. With a judge, what `judged` says. pairs: how many there were. `way` are names
    of sensors, see `ondes.tasks.translate.check.check_sensors`.

    Raises:
        ChannelError, RateError, InputError, NotFiniteError: pairs do not fit.
    """
    spec = translator.spec
    check_sensors(pairs, spec, source_hz=translator.source_hz, way=way)
    if not len(pairs):
        raise InputError(f"the data set {pairs!r} holds no pair; nothing can be scored on it")
    rows: list[Scores] = []
    answers: list[Doubles] = []
    for index in range(len(pairs)):
        pair = even(pairs[index], translator.source_hz, spec.rate_hz)
        check_pair(pair, spec)
        made, doubt = translator.translated(pair.source)
        rows.append(_errors(pair.source, pair.target, made, doubt))
        if judge is not None:
            heard = (pair.target, pair.source, made)
            answers.append(_answers(judge, heard, pairs.target.rate_hz))
    found = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    if "doubt" in found:
        found["foretold"] = found.pop("doubt") / max(found["l1"], 1e-12)
    told = judged(np.stack(answers), pairs, judge) if judge is not None else {}
    return {**told, **found, "pairs": len(pairs)}


def judged(answers: Doubles, pairs: PairDataset, judge: Judge) -> Scores:
    """Return what a classifier makes of the true signals, of the new ones as they are, translated.

    agreement: share of translations of which it says the same as of their true partners. Where the
    pairs are `Labelled`, f1_old, f1_as_is and f1_translated (macro), and recovered: (f1_translated
    - f1_as_is) / (f1_old - f1_as_is).

    Args:
        answers: probabilities [pair, which, class], which being old, as is, translated; NaN where
            the classifier cannot take what is as it is.
        pairs: that they are of. judge: whose they are.
    """
    chosen = np.nan_to_num(answers, nan=-1.0).argmax(2)
    found: Scores = {"agreement": float((chosen[:, 2] == chosen[:, 0]).mean())}
    truth = truths(pairs, judge)
    if truth is None:
        return found
    known = truth >= 0
    old, as_is, made = (_f1(truth[known], answers[known, which]) for which in range(3))
    return {
        "f1_old": old,
        "f1_as_is": as_is,
        "f1_translated": made,
        "recovered": recovered(old, as_is, made),
        **found,
    }


def recovered(old: float, as_is: float, made: float) -> float:
    """Return the share of what was lost that came back, (made - as_is) / (old - as_is).

    >>> round(recovered(0.92, 0.75, 0.91), 2)
    0.94
    """
    return (made - as_is) / (old - as_is) if old != as_is else math.nan


def truths(pairs: PairDataset, judge: Judge) -> NDArray[np.int64] | None:
    """Return the class of each pair, -1 where it is of none; None where pairs are not labelled.

    Raises:
        InputError: the labels are not the classifier's.
    """
    if not isinstance(pairs, Labelled):
        return None
    if tuple(pairs.labels) != tuple(judge.classes):
        raise InputError(
            f"the pairs are labelled {', '.join(pairs.labels)}, the classifier tells "
            f"{', '.join(judge.classes)}: take one that learnt these"
        )
    told = [pairs.y_of(index) for index in range(len(pairs))]
    return np.array([-1 if y is None else int(y.argmax()) for y in told], np.int64)


def spectral_distance(x: Floats, y: Floats) -> float:
    """Return the RMS difference in dB of the power spectra over time of items [channel, time].

    A thousandth of a spectrum's mean is added to it, lest silence count without end.

    >>> noise = np.random.default_rng(0).normal(size=(1, 256)).astype(np.float32)
    >>> spectral_distance(noise, noise), round(spectral_distance(noise, 10 * noise), 1)
    (0.0, 20.0)
    """
    powers = [np.square(np.abs(np.fft.rfft(part.astype(np.float64)))) for part in (x, y)]
    levels = [10 * np.log10(p + LEAST * p.mean(1, keepdims=True) + 1e-30) for p in powers]
    return float(np.sqrt(np.square(levels[0] - levels[1]).mean()))


def _errors(x: Floats, y: Floats, made: Floats, doubt: Floats | None) -> Scores:
    error = np.abs(made - y)
    found = {"l1": float(error.mean()), "spectral": spectral_distance(made, y)}
    if x.shape == y.shape:
        found["l1_as_is"] = float(np.abs(x - y).mean())
        found["spectral_as_is"] = spectral_distance(x, y)
    if doubt is not None:
        wide = np.broadcast_to(doubt, error.shape)
        found["calibration"] = _correlation(wide, error)
        found["doubt"] = float(wide.mean())
    return found


def _correlation(a: Floats, b: Floats) -> float:
    a, b = (part.ravel().astype(np.float64) - part.mean() for part in (a, b))
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale else 0.0


def _answers(judge: Judge, heard: tuple[Floats, ...], rate_hz: float) -> Doubles:
    """Return probabilities [which, class]; NaN of what has other channels than the first."""
    first = judge.probabilities(heard[0], rate_hz=rate_hz)
    return np.stack(
        [
            judge.probabilities(x, rate_hz=rate_hz)
            if x.shape[0] == heard[0].shape[0]
            else np.full_like(first, np.nan)
            for x in heard
        ]
    )


def _f1(truth: NDArray[np.int64], probabilities: Doubles) -> float:
    if np.isnan(probabilities).any():
        return math.nan
    return class_scores(truth, probabilities)["f1_macro"]
