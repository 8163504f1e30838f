"""What the three estimators share: their settings, and learning through a recipe."""

from collections.abc import Iterable, Mapping
from inspect import signature
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self, cast

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from ondes import models
from ondes import recipe as recipes
from ondes.data import splits
from ondes.data.clips import Clips, check_moving
from ondes.errors import InputError, check_name
from ondes.estimators.clips import Recordings, signals
from ondes.protocols import Examples
from ondes.recipe import Recipe, build, run
from ondes.run import rivals
from ondes.run.classifier import Classifier
from ondes.run.loading import load
from ondes.signal import Signal
from ondes.tasks.classify import Target, classical

NETWORKS_ALONE = ("members", "vary", "balance", "task", "train", "out")
LEAST = {"epochs": 1, "batch": 1, "members": 1, "random_state": 0}
MOST = 0.5  # of the clips may be held back
MONITORED = {"class": "accuracy", "tags": "loss", "number": "loss"}


class Learner(BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """Settings of an estimator, and the way from clips to a model.

    Args:
        model: architecture, one of ``ondes models``, as ``"inception-time"``; or a classical
            rival, ``"random-forest"``, ``"minirocket"`` or ``"nn-dtw"``, which learns from all
            clips and takes of the settings `options`, `rate_hz` and `random_state`.
        options: of the architecture, or the rival.
        members: networks of an ensemble, whose answers are averaged.
        rate_hz: of arrays; Signals and files say their own.
        epochs: how often each clip is seen.
        batch: clips per step.
        lr: the highest learning rate.
        vary: how clips are varied in training, as `ondes.ops.vary.Config`.
        balance: let every class have its turn in training, however few its clips.
        valid: share of the clips, of every class alike and of whole groups where ``fit`` is told
            them, that is held back to choose the epoch and to calibrate probabilities; 0 learns
            from all, takes the last epoch, and leaves probabilities too sure of themselves.
        task: further options of the classify task: loss, smoothing, weights...
        train: further settings of the training, as `ondes.train.config.TrainConfig`.
        random_state: seed of weights, order, variations and what is held back.
        out: a new folder that keeps log and checkpoints; None keeps none.
    """

    def __init__(
        self,
        model: str = "inception-time",
        *,
        options: Mapping[str, Any] | None = None,
        members: int = 1,
        rate_hz: float = 1.0,
        epochs: int = 100,
        batch: int = 16,
        lr: float = 1e-3,
        vary: Mapping[str, Any] | None = None,
        balance: bool = False,
        valid: float = 0.2,
        task: Mapping[str, Any] | None = None,
        train: Mapping[str, Any] | None = None,
        random_state: int = 0,
        out: str | None = None,
    ) -> None:
        self.model = model
        self.options = options
        self.members = members
        self.rate_hz = rate_hz
        self.epochs = epochs
        self.batch = batch
        self.lr = lr
        self.vary = vary
        self.balance = balance
        self.valid = valid
        self.task = task
        self.train = train
        self.random_state = random_state
        self.out = out

    def save(self, path: str | Path) -> None:
        """Write the model to a folder: ``ondes.load`` and ``ondes classify`` take it."""
        self._fitted().save(path)

    def __sklearn_tags__(self) -> Tags:
        """Say what scikit-learn may ask of it."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def _learn(self, clips: Clips, *, target: Target, groups: Iterable[Any] | None) -> Self:
        if not isinstance(self.model, str):
            raise InputError(f"model={self.model!r}: give a name, as of `ondes models`")
        for name, least in LEAST.items():
            _check_whole(name, getattr(self, name), least)
        if "target" in (self.task or {}):
            raise InputError(
                f"task={self.task} of {type(self).__name__}, which learns target={target!r}: leave "
                "the target out, or take SignalClassifier, SignalTagger or SignalRegressor"
            )
        check_moving(clips)
        known = [*_networks(), *classical.names()]
        check_name("nothing that judges clips is called", self.model.replace("_", "-"), known)
        if self.model in classical.names():
            self.model_ = self._rival(clips, target=target)
        else:
            self.model_ = self._trained(clips, target=target, grouped=groups is not None)
        self.n_features_in_ = clips[0].x.shape[-1]
        return self

    def _rival(self, clips: Clips, *, target: Target) -> Classifier:
        for name in NETWORKS_ALONE:
            value = getattr(self, name)
            if value != signature(Learner).parameters[name].default:
                raise InputError(
                    f"{name}={value!r} with model={self.model!r}: that is for networks, leave it "
                    "out"
                )
        return rivals.fit(
            self.model, clips, target=target, seed=self.random_state, options=self.options
        )

    def _trained(self, clips: Clips, *, target: Target, grouped: bool) -> Classifier:
        parts = self._parts(clips, target=target, grouped=grouped)
        recipe = self._recipe(len(parts["train"]), target=target)

        def chosen(one: Recipe, split: str) -> Examples:
            return build.varied(one, parts[split]) if split == "train" else parts[split]

        with TemporaryDirectory() as folder:
            out = Path(self.out or folder)
            run.train(recipe, out, sets=chosen)
            return cast("Classifier", load(out))

    def _parts(self, clips: Clips, *, target: Target, grouped: bool) -> dict[str, Clips]:
        if not 0 <= self.valid <= MOST:
            raise InputError(f"valid={self.valid}: give a share of the clips from 0 to {MOST:g}")
        if self.valid == 0:
            return {"train": clips, "valid": clips}
        if len(clips) == 1:
            raise InputError("fit with one sample: give two clips or more of every class")
        strata = _strata(clips, target)
        aside = splits.held(
            strata,
            parts=max(2, round(1 / self.valid)),
            groups=list(clips.groups) if grouped else None,
            seed=self.random_state,
        )
        places = splits.Split(np.flatnonzero(~aside), np.flatnonzero(aside), np.zeros(0, np.int64))
        splits.check(places, groups=clips.groups if grouped else None)
        return {"train": clips.take(places.train), "valid": clips.take(places.valid)}

    def _recipe(self, n_clips: int, *, target: Target) -> Recipe:
        """Return what is done, in the words of a recipe."""
        each = -(-n_clips // self.batch)
        train = {
            "steps": self.epochs * each,
            "batch": min(self.batch, n_clips),
            "lr": self.lr,
            "schedule": "one-cycle",
            "optimiser": "adamw",
            "weight_decay": 0.01,
            "valid_every": 0 if self.valid == 0 else max(each, self.epochs * each // 20),
            "save_every": 0 if self.out is None else 500,
            "save_every_s": 0.0 if self.out is None else 300.0,
            "keep": "last" if self.valid == 0 else "best",
            "monitor": MONITORED[target],
            "mode": "max" if MONITORED[target] == "accuracy" else "min",
        }
        told = _plain(
            {
                "name": type(self).__name__,
                "about": f"{type(self).__name__}, fitted to arrays.",
                "seed": self.random_state,
                "members": self.members,
                "data": {"set": "clips", "vary": self.vary or {}, "balance": self.balance},
                "model": {"name": self.model.replace("-", "_"), "options": self.options or {}},
                "task": {"name": "classify", "options": {"target": target, **(self.task or {})}},
                "train": {**train, **(self.train or {})},
            }
        )
        return recipes.of(told, source=type(self).__name__)

    def _signals(self, x: Recordings) -> list[Signal]:
        return signals(x, rate_hz=self.rate_hz)

    def _fitted(self) -> Classifier:
        check_is_fitted(self, "model_")
        return self.model_


def _networks() -> list[str]:
    """Return the names of all networks that judge clips."""
    return [name.replace("_", "-") for name in models.names() if "clip" in models.levels(name)]


def _check_whole(name: str, value: object, least: int) -> None:
    if not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"{name}={value!r}: give a whole number from {least} on")


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever settings are
    """Return a setting as YAML would give it, where a search over settings made it numpy's."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else value


def _strata(clips: Clips, target: Target) -> list[str]:
    """Return what is to be held back alike: classes, first tags, quarters of the first number."""
    if target != "number":
        return clips.classes
    edges = np.quantile(clips.y[:, 0], (0.25, 0.5, 0.75))
    return [str(place) for place in np.searchsorted(edges, clips.y[:, 0])]
