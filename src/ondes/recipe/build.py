"""From a recipe to data sets, a model and a task: the only room that names concretes."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from torch import nn

from ondes import data, models, tasks
from ondes.data import varied_pairs
from ondes.data.chosen import chosen
from ondes.data.varied import Varied
from ondes.data.varied_pairs import VariedPairs
from ondes.errors import RecipeError, check_name, nearest
from ondes.models import translators
from ondes.nn import game
from ondes.ops import vary
from ondes.protocols import ClipDataset, Dataset, Examples, Level, PairDataset, Task
from ondes.recipe import pairs
from ondes.recipe.documents import holds, laid
from ondes.recipe.options import Maker, Path, Where, dotted, make, typed
from ondes.recipe.schema import Recipe
from ondes.run import artefact, kinds
from ondes.train import seeds

GIVEN = ("model", "judge")
"""What tasks take that is no option."""

SPLITS = ("train", "valid", "test")
"""Those that a recipe may give options of their own."""


def makers(recipe: Recipe, *, where: Where = dotted) -> dict[str, Maker]:
    """Return what takes the options of ``data``, ``data.vary``, ``model``, its game and ``task``.

    Raises:
        RecipeError: there is no such data set, model or task, or the task learns of frames what
            the data say of clips, or the other way round.
    """
    found = {
        "data": _found(_data_config, recipe.data.set, where(("data", "set"))),
        "vary": _vary_kind(recipe),
        "model": _found(_model_config, recipe.model.name, where(("model", "name"))),
        "game": game.Config,
        "task": _found(tasks.find, recipe.task.name, where(("task", "name"))),
    }
    _check_levels(recipe, where)
    return found


def _check_levels(recipe: Recipe, where: Where) -> None:
    """Raise RecipeError where the task learns of frames what data or model say of clips, or so."""
    given, wanted = data.level(recipe.data.set), tasks.find(recipe.task.name).LEVEL
    if given != wanted:
        raise RecipeError(
            f"{where(('data', 'set'))}: {recipe.data.set} says what is true of each {given}, the "
            f"task {recipe.task.name} learns of each {wanted}; take "
            f"{_any_of(name for name in data.names() if data.level(name) == wanted)}"
        )
    able = _able(wanted)
    if recipe.model.name not in able:
        raise RecipeError(
            f"{where(('model', 'name'))}: {recipe.model.name} does not judge each {wanted}; take "
            f"{_any_of(able)}"
        )
    if wanted != "pair" and recipe.model.game:
        raise RecipeError(f"{where(('model', 'game'))}: {recipe.model.name} is no translator")
    if wanted == "pair" and recipe.members > 1:
        raise RecipeError(f"{where(('members',))}: translators have no members; say 1")
    said = {"frame": recipe.data.vary or recipe.data.balance, "pair": recipe.data.balance}
    if said.get(given):
        place = where(("data", "vary" if given == "frame" and recipe.data.vary else "balance"))
        raise RecipeError(f"{place}: {recipe.data.set} is no set of clips, and varies its own")


def _able(level: Level) -> list[str]:
    """Return the architectures that judge each frame or clip, or translate pairs."""
    if level == "pair":
        return translators.names()
    return [name for name in models.names() if level in models.levels(name)]


def _any_of(names: Iterable[str]) -> str:
    return " or ".join(names) or "another"


def check_options(recipe: Recipe, *, where: Where) -> None:
    """Check the types of all options, whose names are known, and the names of limited splits.

    Raises:
        RecipeError: a value has another type, or there is no such split.
    """
    found = makers(recipe, where=where)
    splits = (*SPLITS, *data.find(recipe.data.set).TESTS)
    for split in recipe.data.limit:
        if split not in splits:
            place = where(("data", "limit", split))
            raise RecipeError(f"{place}: no such split{nearest(split, splits)}")
    families = kinds.find(recipe.task.name).families()
    for family in recipe.baselines:
        if family not in families:
            raise RecipeError(
                f"{where(('baselines',))}: no classical rival of {recipe.task.name} is called "
                f"{family!r}{nearest(family, families)}"
            )
    for split in SPLITS:
        _data_options(recipe, split, where=where)
    for owner, path, values in (
        ("vary", ("data", "vary"), recipe.data.vary),
        ("model", ("model", "options"), recipe.model.options),
        ("game", ("model", "game"), recipe.model.game),
        ("task", ("task", "options"), recipe.task.options),
    ):
        typed(found[owner], values, path, where=where)


def check_values(recipe: Recipe, *, where: Where) -> None:
    """Make the configurations that need no data, of options whose types are right.

    Raises:
        RecipeError: an option is missing, or its value is refused.
    """
    found = makers(recipe, where=where)
    make(found["data"], _data_options(recipe, "train"), ("data", "options"), where=where)
    _vary_config(recipe, where=where)
    for owner, path, options in (
        ("model", ("model", "options"), recipe.model.options),
        ("game", ("model", "game"), recipe.model.game),
    ):
        make(found[owner], typed(found[owner], options, path), path, where=where)


def data_config(recipe: Recipe, split: str) -> Any:  # noqa: ANN401 - the data set's own Config
    """Return the data set's configuration for a split.

    Raises:
        RecipeError: an option is unknown, missing, of another type or refused.
    """
    maker = data.find(recipe.data.set).Config
    return make(maker, _data_options(recipe, split), ("data", "options"))


def facts(recipe: Recipe) -> dict[str, Any]:
    """Return what the card shall say about the data, as their set tells it; most tell nothing.

    Raises:
        InputError: its files do not fit.
    """
    tell = getattr(data.find(recipe.data.set), "facts", None)
    return {} if tell is None else tell(data_config(recipe, "train"))


def dataset(recipe: Recipe, split: str) -> Examples:
    """Return the data of a split: ``train``, ``valid``, ``test`` or one that this set has besides.

    Raises:
        RecipeError: the set has no such split, or an option is missing.
        InputError: its files do not fit.
    """
    module = data.find(recipe.data.set)
    examples: Examples = module.build(data_config(recipe, split), split=split, seed=recipe.seed)
    some = limited(recipe, examples, recipe.data.limit.get(split))
    return varied(recipe, some) if split == "train" else some


def few(recipe: Recipe) -> Callable[[], ClipDataset] | None:
    """Return what gives the few labelled clips of a new sensor that a set of pairs tells of."""
    tell = getattr(data.find(recipe.data.set), "few", None)
    if tell is None:
        return None
    return lambda: cast("ClipDataset", tell(data_config(recipe, "train")))


def varied(recipe: Recipe, examples: Examples) -> Examples:
    """Return examples of training varied as the recipe says, or as they are without."""
    if not recipe.data.vary and not recipe.data.balance:
        return examples
    config: Any = _vary_config(recipe)
    if data.level(recipe.data.set) == "pair":
        return VariedPairs(cast("PairDataset", examples), config, seed=recipe.seed)
    clips = cast("ClipDataset", examples)
    return Varied(clips, config, seed=recipe.seed, balance=recipe.data.balance)


def task(recipe: Recipe, examples: Examples) -> Task:
    """Return the recipe's task around a model, made for such examples.

    Its weights are fresh, or those of the model that ``model.start`` names.

    Raises:
        RecipeError: the model or the task refuses its options, or the weights do not fit.
        ArtefactError: there is no model of that name, or it is damaged.
    """
    maker, path = tasks.find(recipe.task.name), ("task", "options")
    options = typed(maker, recipe.task.options, path)
    if recipe.data.vary.get("apart"):
        pairs.check_apart(options)
    with seeds.seeded(recipe.seed):
        model = _model(recipe, examples)
    if recipe.model.start:
        _take_up(model.forth if isinstance(model, game.Game) else model, recipe.model.start)
    given = {"model": model, **_judge(options)}
    return cast("Task", make(maker, {**given, **options}, path))


def _model(recipe: Recipe, examples: Examples) -> nn.Module:
    level = tasks.find(recipe.task.name).LEVEL
    if level == "pair":
        path = ("model", "game")
        config = make(game.Config, typed(game.Config, recipe.model.game, path), path)
        return pairs.game_for(
            cast("PairDataset", examples), recipe.model.name, recipe.model.options, config
        )
    judged = cast("Dataset | ClipDataset", examples)
    return models.build(
        recipe.model.name,
        recipe.model.options,
        rate_hz=judged.rate_hz,
        channels=judged.n_channels,
        classes=judged.labels,
        level=level,
    )


def _judge(options: Mapping[str, Any]) -> dict[str, nn.Module]:
    """Return the frozen classifier that a task's options name, if they do."""
    name = options.get("classifier", "")
    return {"judge": pairs.judge(name)} if name else {}


