"""Warnings of first abnormal beats: warners without a real one to learn from, beside rivals.

Every person is tested by a warner made without their abnormal beats, and without any beat of the
person whose threshold is sought: for that, each other person in turn is warned by donors among the
rest. Warners lie in `runs/benchmarks/advance`, where a finished one is not trained again; delete
the folder to train anew.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks import _warning_picture
from benchmarks._page import table
from ondes import recipe
from ondes.data.ecg.donors import kept
from ondes.data.ecg.hearts import Heart, heart
from ondes.data.ecg.records import Record, found
from ondes.data.places import located
from ondes.events import EventList
from ondes.metrics.advance import Advance, Watch, advance, watch
from ondes.ops.beats import RATE_HZ, average, quickness, suspect
from ondes.recipe import run
from ondes.run.artefact import CARD
from ondes.run.warner import Warner

RUNS = Path("runs/benchmarks/advance")
RECIPE = "ecg/warning"
PACED = "102"
LIBRARY, SHOWN = "mit-bih", ("106", "114", "200")
LEARNING_S = 300.0
FIRST = 3  # one of so many beats shall be caught,
WANTED = 0.99  # in so many stretches of them
CURVE = 5
SEED = 0

Doubles = NDArray[np.float64]
Scores = Callable[[str, str], Doubles]
"""Evidence for each beat of a patient, from what never saw another person."""


class Tested(NamedTuple):
    """What came of one system: by person what was caught and at which threshold."""

    watches: Mapping[str, Watch]
    thresholds: Mapping[str, float]

    def advance(self) -> Advance:
        """The curve over all persons."""
        return advance(list(self.watches.values()), beats=CURVE)


def report(members: int = 1, judges: int = 1, steps: int = 300, picture: str = "") -> str:
    """Train and score.

    `members` of a warner that is tested, `judges` of those by which thresholds are chosen, `steps`
    of each training; `picture` is a PNG to be drawn of it.
    """
    systems = _systems(members, judges, steps)
    tested = {name: _tested(scores) for name, scores in systems.items()}
    ours = next(iter(tested))
    if picture:
        curves = {name: one.advance() for name, one in tested.items() if "look" not in name}
        shown = [_heart(person) for person in SHOWN]
        _warning_picture.draw(Path(picture), shown, kept(LIBRARY), curves)
    return "\n\n".join(
        [
            "## A warning before the first one",
            f"{len(_persons())} persons of the MIT-BIH records at hand who are not paced, first "
            "lead, beats where they are annotated, watched from the sixth minute on. A warner "
            "knows the normal beats of the first five minutes and other persons' filters. "
            "Thresholds: half the largest evidence by which all other persons are warned within "
            f"{FIRST} beats, wherever watching begins ({WANTED:.0%} of stretches). Where records "
            "tell V alone (all but 100), an alarm at an S or F beat counts as false; it does not "
            "in 100.",
            _by_person(tested[ours]),
            _curves(tested),
            _paced(systems[ours]),
            "What the network is given, how beats are varied and the second look were found with "
            "these six persons in view; new persons will tell what that is worth.",
        ]
    )


def _systems(members: int, judges: int, steps: int) -> dict[str, Scores]:
    """Ours and the rivals, by name."""

    def ours(person: str, absent: str) -> Doubles:
        return _looked(one_look)(person, absent)

    @cache
    def one_look(person: str, absent: str) -> Doubles:
        return _evidence(person, absent, judges if absent else members, steps)

    return {
        "warner": ours,
        "warner, one look": one_look,
        "template distance": _alone(_template),
        "template, two looks": _looked(_alone(_template)),
        "isolation forest": _alone(_forest),
        "one-class SVM": _alone(_one_class),
        "prematurity alone": _alone(lambda _, every: -every.rhythm[:, 0]),
    }


def _evidence(person: str, absent: str, members: int, steps: int) -> Doubles:
    """The evidence of a warner of `person` without the filters of `absent`; trained if need be."""
    warner = Warner.load(warner_of(person, absent, members=members, steps=steps))
    one_look = replace(warner, second_look=False)
    return one_look.evidence(_record(person).signal(), _truth(person))


def _looked(scores: Scores) -> Scores:
    """The same, with the second look of a warner."""

    def looked(person: str, absent: str) -> Doubles:
        every = _heart(person)
        own = every.shapes[every.before(LEARNING_S) & (every.label == "N")]
        usual = float(np.median(quickness(own)))
        odd = suspect(every.shapes, every.rhythm, usual=usual)
        return np.where(odd, scores(person, absent), -np.inf)

    return looked


def warner_of(person: str, absent: str = "", *, members: int = 1, steps: int = 300) -> Path:
    """The folder of a warner for a person, who is no donor, nor are `absent` and who is paced."""
    folder = RUNS / f"{person}-{absent or 'all'}-{members}-{steps}"
    left = ",".join(sorted({PACED, absent} - {""}))
    if not (folder / CARD).exists():
        changes = [
            f"data.options.patient='{person}'",
            f"data.options.without=[{left}]",
            f"members={members}",
            f"train.steps={steps}",
        ]
        run.train(recipe.load(RECIPE, overrides=changes), folder, resume=True)
    return folder


def _tested(scores: Scores) -> Tested:
    """Every person watched at a threshold that the others chose."""
    thresholds = {person: _threshold(scores, person) for person in _persons()}
    watches = {
        person: _watched(person, scores(person, ""), thresholds[person]) for person in _persons()
    }
    return Tested(watches, thresholds)


def _threshold(scores: Scores, absent: str) -> float:
    """Half the largest threshold by which everyone but `absent` is warned in time."""
    others = [person for person in _persons() if person != absent]
    largest = min(_largest(person, scores(person, absent)) for person in others)
    return largest / 2 if largest > 0 else largest


def _largest(person: str, evidence: Doubles) -> float:
    """The largest threshold by which a person is warned in time."""
    truth = _truth(person)
    abnormal = evidence[(truth.onset >= LEARNING_S * truth.rate_hz) & (truth.label == "V")]
    falling = np.unique(abnormal)[::-1]
    # the lower a threshold, the more is caught
    place = bisect_left(falling, 1, key=lambda least: int(_in_time(abnormal >= least)))
    return float(falling[place])


def _in_time(caught: NDArray[np.bool_]) -> bool:
    curve = advance([Watch(caught, 0, 1.0)], beats=FIRST)
    first, anywhere = curve.first[-1], curve.anywhere[-1]
    return bool(first == 1 and (np.isnan(anywhere) or anywhere >= WANTED))


def _watched(person: str, evidence: Doubles, threshold: float) -> Watch:
    truth, record = _truth(person), _record(person)
    label = np.where(evidence >= threshold, "V", "N")
    alarms = EventList(
        truth.onset, truth.offset, label, truth.channel, np.zeros(len(truth)), truth.rate_hz
    )
    return watch(
        truth,
        alarms,
        duration_s=record.n_samples / record.rate_hz,
        abnormal=("V",),
        learning_s=LEARNING_S,
    )


# --- rivals, which know the person's normal beats alone ------------------------------------------


def _alone(score: Callable[[Heart, Heart], Doubles]) -> Scores:
    """Scores by one's own normal beats, in robust deviations from their median."""

    @cache
    def scored(person: str) -> Doubles:
        every = _heart(person)
        learnt = every.before(LEARNING_S) & (every.label == "N")
        found_ = score(every.at(learnt), every)
        middle = np.median(found_[learnt])
        spread = np.median(np.abs(found_[learnt] - middle))
        return np.asarray((found_ - middle) / max(float(spread), 1e-9))

    return lambda person, absent: scored(person)  # noqa: ARG005 - no other person matters


