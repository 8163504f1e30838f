"""The loop against plain torch, closed forms and what a user may get wrong."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

from ondes.errors import InputError, NotFiniteError, RecipeError
from ondes.protocols import Clip, Phase, Step
from ondes.train import logbook
from ondes.train.checkpoint import latest
from ondes.train.config import TrainConfig
from ondes.train.loader import Order, batches
from ondes.train.loop import fit

CONFIG = TrainConfig(
    steps=12, batch=4, lr=0.02, device="cpu", log_every=4, valid_every=4, save_every=0, keep="last"
)


@pytest.fixture
def train(standin, tmp_path):
    """Train the stand-in; return the task and the result."""

    def run(config=CONFIG, *, out="out", train_set=None, valid_set=None, task=None, **more):
        task = task or standin.Regress(standin.Net())
        train_set = standin.Numbers() if train_set is None else train_set
        valid_set = standin.Numbers(7) if valid_set is None else valid_set
        return task, fit(task, train_set, valid_set, config, tmp_path / out, seed=3, **more)

    return run


def same(one, other, **tolerance):
    close = (torch.allclose(value, other[name], **tolerance) for name, value in one.items())
    return one.keys() == other.keys() and all(close)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("adam", lambda p: torch.optim.Adam(p, lr=0.02)),
        ("adamw", lambda p: torch.optim.AdamW(p, lr=0.02, weight_decay=0.1)),
        ("sgd", lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, nesterov=True)),
        ("rmsprop", lambda p: torch.optim.RMSprop(p, lr=0.02)),
        ("adagrad", lambda p: torch.optim.Adagrad(p, lr=0.02)),
        ("adadelta", lambda p: torch.optim.Adadelta(p, lr=0.02)),
    ],
)
def test_it_is_the_textbook_loop(train, standin, name, kind):
    decay = 0.1 if name == "adamw" else 0.0
    config = replace(CONFIG, optimiser=name, weight_decay=decay, clip=0.5)
    net, examples, order = standin.Net(dropout=0), standin.Numbers(), Order(length=24, seed=3)
    optimiser = kind(net.parameters())
    for step in range(config.steps):
        xs = [examples[order(position)].x[0, :-1] for position in range(step * 4, step * 4 + 4)]
        x, y = np.stack(xs), np.stack([(x**2).sum(keepdims=True) for x in xs])
        loss = ((net(torch.from_numpy(x)) - torch.from_numpy(y)) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        optimiser.step()
    task, result = train(config, task=standin.Regress(standin.Net(dropout=0), noise=0))
    assert same(task.model.state_dict(), net.state_dict(), rtol=0, atol=0)
    assert same(load_file(result.weights), net.state_dict(), rtol=0, atol=0)


def test_accumulated_parts_are_one_batch(train, standin):
    plain = standin.Regress(standin.Net(dropout=0))
    parts = standin.Regress(standin.Net(dropout=0))
    train(CONFIG, task=plain)
    train(replace(CONFIG, accumulate=4), task=parts, out="parts")
    assert same(plain.model.state_dict(), parts.model.state_dict(), rtol=1e-4, atol=1e-6)


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("workers", [1, 3])
def test_workers_change_nothing(train, workers):
    task, _ = train()
    other, _ = train(replace(CONFIG, workers=workers), out="workers")
    assert same(task.model.state_dict(), other.model.state_dict(), rtol=0, atol=0)


def test_each_pass_visits_each_index_once_in_another_order():
    order = Order(length=10, seed=1)
    passes = [[order(position) for position in range(first, first + 10)] for first in (0, 10, 20)]
    assert all(sorted(visits) == list(range(10)) for visits in passes)
    assert len({tuple(visits) for visits in passes}) == 3
    assert Order(length=10, seed=2)(0) != order(0) or Order(length=10, seed=2)(1) != order(1)


def test_a_generator_is_walked_in_order():
    order = Order(length=2**62, seed=1)
    assert [order(position) for position in (0, 1, 2**40)] == [0, 1, 2**40]


def test_workers_use_one_thread(standin):
    class Threads(standin.Regress):
        def prepare(self, example):
            return {"threads": np.array([torch.get_num_threads()])}

    places = [[(0, 0), (1, 1)]]
    task = Threads(None)
    (batch,) = batches(task, standin.Numbers(), places, seed=(0,), workers=1)
    assert batch["threads"].tolist() == [[1], [1]]


def test_bf16_computes_in_bf16_and_learns_alike(train, standin):
    seen = []

    class Watched(standin.Net):
        def forward(self, x):
            y = super().forward(x)
            seen.append(y.dtype)
            return y

    plain, half = standin.Regress(standin.Net(dropout=0)), standin.Regress(Watched(dropout=0))
    _, exact = train(CONFIG, task=plain)
    _, rough = train(replace(CONFIG, precision="bf16"), task=half, out="half")
    assert set(seen) == {torch.bfloat16}
    assert {p.dtype for p in half.model.parameters()} == {torch.float32}
    assert rough.logs["valid/square"] == pytest.approx(exact.logs["valid/square"], rel=0.05)


def test_fp16_without_a_gpu_names_the_cure(train):
    with pytest.raises(RecipeError, match=r"train.precision: fp16 needs a GPU; here bf16"):
        train(replace(CONFIG, precision="fp16"))


def test_phases_take_turns_and_move_their_own_parameters(standin, tmp_path):
    moved = []

    class Watched(standin.Regress):
        def step(self, batch):
            now = {name: value.detach().clone() for name, value in self.model.named_parameters()}
            if self.model.training:
                moved.append(now)
            return super().step(batch)

    task = Watched(standin.Net(), two_phases=True)
    fit(task, standin.Numbers(), None, replace(CONFIG, steps=7), tmp_path)
    turns = []
    for before, after in pairwise(moved):
        turns.append({name.split(".")[0] for name in before if (before[name] != after[name]).any()})
    front, back = {"front", "norm"}, {"back"}
    assert turns == [front, front, back, front, front, back]


def test_frozen_parameters_stay(standin, train):
    task = standin.Regress(standin.Net())
    task.model.front.requires_grad_(False)
    before = task.model.front.weight.clone()
    train(task=task)
    assert torch.equal(task.model.front.weight, before)


@pytest.mark.parametrize(
    ("phases", "message"),
    [
        ((), "at least one phase"),
        ((Phase("a", parameters=("frnt.",)),), "moves 'frnt.'"),
        ((Phase("a", terms=("sqare",)),), "did you mean 'square'"),
        ((Phase("a", steps=0),), "0 steps"),
    ],
)
def test_a_phase_that_does_not_fit_is_refused(standin, train, phases, message):
    task = standin.Regress(standin.Net())
    task.phases = lambda: phases
    with pytest.raises(InputError, match=message):
        train(task=task)


class Scripted:
    """A model of one number that each step lowers by lr, and a validation log from a list."""

    def __init__(self, scores):
        self.model, self.scores, self.seen = nn.Linear(1, 1, bias=False), iter(scores), []
        nn.init.zeros_(self.model.weight)

    def prepare(self, example):
        return {"x": example.x[0, :1]}

    def step(self, batch):
        logs = {}
        if not self.model.training:
            self.seen.append(self.model.weight.item())
            logs = {"score": next(self.scores)}
        return Step({"w": self.model.weight.sum()}, logs)

    def phases(self):
        return (Phase("all"),)


SCRIPTED = replace(
    CONFIG, optimiser="sgd", momentum=0.0, lr=1.0, valid_every=1, monitor="score", mode="max"
)


def test_early_stopping_keeps_the_best(train, standin):
    scores = [0.0, 0.1, 0.5, 0.4, math.nan, 0.3, 0.9]  # the first is the rehearsal's
    config = replace(SCRIPTED, patience=3, keep="best")
    task, result = train(config, task=Scripted(scores), valid_set=standin.Numbers(1))
    assert (result.stopped, result.steps, result.best_step, result.best) == ("patience", 5, 2, 0.5)
    assert task.model.weight.item() == -2.0
    assert not task.model.training


def test_of_equal_weights_those_with_the_lowest_loss_are_kept(train, standin):
    scores = [0.0, 0.5, 0.4, 0.5, 0.3, 0.9]  # the loss falls by 1 each step
    config = replace(SCRIPTED, patience=3, keep="best")
    task, result = train(config, task=Scripted(scores), valid_set=standin.Numbers(1))
    assert (result.stopped, result.steps, result.best_step, result.best) == ("patience", 4, 3, 0.5)
    assert task.model.weight.item() == -3.0


@pytest.mark.parametrize("nesterov", [True, False])
def test_momentum_is_heavy_ball_or_nesterov(train, nesterov):
    """Sutskever et al. 2013 as torch writes it, of a slope that is always 1."""
    config = replace(
        SCRIPTED, momentum=0.5, nesterov=nesterov, steps=3, keep="last", monitor="loss"
    )
    task, _ = train(config, task=Scripted([0.0] * 9))
    speed, place = 0.0, 0.0
    for _ in range(3):
        speed = 0.5 * speed + 1
        place -= 1 + 0.5 * speed if nesterov else speed
    assert task.model.weight.item() == pytest.approx(place)


@pytest.mark.parametrize("optimiser", ["sgd", "adagrad", "adam"])
def test_stages_go_on_from_the_best_weights_at_a_lower_rate(train, standin, optimiser):
    """Each stage starts afresh at the best weights, so of a slope of 1 first steps repeat."""
    scores = [0.0, 1.0, 2.0, 0.5, 0.5, 0.5, 3.0, 0.0, 0.0, 0.0, 0.0]  # the first: rehearsal's
    config = replace(
        SCRIPTED,
        optimiser=optimiser,
        momentum=0.9,
        schedule="stages",
        decay=0.1,
        stages=3,
        patience=2,
        steps=50,
        keep="best",
    )
    task = Scripted(scores)
    _, result = train(config, task=task, valid_set=standin.Numbers(1))
    assert (result.stopped, result.steps, result.best_step) == ("patience", 10, 6)
    seen = dict(enumerate(task.seen))
    first = seen[1]  # one step at full rate from 0
    assert first < 0
    assert seen[5] - seen[2] == pytest.approx(0.1 * first, rel=1e-4)  # from the best, after 2 bad
    assert seen[9] - seen[6] == pytest.approx(0.01 * first, rel=1e-4)
    assert task.model.weight.item() == pytest.approx(seen[6])


def test_the_running_mean_is_validated_and_kept(train, standin):
    task, result = train(
        replace(SCRIPTED, ema=0.5), task=Scripted([0.0] * 13), valid_set=standin.Numbers(1)
    )
    mean, expected = 0.0, []
    for step in range(12):  # w after step n is -(n + 1); the decay rises as (1 + n) / (10 + n)
        decay = min(0.5, (1 + step) / (10 + step))
        mean = decay * mean + (1 - decay) * -(step + 1)
        expected.append(mean)
    assert task.seen[1:] == pytest.approx(expected, rel=1e-6)
    assert load_file(result.weights)["weight"].item() == pytest.approx(mean, rel=1e-6)


def test_validation_weighs_every_example_alike(train, standin):
    task, result = train(replace(CONFIG, steps=4), task=standin.Regress(standin.Net(0), noise=0))
    x = np.stack([example.x[0, :-1] for example in map(standin.Numbers(7).__getitem__, range(7))])
    y = (x**2).sum(1)
    with torch.no_grad():
        error = task.model(torch.from_numpy(x))[:, 0].numpy() - y
    assert result.logs["valid/square"] == pytest.approx((error**2).mean(), rel=1e-5)
    assert result.logs["valid/bias"] == pytest.approx(error.mean(), rel=1e-5)


def test_a_broken_example_stops_with_its_batch_named(train, standin, tmp_path):
    broken = standin.Numbers(broken=Order(length=24, seed=3)(13))
    with pytest.raises(NotFiniteError, match=r"step 4, .*the loss is nan; .*in \['x', 'y'\]"):
        train(replace(CONFIG, save_every=2), train_set=broken)
    newest = latest(tmp_path / "out" / "checkpoints")
    assert newest.name == "step-00000002"
    assert all(value.isfinite().all() for value in load_file(newest / "model.safetensors").values())


def test_too_high_a_rate_stops_with_a_cure(train):
    config = replace(CONFIG, lr=1e30, optimiser="sgd")
    with pytest.raises(NotFiniteError, match=r"step [23], phase 'all'.*lower train.lr"):
        train(config)


def test_a_gradient_that_is_not_finite_stops_too(train, standin):
    class Root(standin.Regress):
        def step(self, batch):
            zero = (self.model(batch["x"]) * 0).abs()
            return Step({"root": zero.sqrt().mean()}, {})

        def phases(self):
            return (Phase("all"),)

    with pytest.raises(NotFiniteError, match="gradient's norm is nan"):
        train(task=Root(standin.Net()), valid_set=standin.Numbers(1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"monitor": "sqare"}, "train.monitor: 'sqare'.*did you mean 'square'"),
        ({"trackers": ("wandbb",)}, "wandbb"),
        ({"batch": 6, "accumulate": 4}, "train.batch: 6 .*take a multiple of 4"),
    ],
)
def test_what_cannot_be_is_refused_before_the_first_step(train, change, message):
    with pytest.raises(ValueError, match=message):
        train(replace(CONFIG, **change))


def test_patience_needs_validation_data(standin, tmp_path):
    task = standin.Regress(standin.Net())
    with pytest.raises(RecipeError, match=r"train\.patience needs validation data"):
        fit(task, standin.Numbers(), None, replace(CONFIG, patience=1), tmp_path)


def test_an_empty_data_set_is_refused(standin, train):
    with pytest.raises(InputError, match="no example"):
        train(train_set=standin.Numbers(0))


class Unequal:
    """Clips of lengths 3, 5, 5, 2 that hold their index + 1."""

    rate_hz, labels, n_channels = 1.0, ("a",), 1

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return Clip(np.full((1, (3, 5, 5, 2)[index]), index + 1.0, np.float32), np.zeros(1))


class Summer(Scripted):
    def __init__(self):
        super().__init__([])

    def prepare(self, clip):
        return {"x": clip.x, "length": np.array(clip.x.shape[1])}

    def step(self, batch):
        loss = self.model.weight.sum()
        return Step({"w": loss}, {"mean": -1.0}, {"total": batch["x"].sum((1, 2))})

    def summary(self, rows):
        return {"mean": float(rows["total"].mean()), "rows": len(rows["total"])}


def test_clips_of_unequal_length_are_padded_with_zeros_at_the_end():
    (batch,) = batches(Summer(), Unequal(), [[(0, 0), (1, 1), (2, 3)]], seed=(0,), workers=0)
    assert batch["length"].tolist() == [3, 5, 2]
    assert batch["length"].dtype == torch.int64
    assert batch["x"][:, 0].tolist() == [[1, 1, 1, 0, 0], [2, 2, 2, 2, 2], [4, 4, 0, 0, 0]]


def test_a_task_that_sums_up_sees_every_row_of_a_validation(train):
    _, result = train(CONFIG, task=Summer(), valid_set=Unequal())
    assert result.logs["valid/mean"] == (3 + 10 + 15 + 8) / 4
    assert result.logs["valid/rows"] == 4


def test_a_task_meets_its_data_before_it_learns(train):
    met = []
    task = Summer()
    task.meet = lambda *sets: met.append(sets)
    train(CONFIG, task=task, valid_set=Unequal())
    ((_, valid_set),) = met
    assert isinstance(valid_set, Unequal)


def test_examples_of_two_lengths_are_refused(standin, train):
    class Ragged(standin.Regress):
        def prepare(self, example):
            arrays = super().prepare(example)
            return arrays | {"x": arrays["x"][: 7 + int(arrays["i"][0]) % 2]}

    with pytest.raises(InputError, match=r"differ in the shape of 'x'.*batch: 1"):
        train(task=Ragged(standin.Net()))


@pytest.mark.parametrize(
    "values",
    [
        {"steps": 0},
        {"lr": 0.0},
        {"ema": 1.0},
        {"clip": -1.0},
        {"schedule": "step"},
        {"schedule": "stages"},
        {"stages": 0},
        {"workers": -1},
    ],
)
def test_a_value_out_of_range_names_its_key(values):
    needs = {"step": "decay_every", "stages": "patience"}
    key = needs[values["schedule"]] if "schedule" in values else next(iter(values))
    with pytest.raises(RecipeError, match=f"^{key}: "):
        TrainConfig(**values)


def test_the_log_and_tensorboard_tell_the_same(train, tmp_path):
    _, result = train()
    rows = logbook.read(tmp_path / "out")
    assert [(row["step"], row["split"]) for row in rows] == [
        (step, split) for step in (4, 8, 12) for split in ("train", "valid")
    ]
    board = EventAccumulator(str(tmp_path / "out" / "tensorboard"))
    board.Reload()
    for row in rows:
        for name in row.keys() - {"step", "split", "seconds"}:
            scalars = {s.step: s.value for s in board.Scalars(f"{row['split']}/{name}")}
            assert scalars[row["step"]] == pytest.approx(row[name], rel=1e-5)
    assert result.logs["valid/square"] == rows[-1]["square"]


def test_progress_counts_up_and_time_left_runs_out(train):
    calls = []
    train(progress=lambda *call: calls.append(call))
    assert [(step, total) for step, total, *_ in calls] == [(n, 12) for n in range(1, 13)]
    assert all(0 <= left < 60 for *_, left in calls)
    assert calls[-1][3] == 0
    assert {"loss", "lr", "valid/square"} <= calls[-1][2].keys()


def test_one_process_trains_twice_with_other_precisions(train):
    train(replace(CONFIG, precision="bf16"), out="a")
    train(CONFIG, out="b")
