"""``ondes evaluate``: how well a model does, and how fast."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ondes.cli import _console, _options
from ondes.cli._takes import Failure

if TYPE_CHECKING:
    from ondes.recipe import Recipe
    from ondes.run.card import Card
    from ondes.run.kinds import Scores


def evaluate(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="One of `ondes models`, or a folder.")
    ],
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATA|RECIPE]",
            help="A folder of recordings with event lists beside them (x.wav, x.csv), or of a "
            "folder for each class; one of `ondes data`, or a recipe; without it what the model "
            "was trained to be tested on.",
        ),
    ] = None,
    *,
    split: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Split to score on, may be repeated."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Examples of each split, at most.")
    ] = None,
    classifier: _options.Judge = None,
    rules: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="Rules that say what signal a detector of beats does not judge, as ecg: beats "
            "there are missed in shutdown, which EC57 counts apart.",
        ),
    ] = None,
    overrides: _options.Overrides = None,
    json: _options.Json = False,
    rate: _options.Rate = None,
    dtype: _options.Dtype = None,
    channels: _options.Channels = None,
    resample: _options.Resample = False,
    mix: Annotated[bool, typer.Option("--mix", help="Take the mean of the channels.")] = False,
    device: _options.Device = "auto",
    threads: _options.Threads = 1,
) -> None:
    """Score a model on a folder, a data set or a recipe's tests.

    A detector's folder holds recordings with event lists beside them, a classifier's one folder of
    recordings for each class. Detectors: frames, notes, events, segments, and seconds of work per
    second (rtf). Classifiers: accuracy, balanced_accuracy, f1_macro, log_loss and the confusion of
    classes; taggers: roc_auc and pr_auc, of each tag too; models of numbers: mse, mae, r2.
    Translators: l1, spectral distance, calibration of their uncertainty, and with a classifier
    (--with, or the one that it was trained with) its F1 on the old sensor, the new one as it is and
    translated, and the share of the loss recovered.

    With --json the scores of the first split stand at the top, those of others under their names.
    Classical rivals that were fitted with the model are scored on the same data, `baselines`.
    Recordings that cannot be read are named and left out, and the exit status is 1.
    """
    from ondes.cli import _tests
    from ondes.run import kinds

    trained = _options.trained(model, device=device, threads=threads)
    kind = kinds.find(trained.card.task["name"])
    files = {"rate_hz": rate, "dtype": dtype, "channels": channels}
    said = {name: value for name, value in files.items() if value is not None}
    options = {
        **({"mix": True} if mix else {}),
        **({"files": said} if said else {}),
        **({"rate_hz": trained.spec.rate_hz} if resample else {}),
    }
    recipe = _tests.recipe_for(trained, data, options=options, overrides=overrides or [])
    scores, beside = {}, {}
    failures: list[Failure] = []
    subject = _tests.judged(trained, classifier, rules, device=device, threads=threads)
    for name in split or _tests.splits_for(recipe, data):
        examples, unread = _tests.dataset(recipe, name, limit=limit, own=_tests.is_own(data))
        failures += unread
        with _console.progress(len(examples)) as advance:
            scores[name] = kind.evaluate(subject, _tests.watched(examples, name, advance))
        beside[name] = kind.rivals(subject, examples)
    if json:
        _show_document(trained.card.name, recipe, scores, beside, failures)
    else:
        _show_tables(scores, beside, recipe)
    _tell_learnt(trained.card, scores)
    for failure in failures:
        _console.note(f"left out: {failure.reason}")
    raise typer.Exit(int(bool(failures)))


def _show_document(
    name: str,
    recipe: "Recipe",
    scores: "Mapping[str, Scores]",
    beside: "Mapping[str, Mapping[str, Scores]]",
    failures: Sequence[Failure],
) -> None:
    """Print the scores of the first split on top, those of others under their names."""
    first, *others = ({**scores[split], **_named(beside[split])} for split in scores)
    head = {"model": name, "data": recipe.data.set, "split": next(iter(scores))}
    failed = {"failed": [failure.reason for failure in failures]} if failures else {}
    rest = dict(zip(list(scores)[1:], others, strict=True))
    _console.show_json({**head, **first, **rest, **failed})


def _show_tables(
    scores: "Mapping[str, Scores]", beside: "Mapping[str, Mapping[str, Scores]]", recipe: "Recipe"
) -> None:
    """Print a column of figures for each split and rival, single outputs, confused classes."""
    columns = {
        column: dict(_figures(figures))
        for split in scores
        for column, figures in [
            (split, scores[split]),
            *((f"{split}, {family}", one) for family, one in beside[split].items()),
        ]
    }
    whole = {
        column: {name: figure for name, figure in figures.items() if "/" not in name}
        for column, figures in columns.items()
    }
    _console.show_scores(whole, recipe.published.scores if recipe.published else {})
    for column, told in columns.items():
        _show_outputs(column, told)
    for split, figures in scores.items():
        if "confusion" in figures:
            classes, counts = figures["classes"], figures["confusion"]
            rows = [(name, *map(str, row)) for name, row in zip(classes, counts, strict=True)]
            _console.show_table((f"{split}: true, found", *classes), rows)
        if "records" in figures:
            _show_records(split, figures)


def _show_outputs(column: str, figures: Mapping[str, float]) -> None:
    """Print a row for each tag or number that has scores of its own, as roc_auc/rain."""
    own = [name.split("/", 1) for name in figures if "/" in name]
    kinds = list(dict.fromkeys(kind for kind, _ in own))
    rows = [
        (output, *(f"{figures[f'{kind}/{output}']:.4g}" for kind in kinds))
        for output in dict.fromkeys(output for _, output in own)
    ]
    if rows:
        _console.show_table((f"{column}: each", *kinds), rows)


def _tell_learnt(card: "Card", scores: "Mapping[str, Scores]") -> None:
    """Say which of the records that a model was scored on it has learnt from."""
    learnt = set(card.facts.get("learnt", ()))
    for split, figures in scores.items():
        known = sorted(learnt & {*figures.get("records", ())})
        if known:
            _console.note(
                f"{split}: {card.name} has learnt from {len(known)} of these records, or others of "
                f"their name ({', '.join(known)}): figures on them say nothing about other persons"
            )


def _show_records(split: str, figures: "Scores") -> None:
    """Print a row of figures for each record, and what its annotations do not tell apart."""
    told = {name: dict(_figures(one)) for name, one in figures["records"].items()}
    names = list(dict.fromkeys(name for one in told.values() for name in one))
    rows = [(record, *(f"{one[name]:.4g}" for name in names)) for record, one in told.items()]
    _console.show_table((f"{split}: record", *names), rows)
    for record, labels in figures.get("untold", {}).items():
        _console.note(f"{record}: its annotations do not tell {', '.join(labels)} from the rest")


def _figures(figures: Mapping[str, object]) -> Iterator[tuple[str, float]]:
    """Yield the numbers among figures, those of a mapping as ``veb sen``."""
    for name, figure in figures.items():
        if isinstance(figure, (int, float)):
            yield name, figure
        elif isinstance(figure, Mapping) and name not in ("records", "average", "untold"):
            yield from ((f"{name} {key}", value) for key, value in figure.items())


def _named(beside: Mapping[str, object]) -> dict[str, object]:
    return {"baselines": beside} if beside else {}
