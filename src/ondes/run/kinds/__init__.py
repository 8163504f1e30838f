"""What becomes of a trained network, by its task: one file each, found by its name.

``run/kinds/<task>.py`` says how a model of the task is made of a network and a card (``revive``),
finished after its training (``finish``) and scored (``evaluate``). All that trains, loads, scores
and exports models asks here, so that a new task is a folder of `ondes.tasks` and one file of these.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from ondes.catalogue import Catalogue
from ondes.protocols import Examples, Task
from ondes.run.card import Card, Json
from ondes.run.predictors import Predictor
from ondes.spec import ClipSpec, Spec, TranslatorSpec

__all__ = ["Kind", "Scores", "Trained", "find", "names"]

KINDS = Catalogue(package=__name__, unknown="no models of a task")

Scores = dict[str, Any]


class Trained(Protocol):
    """A model that is ready to be used and to be saved; `ondes.load` returns one."""

    @property
    def spec(self) -> Spec | ClipSpec | TranslatorSpec:
        """What its network takes and gives."""

    @property
    def card(self) -> Card:
        """What travels with it."""

    def save(self, path: Any, /) -> None:  # noqa: ANN401 - whatever names a path
        """Write it to a folder, or to an ONNX file where it came from one."""

    def export(self, path: Any, /) -> float:  # noqa: ANN401
        """Write it to one ONNX file; return how far that differs from it."""


class Kind(Protocol):
    """What a file of this room holds."""

    def spec(self, values: Json, /) -> Spec | ClipSpec | TranslatorSpec:
        """Return a card's spec, for whose level the network is built."""

    def averages(self, task: Json, /) -> Any:  # noqa: ANN401 - as `ondes.nn.ensemble.Target`
        """Return what of its members' logits an ensemble takes the mean of, by a card's task."""

    def revive(
        self, path: Path, card: Card, predictor: Predictor, *, window_frames: int | None = None
    ) -> Trained:
        """Return the model that a card and a network make; ArtefactError where they do not fit."""

    def graph(self, model: Any, card: Card, /) -> Any:  # noqa: ANN401 - as `ondes.run.export.Graph`
        """Return what is written of a network of torch to an ONNX file."""

    def finish(
        self,
        task: Task,
        valid_set: Examples,
        *,
        card: Card,
        baselines: Sequence[str] = (),
        train_set: Callable[[], Examples] | None = None,
    ) -> Trained:
        """Return a trained task as a model, its reading fitted and scored on validation data.

        `card` says all but spec, reading and scores; `baselines` are rivals to set beside it,
        `train_set` gives what those learn from that learn: the data of training, not varied.
        """

    def own(self, model: Any, /) -> str:  # noqa: ANN401 - its own
        """Return the data set that reads what a model may be scored on; `all` is every one."""

    def options(self, model: Any, path: str, /) -> dict[str, Any]:  # noqa: ANN401 - its own
        """Return the options of that data set for what lies at a path and a model."""

    def evaluate(self, model: Any, examples: Examples, /) -> Scores:  # noqa: ANN401 - its own
        """Return the scores of a model on a data set."""

    def rivals(self, model: Any, examples: Examples, /) -> Mapping[str, Scores]:  # noqa: ANN401
        """Return the scores of the baselines on its card, by their names."""

    def families(self) -> Sequence[str]:
        """Return the names that baselines may have."""


def names() -> list[str]:
    """Return the tasks whose models can be used.

    >>> "detect" in names()
    True
    """
    return KINDS.names()


def find(name: str) -> Kind:
    """Return the file of a task.

    Raises:
        InputError: there is none.
    """
    return cast("Kind", KINDS.find(name))
