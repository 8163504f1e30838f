"""Seismic arrivals: a trained network beside tuned STA/LTA with AIC, on stations held out."""

from collections.abc import Callable, Iterator

import numpy as np

import ondes
from ondes.data.sets import seismic
from ondes.errors import InputError
from ondes.events import EventList
from ondes.protocols import Dataset, Example
from ondes.tasks.detect import classical

WITHIN_S = {"P": 0.1, "S": 0.5}
Find = Callable[[Example], EventList]


def report(model: str = "", fold: int = 0) -> str:
    """Return the section; `model` is a folder that `ondes train seismic/arrivals` made."""
    if not model:
        raise InputError("seismic needs a model: --set seismic.model=DIR, from seismic/arrivals")
    pipeline = ondes.load(model)
    three, one = (seismic.Config(fold=fold, components=n) for n in (3, 1))
    rule = classical.fit(seismic.build(one, split="valid", seed=0), "sta-lta", onset_s=0.1, hop=4)
    judge = classical.Judge(rule, 100.0, hop=4)
    test, vertical = (seismic.build(config, split="test", seed=0) for config in (three, one))
    rows = [
        *_rows("bands, three components", test, lambda e: pipeline.detect(e.x, rate_hz=100.0)),
        *_rows("STA/LTA + AIC, vertical", vertical, lambda e: judge.events(e.x, rate_hz=100.0)),
    ]
    return "\n".join(
        [
            "## Seismic arrivals",
            "",
            f"{len(test)} clips of 30 s from stations that training never heard (fold {fold}). "
            "Found: the share of arrivals with an event of their type so near; wrong: events of a "
            "type that are near no arrival, for each clip.",
            "",
            "| detector | arrival | within | found | wrong | median error |",
            "| --- | --- | --: | --: | --: | --: |",
            *rows,
        ]
    )


def _rows(name: str, examples: Dataset, find: Find) -> Iterator[str]:
    answers = [(e.events, find(e)) for e in (examples[i] for i in range(len(examples)))]
    for label, within_s in WITHIN_S.items():
        pairs = [(truth.filter(label=label), found.filter(label=label)) for truth, found in answers]
        matched = [truth.compare(found, onset_s=within_s) for truth, found in pairs]
        errors = np.concatenate([_errors_s(m.truth, m.found, m.pairs) for m in matched])
        true = sum(len(truth) for truth, _ in pairs)
        wrong = sum(len(found) for _, found in pairs) - len(errors)
        median = f"{np.median(errors):.3f} s" if len(errors) else ""
        yield (
            f"| {name} | {label} | {within_s:g} s | {len(errors) / true:.3f} | "
            f"{wrong / len(pairs):.2f} | {median} |"
        )


def _errors_s(truth: EventList, found: EventList, pairs: np.ndarray) -> np.ndarray:
    return np.asarray(abs(found.onset[pairs[:, 1]] - truth.onset[pairs[:, 0]]) / truth.rate_hz)
