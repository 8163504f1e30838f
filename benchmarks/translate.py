"""The sensor changes: what keeps yesterday's classifier alive, on people and rooms never seen.

Translators, trained by the recipes `translate/uwb/*`, beside simple rivals; all are judged by the
same frozen classifier of the old sensor, or by what a rival made of it. Every seed draws other
weights, another order and other pairs. Trainings and scores lie in `runs/benchmarks/translate`,
where an interrupted one goes on and a finished one is not done again; delete it to train anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from benchmarks import _doubt_picture, _pairs_picture
from benchmarks._options import named
from benchmarks._page import spread, table
from benchmarks._trials import OURS, Scores, Trials
from ondes.data.uwb.sensors import NEW, OLD
from ondes.errors import InputError
from ondes.run.loading import load

RUNS = Path("runs/benchmarks/translate")
MANY, LABELS = 900, 200
POSTER = {
    "pix2pix": "pix2pix",
    "pix2pix-se": "+ squeeze and excitation",
    "pix2pix-se-in": "+ instance norm",
    "sig2sig": "Sig2Sig",
    "cyclegan": "CycleGAN, pairs taken apart",
    "pix2pix-aligned": "pix2pix, cells brought together first",
}
ALIGNED = "aligned"
RIVALS = {
    "distil": "distillation",
    "coral": "CORAL on features",
    "batch-norm": "batch norms of the new sensor",
    "speckle": "added speckle",
    "moments": "moment matching",
    "wiener": "Wiener filter over all bins",
    "affine": "affine, bin by bin",
    "last-layer": "last layer, trained on",
    "whole-net": "whole classifier, trained on",
}
TOGETHER = "together"
FRESH = {"fresh": (6000, 1500), "fresh-more": (12000, 3000)}
"""Labelled clips and steps of the new sensor's own classifiers."""
NOISY = (
    *("power_db", "colour", "drone_db", "tones", "tone_db"),
    *("drift_db", "jitter", "spread_db", "spread_m"),
)
PLACED = ("beam_deg", "yaw_deg", "slope_db_per_m", "place_m")
SENSORS = {
    "all": NEW,
    "noise": replace(OLD, **{name: getattr(NEW, name) for name in NOISY}),
    "beam": replace(OLD, **{name: getattr(NEW, name) for name in PLACED}),
    "form": replace(
        OLD, carrier_hz=4.3e9, pulse="flat", first_m=0.6, bin_m=0.07, place_m=NEW.place_m
    ),
}
"""New sensors: that of `uwb_pairs`; the old one with its noise and faults alone, with its beam and
place alone; and one of another band and other bins that is no worse."""
LEAST = ("coral", "batch-norm", "distil")
"""Rivals that the other sensors are shown with."""
ABOUT = """
### What keeps the classifier

{clips:,.0f} test clips; {pairs} unlabelled pairs to learn from. F1 is the macro mean over actions,
± its standard deviation over so many seeds. *Recovered* is the share of the lost F1 that comes
back; `same` the share of clips of which the classifier says what it says of the true partner; L1
the error of maps, in units of 10 dB.
""".strip()
FEW = """
### How many pairs

F1, and in brackets what is recovered. The whole classifier, trained on, had as many *labelled*
clips as there are pairs; {seeds} seed(s).
""".strip()
DIFFERENT = """
### Which differences

F1, and in brackets what is recovered, where the new sensor differs from the old one in one thing
alone or in all; {seeds} seed(s).
""".strip()


class Row(NamedTuple):
    """What is compared, labels of the new sensor that it learnt from, its scores by seed."""

    name: str
    labels: int
    scores: Sequence[Scores]


def report(
    *,
    only: str = "",
    seeds: int = 5,
    poster: int = 2,
    others: int = 1,
    pairs: str = "50,100,200,450,900",
    sensors: str = "noise,beam,form",
    judge: str = "old-classifier",
    curve: str = "",
    picture: str = "",
    drawn: str = "sig2sig",
) -> str:
    """Train and score.

    Args:
        only: rows of the first table, with commas: recipes of `translate/uwb`, with ":6000" behind
            one in so many steps rather than its own, half of them at the full learning rate;
            rivals, "together" for the mean answer of three translators, "fresh" for the new
            sensor's own classifier, "fresh-more" for one of twice the clips and steps; all if
            empty, none where it is "none".
        seeds: of our translator and the rivals.
        poster: seeds of the poster's translators, and of the new sensor's own classifier.
        others: seeds of the other tables.
        pairs: numbers of pairs, with commas, for the second table.
        sensors: for the third, see `SENSORS`.
        judge: the old classifier, a name or a folder.
        curve: a PNG that is made of the second table.
        picture: a PNG of maps, their translations by Sig2Sig, and what that says of its doubt;
            drawn: which row it is of.
    """
    trials = Trials(judge, NEW, RUNS / "all")
    sections = []
    names = _named("only", only, (*POSTER, OURS, ALIGNED, TOGETHER, *RIVALS, *FRESH))
    if names:
        rows = [_row(trials, name, seeds, poster) for name in names]
        about = ABOUT.format(clips=trials.known["clips"], pairs=MANY)
        sections += [about, _table(trials, rows)]
    counts = [int(count) for count in pairs.split(",") if count != "none"]
    if counts:
        sections += [FEW.format(seeds=others), _by_pairs(trials, counts, others, curve)]
    different = _named("sensors", sensors, [name for name in SENSORS if name != "all"])
    if different:
        own = {name: Trials(judge, SENSORS[name], RUNS / name) for name in different}
        sections += [DIFFERENT.format(seeds=others), _by_sensor({**own, "all": trials}, others)]
    if picture:
        sections.append(_pictured(trials, drawn, Path(picture)))
    return "\n\n".join(sections)


