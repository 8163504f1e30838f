"""`Varied`: endless varied clips of a set of clips, for training."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ondes.errors import InputError
from ondes.ops import vary
from ondes.protocols import ENDLESS, Clip, ClipDataset, true_of

LENGTH = 10**9
CHAIN, PARTNER, SHARE = range(3)  # what randomness is for


class Varied:
    """Clips of `clips`, each time varied anew by `config`; a training never sees one twice.

    Pass after pass visits each clip once, in an order of its own. `balance` gives every label its
    turn instead, however few its clips are, and visits a label's clips in turn: for classes, and
    for tags, where clips without any take one turn like a label. Clips without end, as mixtures
    are, come in their own order. What index i holds follows from `seed` and i alone. Raises
    InputError where there is nothing to vary, or no end of what is to be balanced.
    """

    def __init__(
        self, clips: ClipDataset, config: vary.Config, *, seed: int, balance: bool = False
    ) -> None:
        if len(clips) < 1:
            raise InputError(f"Varied({clips!r}): there is no clip to vary; give one or more")
        if balance and len(clips) >= ENDLESS:
            raise InputError(
                f"Varied({clips!r}, balance=True): clips without end have no counts to balance; "
                "leave balance out"
            )
        self.clips, self.config, self.seed = clips, config, seed
        self.rate_hz, self.labels, self.n_channels = clips.rate_hz, clips.labels, clips.n_channels
        self._groups: list[NDArray[np.int64]] | list[range] = (
            _groups(clips) if balance else [range(len(clips))]
        )

    def __len__(self) -> int:
        return LENGTH

    def __getitem__(self, index: int) -> Clip:
        if not 0 <= index < LENGTH:
            raise IndexError(f"varied clip {index} of {LENGTH}")
        one = self._varied(index, self.place(index), CHAIN)
        share = vary.draw_share(self._rng(index, SHARE), self.config)
        if share is None:
            return one
        other = self.place(int(self._rng(index, PARTNER).integers(LENGTH)))
        return vary.mixup(one, self._varied(index, other, PARTNER), share, union=self.config.union)

    def y_of(self, index: int) -> NDArray[np.float32]:
        """Return what is true of the clip that is varied at `index`, mixed with no other."""
        return true_of(self.clips, self.place(index))

    def place(self, index: int) -> int:
        """Return which of `clips` is varied at `index`."""
        if len(self.clips) >= ENDLESS:
            return index % len(self.clips)
        turn, group = divmod(index, len(self._groups))
        if len(self._groups) > 1:
            group = _permuted(len(self._groups), self.seed, turn, 0)[group]
        members = self._groups[group]
        turn, member = divmod(turn, len(members))
        return int(members[_permuted(len(members), self.seed, turn, 1 + group)[member]])

    def _varied(self, index: int, place: int, purpose: int) -> Clip:
        clip = self.clips[place]
        chain = vary.draw(self._rng(index, purpose), self.config, channels=self.n_channels)
        return Clip(chain(clip.x, self.rate_hz), clip.y)

    def _rng(self, index: int, purpose: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, index, purpose))


def _groups(clips: ClipDataset) -> list[NDArray[np.int64]]:
    """The clips that have each label, and those that have none; without empty groups."""
    has = np.stack([true_of(clips, i) for i in range(len(clips))]) >= 0.5
    columns = [*has.T, ~has.any(1)]
    return [np.flatnonzero(column) for column in columns if column.any()]


@lru_cache(maxsize=64)
def _permuted(length: int, seed: int, turn: int, group: int) -> NDArray[np.int64]:
    return np.random.default_rng((seed, turn, group)).permutation(length)
