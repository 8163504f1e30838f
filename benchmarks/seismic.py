"""Seismic arrivals: a trained network beside tuned STA/LTA with AIC, on stations held out."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

import ondes
from ondes.data.sets import seismic
from ondes.errors import InputError
from ondes.events import EventList
from ondes.protocols import Example
from ondes.run.detector import Detector
from ondes.tasks.detect import classical

WITHIN_S = {"P": 0.1, "S": 0.5}
RATE_HZ = 100.0
Answer = tuple[EventList, EventList]  # true and found
Find = Callable[[Example], EventList]


def report(models: str = "") -> str:
    """Return the section; `models` are folders that `ondes train seismic/arrivals` made, each of a
    fold of its own, with commas between them."""
    if not models:
        raise InputError("seismic needs models: --set seismic.models=DIR,DIR, of seismic/arrivals")
    folds = {_fold(pipeline): pipeline for pipeline in map(ondes.load, models.split(","))}
    ours = {fold: _ours(pipeline, fold) for fold, pipeline in sorted(folds.items())}
    rival = {fold: _rival(fold) for fold in ours}
    clips = sum(map(len, ours.values()))
    return "\n".join(
        [
            "## Seismic arrivals",
            "",
            f"{clips} clips of 30 s from stations that training never heard, of the folds "
            f"{', '.join(map(str, ours))}. Found: the share of arrivals with an event of their "
            "type so near, over all clips, and in each fold; wrong: events of a type that are near "
            "no arrival, for each clip. STA/LTA tells both types apart by their frequency.",
            "",
            "| detector | arrival | within | found | by fold | wrong | median error |",
            "| --- | --- | --: | --: | --: | --: | --: |",
            *_rows("bands, three components", ours),
            *_rows("STA/LTA + AIC, vertical", rival),
        ]
    )


def _fold(pipeline: Detector) -> int:
    return int(pipeline.card.recipe["data"]["options"].get("fold", 0))


def _ours(pipeline: Detector, fold: int) -> list[Answer]:
    return _answers(fold, 3, lambda example: pipeline.detect(example.x, rate_hz=RATE_HZ))


def _rival(fold: int) -> list[Answer]:
    valid = seismic.build(seismic.Config(fold=fold, components=1), split="valid", seed=0)
    rule = classical.fit(valid, "sta-lta", onset_s=WITHIN_S["P"], hop=4)
    judge = classical.Judge(rule, RATE_HZ, hop=4)
    return _answers(fold, 1, lambda example: judge.events(example.x, rate_hz=RATE_HZ))


def _answers(fold: int, components: int, find: Find) -> list[Answer]:
    test = seismic.build(seismic.Config(fold=fold, components=components), split="test", seed=0)
    return [(example.events, find(example)) for example in (test[i] for i in range(len(test)))]


def _rows(name: str, folds: Mapping[int, Sequence[Answer]]) -> Iterator[str]:
    everything = [answer for answers in folds.values() for answer in answers]
    for label, within_s in WITHIN_S.items():
        share, wrong, median = _figures(everything, label, within_s)
        each = ", ".join(f"{_figures(one, label, within_s)[0]:.2f}" for one in folds.values())
        yield (
            f"| {name} | {label} | {within_s:g} s | {share:.3f} | {each} | {wrong:.2f} | {median} |"
        )


def _figures(answers: Sequence[Answer], label: str, within_s: float) -> tuple[float, float, str]:
    """Return the share found, how many are wrong for each clip, and the median error."""
    pairs = [(truth.filter(label=label), found.filter(label=label)) for truth, found in answers]
    matched = [truth.compare(found, onset_s=within_s) for truth, found in pairs]
    errors = np.concatenate([_errors_s(m.truth, m.found, m.pairs) for m in matched])
    true = sum(len(truth) for truth, _ in pairs)
    wrong = sum(len(found) for _, found in pairs) - len(errors)
    median = f"{np.median(errors):.3f} s" if len(errors) else ""
    return len(errors) / true, wrong / len(pairs), median


def _errors_s(truth: EventList, found: EventList, pairs: np.ndarray) -> np.ndarray:
    return np.asarray(abs(found.onset[pairs[:, 1]] - truth.onset[pairs[:, 0]]) / truth.rate_hz)
