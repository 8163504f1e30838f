"""The sensor changes: what keeps yesterday's classifier alive, on people and rooms never seen.

Translators, trained by the recipes `translate/uwb/*`, beside simple rivals; all are judged by the
same frozen classifier of the old sensor, or by what a rival made of it. Every seed draws other
weights, another order and other pairs. Trainings and scores lie in `runs/benchmarks/translate`,
where an interrupted one goes on and a finished one is not done again; delete it to train anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks import _doubt_picture
from benchmarks._page import table
from benchmarks._scenes import Scenes
from ondes import recipe
from ondes.data.uwb.sensors import NEW, OLD
from ondes.errors import InputError, nearest
from ondes.io import atomic_write
from ondes.recipe import Recipe, build, run
from ondes.run.kinds.translate import Judged, evaluate
from ondes.run.loading import load
from ondes.tasks.translate import rivals
from ondes.tasks.translate.rivals import Given

RUNS = Path("runs/benchmarks/translate")
JUDGE = "translate/uwb/old-classifier"
OURS = "uwb-new-to-old"
ROWS = {
    "pix2pix": "pix2pix",
    "pix2pix-se": "+ squeeze and excitation",
    "pix2pix-se-in": "+ instance norm",
    "sig2sig": "Sig2Sig",
    OURS: OURS,
}
MANY = 900
NOISY = ("power_db", "colour", "drone_db", "tones", "tone_db", "drift_db", "jitter")
NOISY += ("spread_db", "spread_m")
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
ABOUT = """
## The sensor changes

Simulated UWB radars (`uwb_pairs`), six actions, range-Doppler maps; people and rooms of the test
stand nowhere else. {test} test clips, {seeds} seed(s), ± the standard deviation over seeds. F1 is
the macro mean over actions, by the old sensor's frozen classifier unless a row changes that.
*Recovered* is the share of the lost F1 that comes back. L1 is the error of translated maps, in
units of 10 dB; `same` the share of clips of which the classifier says what it says of the true
partner. All learn from {pairs} unlabelled pairs, those with labels from such clips instead: the
last row is a classifier of the new sensor, as the old one was made, which shows what there is to
see in what that hears.
""".strip()
FEW = """
### How many pairs

The same classifier and test: F1, and in brackets what is recovered.
""".strip()

DIFFERENT = """
### Which differences

