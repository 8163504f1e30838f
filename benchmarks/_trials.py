"""Translators and rivals for one new sensor, trained and scored; what is done is kept in a folder.

An interrupted training goes on where it was, a finished one is not done again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks._kept import kept
from benchmarks._scenes import Scenes
from benchmarks._stored import Stored
from ondes import recipe
from ondes.data.uwb.radar import Radar
from ondes.data.uwb.sensors import NEW
from ondes.protocols import Examples
from ondes.recipe import Recipe, build, run
from ondes.run.loading import load
from ondes.tasks.translate import rivals

JUDGE = "translate/uwb/old-classifier"
OURS = "uwb-new-to-old"
VARIANTS = {
    "aligned": (OURS, ("task.options.align=both",)),
    "pix2pix-aligned": ("pix2pix", ("task.options.align=both",)),
}
"""Recipes of which one thing is changed, by names of their own."""

Scores = Mapping[str, float]


class Trials:
    """What is made of the new sensor `new`, judged by the classifier `judge`, a name or a folder.

    Every seed draws other weights, another order and other pairs.
    """

    def __init__(self, judge: str, new: Radar, folder: Path) -> None:
        self.judge, self.new, self.folder = judge, new, folder

    @cached_property
    def scenes(self) -> Scenes:
        """The test, simulated when something is to be scored."""
        return Scenes(self.judge, self.new, self.folder)

    @cached_property
    def known(self) -> Scores:
        """Scores without any help; see `Scenes.known`."""
        # scenes are simulated where they are asked for
        return self._kept("known", lambda: self.scenes.known())  # noqa: PLW0108

    def recovered(self, f1: float) -> float:
        """The share of the lost F1 that an F1 recovers."""
        return (f1 - self.known["f1"]) / (self.known["f1_old"] - self.known["f1"])

    def translator(self, name: str, *, pairs: int, seed: int, steps: int = 0) -> Scores:
        """Scores of a recipe of `translate/uwb`, or of one of `VARIANTS`; see `trained`."""
        return self._kept(
            _name(name, pairs, seed, steps),
            lambda: self.scenes.translated_by(
                [self.trained(name, pairs=pairs, seed=seed, steps=steps)]
            ),
        )

    def together(self, name: str, *, pairs: int, seeds: Sequence[int]) -> Scores:
        """Scores of the mean answer to what several seeds of a recipe translate."""
        return self._kept(
            f"{name}-{pairs}-mean-{len(seeds)}",
            lambda: self.scenes.translated_by(
                [self.trained(name, pairs=pairs, seed=k) for k in seeds]
            ),
        )

    def rival(self, name: str, *, pairs: int, seed: int, labels: int = 200) -> Scores:
        """Scores of a rival; of `labels` labelled clips, where it learns from such."""

        def scored() -> Scores:
            # varied as for our translator
            varied: Any = self._data(self.recipe(OURS, pairs, seed), "train")
            given = self.scenes.given(varied, labels=labels)
            return self.scenes.scores(rivals.fit(name, given, seed=seed))

        count = labels if rivals.labelled(name) else pairs
        return self._kept(f"{name}-{count}-{seed}", scored)

    def fresh(self, clips: int, *, seed: int, steps: int = 1500) -> Scores:
        """Scores of a classifier of the new sensor itself, of so many labelled clips."""
        name = f"fresh-{clips}-{steps}-{seed}"

        def scored() -> Scores:
            overrides = [f"data.options.train={clips}", f"train.steps={steps}", f"seed={seed}"]
            own = self._loaded(JUDGE, ["data.options.sensor=new", *overrides])
            return self.scenes.judged_by(run.train(own, self.folder / name, resume=True))

        return self._kept(name, scored)

    def recipe(self, name: str, pairs: int, seed: int, steps: int = 0) -> Recipe:
        """A recipe of `translate/uwb` with other pairs, and this classifier where it has one."""
        overrides = [f"data.options.train={pairs}", f"seed={seed}"]
        if steps:
            overrides += [f"train.steps={steps}", f"train.hold={steps // 2}"]
        base, changed = VARIANTS.get(name, (name, ()))
        if base == OURS:
            overrides.append(f"task.options.classifier={self.judge}")
        return self._loaded(f"translate/uwb/{base}", [*overrides, *changed])

    def _loaded(self, name: str, overrides: Sequence[str]) -> Recipe:
        own = [] if self.new == NEW else [f"data.options.new={json.dumps(asdict(self.new))}"]
        return recipe.load(name, overrides=[*overrides, *own])

    def trained(self, name: str, *, pairs: int, seed: int, steps: int = 0) -> Any:  # noqa: ANN401 - ondes.load's
        """The translator that a recipe makes; in so many steps, not its own, unless that is 0."""
        own = self.recipe(name, pairs, seed, steps)
        folder = self.folder / _name(name, pairs, seed, steps)
        return load(run.train(own, folder, resume=True, sets=self._data))

    def _data(self, experiment: Recipe, split: str) -> Examples:
        """The data of a recipe; what several recipes learn from is simulated once."""
        simulated: Any = build.dataset(run.unvaried(experiment), split)
        name = f"{split}-{len(simulated)}-{experiment.seed}.npz"
        pairs = Stored(simulated, self.folder / "pairs" / name)
        return build.varied(experiment, pairs) if split == "train" else pairs

    def _kept(self, name: str, scored: Callable[[], Scores]) -> Scores:
        return kept(self.folder / f"{name}.json", scored)


def _name(name: str, pairs: int, seed: int, steps: int) -> str:
    return f"{name}-{pairs}-{seed}" + (f"-{steps}" if steps else "")
