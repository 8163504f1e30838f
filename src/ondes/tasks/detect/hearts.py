"""How well beats, or episodes of a rhythm, are found: after ANSI/AAMI EC57, gross and by record."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import numpy as np

from ondes.errors import InputError
from ondes.events import EventList
from ondes.metrics import ec57
from ondes.metrics.ec57 import BeatCounts
from ondes.metrics.episodes import Episodes, episodes
from ondes.protocols import Dataset, Told, told
from ondes.tasks.detect.decode import decode
from ondes.tasks.detect.score import Detector, predictions, real_time_factor

Scoring = Literal["events", "beats", "episodes"]

PLAIN = "beat"  # label of beats whose classes are not asked for
REST = "N"  # what a beat counts as that is not told from normal ones


class Record(NamedTuple):
    """What is true of a record and what was found in it, at one rate."""

    about: Told
    truth: EventList
    found: EventList
    seconds: float


def records(detector: Detector, dataset: Dataset) -> Iterator[Record]:
    """Yield what a detector finds in each record of a data set.

    Raises:
        ChannelError, RateError, InputError: the data set does not fit the network.
    """
    spec = detector.spec
    for index, each in enumerate(predictions(detector, dataset)):
        found = each.found
        if found is None:
            found = decode(each.probs, spec.timebase, spec.classes, detector.decoder)
        yield Record(told(dataset, index), each.truth, found, each.signal_s)


def beat_scores(
    detector: Detector, dataset: Dataset, *, shutdown: Sequence[str] = ()
) -> dict[str, Any]:
    """Return how well beats and their classes are found, from the first second of each record.

    ``r_f1``, ``r_sen``, ``r_ppv``: beats whatever their class, within 150 ms. ``v_f1``: V against
    the rest. ``veb`` and ``sveb``: ``acc``, ``sen``, ``spe``, ``ppv``, ``f1``, ``fpr`` as EC57
    counts them. ``confusion`` [true][found] counts beats by ``classes``, of which O is no beat and
    X a shutdown, ``shut`` the share of beats that were missed in one: events labelled as `shutdown`
    says are such times rather than beats. All these are gross; ``average`` is the mean over
    records, ``records`` says the same of each. What annotations do not tell apart is in ``untold``,
    by record: it is scored neither right nor wrong, and is NaN where no record tells it.

    Raises:
        InputError: the labels are not the standard's; as `records` else.
    """
    counted = {
        each.about.name: (each.about, counts(each, shutdown=shutdown))
        for each in records(detector, dataset)
    }
    figures = {name: _beat_figures([one]) for name, one in counted.items()}
    return {
        **_beat_figures(list(counted.values())),
        "average": _average(figures.values()),
        "records": figures,
        "untold": {
            name: [label for label in ec57.CLASSES if label not in (*about.labels, REST)]
            for name, (about, _) in counted.items()
            if not {*ec57.CLASSES[1:]} <= {*about.labels}
        },
        "rtf": real_time_factor(detector, dataset),
    }


def episode_scores(detector: Detector, dataset: Dataset) -> dict[str, Any]:
    """Return how well episodes are found, and how much of their time, gross and by record.

    ``episode`` and ``duration``: ``sen`` and ``ppv`` each, NaN where there is nothing to find or
    nothing was found. ``episodes`` and ``seconds`` say how much there was.

    Raises:
        ChannelError, RateError, InputError: as `records`.
    """
    counted: dict[str, Episodes] = {}
    for each in records(detector, dataset):
        counted[each.about.name] = episodes(each.truth, each.found, learning_s=0)
    whole = Episodes()
    for one in counted.values():
        whole = whole.plus(one)
    return {
        **_episode_figures(whole),
        "records": {name: _episode_figures(one) for name, one in counted.items()},
        "rtf": real_time_factor(detector, dataset),
    }


def counts(record: Record, *, shutdown: Sequence[str] = ()) -> BeatCounts:
    """Return the counts of a record, as far as its annotations tell classes apart.

    What was found under labels of `shutdown` is when the detector gave up.
    """
    about, truth, found = record.about, record.truth, record.found
    shut = np.isin(found.label, list(shutdown))
    return ec57.beat_counts(
        classed(truth, about.labels),
        classed(found[~shut], about.labels),
        learning_s=0,
        shutdown=found[shut],
        fibrillation=about.apart.resample(truth.rate_hz),
    )


def classed(events: EventList, labels: Sequence[str]) -> EventList:
    """Return beats by class, as far as a record's annotations tell classes apart."""
    strange = {*events.labels} - {*ec57.CLASSES, PLAIN}
    if strange:
        raise InputError(
            f"beats labelled {', '.join(sorted(strange))}, scored by EC57: its classes are "
            f"{', '.join(ec57.CLASSES)}, and {PLAIN} is a beat of any; take task.options.scoring="
            "events for others"
        )
    label = np.where(np.isin(events.label, labels), events.label, REST)
    return replace(events, label=label.astype(np.str_))


def _beat_figures(counted: Sequence[tuple[Told, BeatCounts]]) -> dict[str, Any]:
    whole = ec57.gross(counts for _, counts in counted)
    veb, sveb = (
        ec57.gross(counts for about, counts in counted if label in about.labels) for label in "VS"
    )
    v, s = veb.veb.figures("veb"), sveb.sveb.figures("sveb")
    return {
        "r_f1": whole.qrs.f1,
        "r_sen": whole.qrs.recall,
        "r_ppv": whole.qrs.precision,
        "v_f1": v["veb/f1"],
        **_nested({**v, **s}),
        "shut": whole.shut,
        "classes": list(ec57.LABELS),
        "confusion": whole.table.tolist(),
        "beats": whole.qrs.truth,
    }


def _episode_figures(one: Episodes) -> dict[str, Any]:
    rest = {"episodes": one.truth, "found": one.found, "seconds": one.truth_s}
    return {**_nested(one.figures()), **rest}


def _nested(figures: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Return figures named ``veb/sen`` as mappings in a mapping."""
    nested: dict[str, dict[str, float]] = {}
    for name, value in figures.items():
        what, which = name.split("/")
        nested.setdefault(what, {})[which] = value
    return nested


def _average(figures: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    return ec57.average(flat(each) for each in figures)


def flat(figures: Mapping[str, Any]) -> dict[str, float]:
    """Return figures by name, those in mappings as ``veb_sen``, and leave the rest out.

    >>> flat({"r_f1": 0.5, "veb": {"sen": 1.0}, "classes": ["N"], "beats": 3})
    {'r_f1': 0.5, 'veb_sen': 1.0}
    """
    own = {name: value for name, value in figures.items() if isinstance(value, float)}
    for name in ("veb", "sveb", "episode", "duration"):
        own |= {f"{name}_{key}": value for key, value in figures.get(name, {}).items()}
    return own
