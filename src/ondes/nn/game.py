"""Translators and critics that train together."""

from dataclasses import dataclass, field

from torch import Tensor, nn

from ondes.errors import RecipeError
from ondes.nn.critic import Config as Critic
from ondes.nn.critic import PatchCritic
from ondes.nn.translator import Translation, Translator
from ondes.spec import TranslatorSpec


@dataclass(frozen=True, kw_only=True)
class Config:
    """How translators train together.

    Attributes:
        both: translate back, too, as Sig2Sig and CycleGAN do; pix2pix goes one way.
        conditional: critics see, beside a translation, what it was made of, as in pix2pix.
        maps: how many maps the channels of an example are, one after the other: 1 for levels, 2
            for real and imaginary parts; 0 for signals.
        critic: options of the critics.
    """

    both: bool = True
    conditional: bool = False
    maps: int = 0
    critic: Critic = field(default_factory=Critic)

    def __post_init__(self) -> None:
        if self.maps < 0:
            raise RecipeError(f"maps={self.maps}: give 0 for signals, or how many maps they are")


class Game(nn.Module):
    """One way, `forth`, or both, `forth` and `back`, each with the critic of what it makes.

    Their parameters begin with these names, so that one phase of a training moves ``("forth.",
    "back.")`` and the other ``("critic_forth.", "critic_back.")``. To call a game is to translate
    forth; that is what remains of it after training.
    """

    def __init__(
        self,
        forth: Translator,
        critic_forth: PatchCritic,
        back: Translator | None = None,
        critic_back: PatchCritic | None = None,
    ) -> None:
        super().__init__()
        self.forth, self.critic_forth = forth, critic_forth
        self.back, self.critic_back = back, critic_back

    @property
    def spec(self) -> TranslatorSpec:
        """What it takes and gives, forth."""
        return self.forth.spec

    @property
    def translators(self) -> tuple[str, ...]:
        """Prefixes of the translators' parameters."""
        return ("forth.",) if self.back is None else ("forth.", "back.")

    @property
    def critics(self) -> tuple[str, ...]:
        """Prefixes of the critics' parameters."""
        return ("critic_forth.",) if self.critic_back is None else ("critic_forth.", "critic_back.")

    def forward(self, x: Tensor) -> Translation:
        """Translate x [b, channels, (f,) t] forth."""
        made: Translation = self.forth(x)
        return made
