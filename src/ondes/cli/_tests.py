"""From the words of `ondes evaluate` to the data that a model is scored on."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ondes import data
from ondes.cli import _console, _options
from ondes.cli._console import Advance
from ondes.cli._takes import Failure
from ondes.data.chosen import chosen
from ondes.errors import InputError, OndesError, nearest
from ondes.protocols import Examples, Level, PairDataset
from ondes.recipe import Recipe, build, check, documents
from ondes.recipe import names as recipe_names
from ondes.recipe import of as recipe_of
from ondes.recipe.documents import Layer
from ondes.run import artefact, kinds
from ondes.spec import ClipSpec, Spec, TranslatorSpec

if TYPE_CHECKING:
    from ondes.run.card import Card
    from ondes.run.kinds import Trained
    from ondes.run.translator import Translator

Options = dict[str, Any]
_LEVELS: dict[type[Any], Level] = {Spec: "frame", ClipSpec: "clip", TranslatorSpec: "pair"}
_HELD = {"frame": "recordings with events", "clip": "labelled clips", "pair": "pairs of signals"}


def recipe_for(
    model: "Trained", what: str | None, *, options: Options, overrides: Sequence[str]
) -> Recipe:
    """Return a recipe whose data are those to score a model on.

    Args:
        model: which.
        what: a folder of recordings, a data set, a recipe, or None for what its card says.
        options: of the recordings.
        overrides: ``key=value`` texts that have the last word.

    Raises:
        InputError: the card says nothing, `what` is none of these, or holds what the model is not
            scored on.
        RecipeError: a recipe or an override is invalid.
    """
    stack = _layers(model, what, options)
    recipe = check.recipe_of([*stack, *documents.override_layers(overrides, stack)])
    given, wanted = data.level(recipe.data.set), _LEVELS[type(model.spec)]
    if given != wanted:
        raise InputError(
            f"{recipe.data.set} holds {_HELD[given]}, {model.card.name} is scored on "
            f"{_HELD[wanted]}; see `ondes data`"
        )
    return recipe


def splits_for(recipe: Recipe, what: str | None) -> Sequence[str]:
    """Return the splits to score on, the main one first: all of recordings that are named."""
    if is_own(what):
        return ("all",)
    splits: Sequence[str] = data.find(recipe.data.set).TESTS
    return splits


def is_own(what: str | None) -> bool:
    """Tell whether a word names recordings of one's own, and neither a data set nor a recipe."""
    return what is not None and what not in data.names() and _is_path(what)


def shut(model: "Trained", rules: str) -> Any:  # noqa: ANN401 - a model and what it leaves out
    """Return a detector of beats that is shut down where rules call a signal bad.

    Raises:
        InputError: it is none, or the rules do not say.
    """
    from ondes.run import monitor
    from ondes.run.kinds import detect
    from ondes.run.pipeline import Pipeline

    found = monitor.load(rules)
    if not isinstance(model, Pipeline):
        raise InputError(f"--rules {rules}: {model.card.name} is no detector; leave it out")
    return detect.shutting(model, found)


def judged(
    model: "Trained", by: str | None, rules: str | None = None, *, device: str, threads: int
) -> Any:  # noqa: ANN401
    """Return a translator with the classifier that judges it, or a detector of beats with rules for
    what it does not judge; any other model as it is.

    That is the one named, else the one whose answers it learnt to keep; where there is none, or
    it does not lie where it lay, a translator is scored without.

    Raises:
        InputError: a classifier is named to judge what is no translator, or is none itself.
    """
    from ondes.recipe.run import unvaried
    from ondes.run.kinds.translate import Judged

    card = model.card
    if card.task["name"] != "translate":
        if by is not None:
            raise InputError(f"--with {by}: {card.name} is no translator; leave it out")
        return model if rules is None else shut(model, rules)
    if rules is not None:
        raise InputError(f"--rules {rules}: {card.name} is a translator; leave it out")
    named = by or card.task["options"].get("classifier", "")
    if not named or (by is None and not artefact.exists(named)):
        return model
    translator = cast("Translator", model)
    judge = _options.judge(named, translator, device=device, threads=threads)
    recipe = recipe_of(card.recipe, source=f"the card of {card.name}")

    if card.baselines:
        _console.note(f"then rivals are fitted to the same pairs: {', '.join(card.baselines)}")

    def learnt(recipe: Recipe) -> Callable[[], PairDataset]:
        return lambda: cast("PairDataset", build.dataset(recipe, "train"))

    return Judged(
        translator,
        judge,
        learnt=learnt(unvaried(recipe)),
        varied=learnt(recipe) if recipe.data.vary else None,
        few=build.few(recipe),
    )


def dataset(
    recipe: Recipe, split: str, *, limit: int | None, own: bool = False
) -> tuple[Examples, Sequence[Failure]]:
    """Return the examples of a split, at most `limit`, and the recordings that cannot be read.

    Of one's `own` recordings some may be unreadable.

    Raises:
        InputError: none can be read.
    """
    examples = build.limited(recipe, build.dataset(recipe, split), limit)
    return _sound(examples) if own else (examples, ())


def _is_path(what: str) -> bool:
    return Path(what).exists() and Path(what).suffix != ".yaml"


def _sound(examples: Examples) -> tuple[Examples, Sequence[Failure]]:
    failures = {}
    for index in range(len(examples)):
        try:
            examples[index]
        except (OndesError, OSError) as error:
            failures[index] = Failure(str(index), str(error))
    sound = [index for index in range(len(examples)) if index not in failures]
    if not sound:
        raise InputError("\n".join(failure.reason for failure in failures.values()))
    return chosen(examples, sound), list(failures.values())


def watched(examples: Examples, name: str, advance: Advance) -> Examples:
    """Return a data set that tells how many of its examples have been asked for."""
    every = range(len(examples))
    return chosen(examples, every, seen=lambda index: advance(index, name))


def _layers(model: "Trained", what: str | None, options: Options) -> list[Layer]:
    task = model.card.task["name"]
    if what is None:
        return [_own(model.card)]
    if what in data.names():
        return [_layer(what, task, _at_rate(what, model.card))]
    if _is_path(what):
        kind = kinds.find(task)
        return [_layer(kind.own(model), task, {**kind.options(model, what), **options})]
    known = [*data.names(), *recipe_names()]
    if what not in known and not Path(what).exists():
        raise InputError(
            f"{what} is no folder of recordings, data set or recipe{nearest(what, known)}; "
            "see `ondes data` and `ondes recipes`"
        )
    return documents.layers(what)


def _own(card: "Card") -> Layer:
    """Return the recipe that a model was trained by."""
    if not card.recipe:
        raise InputError(
            f"the card of {card.name} does not say what to score it on: name a folder of "
            "recordings (x.wav, x.csv), a data set or a recipe"
        )
    return Layer(f"card of {card.name}", dict(card.recipe))


def _layer(name: str, task: str, options: Options) -> Layer:
    """Return a recipe for a data set; nothing else of it will be used."""
    content = {
        "name": name,
        "about": "what a model is scored on",
        "data": {"set": name, "options": options},
        "model": {"name": "given"},
        "task": {"name": task},
    }
    return Layer(f"ondes evaluate {name}", content)


def _at_rate(name: str, card: "Card") -> Options:
    """Return the option that makes a data set at the model's rate, where it has that option."""
    rate_hz = card.spec["rate_hz"]
    has_rate = any(field.name == "rate_hz" for field in fields(data.find(name).Config))
    return {"rate_hz": int(rate_hz) if rate_hz == int(rate_hz) else rate_hz} if has_rate else {}
