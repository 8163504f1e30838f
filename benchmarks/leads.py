"""Real leads: atrial fibrillation by a classifier of lead II, of lead I that is translated.

Every patient of the small sample of CPSC 2021 is held out in turn, from classifier, translators and
rivals alike; answers are pooled, as but one patient has both rhythms. Trainings and
scores lie in `runs/benchmarks/leads`, as those of `benchmarks translate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from benchmarks._kept import kept
from benchmarks._page import spread, table
from benchmarks._scenes import opened
from benchmarks._stored import stacked
from ondes import recipe
from ondes.data.pairs import KnownPairs
from ondes.data.sets import ecg_leads
from ondes.metrics.labels import confusion
from ondes.recipe import Recipe, build, run
from ondes.run.loading import load
from ondes.tasks.translate import rivals
from ondes.tasks.translate.rivals import Given, answers

RUNS = Path("runs/benchmarks/leads")
JUDGE = "translate/ecg/lead-ii-af"
TRANSLATORS = {"pix2pix": "pix2pix", "sig2sig": "Sig2Sig", "lead-i-to-ii": "lead-i-to-ii"}
RIVALS = ("affine", "wiener", "moments", "batch-norm", "coral", "distil")
ROWS = {
    "old": "lead II",
    "as-is": "lead I as it is",
    **TRANSLATORS,
    **dict(zip(RIVALS, RIVALS, strict=True)),
}
PATIENTS = ("101", "21", "84")
ABOUT = """
## Real leads

Clips of 10 s of lead I, judged by a classifier of lead II: {clips} clips of the patients
{patients}, {fibrillating} of them fibrillating, each patient held out in turn; {seeds} seed(s), ±
the standard deviation over seeds. F1 is the macro mean over the two rhythms of all clips
together. *Recovered* is the share of the lost F1 that comes back, where there is any.
""".strip()

Samples = NDArray[np.float32]
Counts = NDArray[np.int64]


def report(*, seeds: int = 1, patients: str = ",".join(PATIENTS)) -> str:
    """Train and score; `patients` are held out, with commas, seeds are from 0."""
    held = [[Held(person, seed) for person in patients.split(",")] for seed in range(seeds)]
    f1 = {name: [_pooled_f1(folds, name) for folds in held] for name in ROWS}
    lost = [old - as_is for old, as_is in zip(f1["old"], f1["as-is"], strict=True)]
    shares = {name: _recovered(own, f1["as-is"], lost) for name, own in f1.items()}
    rows = [[ROWS[name], spread(own), shares[name]] for name, own in f1.items()]
    counts = np.sum([one.counts("old") for one in held[0]], axis=0)
    about = ABOUT.format(
        clips=counts.sum(), patients=patients, fibrillating=counts[1].sum(), seeds=seeds
    )
    return f"{about}\n\n{table(('', 'F1', 'recovered'), rows)}"


def _pooled_f1(folds: Sequence[Held], name: str) -> float:
    """Return the macro F1 of the clips of all folds together."""
    counts = np.sum([one.counts(name) for one in folds], axis=0)
    return float(np.mean(2 * counts.diagonal() / (counts.sum(0) + counts.sum(1))))


def _recovered(f1: Sequence[float], as_is: Sequence[float], lost: Sequence[float]) -> str:
    if min(lost) <= 0:
        return "nothing lost"
    return spread([(own - low) / part for own, low, part in zip(f1, as_is, lost, strict=True)], 2)


class Held:
    """One patient, held out of all that learns; what is done is kept."""

    def __init__(self, person: str, seed: int) -> None:
        self.person, self.seed = person, seed
        self.folder = RUNS / f"{person}-{seed}"

    def counts(self, name: str) -> Counts:
        """How many clips of each rhythm (row) one of `ROWS` takes for each (column)."""
        path = self.folder / f"{name}.json"
        found: Any = kept(path, lambda: {"confusion": self._counted(name)})
        return np.array(found["confusion"])

    def _counted(self, name: str) -> Any:  # noqa: ANN401 - lists of numbers
        source, target = self._tested
        if name in TRANSLATORS:
            model: Any = load(self._trained(f"translate/ecg/{name}"))
            logits = answers(self._network, np.stack([model.parts_of(x).result for x in source]))
        elif name in RIVALS:
            logits = rivals.fit(name, self._given, seed=self.seed).logits(source)
        else:
            logits = answers(self._network, target if name == "old" else source)
        return confusion(self._truth, logits.argmax(1), classes=logits.shape[1]).tolist()

    @cached_property
    def _judge(self) -> Path:
        held = [f'data.options.leads.tested=["{self.person}"]', f"seed={self.seed}"]
        own = recipe.load(JUDGE, overrides=held)
        return run.train(own, self.folder / "judge", resume=True)

    @cached_property
    def _network(self) -> Any:  # noqa: ANN401 - a module of torch
        return opened(self._judge)

    def _recipe(self, name: str) -> Recipe:
        overrides = [f'data.options.tested=["{self.person}"]', f"seed={self.seed}"]
        if name.endswith("lead-i-to-ii"):
            overrides.append(f"task.options.classifier={self._judge}")
        return recipe.load(name, overrides=[*overrides, "train.precision=bf16"])

    def _trained(self, name: str) -> Path:
        return run.train(self._recipe(name), self.folder / name.rpartition("/")[2], resume=True)

    def _pairs(self, split: str) -> KnownPairs:
        return cast("KnownPairs", build.dataset(self._recipe("translate/ecg/pix2pix"), split))

    @cached_property
    def _known(self) -> list[int]:
        return [k for k, told in enumerate(self._pairs("test").told) if told]

    @cached_property
    def _truth(self) -> NDArray[np.int64]:
        told = self._pairs("test").told
        return np.array([ecg_leads.RHYTHMS.index(told[k]) for k in self._known], np.int64)

    @cached_property
    def _tested(self) -> tuple[Samples, Samples]:
        source, target = stacked(self._pairs("test"))
        return source[self._known], target[self._known]

    @cached_property
    def _given(self) -> Given:
        return Given(*stacked(self._pairs("train")), self._network)