def _named(option: str, given: str, known: Collection[str]) -> list[str]:
    """The names of rows or sensors; a row may tell its steps, as pix2pix:6000."""
    if given == "none":
        return []
    return named(f"translate.{option}", given, known, of=lambda name: name.partition(":")[0])


def _row(trials: Trials, name: str, seeds: int, poster: int) -> Row:
    """Return a row of so many seeds; the poster's have their own number."""
    if name == TOGETHER:
        three = trials.together(OURS, pairs=MANY, seeds=range(3))
        return Row(f"mean answer of three {OURS}", 0, [three])
    if name in FRESH:
        clips, steps = FRESH[name]
        many = poster if name == "fresh" else 1
        scores = [trials.fresh(clips, seed=seed, steps=steps) for seed in range(many)]
        return Row("classifier of the new sensor", clips, scores)
    if name in RIVALS:
        scores = [trials.rival(name, pairs=MANY, seed=seed, labels=LABELS) for seed in range(seeds)]
        return Row(RIVALS[name], LABELS if name in ("last-layer", "whole-net") else 0, scores)
    name, steps = _in_steps(name)
    many = poster if name in POSTER else seeds
    scores = [trials.translator(name, pairs=MANY, seed=seed, steps=steps) for seed in range(many)]
    told = f"{OURS}, cells brought together first" if name == ALIGNED else POSTER.get(name, name)
    return Row(f"{told}, {steps:,} steps" if steps else told, 0, scores)


def _in_steps(name: str) -> tuple[str, int]:
    """Return a recipe and a number of steps, 0 for its own: `pix2pix:6000`."""
    recipe, _, steps = name.partition(":")
    if not (steps or "0").isdigit():
        raise InputError(f"translate.only: {name}: write a number of steps behind the colon")
    return recipe, int(steps or 0)


def _table(trials: Trials, rows: Sequence[Row]) -> str:
    head = ("", "labels", "seeds", "F1", "recovered", "L1", "same")
    known = trials.known
    as_is = [f"{known[name]:.3f}" for name in ("l1", "same")]
    first = [
        ("old sensor", "", "", f"{known['f1_old']:.3f}", "1", "0", "1"),
        ("new sensor as it is", "", "", f"{known['f1']:.3f}", "0", *as_is),
    ]
    return table(head, [*first, *(_cells(trials, row) for row in rows)])


def _cells(trials: Trials, row: Row) -> list[str]:
    f1 = [scores["f1"] for scores in row.scores]
    share = spread([trials.recovered(value) for value in f1], 2)
    rest = [[scores[name] for scores in row.scores if name in scores] for name in ("l1", "same")]
    labels = f"{row.labels:,}" if row.labels else "0"
    return [row.name, labels, str(len(f1)), spread(f1), share, *map(spread, rest)]


def _by_pairs(trials: Trials, counts: Sequence[int], seeds: int, curve: str) -> str:
    lines: dict[str, Callable[[int, int], Scores]] = {
        OURS: lambda count, seed: trials.translator(OURS, pairs=count, seed=seed),
        "distillation": lambda count, seed: trials.rival("distil", pairs=count, seed=seed),
        "whole classifier, of labels": lambda count, seed: trials.rival(
            "whole-net", pairs=MANY, seed=seed, labels=count
        ),
    }
    found = {
        name: [[scored(count, seed)["f1"] for seed in range(seeds)] for count in counts]
        for name, scored in lines.items()
    }
    if curve:
        _pairs_picture.draw(Path(curve), counts, found, trials.known)
    rows = [
        [str(count), *(_short(trials, found[name][place]) for name in lines)]
        for place, count in enumerate(counts)
    ]
    return table(("pairs", *lines), rows, texts=0)


def _by_sensor(by_name: dict[str, Trials], seeds: int) -> str:
    rows = []
    for name, own in by_name.items():
        known = [f"{own.known[key]:.3f}" for key in ("f1_old", "f1")]
        ours = [own.translator(OURS, pairs=MANY, seed=seed)["f1"] for seed in range(seeds)]
        rivals = [
            [own.rival(rival, pairs=MANY, seed=seed)["f1"] for seed in range(seeds)]
            for rival in LEAST
        ]
        rows.append([name, *known, *(_short(own, f1) for f1 in (*rivals, ours))])
    return table(("differs in", "old", "as it is", *(RIVALS[name] for name in LEAST), OURS), rows)


def _short(trials: Trials, f1: Sequence[float]) -> str:
    return f"{spread(f1)} ({trials.recovered(sum(f1) / len(f1)):.2f})"


def _pictured(trials: Trials, name: str, path: Path) -> str:
    recipe, steps = _in_steps(name)
    model = trials.trained(recipe, pairs=MANY, seed=0, steps=steps)
    return _doubt_picture.draw(path, model, load(trials.judge), trials.scenes.pairs)
