"""Translators: one file per network that turns one sensor's signal into another's.

``models/translators/<name>.py`` holds a frozen dataclass ``Config``, with a ``depth`` and a default
for every option, ``CARD``, and ``body(config, *, dims, channels, outputs, depth)``: a module that
gives an `ondes.nn.translator.Translation` of any input whose axes are multiples of 2 ** depth.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ondes.catalogue import Catalogue
from ondes.errors import RecipeError
from ondes.models import configured
from ondes.spec import TranslatorSpec

if TYPE_CHECKING:
    from ondes.nn.game import Game
    from ondes.nn.translator import Translator

__all__ = ["build", "build_game", "card", "names"]

TRANSLATORS = Catalogue(package=__name__, unknown="no translator is called", error=RecipeError)


def names() -> list[str]:
    """Return the names of all translators, in alphabetical order.

    >>> names()
    ['pix2pix', 'residual', 'sig2sig', 'texture']
    """
    return TRANSLATORS.names()


def card(name: str) -> str:
    """Return what the translator `name` says of itself."""
    text: str = TRANSLATORS.find(name).CARD
    return text


def build(
    name: str,
    options: Mapping[str, Any] | None = None,
    *,
    rate_hz: float,
    channels: int,
    outputs: Sequence[str],
    size: tuple[int, ...],
) -> "Translator":
    """Return a new translator with freshly drawn weights.

    Args:
        name: one of `names`.
        options: fields of its ``Config``; what is left out keeps its default.
        rate_hz: sampling rate, along time, of what it takes and gives.
        channels: of what it takes.
        outputs: names of the channels that it gives.
        size: of the examples it will learn from, (time,) for signals and (bins, time) for maps;
            it limits the depth, of which ``notes`` tell. Later the number of bins stays, the length
            may be any.

    Raises:
        RecipeError: there is no such translator or option, or a value makes no sense.

    >>> net = build("pix2pix", {"width": 4}, rate_hz=50, channels=1, outputs=("old",), size=(400,))
    >>> net.depth, net.notes
    (7, ('7 levels rather than 8: examples of 400 samples cannot be halved more often',))
    """
    from ondes.nn.translator import Translator, room

    if len(size) not in (1, 2) or min(size) < 1:
        raise RecipeError(f"size={size}: give (time,) for signals or (bins, time) for maps")
    module = TRANSLATORS.find(name)
    config: Any = configured(name, module.Config, options or {})
    depth, notes = room(config.depth, size)
    bins = size[0] if len(size) > 1 else None
    spec = TranslatorSpec(rate_hz, channels, tuple(outputs), dims=len(size), bins=bins)
    body = module.body(config, dims=len(size), channels=channels, outputs=len(outputs), depth=depth)
    return Translator(body, spec, depth=depth, notes=notes)


def build_game(
    name: str,
    options: Mapping[str, Any] | None = None,
    critic: Mapping[str, Any] | None = None,
    *,
    rate_hz: float,
    inputs: Sequence[str],
    outputs: Sequence[str],
    size: tuple[int, ...],
    both: bool = True,
    conditional: bool = False,
) -> "Game":
    """Return translators and critics that train together, with freshly drawn weights.

    Args:
        name: of the translators, both alike, one of `names`.
        options: fields of the translator's ``Config``.
        critic: fields of `ondes.nn.critic.Config`.
        rate_hz: sampling rate of both sensors' signals.
        inputs: names of the channels of the sensor that is translated.
        outputs: names of the channels of the sensor that is wanted.
        size: of the examples, as for `build`.
        both: translate back, too, as Sig2Sig and CycleGAN do; pix2pix goes one way.
        conditional: critics see, beside a translation, what it was made of, as in pix2pix.

    Raises:
        RecipeError: as for `build`.
    """
    from ondes.nn.critic import Config, PatchCritic
    from ondes.nn.game import Game

    wanted: Any = configured("critic", Config, critic or {})
    ways = [(inputs, outputs), (outputs, inputs)][: 2 if both else 1]
    made: list[Any] = []
    for given, got in ways:
        made.append(
            build(name, options, rate_hz=rate_hz, channels=len(given), outputs=got, size=size)
        )
        seen = len(got) + (len(given) if conditional else 0)
        dims: Any = len(size)
        made.append(PatchCritic(wanted, dims=dims, inputs=seen))
    return Game(*made)