F1 by the same classifier where the new sensor differs from the old one in everything, in noise and
faults alone, in beam and place alone, or in form alone (4.3 GHz, other bins and pulses).
""".strip()

Scores = Mapping[str, float]


class Row(NamedTuple):
    """What is compared, labels of the new sensor that it learnt from, its scores by seed."""

    name: str
    labels: int
    scores: Sequence[Scores]


def report(
    *,
    only: str = "",
    seeds: int = 5,
    pairs: str = "50,100,200,400,900",
    sensors: str = "noise,beam,form",
    judge: str = "",
    picture: str = "",
) -> str:
    """Train and score.

    `only` names recipes of `translate/uwb`, with commas; all rows of the table if empty. `pairs`
    are numbers of pairs that the last of them and distillation learn from, for the second table;
    the first one is of 900. `sensors` are others than the usual new one, see `SENSORS`. `judge` is
    the folder of the old classifier, which is trained if empty. `picture` is a PNG that is made of
    maps, their translations by Sig2Sig, and what that says of its uncertainty.
    """
    names = only.split(",") if only else list(ROWS)
    folder = Path(judge) if judge else run.train(recipe.load(JUDGE), RUNS / "judge", resume=True)
    scenes = Scenes(folder)
    ours = [Row(ROWS.get(name, name), 0, _trained(scenes, name, MANY, seeds)) for name in names]
    about = ABOUT.format(seeds=seeds, test=len(scenes.truth), pairs=MANY)
    sections = [about, _table(scenes, [*ours, *_rivals(scenes, seeds), _fresh(scenes, seeds)])]
    counts = [int(count) for count in pairs.split(",") if count]
    if counts:
        sections += [FEW, _by_pairs(scenes, names[-1], counts, seeds)]
    others = [name for name in sensors.split(",") if name]
    if others:
        sections += [DIFFERENT, _by_sensor({"all": scenes, **_others(folder, others)}, seeds)]
    if picture:
        sections.append(_pictured(scenes, Path(picture)))
    return "\n\n".join(sections)


def _table(scenes: Scenes, rows: Sequence[Row]) -> str:
    head = ("", "labels", "F1", "recovered", "L1", "same")
    known = [
        ("old sensor", "", f"{scenes.f1_old:.3f}", "1", "0", "1"),
        ("new sensor as it is", "", f"{scenes.f1_as_is:.3f}", "0", *scenes.as_is),
    ]
    return table(head, [*known, *(_cells(scenes, row) for row in rows)], texts=2)


def _cells(scenes: Scenes, row: Row) -> list[str]:
    f1 = [scores["f1"] for scores in row.scores]
    found = [f1, [scenes.recovered(value) for value in f1]]
    found += [[scores[name] for scores in row.scores if name in scores] for name in ("l1", "same")]
    return [row.name, str(row.labels or ""), *map(_mean, found)]


def _by_pairs(scenes: Scenes, name: str, counts: Sequence[int], seeds: int) -> str:
    rows = []
    for count in counts:
        found = [_trained(scenes, name, count, seeds), _rival(scenes, "distil", count, seeds)]
        rows.append([str(count), *(_short(scenes, scores) for scores in found)])
    return table(("pairs", ROWS.get(name, name), "distillation"), rows, texts=0)


def _by_sensor(scenes: Mapping[str, Scenes], seeds: int) -> str:
    rows = []
    for name, own in scenes.items():
        known = [f"{own.f1_old:.3f}", f"{own.f1_as_is:.3f}"]
        ours = _short(own, _trained(own, OURS, MANY, seeds))
        others = [
            _short(own, _rival(own, rival, MANY, seeds)) for rival in ("batch-norm", "distil")
        ]
        rows.append([name, *known, ours, *others])
    return table(("differs in", "old", "as it is", OURS, "batch-norm", "distil"), rows)


def _others(folder: Path, names: Sequence[str]) -> dict[str, Scenes]:
    for name in names:
        if name not in SENSORS:
            raise InputError(
                f"translate.sensors: there is no {name!r}{nearest(name, SENSORS)}; there are "
                f"{', '.join(SENSORS)}"
            )
    return {name: Scenes(folder, SENSORS[name]) for name in names}


def _fresh(scenes: Scenes, seeds: int) -> Row:
    """A classifier of the new sensor, of as many labelled clips as the old one had."""

    def scored(seed: int) -> Scores:
        own = recipe.load(JUDGE, overrides=["data.options.sensor=new", f"seed={seed}"])
        return scenes.judged_by(run.train(own, RUNS / f"fresh-{seed}", resume=True))

    found = [_kept(RUNS / f"fresh-{seed}.json", scored, seed) for seed in range(seeds)]
    return Row("classifier of the new sensor", 6000, found)


def _short(scenes: Scenes, scores: Sequence[Scores]) -> str:
    f1 = [one["f1"] for one in scores]
    return f"{_mean(f1)} ({scenes.recovered(float(np.mean(f1))):.2f})"


def _trained(scenes: Scenes, name: str, pairs: int, seeds: int) -> list[Scores]:
    """Train a recipe with every seed, or go on with it, and score it on the test."""

    def scored(seed: int) -> Scores:
        experiment = _recipe(scenes, name, pairs, seed)
        model: Any = load(run.train(experiment, folder(seed), resume=True))
        judge: Any = load(scenes.folder)
        found = evaluate(Judged(model, judge, lambda: scenes.pairs), scenes.pairs)
        return {**found, "f1": found["f1_translated"], "same": found["agreement"]}

    def folder(seed: int) -> Path:
        return _folder(scenes, f"{name}-{pairs}-{seed}")

    return [_kept(folder(seed) / "test.json", scored, seed) for seed in range(seeds)]


def _rivals(scenes: Scenes, seeds: int) -> list[Row]:
    given = _given(scenes, MANY, 0)
    rows = []
    for name in rivals.possible(given):
        labelled = given.few is not None and rivals.labelled(name)
        labels = len(given.few) if labelled and given.few is not None else 0
        rows.append(Row(name, labels, _rival(scenes, name, MANY, seeds)))
    return rows


def _rival(scenes: Scenes, name: str, pairs: int, seeds: int) -> list[Scores]:
    def scored(seed: int) -> Scores:
        return scenes.scores(rivals.fit(name, _given(scenes, pairs, seed), seed=seed))

    paths = [_folder(scenes, f"{name}-{pairs}-{seed}.json") for seed in range(seeds)]
    return [_kept(path, scored, seed) for seed, path in enumerate(paths)]


def _given(scenes: Scenes, pairs: int, seed: int) -> Given:
    """What rivals learn from: what our translator does, varied as for it."""
    experiment = _recipe(scenes, OURS, pairs, seed)
    return scenes.given(pairs, seed=seed, varied=build.dataset(experiment, "train"))


def _pictured(scenes: Scenes, path: Path) -> str:
    model: Any = load(_folder(scenes, f"sig2sig-{MANY}-0"))
    return _doubt_picture.draw(path, model, scenes.pairs)


def _recipe(scenes: Scenes, name: str, pairs: int, seed: int) -> Recipe:
    overrides = [
        f"data.options.train={pairs}",
        f"task.options.classifier={scenes.folder}",
        f"seed={seed}",
    ]
    if scenes.new != NEW:
        overrides.append(f"data.options.new={json.dumps(asdict(scenes.new))}")
    return recipe.load(f"translate/uwb/{name}", overrides=overrides)


def _folder(scenes: Scenes, name: str) -> Path:
    sensor = next(key for key, radar in SENSORS.items() if radar == scenes.new)
    return RUNS / sensor / name


def _kept(path: Path, scored: Callable[[int], Scores], seed: int) -> Scores:
    """Return the scores in a file, which is made where there is none."""
    if not path.exists():
        scores = scored(seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(dict(scores), indent=1))
    kept: Scores = json.loads(path.read_text())
    return kept


def _mean(values: Sequence[float]) -> str:
    if not values:
        return ""
    spread = f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else ""
    return f"{np.mean(values):.3f}{spread}"
