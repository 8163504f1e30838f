"""What a recipe says: the sections and their types. Unknown keys are errors."""

from typing import Any

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveInt

from ondes.train.config import TrainConfig

Options = dict[str, Any]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Data(_Part):
    """The data set by name, and its options: for all splits, then what differs in one.

    limit: at most so many examples of a split, by its name; of clips spread evenly over all.
    vary: how clips of training are varied, each time anew, as `ondes.ops.vary.Config` says; of
        data that say what whole clips are. Pairs are varied as `ondes.data.varied_pairs.Config`
        says.
    balance: let every class or tag of these have its turn in training, however few its clips.
    """

    set: str
    options: Options = {}
    train: Options = {}
    valid: Options = {}
    test: Options = {}
    limit: dict[str, PositiveInt] = {}
    vary: Options = {}
    balance: bool = False


class Named(_Part):
    """A model or a task by name, and its options."""

    name: str
    options: Options = {}


class Model(Named):
    """A model by name, its options, and the weights it starts from.

    start: the name of an embedded model or the folder of a trained one, of the same architecture,
        or of that which this one is built around (its ``inner``); empty for random weights.
    game: of translators, how they train together, as `ondes.nn.game.Config` says.
    """

    start: str = ""
    game: Options = {}


class Published(_Part):
    """Figures that others reached, and where they stand."""

    source: str
    scores: dict[str, float]


class Recipe(_Part):
    """One experiment: data, model, task and training.

    name: as it is listed; the file's own by default.
    about: one line; notes: decisions, and what a reader needs to judge the figures.
    seed: of the weights, the data and the order of examples; 0 or more.
    members: networks to train one after the other, the k-th with the seed `seed` + k; the model's
        answer is the mean of theirs.
    baselines: classical rivals, of those that the task has, to fit and to set beside the model.
    licence, limits: of the model that it makes, for its card.
    published: what others report for the same experiment.
    scales: what differs at another scale, by the scale's name.
    short: words that ``--set`` takes for longer keys, as patient for data.options.patient.
    """

    name: str
    about: str
    notes: str = ""
    seed: NonNegativeInt = 0
    members: PositiveInt = 1
    data: Data
    model: Model
    task: Named
    train: TrainConfig = TrainConfig()
    baselines: list[str] = []
    licence: str = ""
    limits: str = ""
    published: Published | None = None
    scales: dict[str, dict[str, Any]] = {}
    short: dict[str, str] = {}

    def document(self) -> dict[str, Any]:
        """Return the recipe in plain types, as JSON and YAML hold them."""
        return self.model_dump(mode="json", exclude_none=True)