def _template(own: Heart, every: Heart) -> Doubles:
    """One less the correlation with the average normal beat."""
    normal = average(own.shapes)
    centred = every.shapes - every.shapes.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1) * np.linalg.norm(normal - normal.mean())
    return np.asarray(1 - centred @ (normal - normal.mean()) / np.maximum(length, 1e-9))


def _forest(own: Heart, every: Heart) -> Doubles:
    from sklearn.ensemble import IsolationForest

    model = IsolationForest(random_state=SEED).fit(_features(own, own))
    return np.asarray(-model.score_samples(_features(every, own)))


def _one_class(own: Heart, every: Heart) -> Doubles:
    from sklearn.svm import OneClassSVM

    model = OneClassSVM(nu=0.01, gamma="scale").fit(_features(own, own))
    return np.asarray(-model.score_samples(_features(every, own)))


def _features(beats: Heart, own: Heart) -> Doubles:
    """What our network is given, each number in standard deviations of the person's own."""
    row, mine = (np.hstack([each.shapes, each.rhythm]) for each in (beats, own))
    return np.asarray((row - mine.mean(axis=0)) / np.maximum(mine.std(axis=0), 1e-9))


# --- tables --------------------------------------------------------------------------------------


def _by_person(tested: Tested) -> str:
    rows = [_row(person, watched, tested) for person, watched in tested.watches.items()]
    head = (
        "person", "V beats", "caught", "warned at the", f"one of {FIRST}, anywhere",
        "false alarms", "an hour", "threshold",
    )  # fmt: skip
    return table(head, rows)


