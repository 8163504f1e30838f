"""The translate task: two sensors' signals into each other's, around any translators."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ondes.errors import ChannelError, InputError, RateError
from ondes.nn.game import Game
from ondes.nn.translator import Translation
from ondes.protocols import Level, Pair, PairDataset, Phase, Step
from ondes.spec import ClipSpec, TranslatorSpec
from ondes.tasks.translate import cells, watch
from ondes.tasks.translate.cells import Axes, Cells
from ondes.tasks.translate.check import check_pair, check_sensors
from ondes.tasks.translate.reading import Floats, Reading, Scaling, even, fitted
from ondes.tasks.translate.terms import Answering, Losses, critics_term, translators_terms, ways

MET = 200  # pairs that are looked at for the scale
NEITHER = {"least-squares": 0.5, "logistic": 0.0}  # what a critic says who cannot tell


class TranslateTask:
    """Learn to translate; holds a game, of which the translator `forth` is wanted in the end.

    Two phases alternate, ``translate`` and ``criticise``; without a critic's loss there is but the
    first. Terms are computed for the phase whose parameters move.

    Args:
        model: translators and critics.
        losses: how much each term weighs.
        judge: a frozen classifier of the wanted sensor's raw signals, [b, channels, t] to logits
            [b, class]; it serves the term `same`, and is no part of the model.
        classifier: what that is called; recipes name a model folder, or one that comes with ondes.
        scaling: ``each`` side by its own range of values, ``shared``: both by the target's, where
            sensors have one unit, or ``none``.
        floor: whether each item's median is taken off.
        align: axes of the source's maps along which its cells are brought to where the target has
            them, see `ondes.tasks.translate.cells`: ``none``, ``bins`` or ``both``.
        every: steps of the translators for one of the critics.
        resample: bring signals of the source to the target's rate, where they differ, by the filter
            of `ondes.ops.resample`; nothing is unasked.

    Attributes:
        reading: what scales raw signals, fitted where the task meets its data.
        size: of the items, (time,) or (bins, time).
        noticed: what the last validation found wrong, see `watch.noticed`; none before the first.

    Raises:
        InputError: a term needs what is not there: a classifier, a way back, as many channels.
    """

    LEVEL: ClassVar[Level] = "pair"

    def __init__(
        self,
        model: Game,
        *,
        losses: Losses = Losses(),  # noqa: B008 - frozen
        judge: nn.Module | None = None,
        classifier: str = "",
        scaling: Scaling = "each",
        floor: bool = False,
        align: Axes = "none",
        every: int = 1,
        resample: bool = False,
    ) -> None:
        self.model, self.losses, self.classifier = model, losses, classifier
        self.scaling, self.floor, self.align = scaling, floor, align
        self.every, self.resample = every, resample
        self.source_hz = self.spec.rate_hz
        self.reading = Reading()
        self.size: tuple[int, ...] = (1,)
        self.noticed: dict[str, str] | None = None
        self._judge = None if judge is None else judge.eval().requires_grad_(False)  # noqa: FBT003
        self._check()
        if not losses.adv:
            model.critic_forth.requires_grad_(False)  # noqa: FBT003
            if model.critic_back is not None:
                model.critic_back.requires_grad_(False)  # noqa: FBT003

    def _check(self) -> None:
        losses, spec = self.losses, self.spec
        if (losses.same or losses.features) and self._judge is None:
            raise InputError(
                "translate(losses.same, losses.features): there is no classifier whose answers "
                "shall stay the same; name one (task.options.classifier), or say 0"
            )
        if losses.features and not hasattr(self._judge, "seen"):
            raise InputError(
                f"translate(losses.features): {self.classifier!r} does not tell what it sees on "
                "its way to its answers; say losses.features: 0"
            )
        if losses.cycle and self.model.back is None:
            raise InputError("translate(losses.cycle): nothing translates back; model.game.both")
        if losses.recon and spec.channels != len(spec.outputs):
            raise InputError(
                f"translate(losses.recon): {spec.channels} channels become {len(spec.outputs)}: "
                "what is of the wanted sensor already cannot be put in; say losses.recon: 0"
            )
        if self.align != "none" and spec.bins is None:
            raise InputError(
                f"translate(align={self.align!r}): signals have no cells; say model.game.maps, how "
                "many maps their channels are, or align: none"
            )
        if self.every < 1:
            raise InputError(f"translate(every={self.every}): must be 1 or more")
        if self._judge is not None:
            check_judge(self._judge, spec, self.classifier)

    @property
    def spec(self) -> TranslatorSpec:
        """What the translator takes and gives."""
        return self.model.spec

    @property
    def conditional(self) -> bool:
        """Whether critics see what a translation was made of."""
        return self.model.critic_forth.inputs > len(self.spec.outputs)

    def meet(self, train_set: PairDataset, valid_set: PairDataset | None = None) -> None:
        """Look at the pairs that are to come, as the loop does at its beginning: fit the reading.

        Raises:
            ChannelError, RateError, InputError, NotFiniteError: they do not fit the translator.
        """
        for pairs in (train_set, valid_set):
            if pairs is not None:
                source_hz = pairs.source.rate_hz if self.resample else self.spec.rate_hz
                check_sensors(pairs, self.spec, source_hz=source_hz)
        self.source_hz = train_set.source.rate_hz
        seen = self._some(train_set)
        self.size = shaped(seen[0].target, self.spec).shape[1:]
        self.reading = fitted(
            [pair.source for pair in seen],
            [pair.target for pair in seen],
            scaling=self.scaling,
            floor=self.floor,
            maps=self.spec.dims == 2,
        )
        if self.align != "none":
            self.reading = replace(self.reading, cells=self._cells(train_set))

    def _cells(self, train_set: PairDataset) -> Cells | None:
        """Return where cells lie, by pairs that are not varied."""
        assert self.spec.bins is not None
        seen = self._some(getattr(train_set, "plain", train_set))
        sources, targets = [pair.source for pair in seen], [pair.target for pair in seen]
        return cells.fitted(sources, targets, bins=self.spec.bins, axes=self.align)

    def _some(self, pairs: PairDataset) -> list[Pair]:
        """Return some pairs, spread evenly, of one rate and checked."""
        places = _spread(len(pairs), MET)
        seen = [even(pairs[place], self.source_hz, self.spec.rate_hz) for place in places]
        for pair in seen:
            check_pair(pair, self.spec)
        return seen

    def prepare(self, pair: Pair) -> dict[str, NDArray[np.generic]]:
        """Return x and y, scaled, float32 [channel, (bin,) time].

        Raises:
            ChannelError, InputError, NotFiniteError: the pair is not of the translator's kind.
        """
        pair = even(pair, self.source_hz, self.spec.rate_hz)
        check_pair(pair, self.spec)
        return {
            "x": shaped(self.reading.into(pair.source), self.spec),
            "y": shaped(self.reading.target.into(pair.target), self.spec),
        }

    def step(self, batch: Mapping[str, Tensor]) -> Step:
        """Return the terms of the phase whose parameters move; out of training, of both.

        The rows are what `summary` needs of each pair.
        """
        x, y, game = batch["x"], batch["y"], self.model
        judging = self._moves(game.critics) and bool(self.losses.adv)
        if judging and not self._moves(game.translators):
            with torch.no_grad():
                found = ways(game, x, y)
            return Step(self._critics(found), {})
        found = ways(game, x, y)
        losses = translators_terms(
            found, self.losses, conditional=self.conditional, answering=self._answering(x)
        )
        if judging:
            losses |= self._critics(found)
        error = (found[0].made.result.detach() - y).abs().mean()
        rows = {} if game.training else self._rows(found[0].made, x, y)
        return Step(losses, {"l1": float(error)}, rows)

    def summary(self, rows: Mapping[str, NDArray[Any]]) -> dict[str, float]:
        """Return what a validation tells: see `watch.figures`.

        Warns of collapse, saturation and critics that always know, each when it begins: of a
        network that has learnt nothing yet there is nothing to say.
        """
        figures = watch.figures(rows)
        notes = watch.noticed(figures)
        for name in notes.keys() - (watch.NOTES if self.noticed is None else self.noticed):
            warnings.warn(f"{name}: {notes[name]}", stacklevel=2)
        self.noticed = notes
        return figures

    def phases(self) -> tuple[Phase, ...]:
        """Return the translators' phase and, where a critic's judgement counts, the critics'."""
        first = Phase("translate", self.model.translators, self.losses.named, self.every)
        second = Phase("criticise", self.model.critics, ("critic",))
        return (first, second) if self.losses.adv else (first,)

    def translated(self, x: Floats) -> tuple[Floats, Floats | None]:
        """Return an item [channel, time] as the wanted sensor's, and its uncertainty, or none.

        The item is at the network's rate; the uncertainty, [1 or bins, time], is in the wanted
        sensor's units.
        """
        scaled = shaped(self.reading.into(x), self.spec)
        made = self._made(torch.from_numpy(scaled)[None])
        return given(made.result, made.log_uncertainty, self.reading)

    def _made(self, x: Tensor) -> Translation:
        game = self.model
        training, device = game.training, next(iter(game.parameters())).device
        try:
            with torch.inference_mode():
                made: Translation = game.eval()(x.to(device))
                return made
        finally:
            game.train(training)

    def _moves(self, prefixes: Sequence[str]) -> bool:
        """Whether parameters of these names gather gradients, or nothing is being trained."""
        named = self.model.named_parameters()
        moved = any(
            value.requires_grad for name, value in named if name.startswith(tuple(prefixes))
        )
        return moved or not self.model.training

    def _critics(self, found: Any) -> dict[str, Tensor]:  # noqa: ANN401 - a list of ways
        return critics_term(found, self.losses, conditional=self.conditional)

    def _answering(self, x: Tensor) -> Answering | None:
        if self._judge is None:
            return None
        target = self.reading.target
        return Answering(self._judge.to(x.device), target.centre + target.level, target.spread)

    def _rows(self, made: Translation, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        rows = watch.rows(made, y)
        if self.losses.adv:
            critic = self.model.critic_forth
            judged = critic(made.result, x if self.conditional else None)
            rows["fooled"] = (judged.float() > NEITHER[self.losses.kind]).float().flatten(1).mean(1)
        answering = self._answering(y)
        if answering is not None:
            both = [answering(part).argmax(1) for part in (made.result, y)]
            rows["agrees"] = (both[0] == both[1]).float()
        return rows


def shaped(x: Floats, spec: TranslatorSpec) -> Floats:
    """Return an item [channel, time] as a translator of maps takes it, [map, bin, time]."""
    whole = np.ascontiguousarray(x, np.float32)
    return whole.reshape(-1, spec.bins, x.shape[-1]) if spec.bins else whole


def given(
    result: Tensor, log_uncertainty: Tensor | None, reading: Reading
) -> tuple[Floats, Floats | None]:
    """Return the first item of a batch as [channel, time] in the wanted sensor's units."""
    flat = result[0].float().flatten(0, -2)
    made: Floats = reading.target.out_of(flat).cpu().numpy()
    if log_uncertainty is None:
        return made, None
    doubt = log_uncertainty[0].float().exp().flatten(0, -2) * reading.target.spread
    return made, doubt.cpu().numpy()


def check_judge(judge: nn.Module, spec: TranslatorSpec, name: str) -> None:
    """Check that a classifier takes what a translator gives.

    Raises:
        InputError: it judges no clips.
        ChannelError, RateError: it takes other channels, or another rate.
    """
    known = getattr(judge, "spec", None)
    if not isinstance(known, ClipSpec):
        raise InputError(f"classifier {name!r} judges no clips; give a classifier of them")
    channels = len(spec.outputs) * (spec.bins or 1)
    if known.channels != channels:
        raise ChannelError(
            f"classifier {name!r} takes {known.channels} channels, the translator gives {channels}"
            ": give one of the wanted sensor"
        )
    if known.rate_hz != spec.rate_hz:
        raise RateError(
            f"classifier {name!r} takes {known.rate_hz:.10g} Hz, the translator gives "
            f"{spec.rate_hz:.10g} Hz: give one of the wanted sensor"
        )


def _spread(length: int, most: int) -> list[int]:
    count = min(length, most)
    return [place * length // count for place in range(count)]
