"""What translators and critics are to make small, and how much each part of it weighs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ondes.errors import InputError
from ondes.losses import (
    judged_as,
    l1,
    same_answers,
    same_features,
    signal_l1,
    texture,
    uncertain_l1,
)
from ondes.losses.translate import Kind
from ondes.nn.critic import PatchCritic
from ondes.nn.game import Game
from ondes.nn.translator import Translation, Translator

Terms = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Losses:
    """How much each term of a translator's loss weighs, 0 or more; 0 leaves it out.

    gen: error of entries, weighed by the translator's uncertainty where it tells that
        (`ondes.losses.uncertain_l1`), else L1; pix2pix has 100.
    coarse: L1 of what was there before attention or texture changed it.
    recon: L1 of what is already of the wanted sensor, and shall stay (identity).
    adv: whether a critic takes it for real; the critics' own losses are `critic`.
    cycle: L1 of there and back again; with it alone pairs need not belong together (CycleGAN).
    signal: L1 weighed by how much signal there is, `emphasis` times its share.
    texture: roughness over `stretch` entries.
    same: whether the frozen classifier answers as on the true partner, at a `temperature`.
    features: whether what it sees on its way there is the same, level by level.
    kind: of the critics' loss, least-squares or logistic.

    Raises:
        InputError: a weight is below 0, or all are 0.
    """

    gen: float = 1.0
    coarse: float = 0.0
    recon: float = 0.0
    adv: float = 0.0
    cycle: float = 0.0
    signal: float = 0.0
    texture: float = 0.0
    same: float = 0.0
    features: float = 0.0
    emphasis: float = 4.0
    stretch: int = 5
    temperature: float = 1.0
    kind: Kind = "least-squares"

    def __post_init__(self) -> None:
        below = [name for name in TERMS if getattr(self, name) < 0]
        if below:
            raise InputError(f"losses.{below[0]}={getattr(self, below[0])}: must be 0 or more")
        if not self.named:
            raise InputError(f"losses: all of {', '.join(TERMS)} are 0; nothing would be learnt")

    @property
    def named(self) -> tuple[str, ...]:
        """The terms that weigh something."""
        return tuple(name for name in TERMS if getattr(self, name))


JUDGED = ("same", "features")
"""Terms that need the frozen classifier."""

TERMS = ("gen", "coarse", "recon", "adv", "cycle", "signal", "texture", *JUDGED)
"""All terms; what else `Losses` holds says how they are computed."""


class Way(NamedTuple):
    """One direction of a game over a batch: what is given, what is true, what was made."""

    translator: Translator
    critic: PatchCritic
    given: Tensor
    true: Tensor
    made: Translation


class Answering(NamedTuple):
    """A frozen classifier, and how scaled translations come to what it takes."""

    judge: nn.Module
    centre: float
    spread: float

    def __call__(self, x: Tensor) -> Tensor:
        """Return logits [b, class] of scaled x [b, channels, (f,) t]."""
        logits: Tensor = self.judge(self._raw(x))
        return logits.float()

    def seen(self, x: Tensor) -> tuple[Sequence[Tensor], Tensor]:
        """Return the levels that it sees on its way, and the logits."""
        levels, logits = self.judge.seen(self._raw(x))  # type: ignore[operator]  # has been checked
        return [level.float() for level in levels], logits.float()

    def _raw(self, x: Tensor) -> Tensor:
        flat = x.flatten(1, -2) if x.ndim == 4 else x
        return (flat * self.spread + self.centre).float()


def ways(game: Game, x: Tensor, y: Tensor) -> list[Way]:
    """Translate a batch in all directions of a game."""
    found = [Way(game.forth, game.critic_forth, x, y, _float(game.forth(x)))]
    if game.back is not None and game.critic_back is not None:
        found.append(Way(game.back, game.critic_back, y, x, _float(game.back(y))))
    return found


def translators_terms(
    found: list[Way], losses: Losses, *, conditional: bool, answering: Answering | None
) -> Terms:
    """Return the weighed terms of translators, sums over directions, by name."""
    values: Terms = {}
    if answering is not None and any(getattr(losses, name) for name in JUDGED):
        values = _consistency(found[0], losses, answering)
    for name in losses.named:
        if name == "cycle":
            values[name] = _cycle(found)
        elif name not in JUDGED:
            parts = [_term(name, way, losses, conditional=conditional) for way in found]
            values[name] = torch.stack(parts).sum()
    return {name: getattr(losses, name) * values[name] for name in losses.named}


def critics_term(found: list[Way], losses: Losses, *, conditional: bool) -> Terms:
    """Return the loss of the critics, a sum over directions, as ``critic``.

    What was made is taken as it is: no gradient goes to translators.
    """
    parts = []
    for way in found:
        given = way.given if conditional else None
        real = judged_as(way.critic(way.true, given).float(), real=True, kind=losses.kind)
        made = way.critic(way.made.result.detach(), given).float()
        parts.append((real + judged_as(made, real=False, kind=losses.kind)) / 2)
    return {"critic": torch.stack(parts).sum()}


def _term(name: str, way: Way, losses: Losses, *, conditional: bool) -> Tensor:
    made, true = way.made, way.true
    match name:
        case "gen" if made.log_uncertainty is not None:
            return uncertain_l1(made.result, true, made.log_uncertainty)
        case "gen":
            return l1(made.result, true)
        case "coarse":
            return l1(made.coarse, true)
        case "recon":
            return l1(_float(way.translator(true)).result, true)
        case "adv":
            judged = way.critic(made.result, way.given if conditional else None)
            return judged_as(judged.float(), real=True, kind=losses.kind)
        case "signal":
            floor = float(true.median()) if true.ndim == 4 else None
            return signal_l1(made.result, true, emphasis=losses.emphasis, floor=floor)
        case _:
            return texture(made.result, true, stretch=losses.stretch)


def _cycle(found: list[Way]) -> Tensor:
    forth, back = found
    there = l1(_float(back.translator(forth.made.result)).result, forth.given)
    return there + l1(_float(forth.translator(back.made.result)).result, back.given)


def _consistency(way: Way, losses: Losses, answering: Answering) -> Terms:
    """Return the terms of the frozen classifier, unweighted."""
    if not losses.features:
        with torch.no_grad():
            truth = answering(way.true)
        logits = answering(way.made.result)
        return {"same": same_answers(logits, truth, temperature=losses.temperature)}
    with torch.no_grad():
        wanted, truth = answering.seen(way.true)
    levels, logits = answering.seen(way.made.result)
    return {
        "same": same_answers(logits, truth, temperature=losses.temperature),
        "features": same_features(levels, wanted),
    }


def _float(made: Translation) -> Translation:
    return Translation(*(None if part is None else part.float() for part in made))  # type: ignore[arg-type]