def _row(person: str, watched: Watch, tested: Tested) -> list[str]:
    anywhere = advance([watched], beats=FIRST).anywhere[-1]
    return [
        person,
        f"{len(watched.caught)}",
        f"{watched.caught.mean():.3f}",
        f"{1 + int(watched.caught.argmax())}." if watched.caught.any() else "never",
        "-" if np.isnan(anywhere) else f"{anywhere:.4f}",
        f"{watched.false_alarms}",
        f"{watched.false_alarms / watched.hours:.1f}",
        f"{tested.thresholds[person]:.2f}",
    ]


def _curves(tested: Mapping[str, Tested]) -> str:
    head = ["", *(f"n = {n}" for n in range(1, CURVE + 1)), f"{FIRST} anywhere", "alarms an hour"]
    head += ["worst person's"]
    return table(head, _curve_rows(tested))


def _curve_rows(tested: Mapping[str, Tested]) -> Iterator[list[str]]:
    for name, one in tested.items():
        curve = one.advance()
        worst = max(each.false_alarms / each.hours for each in one.watches.values())
        yield [
            name,
            *(f"{share:.3f}" for share in curve.first),
            f"{curve.anywhere[FIRST - 1]:.4f}",
            f"{curve.alarms_per_hour:.1f}",
            f"{worst:.0f}",
        ]


def _paced(scores: Scores) -> str:
    """What comes of the paced record, which had no part in any choice."""
    threshold = _threshold(scores, "")
    watched = _watched(PACED, scores(PACED, ""), threshold)
    return (
        f"Record {PACED} is of a paced heart, whose normal beats here are the paced ones; nothing "
        f"was chosen by it. At the threshold of all six, {threshold:.2f}: "
        f"{int(watched.caught.sum())} of {len(watched.caught)} V beats caught, "
        f"{watched.false_alarms / watched.hours:.1f} false alarms an hour."
    )


@cache
def _records() -> Mapping[str, Record]:
    folder = located("ecg_mitbih", option="folder")
    return {record.name: record for record in found(folder)}


def _record(person: str) -> Record:
    return _records()[person]


def _persons() -> list[str]:
    return [name for name in _records() if name != PACED]


@cache
def _truth(person: str) -> EventList:
    return _record(person).beats(rest="N")


@cache
def _heart(person: str) -> Heart:
    if _record(person).rate_hz != RATE_HZ:
        raise AssertionError("records of the MIT-BIH Arrhythmia Database have 360 Hz")
    return heart(_record(person), rest="N")
