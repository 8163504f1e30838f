"""Electrocardiograms: beats of persons left out, in noise, of one person; fibrillation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks import _beats_picture, _qrs
from benchmarks import _fibrillation as _af
from benchmarks._beats_picture import Strip
from ondes import recipe as recipes
from ondes.data.ecg.clips import Cutting, Stretches
from ondes.data.sets import ecg_beats
from ondes.errors import InputError, nearest
from ondes.events import EventList
from ondes.metrics import ec57
from ondes.metrics.ec57 import BeatCounts
from ondes.protocols import Dataset, told
from ondes.recipe import build
from ondes.recipe import run as training
from ondes.run.pipeline import Pipeline, load
from ondes.tasks.detect import hearts

PERSONS = 7  # of the records at hand, and of those with fibrillation
AF_PERSONS = 3
SHOWN = {
    "105": (1209.0, "105, an electrode moves"),
    "106": (1686.0, "106, V among N"),
    "200": (300.0, "200, V of which some are missed"),
}  # records, where strips of them begin in seconds, and what they show
OWN = ("106", "200")  # whose own minutes hold V, and the rest of whose records does
PUBLISHED = (
    "| published, 44 records with 5 own minutes each (Kiranyaz et al. 2016) | | "
    "98.6 / 95.0 / 98.1 / 89.5 | 96.4 / 64.6 / 98.6 / 62.1 |"
)


def report(
    parts: str = "beats,noisy,patients,fibrillation",
    runs: str = "runs/ecg",
    model: str = "ecg-beats",
    picture: str = "",
    rivals: str = "xqrs,gqrs",
) -> str:
    """Return the sections.

    Args:
        parts: which of them.
        runs: folder of the networks of each fold; those that are missing are trained, a few
            minutes each.
        model: what hears the noisy recordings.
        rivals: which ones hear the half-hours too; none if empty.
        picture: where a picture of beats is written, as docs/img/ecg-beats.png; none if empty.
    """
    sections: dict[str, Callable[[], list[str]]] = {
        "beats": lambda: _beats(Path(runs), [one for one in rivals.split(",") if one]),
        "noisy": lambda: _noisy(load(model)),
        "patients": lambda: _patients(Path(runs)),
        "fibrillation": lambda: _fibrillation(Path(runs)),
    }
    lines = ["## Electrocardiograms", ""]
    for part in parts.split(","):
        if part not in sections:
            raise InputError(f"ecg has no part {part!r}{nearest(part, sections)}")
        lines += sections[part]()
    if picture:
        _beats_picture.draw(Path(picture), list(_strips(Path(runs))))
    return "\n".join(lines).rstrip()


def _strips(runs: Path) -> Iterator[Strip]:
    for fold, name in _folds(tuple(SHOWN)):
        pipeline, test = _trained(
            runs / "beats" / str(fold), "ecg/beats", f"data.options.fold={fold}"
        )
        (each,) = hearts.records(pipeline, test)
        start_s, words = SHOWN[name]
        yield Strip(test[0].x[0], test.rate_hz, each.truth, each.found, start_s, words)


def _trained(folder: Path, name: str, *settings: str) -> tuple[Pipeline, Stretches]:
    """Return a recipe's network, trained unless it is there, and its test."""
    recipe = recipes.load(name, overrides=settings)
    if not (folder / "card.json").exists():
        training.train(recipe, folder)
    test: Any = build.dataset(recipe, "test")
    return load(folder, threads=1), test


def _beats(runs: Path, families: Sequence[str]) -> list[str]:
    ours: dict[str, BeatCounts] = {}
    rivals: dict[str, list[BeatCounts]] = {family: [] for family in families}
    for fold in range(PERSONS):
        pipeline, test = _trained(
            runs / "beats" / str(fold), "ecg/beats", f"data.options.fold={fold}"
        )
        for each in hearts.records(pipeline, test):
            ours[each.about.name] = hearts.counts(each)
        for family in rivals:
            rivals[family] += _of_rival(family, ecg_beats.Config(rest="N", fold=fold), "test")
    return [
        "### Beats, each person left out in turn",
        "",
        f"{len(ours)} MIT-BIH records of half an hour, one lead; paced 102 among them. Beats "
        "within 150 ms, from the first second on. `ecg/beats` is trained anew without the person; "
        "V against the rest. Rivals know no classes. The mean R F1 of the records is "
        f"{fmean(counts.qrs.f1 for counts in ours.values()):.4f}. "
        "The weight of V in training, fixed thresholds and bursts of noise were decided after a "
        "look at 105, 106 and 200; the other four were looked at once.",
        "",
        "| record | beats | R Se | R +P | R F1 | V | V Se | V +P | V F1 |",
        "| --- | --: | --: | --: | --: | --: | --: | --: | --: |",
        *(
            _row(name, counts)
            for name, counts in {**ours, "all": ec57.gross(ours.values())}.items()
        ),
        "",
        *_rivals({"`ecg/beats`": list(ours.values()), **rivals}),
        "",
        *_kiranyaz("`ecg/beats`, persons left out", ours.values()),
        "",
    ]