def limited(recipe: Recipe, examples: Examples, limit: int | None) -> Examples:
    """Return the first ``limit`` examples of a recipe's data, or all where there are no more.

    Sets of clips lie class by class: of them those are taken that lie evenly over all.
    """
    if limit is None or limit >= len(examples):
        return examples
    if data.level(recipe.data.set) == "frame":
        return chosen(examples, range(limit))
    return chosen(examples, [place * len(examples) // limit for place in range(limit)])


def _take_up(model: nn.Module, start: str) -> None:
    """Give a network weights of its kind, or those of the network that it is built around."""
    weights = artefact.read_weights(artefact.find(start))
    inner = getattr(model, "inner", None)
    around = isinstance(inner, nn.Module) and weights.keys() == inner.state_dict().keys()
    try:
        (cast("nn.Module", inner) if around else model).load_state_dict(weights)
    except RuntimeError as error:
        raise RecipeError(
            f"model.start: the weights of {start} are of another network than model.name with "
            f"model.options for these data ({error})"
        ) from error


def _vary_kind(recipe: Recipe) -> Maker:
    of_pairs = recipe.data.set in data.names() and data.level(recipe.data.set) == "pair"
    return varied_pairs.Config if of_pairs else vary.Config


def _vary_config(recipe: Recipe, *, where: Where = dotted) -> object:
    path, kind = ("data", "vary"), _vary_kind(recipe)
    return make(kind, typed(kind, recipe.data.vary, path), path, where=where)


def _data_options(recipe: Recipe, split: str, *, where: Where = dotted) -> dict[str, Any]:
    """Return the options of a split in their types: those of all splits, then its own over them."""
    own = getattr(recipe.data, split) if split in SPLITS else {}

    def place(path: Path) -> str:
        return where(path if holds(own, path[2:]) else ("data", "options", *path[2:]))

    values = laid(recipe.data.options, own)
    return typed(_data_config(recipe.data.set), values, ("data", split), where=place)


def _data_config(name: str) -> Maker:
    return cast("Maker", data.find(name).Config)


def _model_config(name: str) -> Maker:
    known = [*models.names(), *translators.names()]
    check_name("no model is called", name, known, error=RecipeError)
    room = translators.TRANSLATORS if name in translators.names() else models.ARCHITECTURES
    return cast("Maker", room.find(name).Config)


def _found(find: Callable[[str], Maker], name: str, place: str) -> Maker:
    try:
        return find(name)
    except RecipeError as error:
        raise RecipeError(f"{place}: {error}") from error
