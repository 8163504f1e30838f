"""``ondes draw``: a network as a picture, in the notation of the thesis, with its counts."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from ondes.cli import _console, _options
from ondes.errors import InputError, OndesError, RecipeError, nearest

if TYPE_CHECKING:
    from torch import nn

    from ondes.draw import Graph
    from ondes.protocols import ClipDataset, Dataset, Level
    from ondes.recipe import Recipe
    from ondes.spec import ClipSpec, Spec

RATE_HZ, CHANNELS, CLASSES = 24_000.0, 1, 10
LOWEST = 36  # of the pitches that classes are called by: C2, which any architecture takes


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the call says of the network; None is for what it is drawn from to say."""

    rate_hz: float | None
    channels: int | None
    classes: int | None
    samples: int | None
    level: str | None
    image: str | None
    heads: bool
    overrides: list[str]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A network to draw, and the shape of an input."""

    module: "nn.Module"
    shape: tuple[int, ...]
    note: str = ""


def draw(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL|RECIPE|ARCHITECTURE",
            help="One of `ondes models` or `ondes recipes`, a folder, or a YAML file.",
        ),
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="What to draw, .svg or .png."),
    ] = None,
    depth: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Levels of modules; deeper ones become a box each."),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Length of the input; without it a second."),
    ] = None,
    rate: Annotated[
        float | None, typer.Option(metavar="HZ", help="Sampling rate of an architecture's input.")
    ] = None,
    channels: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Channels of an architecture's input.")
    ] = None,
    classes: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Classes of an architecture's output.")
    ] = None,
    level: Annotated[
        str | None,
        typer.Option(
            metavar="frame|clip",
            help="What an architecture judges; without it whole clips where it can.",
        ),
    ] = None,
    image: Annotated[
        str | None,
        typer.Option(
            metavar="CxHxW", help="An architecture on images or maps, as in its paper: 3x224x224."
        ),
    ] = None,
    heads: Annotated[
        bool, typer.Option("--heads", help="Draw the heads that serve training alone, too.")
    ] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change the recipe, as model.options.size=big; of an architecture size=big.",
        ),
    ] = None,
    title: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What to write above it.")
    ] = None,
    json: _options.Json = False,
) -> None:
    """Draw a network with its parameters, multiply-adds and receptive field.

    Hexagons are convolutions and poolings with the core's shape below, circles are batch norm (B)
    and activations, brackets what is repeated. In an SVG each says more when it is pointed at.
    Without --out the layers are listed.
    """
    from ondes.draw import check_suffix

    if out is not None:
        check_suffix(out)
    wanted = Wanted(
        rate_hz=rate,
        channels=channels,
        classes=classes,
        samples=samples,
        level=level,
        image=image,
        heads=heads,
        overrides=set_ or [],
    )
    graph = _graph(model, wanted, title=title or model, depth=depth)
    if out is not None:
        graph.write(out)
    _say(graph, out, json=json)


def _graph(name: str, wanted: Wanted, *, title: str, depth: int | None) -> "Graph":
    from ondes.draw import network

    subject = _subject(name, wanted)
    module = _with_heads(subject.module, name) if wanted.heads else subject.module
    graph = network(module, subject.shape, name=title, depth=depth)
    notes = " ".join(filter(None, (subject.note, graph.note)))
    return replace(graph, note=notes)


def _with_heads(module: "nn.Module", name: str) -> "nn.Module":
    from ondes.draw.images import AllHeads

    if not hasattr(module, "heads"):
        raise InputError(f"{name} has no heads for training alone: leave out --heads")
    return AllHeads(module)


def _say(graph: "Graph", out: Path | None, *, json: bool) -> None:
    if json:
        _console.show_json(
            {
                "name": graph.name,
                "file": out,
                "parameters": graph.parameters,
                "multiply_adds": graph.multiply_adds,
                "receptive_field": graph.receptive_field,
                "note": graph.note,
                "layers": graph.rows(),
            }
        )
    elif out is None:
        print(graph.summary())
    else:
        first, *more = graph.facts()
        print(f"{out}: {first}")
        for line in more:
            _console.note(line)


def _subject(name: str, wanted: Wanted) -> Subject:
    """Return what a name stands for: a trained model, an architecture or a recipe.

    Raises `InputError` where it is none of these.
    """
    from ondes import models, recipe
    from ondes.models import translators
    from ondes.run import artefact

    if name in artefact.names() or Path(name).is_dir():
        return _trained(name, wanted)
    if name in models.names():
        return _architecture(name, wanted)
    if name in translators.names():
        return _translator(name, wanted)
    if name in recipe.names() or Path(name).suffix in (".yaml", ".yml"):
        return _of_recipe(name, wanted)
    if Path(name).suffix.lower() == ".onnx":
        raise InputError(f"{name} is exported already: draw the model that it was made of")
    known = [*artefact.names(), *models.names(), *translators.names(), *recipe.names()]
    raise InputError(
        f"nothing to draw is called {name!r}{nearest(name, known)}; give one of `ondes models`, "
        "`ondes recipes`, the folder of a model or a recipe's file"
    )


def _trained(name: str, wanted: Wanted) -> Subject:
    from ondes.nn.ensemble import Ensemble
    from ondes.run import artefact

    if wanted.overrides or wanted.level or wanted.image or wanted.rate_hz or wanted.classes:
        raise InputError(f"{name} is trained, it takes no options but --samples, --depth, --title")
    path = artefact.find(name)
    card = artefact.read_card(path)
    module = artefact.read_model(path, card)
    if "way" in card.task:
        return _of_pairs(module, wanted, length=card.task["way"]["size"][-1])
    subject = _for_signals(module, wanted)
    if isinstance(module, Ensemble):
        note = f"One of the {len(module)} networks whose answers are averaged." * (len(module) > 1)
        return Subject(module=module[0], shape=subject.shape, note=note)
    return subject


def _architecture(name: str, wanted: Wanted) -> Subject:
    from ondes import models

    options = _options_of(name, wanted)
    if wanted.image is not None:
        from ondes.draw.images import backbone

        shape = _image(wanted.image)
        net = backbone(name, options, channels=shape[0], outputs=wanted.classes or CLASSES)
        return Subject(module=net, shape=(1, *shape))
    module = models.build(
        name,
        options,
        rate_hz=wanted.rate_hz or RATE_HZ,
        channels=wanted.channels or CHANNELS,
        classes=_pitches(wanted.classes or CLASSES),
        level=_level(name, wanted.level),
    )
    return _for_signals(module, wanted)


def _translator(name: str, wanted: Wanted) -> Subject:
    from ondes.models import translators

    if wanted.level:
        raise InputError(f"{name} translates, and judges no {wanted.level}: leave out --level")
    rate_hz = wanted.rate_hz or RATE_HZ
    signal = (wanted.channels or CHANNELS, wanted.samples or round(rate_hz))
    channels, *size = signal if wanted.image is None else _image(wanted.image)
    module = translators.build(
        name,
        _options_of(name, wanted),
        rate_hz=rate_hz,
        channels=channels,
        outputs=[str(k) for k in range(wanted.classes or channels)],
        size=tuple(size),
    )
    subject = _of_pairs(module, wanted, length=size[-1])
    return replace(subject, note=" ".join(module.notes))


def _of_pairs(module: "nn.Module", wanted: Wanted, *, length: int) -> Subject:
    """Return a translator and an input as it learns from: a signal, or a map of its bins."""
    from ondes.spec import TranslatorSpec

    spec = module.spec
    assert isinstance(spec, TranslatorSpec)
    bins = () if spec.bins is None else (spec.bins,)
    return Subject(module=module, shape=(1, spec.channels, *bins, wanted.samples or length))


def _options_of(name: str, wanted: Wanted) -> dict[str, Any]:
    from ondes.recipe.documents import Layer, merge, override_layer

    return merge([Layer(name, {}), *map(override_layer, wanted.overrides)])


def _level(name: str, wanted: str | None) -> "Level":
    from ondes import models

    levels = models.levels(name)
    for level in levels:
        if level == (wanted or levels[-1]):
            return level
    raise InputError(f"{name} has no level {wanted!r}; it judges {' or '.join(levels)}")


def _of_recipe(name: str, wanted: Wanted) -> Subject:
    from ondes import models, recipe, tasks

    found = recipe.load(name, overrides=wanted.overrides)
    rate_hz, channels, classes = _data(found, wanted)
    level: Level = tasks.find(found.task.name).LEVEL
    module = models.build(
        found.model.name,
        found.model.options,
        rate_hz=wanted.rate_hz or rate_hz,
        channels=wanted.channels or channels,
        classes=_pitches(wanted.classes) if wanted.classes else classes,
        level=level,
    )
    members = getattr(found, "members", 1)
    note = f"One of the {members} networks whose answers are averaged." * (members > 1)
    subject = _for_signals(module, wanted)
    return Subject(module=module, shape=subject.shape, note=note)


def _data(found: "Recipe", wanted: Wanted) -> tuple[float, int, tuple[str, ...]]:
    """Return rate, channels and classes of a recipe's data, which are read unless all is said."""
    from ondes import data
    from ondes.recipe import build

    if data.level(found.data.set) == "pair":
        raise InputError(
            f"{found.name} translates pairs: draw {found.model.name}, or the folder of a translator"
        )
    if wanted.rate_hz and wanted.channels and wanted.classes:
        return wanted.rate_hz, wanted.channels, ()
    try:
        examples = build.dataset(found, "train")
    except OndesError as error:
        raise InputError(
            f"the data of {found.name}, which say its rate, channels and classes, cannot be read: "
            f"{error}. Give --rate, --channels and --classes to draw it without"
        ) from error
    judged = cast("Dataset | ClipDataset", examples)
    return judged.rate_hz, judged.n_channels, tuple(judged.labels)


