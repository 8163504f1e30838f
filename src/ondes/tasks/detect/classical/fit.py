"""Fit a classical detector to the validation data on which a network is tuned.

A search along one number after the other, twice, with onsets and offsets moved by their median
error at every step; then the frequency that tells two labels apart, and what scores mean. The
same data give the same detector.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ondes.errors import ChannelError, InputError
from ondes.events import EventList
from ondes.matching import Comparison
from ondes.protocols import Dataset
from ondes.tasks.detect.classical.files import build
from ondes.tasks.detect.classical.front import Floats
from ondes.tasks.detect.classical.hearing import Hearing
from ondes.tasks.detect.classical.rule import Rule
from ondes.timebase import Timebase

Objective = Literal["both", "event", "frame"]
Values = Sequence[float | bool | str | None]

WEIGHTS: Mapping[str, tuple[float, float]] = {
    "both": (0.5, 0.5),
    "event": (1.0, 0.0),
    "frame": (0.0, 1.0),
}
ROUNDS = 2
ROWS = 16  # clips heard at once: bounds the memory
NEAR = 192  # samples within which a found event is one that is early or late
FEWEST_EVENTS = 20  # to calibrate scores on
SPLITS = 33  # frequencies tried, evenly in their logarithm

# Times in samples and frequencies in parts of the rate; None and 0 as `Rule` has them.
COMMON: Mapping[str, Values] = {
    "low_hz": (0.0, 1 / 256, 1 / 64, 1 / 32, 3 / 64, 1 / 16, 3 / 32),
    "high_hz": (None, 0.15, 0.2, 0.3),
    "clip": (None, 2.0, 3.0, 5.0),
    "min_s": (0, 4, 8, 16, 32, 48, 64, 96),
    "refine": (False, True),
    "before_s": (64, 128, 256, 384),
    "after_s": (16, 32, 64, 128),
    "hlt_s": (0, 32, 64, 128, 256),
}
GRIDS: Mapping[str, Mapping[str, Values]] = {
    "threshold": {
        "threshold": (3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 7.0, 8.0, 10.0),
        "hdt_s": (16, 32, 48, 64, 96, 128, 192, 256),
        "noise_s": (1024, 4096, 16_384, 65_536),
        **COMMON,
    },
    "sta-lta": {
        "on": (1.75, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 11.0),
        "off": (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0),
        "sta_s": (12, 16, 24, 32, 48, 64, 96, 128),
        "lta_s": (1024, 4096, 8192, 16_384, 65_536),
        **COMMON,
    },
}


def fit(
    dataset: Dataset,
    family: str,
    *,
    objective: Objective = "both",
    onset_s: float = 0.05,
    hop: int = 16,
    limit: int | None = None,
) -> Rule:
    """Return the detector of a family that does best on a data set.

    Args:
        dataset: of one channel, and one label or two.
        family: ``"threshold"`` or ``"sta-lta"``.
        objective: what becomes largest: pooled F1 of events (label and onset), of frames, or the
            mean of both.
        onset_s: by how many seconds a right onset may differ.
        hop: samples of a frame.
        limit: examples to use, at most.

    Raises:
        ChannelError: the data set has several channels.
        InputError: it has no event, or more than two labels; there is no such family or objective.
    """
    if objective not in WEIGHTS:
        raise InputError(f"fit(objective={objective!r}): one of {', '.join(WEIGHTS)}")
    rule = build(family)
    bench = Bench.of(dataset, objective=objective, onset_s=onset_s, hop=hop, limit=limit)
    for _ in range(ROUNDS):
        for name, values in GRIDS[family].items():
            rule = bench.climbed(rule, name, values)
    return bench.calibrated(bench.sorting(bench.shifted(rule)))


@dataclass(frozen=True, eq=False)
class Bench:
    """Clips of one length each, their true events, and steps that each return a better rule.

    `truth` says by its channel in which clip an event lies.
    """

    clips: Sequence[Floats]
    truth: EventList
    labels: tuple[str, ...]
    objective: Objective
    onset_s: float
    grid: Timebase

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        *,
        objective: Objective,
        onset_s: float,
        hop: int,
        limit: int | None,
    ) -> "Bench":
        """Take the examples of a data set; raises what `fit` says."""
        if dataset.n_channels != 1:
            raise ChannelError(
                f"a data set of {dataset.n_channels} channels for a classical detector, which "
                "hears one: choose it in the data set, or mix them"
            )
        if len(dataset.labels) > 2:
            raise InputError(
                f"a data set of {len(dataset.labels)} labels for a classical detector, which tells "
                "two apart at most"
            )
        examples = [dataset[i] for i in range(min(len(dataset), limit or len(dataset)))]
        rows = [e._replace(channel=i) for i, example in enumerate(examples) for e in example.events]
        if not rows:
            raise InputError("fit a classical detector on examples without an event: give some")
        truth = EventList.of(rows, rate_hz=dataset.rate_hz)
        grid = Timebase(dataset.rate_hz, hop)
        return cls(
            [example.x for example in examples], truth, dataset.labels, objective, onset_s, grid
        )

    def climbed(self, rule: Rule, name: str, values: Values) -> Rule:
        """Give one number its best value."""
        others = [other for value in values for other in self._with(rule, name, value)]
        return max([rule, *others], key=self.value)

    def value(self, rule: Rule) -> float:
        """Return what is to become largest, 0 to 1; labels are not told apart."""
        if rule not in self._known:
            found = self._shifted(rule)[1]
            self._known[rule] = self._score(self._alike, found, rule.labels)
        return self._known[rule]

    def shifted(self, rule: Rule) -> Rule:
        """Remove the median error of onsets and offsets."""
        return self._shifted(rule)[0]

    def sorting(self, rule: Rule) -> Rule:
        """Tell two labels apart at the frequency that does it best."""
        if len(self.labels) == 1:
            return replace(rule, labels=self.labels)
        top = self.grid.rate_hz / 2
        splits = np.geomspace(top / 64, top * 0.9, SPLITS).tolist()
        tried: list[Rule] = [
            replace(rule, labels=labels, split_hz=split, feature=feature)
            for feature in ("centroid", "peak")
            for split in splits
            for labels in (self.labels, self.labels[::-1])
        ]
        return max(tried, key=self._sorted)

    def calibrated(self, rule: Rule) -> Rule:
        """Make the score the probability that an event is right (Platt 1999)."""
        from sklearn.linear_model import LogisticRegression

        found = self.found(rule)
        right = np.isin(np.arange(len(found)), self._pairs(self.truth, found).pairs[:, 1])
        if len(right) < FEWEST_EVENTS or right.all() or not right.any():
            return rule
        inside = np.clip(found.score, 1e-9, 1 - 1e-9)
        snr_db = rule.half_db + np.log(inside / (1 - inside)) / rule.per_db
        model = LogisticRegression(C=100.0).fit(snr_db[:, None], right)
        slope, bias = float(model.coef_[0, 0]), float(model.intercept_[0])
        if slope <= 0:
            return rule
        return replace(rule, per_db=round(slope, 4), half_db=round(-bias / slope, 3))

    def found(self, rule: Rule) -> EventList:
        """Return the events that a rule finds, each in the channel of its clip."""
        parts = [event for batch in self._batches for event in _heard(rule, self.grid, *batch)]
        return EventList.of(parts, rate_hz=self.grid.rate_hz)

    @cached_property
    def _batches(self) -> list[tuple[int, Floats]]:
        """Clips of equal lengths that follow one another, as rows, with the number of the first."""
        batches, first = [], 0
        while first < len(self.clips):
            n = self.clips[first].shape[1]
            run = [clip for clip in self.clips[first : first + ROWS] if clip.shape[1] == n]
            alike = next(
                (i for i, clip in enumerate(self.clips[first:]) if clip.shape[1] != n), ROWS
            )
            run = run[:alike]
            batches.append((first, np.concatenate(run)))
            first += len(run)
        return batches

    @cached_property
    def _known(self) -> dict[Rule, float]:
        return {}

    @cached_property
    def _alike(self) -> EventList:
        """The truth under the one label that rules have before they tell two apart."""
        return _relabelled(self.truth, "event")

    def _with(self, rule: Rule, name: str, value: Any) -> Iterator[Rule]:  # noqa: ANN401
        """Yield the rule with one number replaced, unless the others forbid it."""
        rate_hz = self.grid.rate_hz
        if name.endswith("_hz") and value:
            value *= rate_hz
        elif name.endswith("_s") and value is not None:
            value /= rate_hz
        try:
            changed = replace(rule, **{name: value})
            changed.plan(rate_hz)
            yield changed
        except InputError:
            return

    def _shifted(self, rule: Rule) -> tuple[Rule, EventList]:
        plain = replace(rule, onset_shift_s=0.0, offset_shift_s=0.0)
        found, rate_hz = self.found(plain), self.grid.rate_hz
        near_s = max(self.onset_s, NEAR / rate_hz)
        pairs = self._alike.compare(_relabelled(found, "event"), onset_s=near_s).pairs
        if not len(pairs):
            return plain, found
        early = int(np.median(self.truth.onset[pairs[:, 0]] - found.onset[pairs[:, 1]]))
        short = int(np.median(self.truth.offset[pairs[:, 0]] - found.offset[pairs[:, 1]]))
        onset = np.maximum(found.onset + early, 0)
        moved = replace(found, onset=onset, offset=np.maximum(found.offset + short, onset + 1))
        better = replace(plain, onset_shift_s=early / rate_hz, offset_shift_s=short / rate_hz)
        return better, moved

    def _sorted(self, rule: Rule) -> float:
        return self._score(self.truth, self.found(rule), self.labels)

    def _pairs(self, truth: EventList, found: EventList) -> Comparison:
        return truth.compare(found, onset_s=self.onset_s)

    def _score(self, truth: EventList, found: EventList, labels: Sequence[str]) -> float:
        on_events, on_frames = WEIGHTS[self.objective]
        events = self._pairs(truth, found).f1 if on_events else 0.0
        frames = self._frame_f1(truth, found, labels) if on_frames else 0.0
        return on_events * _or_zero(events) + on_frames * frames

    def _frame_f1(self, truth: EventList, found: EventList, labels: Sequence[str]) -> float:
        true, said = (self._map(events, labels) for events in (truth, found))
        return float(2 * (true & said).sum() / max(true.sum() + said.sum(), 1))

    def _map(self, events: EventList, labels: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Return the frames [label, frame] of all clips end to end, each in whole frames."""
        frames = np.array([-(-clip.shape[1] // self.grid.hop) for clip in self.clips])
        begins = (np.cumsum(frames) - frames) * self.grid.hop
        ends = begins[events.channel] + frames[events.channel] * self.grid.hop
        onset = np.minimum(events.onset + begins[events.channel], ends - 1)
        offset = np.clip(events.offset + begins[events.channel], onset + 1, ends)
        return replace(events, onset=onset, offset=offset).to_frames(
            self.grid, labels, int(frames.sum())
        )


def _heard(rule: Rule, grid: Timebase, first: int, x: Floats) -> Iterator[Any]:
    hearing = Hearing(rule, rate_hz=grid.rate_hz, n_rows=len(x))
    for part in (hearing.push(x), hearing.finish()):
        for event in part:
            yield event._replace(channel=first + event.channel)


def _relabelled(events: EventList, label: str) -> EventList:
    return replace(events, label=np.full(len(events), label))


def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value
