"""Architectures, floor 3: one file each, found by its name.

``models/<name>.py`` holds a frozen dataclass ``Config`` with a default for every option, and
``CARD``, a few lines for the reader of a model card. An architecture for detection alone has a
``Module(config, *, rate_hz, channels, classes)`` whose ``spec`` says what it takes and gives; its
``forward`` maps a batch [b, channels, t] to logits [b, heads, classes, t // hop]. If it is built
around another network, that is its ``inner``, whose weights a recipe may give (``model.start``).

A backbone for any purpose has instead, or also, an ``encoder(config, *, channels, context=None)``
that returns an `ondes.nn.encoder.Encoder`: what it is given has ``channels``, and where a whole
clip would be looked at, ``context`` limits that to so many entries to both sides. If it has a
``head(config, *, encoder, outputs)`` too, that judges whole clips, else a mean and a dense layer
do. Its ``Config`` has ``dims``, ``front`` (`ondes.nn.front.Config`), ``dropout`` and, if other
initial weights than Kaiming's shall be had, ``init``.

``ondes.testing.check_model`` tests them all. What turns one sensor's signal into another's has a
room of its own, `ondes.models.translators`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, cast, get_type_hints

from pydantic import TypeAdapter, ValidationError

from ondes.catalogue import Catalogue
from ondes.errors import RecipeError, check_options
from ondes.protocols import Level

if TYPE_CHECKING:
    from torch import nn

__all__ = ["build", "card", "configured", "levels", "names"]

ARCHITECTURES = Catalogue(package=__name__, unknown="no architecture is called", error=RecipeError)
CONTEXT = 16  # entries to both sides that stand for a clip where frames are judged


def names() -> list[str]:
    """Return the names of all architectures, in alphabetical order.

    >>> "inception_time" in names()
    True
    """
    return ARCHITECTURES.names()


def build(
    name: str,
    options: Mapping[str, Any] | None = None,
    *,
    rate_hz: float,
    channels: int,
    classes: Sequence[str],
    level: Level = "frame",
) -> "nn.Module":
    """Return a new network of the architecture `name` with freshly drawn weights.

    Args:
        name: one of `names`.
        options: fields of the architecture's ``Config``, as JSON and YAML give them; what is
            left out keeps its default.
        rate_hz: sampling rate of the signals it will see.
        channels: number of channels of these signals.
        classes: the labels of its output, in order.
        level: whether it judges every frame (its ``spec`` is a `Spec`) or clips as a whole
            (`ClipSpec`).

    Raises:
        RecipeError: there is no such architecture or option, a value makes no sense, or the
            architecture does not judge clips.

    >>> net = build("inception_time", {"hop": 64}, rate_hz=8000, channels=1, classes=("a", "b"))
    >>> net.spec.hop
    64
    >>> build("lenet", rate_hz=100, channels=3, classes=("a", "b"), level="clip").spec.outputs
    ('a', 'b')
    """
    module = ARCHITECTURES.find(name)
    _check_level(name, level)
    config = configured(name, module.Config, options or {})
    if level == "frame" and hasattr(module, "Module"):
        built: nn.Module = module.Module(
            config, rate_hz=rate_hz, channels=channels, classes=tuple(classes)
        )
        return built
    from ondes.models import _nets

    make = _nets.clip_net if level == "clip" else _nets.frame_net
    given = cast("_nets.Options", config)
    return make(module, given, rate_hz=rate_hz, channels=channels, classes=classes)


def levels(name: str) -> tuple[Level, ...]:
    """Return what the architecture `name` can judge: frames, clips or either.

    >>> levels("mel"), levels("resnet")
    (('frame',), ('frame', 'clip'))
    """
    both: tuple[Level, ...] = ("frame", "clip")
    return both if hasattr(ARCHITECTURES.find(name), "encoder") else both[:1]


def card(name: str) -> str:
    """Return what the architecture `name` says of itself."""
    text: str = ARCHITECTURES.find(name).CARD
    return text


def _check_level(name: str, level: Level) -> None:
    if level in levels(name):
        return
    if level != "clip":
        raise RecipeError(f"level={level!r}: give 'frame' or 'clip'")
    able = [other for other in names() if "clip" in levels(other)]
    raise RecipeError(f"{name} judges frames, not clips; take one of {', '.join(able)}")


def configured(name: str, kind: type[Any], options: Mapping[str, Any]) -> object:
    """Return the dataclass `kind` with `options`, checked against its annotations.

    Raises:
        RecipeError: `kind`, of the architecture `name`, has no such option, or the value is wrong.
    """
    _check_names(name, kind, options)
    try:
        return TypeAdapter(kind).validate_python(dict(options))
    except ValidationError as error:
        wrong = "; ".join(_said(problem) for problem in error.errors())
        raise RecipeError(f"options of {name}: {wrong}") from error


def _check_names(name: str, kind: type[Any], options: Mapping[str, Any]) -> None:
    """Refuse an option that `kind`, or a dataclass within it, does not know."""
    known, hints = [field.name for field in fields(kind)], get_type_hints(kind)
    check_options(name, options, known, error=RecipeError)
    for option, value in options.items():
        if is_dataclass(hints[option]) and isinstance(value, Mapping):
            _check_names(f"{name}.{option}", hints[option], value)


def _said(problem: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in problem["loc"])
    return ": ".join(filter(None, (place, problem["msg"].removeprefix("Value error, "))))