def _for_signals(module: "nn.Module", wanted: Wanted) -> Subject:
    from ondes.spec import ClipSpec, Spec

    spec = module.spec
    assert isinstance(spec, Spec | ClipSpec)
    return Subject(module=module, shape=(1, spec.channels, wanted.samples or _second(spec)))


def _second(spec: "Spec | ClipSpec") -> int:
    """Return the samples of about a second, in whole groups of frames or enough for a clip."""
    from ondes.spec import Spec

    if not isinstance(spec, Spec):
        return max(round(spec.rate_hz), spec.least)
    group = spec.step * spec.hop
    return max(1, round(spec.rate_hz / group)) * group


def _pitches(count: int) -> tuple[str, ...]:
    """Return names of classes: pitches in rising order, as some architectures need them."""
    from ondes.io import pitch

    highest = 128 - LOWEST
    if count > highest:
        return tuple(str(k) for k in range(count))
    return tuple(pitch.name(LOWEST + k) for k in range(count))


def _image(text: str) -> tuple[int, ...]:
    parts = text.lower().replace("×", "x").split("x")
    if len(parts) != 3 or not all(part.isdigit() and int(part) for part in parts):
        raise RecipeError(f"--image {text}: write channels, height and width as 3x224x224")
    return tuple(map(int, parts))
