"""The classify task against closed forms, torch and what a user may get wrong."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from ondes import tasks
from ondes.data.clips import Clips, numbers
from ondes.data.varied import Varied
from ondes.errors import (
    ChannelError,
    InputError,
    NotFiniteError,
    RateError,
    RecipeError,
    TooShortError,
)
from ondes.ops import vary
from ondes.protocols import Clip
from ondes.tasks.classify import ClassifyTask, evaluate, tuned
from ondes.tasks.classify.costs import COSTS
from ondes.testing import check_task
from ondes.train.config import TrainConfig
from ondes.train.loader import stack
from ondes.train.loop import fit

ALL = [(target, loss) for target, losses in COSTS.items() for loss in losses]


@pytest.fixture
def made(standin):
    """A task around a small network, and a batch of it."""

    def make(target="class", *, auxiliary=False, meets=True, **options):
        clips = standin.Tones(target)
        task = ClassifyTask(standin.Net(auxiliary=auxiliary), target=target, **options)
        if meets:
            task.meet(clips, None)
        return task, stack([task.prepare(clips[i]) for i in range(6)])

    return make


class Given:
    """Clips of silence with given targets."""

    rate_hz, n_channels = 100.0, 1

    def __init__(self, y, labels=("low", "mid", "high")):
        self.y, self.labels = np.asarray(y, np.float32), labels

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return Clip(np.zeros((1, 50), np.float32), self.y[index])


@pytest.mark.parametrize(("target", "loss"), ALL)
@pytest.mark.parametrize("auxiliary", [False, True])
def test_it_keeps_what_the_loop_rests_on(standin, target, loss, auxiliary):
    task = ClassifyTask(standin.Net(auxiliary=auxiliary), target=target, loss=loss)
    check_task(task, standin.Tones(target))


def test_it_is_found_and_built_by_name(standin):
    assert tasks.find("classify") is ClassifyTask
    assert ClassifyTask.LEVEL == "clip"
    task = tasks.build("classify", standin.Net(), {"target": "tags", "weights": [1.0, 2.0, 3.0]})
    assert task.weights == (1.0, 2.0, 3.0)
    with pytest.raises(RecipeError, match="smoothing"):
        tasks.build("classify", standin.Net(), {"smothing": 0.1})


def test_unequal_clips_are_padded_and_their_lengths_told(made):
    _, batch = made()
    assert len(set(batch["length"].tolist())) > 1
    assert batch["x"].shape[-1] == max(batch["length"])
    for x, length in zip(batch["x"], batch["length"], strict=True):
        assert x[0, length - 1] != 0
        assert not x[0, length:].any()


def test_the_loss_of_a_batch_is_the_mean_of_its_clips_alone(standin, made):
    task, batch = made()
    clips = standin.Tones()
    alone = [task.step(stack([task.prepare(clips[i])])).losses["main"] for i in range(6)]
    torch.testing.assert_close(task.step(batch).losses["main"], torch.stack(alone).mean())


def test_equal_clips_go_without_lengths(standin, monkeypatch):
    told = []
    net = standin.Net()
    heads = net.heads
    monkeypatch.setattr(net, "heads", lambda x, lengths: told.append(lengths) or heads(x, lengths))
    clips, task = standin.Tones(equal=True), ClassifyTask(net)
    task.step(stack([task.prepare(clips[i]) for i in range(4)]))
    assert told == [None]


def test_auxiliary_heads_count_in_training_alone(made):
    task, batch = made(auxiliary=True, aux_weight=0.25)
    first, second = task.model.heads(batch["x"], batch["length"])
    truth = batch["y"].argmax(1)
    losses = task.step(batch).losses
    torch.testing.assert_close(losses["main"], F.cross_entropy(first, truth))
    torch.testing.assert_close(losses["auxiliary"], 0.25 * F.cross_entropy(second, truth))
    task.model.eval()
    assert set(task.step(batch).losses) == {"main"}


def test_given_weights_and_smoothing_are_those_of_torch(made):
    weights = (0.5, 1.0, 4.0)
    task, batch = made(weights=weights, smoothing=0.1)
    logits = task.model(batch["x"], batch["length"])
    expected = F.cross_entropy(
        logits, batch["y"].argmax(1), weight=torch.tensor(weights), label_smoothing=0.1
    )
    torch.testing.assert_close(task.step(batch).losses["main"], expected)


def test_balanced_classes_weigh_the_same_however_many_clips_they_have(standin):
    y = np.eye(3)[[0] * 6 + [1] * 3 + [2]]
    task = ClassifyTask(standin.Net(), weights="balanced")
    task.meet(Given(y), None)
    torch.manual_seed(0)
    logits = torch.randn(10, 3)
    each = F.cross_entropy(logits, torch.tensor(y).argmax(1), reduction="none")
    expected = torch.stack([each[:6].mean(), each[6:9].mean(), each[9:].mean()]).mean()
    torch.testing.assert_close(task._loss(logits, torch.tensor(y).float()), expected)


def test_balanced_tags_weigh_as_much_where_they_are_true(standin):
    y = np.zeros((10, 3))
    y[:2, 0], y[:5, 1], y[:8, 2] = 1, 1, 1
    task = ClassifyTask(standin.Net(), target="tags", weights="balanced")
    task.meet(Given(y), None)
    torch.manual_seed(0)
    logits, true = torch.randn(10, 3), torch.tensor(y).float()
    positive = torch.tensor([4.0, 1.0, 0.25])
    cells = F.binary_cross_entropy_with_logits(logits, true, reduction="none")
    weight = torch.where(true > 0, positive, 1.0)
    torch.testing.assert_close(task._loss(logits, true), (cells * weight).sum() / weight.sum())


def test_smoothed_tags_are_drawn_to_a_half(made):
    task, batch = made("tags", smoothing=0.2)
    logits = task.model(batch["x"], batch["length"])
    soft = torch.where(batch["y"] > 0, 0.9, 0.1)
    expected = F.binary_cross_entropy_with_logits(logits, soft)
    torch.testing.assert_close(task.step(batch).losses["main"], expected)


def test_numbers_are_learnt_in_standard_deviations_and_read_in_their_unit(standin, made):
    task, batch = made("number")
    clips = standin.Tones("number")
    y = np.stack([clips[i].y for i in range(12)])
    assert task.reading.mean == pytest.approx(y.mean(0))
    assert task.reading.std == pytest.approx(y.std(0))
    outputs = task.model(batch["x"], batch["length"]).detach().numpy()
    values = outputs * y.std(0) + y.mean(0)
    errors = values - y[: len(values)]
    loss = np.square(errors / y.std(0)).mean()
    assert task.step(batch).losses["main"].item() == pytest.approx(loss, rel=1e-4)
    assert task.step(batch).logs["mae"] == pytest.approx(np.abs(errors).mean(), rel=1e-4)
    rows = {name: value.numpy() for name, value in task.step(batch).rows.items()}
    summary = task.summary(rows)
    assert summary["mse"] == pytest.approx(np.square(errors).mean(), rel=1e-4)
    answer = task.probabilities(clips[0].x, rate_hz=100)
    assert answer == pytest.approx(values[0], rel=1e-4)


def test_numbers_far_from_zero_keep_their_differences(standin):
    task, y = (
        ClassifyTask(standin.Net(), target="number"),
        numbers([[2e9 + k] * 3 for k in range(3)]),
    )
    clips = Clips([np.zeros(50)] * 3, y, labels=("low", "mid", "high"), rate_hz=100)
    task.meet(clips)
    assert task.reading.mean == pytest.approx((2e9 + 1,) * 3, abs=1e-6)
    found = [task.prepare(clips[k])["y"][0] for k in range(3)]
    assert found == pytest.approx([-(1.5**0.5), 0, 1.5**0.5])


CONFIG = TrainConfig(
    steps=60, batch=6, lr=0.02, device="cpu", log_every=20, valid_every=20, save_every=0
)


@pytest.mark.parametrize(
    ("target", "monitor", "mode", "least"),
    [
        ("class", "balanced_accuracy", "max", 0.95),
        ("tags", "roc_auc", "max", 0.95),
        ("number", "r2", "max", 0.8),
    ],
)
def test_it_trains_on_the_one_loop_and_is_scored_as_the_log_says(
    standin, tmp_path, target, monitor, mode, least
):
    task = ClassifyTask(standin.Net(), target=target)
    clips, valid = standin.Tones(target, count=40), standin.Tones(target, count=14)
    config = replace(CONFIG, monitor=monitor, mode=mode)
    result = fit(task, clips, valid, config, tmp_path)
    scores = evaluate(task, valid)
    assert scores["clips"] == 14
    assert scores[monitor] == pytest.approx(result.best, abs=1e-5)
    assert scores[monitor] >= least
    task.reading = tuned(task, valid)
    fitted = evaluate(task, valid)
    if target == "class":
        assert fitted["log_loss"] <= scores["log_loss"] + 1e-9
        assert fitted["accuracy"] == scores["accuracy"]
    if target == "tags":
        assert fitted["roc_auc"] == pytest.approx(scores["roc_auc"])


@pytest.mark.parametrize("logits", [[np.nan] * 3, [np.inf, -np.inf, 0.0]])
def test_a_validation_that_is_not_finite_has_no_score(made, logits):
    task, _ = made()
    rows = {"logits": np.array([logits, logits]), "y": np.eye(3)[:2]}
    assert all(math.isnan(value) for value in task.summary(rows).values())
    assert "accuracy" in task.summary(rows)


@pytest.mark.parametrize("training", [True, False])
def test_asking_for_an_answer_leaves_the_mode_alone(standin, training):
    task = ClassifyTask(standin.Net(auxiliary=True))
    task.model.train(training)
    probs = task.probabilities(standin.Tones()[0].x, rate_hz=100)
    assert probs.sum() == pytest.approx(1)
    assert task.model.training is training


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"target": "klass"}, "class"),
        ({"loss": "bce"}, "cross-entropy"),
        ({"loss": "hing"}, "'hinge'"),
        ({"target": "number", "loss": "hinge"}, "huber"),
        ({"smoothing": 2.0}, "smoothing"),
        ({"smoothing": 0.1, "loss": "hinge"}, "smooth"),
        ({"gamma": -1.0}, "gamma"),
        ({"beta": 0.0}, "beta"),
        ({"delta": 0.0}, "delta"),
        ({"aux_weight": -1.0}, "aux_weight"),
        ({"weights": "balance"}, "'balanced'"),
        ({"weights": (1.0, 2.0)}, "3 outputs"),
        ({"weights": (1.0, 2.0, 0.0)}, "above 0"),
        ({"target": "number", "weights": "balanced"}, "no classes"),
    ],
)
def test_options_that_make_no_sense_are_refused(standin, options, words):
    with pytest.raises(InputError, match=words):
        ClassifyTask(standin.Net(), **options)


def test_one_class_only_is_refused(standin):
    with pytest.raises(InputError, match=r"one class only, 'it'.*tags"):
        ClassifyTask(standin.Net(("it",)))
    ClassifyTask(standin.Net(("it",)), target="tags")
    with pytest.raises(InputError, match="all 4 training clips are of one class, 'mid'"):
        ClassifyTask(standin.Net()).meet(Given(np.eye(3)[[1] * 4]), None)


CLASSES = np.eye(3)[[0, 1, 2, 0]]


@pytest.mark.parametrize(
    ("target", "train", "valid", "words"),
    [
        ("class", np.eye(3)[[0, 2, 2]], CLASSES, "1 of 3 classes have no training clip: mid"),
        ("class", CLASSES, np.eye(3)[[0, 1]], "1 of 3 classes have no validation clip: high"),
        ("class", CLASSES, np.eye(3)[[0, 0]], "all 2 validation clips are of one class, 'low'"),
        ("tags", np.eye(3)[[0, 1]], CLASSES, "1 of 3 tags have no training clip: high"),
        ("tags", 1 - CLASSES * [0, 1, 1], CLASSES, "1 of 3 tags are true of all 4 .*: low; give"),
        ("number", np.eye(3)[[0, 1]], CLASSES, "high: the same number in all 2 training"),
        ("class", CLASSES[:, :2], CLASSES, r"\[2\] for 3 labels"),
        ("class", CLASSES * 2, CLASSES, "training set: targets of clip 0.*add up to 1"),
        ("class", CLASSES, CLASSES - 1, "validation set: targets of clip 0"),
        ("tags", CLASSES + 1, CLASSES, "lie from 0 to 1"),
    ],
)
def test_labels_that_cannot_be_learnt_are_refused_by_name(standin, target, train, valid, words):
    with pytest.raises(InputError, match=words):
        ClassifyTask(standin.Net(), target=target).meet(Given(train), Given(valid))


def test_classes_may_be_absent_where_it_is_said(standin):
    task = ClassifyTask(standin.Net(), absent=True, weights="balanced")
    task.meet(Given(np.eye(3)[[0, 0, 1, 1]]), Given(np.eye(3)[[2]]))
    x = torch.randn(3, standin.Net().spec.channels, 400)
    batch = {"x": x, "y": torch.eye(3), "length": torch.full((3,), 400)}
    losses = task.step(batch).losses
    assert all(torch.isfinite(loss) for loss in losses.values())
    with pytest.raises(InputError, match="one class"):
        task.meet(Given(np.eye(3)[[0, 0]]), Given(CLASSES))


@pytest.mark.parametrize("target", ["class", "tags", "number"])
def test_a_target_that_is_nan_is_refused_by_clip_and_name(standin, target):
    y = CLASSES.copy()
    y[2, 1] = np.nan
    with pytest.raises(NotFiniteError, match="'mid' of clip 2 is nan"):
        ClassifyTask(standin.Net(), target=target).meet(Given(y), None)


def test_a_tag_may_be_missing_from_validation_and_a_number_constant_there(standin):
    ClassifyTask(standin.Net(), target="tags").meet(Given(CLASSES), Given(np.eye(3)[:1]))
    ClassifyTask(standin.Net(), target="number").meet(Given(CLASSES), Given(np.eye(3)[:1]))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"labels": ("low", "hi", "mid")}, InputError, "without 'hi'; did you mean 'high'"),
        ({"labels": ("mid", "low", "high")}, InputError, "one order"),
        ({"rate_hz": 50.0}, RateError, "50 Hz"),
        ({"n_channels": 2}, ChannelError, "2 channels"),
    ],
)
def test_data_made_for_another_network_are_refused(standin, change, error, words):
    clips = Given(CLASSES)
    for name, value in change.items():
        setattr(clips, name, value)
    task = ClassifyTask(standin.Net())
    with pytest.raises(error, match=words):
        task.meet(clips, None)
    with pytest.raises(error, match=words):
        evaluate(task, clips)


@pytest.mark.parametrize(
    ("x", "y", "error", "words"),
    [
        (np.zeros((50, 1)), [1, 0, 0], ChannelError, "axes seem to be swapped"),
        (np.zeros((2, 50)), [1, 0, 0], ChannelError, "1 channels; choose"),
        (np.zeros(50), [1, 0, 0], InputError, r"give \[channel, time\]"),
        (np.zeros((1, 8)), [1, 0, 0], TooShortError, "takes 9 or more"),
        (np.zeros((1, 50)), [1, 0], InputError, "for 3 labels"),
        (np.zeros((1, 50)), [1, 1, 0], InputError, "target: tags"),
        (np.zeros((1, 50)), [math.nan, 0, 0], NotFiniteError, "'low'"),
    ],
)
def test_a_clip_that_does_not_fit_is_refused(standin, x, y, error, words):
    with pytest.raises(error, match=words):
        ClassifyTask(standin.Net()).prepare(Clip(x.astype(np.float32), np.array(y, np.float32)))


class Endless(Given):
    """Drawn from given targets, over and over."""

    def __init__(self, y):
        self.source, self.labels = y, ("low", "mid", "high")

    def __len__(self):
        return 10**9

    def __getitem__(self, index):
        return Clip(np.zeros((1, 50), np.float32), self.source[index % len(self.source)])


class Told(Endless):
    def __getitem__(self, index):
        raise AssertionError("its samples were computed")

    def y_of(self, index):
        return self.source[index % len(self.source)]


@pytest.mark.parametrize("kind", [Endless, Told])
def test_what_is_true_of_endless_clips_is_that_of_the_first(standin, kind):
    task = ClassifyTask(standin.Net(), target="number")
    task.meet(kind(CLASSES), None)
    assert task.reading.mean == pytest.approx(CLASSES.mean(0))
    with pytest.raises(InputError, match="no training clip: high"):
        ClassifyTask(standin.Net()).meet(kind(np.eye(3)[[0, 1]]), None)


def test_balanced_variations_are_met_as_they_are_drawn(standin):
    y = np.eye(3, dtype=np.float32)[[0] * 8 + [1] * 3 + [2]]
    clips = Clips([np.ones(50)] * 12, y, labels=standin.NAMES, rate_hz=standin.RATE_HZ)
    for balance, expected in ((True, [1, 1, 1]), (False, [0.5, 4 / 3, 4])):
        task = ClassifyTask(standin.Net(), weights="balanced")
        task.meet(Varied(clips, vary.Config(), seed=0, balance=balance), None)
        assert task._weight.tolist() == pytest.approx(expected, rel=0.01)


def test_an_empty_data_set_is_refused(standin):
    task = ClassifyTask(standin.Net())
    for sets in ((Given(CLASSES[:0]), None), (Given(CLASSES), Given(CLASSES[:0]))):
        with pytest.raises(InputError, match="holds no clip"):
            task.meet(*sets)
    with pytest.raises(InputError, match="holds no clip"):
        evaluate(task, Given(CLASSES[:0]))


def test_a_clip_of_another_rate_is_refused(standin):
    with pytest.raises(RateError, match="50 Hz"):
        ClassifyTask(standin.Net()).logits(np.zeros((1, 50), np.float32), rate_hz=50)


def test_the_loss_falls_at_every_stretch_of_one_batch(made):
    task, batch = made()
    optimiser = torch.optim.SGD(task.model.parameters(), lr=0.05)
    losses = []
    for _ in range(5):
        loss = task.step(batch).losses["main"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert all(later < earlier for earlier, later in pairwise(losses))