def _rivals(found: dict[str, list[BeatCounts]]) -> Iterator[str]:
    """Beats whatever their class, of all records together and the worst one."""
    yield "| beats, all records | R Se | R +P | R F1 | mean F1 | worst record's |"
    yield "| --- | --: | --: | --: | --: | --: |"
    for name, counts in found.items():
        gross, each = ec57.gross(counts).qrs, [one.qrs.f1 for one in counts]
        figures = (gross.recall, gross.precision, gross.f1, fmean(each), min(each))
        yield f"| {name} | {' | '.join(f'{one:.4f}' for one in figures)} |"


def _row(name: str, counts: BeatCounts) -> str:
    qrs, veb = counts.qrs, counts.veb
    figures = [qrs.recall, qrs.precision, qrs.f1]
    of_v = [veb.sensitivity, veb.positive_predictivity, veb.f1]
    return (
        f"| {name} | {qrs.truth:,} | {' | '.join(f'{one:.4f}' for one in figures)} | "
        f"{veb.tp + veb.fn} | {' | '.join(f'{one:.3f}' for one in of_v)} |"
    )


def _kiranyaz(name: str, counts: Iterable[BeatCounts]) -> Iterator[str]:
    every = list(counts)
    veb = ec57.gross(every).veb
    shown = (veb.accuracy, veb.sensitivity, veb.specificity, veb.positive_predictivity)
    yield "| | records | VEB Acc / Sen / Spe / Ppr, % | SVEB |"
    yield "| --- | --: | --- | --- |"
    figures = " / ".join(f"{100 * one:.1f}" for one in shown)
    yield f"| {name} | {len(every)} | {figures} | not told |"
    yield PUBLISHED


def _of_rival(family: str, config: ecg_beats.Config, split: str) -> Iterator[BeatCounts]:
    """Yield what a rival counts, at each record's own rate."""
    whole = ecg_beats.build(config, split=split, seed=0)
    for index in range(len(whole)):
        example = whole[index]
        found = _qrs.peaks(family, example.x[0], rate_hz=whole.rate_hz)
        yield _plain(example.events, found)


def _plain(truth: EventList, found: EventList) -> BeatCounts:
    """Count beats, whatever their classes."""
    plain = [hearts.classed(events, ()) for events in (truth, found)]
    return ec57.beat_counts(*plain, learning_s=0)


def _noisy(pipeline: Pipeline) -> list[str]:
    config = ecg_beats.Config(folder="ecg_qrs10s", classes="beat", cutting=Cutting())
    test = ecg_beats.build(config, split="all", seed=0)
    ours = [
        _plain(example.events, pipeline.detect(example.x, rate_hz=test.rate_hz))
        for example in (test[k] for k in range(len(test)))
    ]
    rows = {pipeline.card.name: ours}
    rows |= {family: list(_of_rival(family, config, "all")) for family in _qrs.FAMILIES}
    gross = {name: ec57.gross(counts).qrs for name, counts in rows.items()}
    return [
        "### Beats in bad signals",
        "",
        f"{len(test)} recordings of ten seconds by wearables at {test.rate_hz:g} Hz (CPSC 2019), "
        "none of which was learnt from; beats within 150 ms, those at the very edges too.",
        "",
        "| detector | Se | +P | F1 |",
        "| --- | --: | --: | --: |",
        *(f"| {n} | {s.recall:.4f} | {s.precision:.4f} | {s.f1:.4f} |" for n, s in gross.items()),
        "",
    ]


def _patients(runs: Path) -> list[str]:
    rows = []
    for fold, name in _folds(OWN):
        others, _ = _trained(runs / "beats" / str(fold), "ecg/beats", f"data.options.fold={fold}")
        own, test = _trained(
            *(runs / "patient" / name, "ecg/patient", f"patient={name}"),
            *(f"model.start={runs / 'beats' / str(fold)}", "train.steps=150"),
        )
        for said, pipeline in (("others alone", others), ("and five own minutes", own)):
            (each,) = hearts.records(pipeline, test)
            rows.append(_row(f"{name}, {said}", hearts.counts(each)))
    return [
        "### One person's own model",
        "",
        "The rest of the record after five minutes, heard by the network that never met the "
        "person, and by the same after 150 steps in which half of the clips are of those minutes.",
        "",
        "| record | beats | R Se | R +P | R F1 | V | V Se | V +P | V F1 |",
        "| --- | --: | --: | --: | --: | --: | --: | --: | --: |",
        *rows,
        "",
    ]


def _folds(names: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the fold that tests a record, for those that are there."""
    for fold in range(PERSONS):
        test: Dataset = ecg_beats.build(ecg_beats.Config(rest="N", fold=fold), split="test", seed=0)
        name = told(test, 0).name
        if name in names:
            yield fold, name


def _fibrillation(runs: Path) -> list[str]:
    """Train around a network that heard none of these persons' beats."""
    beats, _ = _trained(runs / "beats" / "0", "ecg/beats", "data.options.fold=0")
    folds = []
    for fold in range(AF_PERSONS):
        start = f"model.start={runs / 'beats' / '0'}"
        network, test = _trained(runs / "af" / str(fold), "ecg/af", f"fold={fold}", start)
        folds.append(_af.Fold(network, beats, test))
    return _af.section(folds)
