"""The translate task: terms against closed forms, phases, frozen judges, what goes wrong."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from ondes.data.pairs import Pairs
from ondes.errors import ChannelError, InputError, NotFiniteError, RateError
from ondes.protocols import Pair, Sensor
from ondes.tasks.translate.reading import Side
from ondes.tasks.translate.terms import TERMS, Losses
from ondes.testing import check_task
from ondes.train.config import TrainConfig
from ondes.train.learner import Learner
from ondes.train.loader import stack
from ondes.train.loop import fit
from ondes.train.stages import focus, stages

RATE_HZ, TIME = 50.0, 40  # of the items of conftest.py
ALL = {name: 1.0 for name in TERMS if name not in ("same", "features")}
QUICK = TrainConfig(steps=12, batch=4, device="cpu", lr=5e-3, valid_every=6, log_every=4)


def batch_of(task, pairs, count=4):
    return stack([task.prepare(pairs[k]) for k in range(count)])


@pytest.mark.parametrize("name", ["pix2pix", "sig2sig", "texture"])
def test_every_translator_keeps_the_promises_of_a_task(task, pairs, name):
    check_task(task(pairs, name, losses=Losses(**ALL)), pairs)


def test_maps_keep_them_and_so_does_one_way_with_a_judge(task, kit, maps):
    losses = Losses(gen=1, same=0.5, features=0.5)
    check_task(task(maps, maps=1, both=False, losses=losses, judge=kit.Sign(16)), maps)


def test_terms_are_what_the_papers_say(task, pairs):
    made = task(pairs, "sig2sig", losses=Losses(gen=1, coarse=2, recon=3, adv=4, cycle=5))
    made.meet(pairs)
    batch = batch_of(made, pairs)
    game = made.model.eval()
    with torch.no_grad():
        losses = made.step(batch).losses
        x, y = batch["x"], batch["y"]
        forth, back = game.forth(x), game.back(y)

        def l1(a, b):
            return float((a - b).abs().mean())

        def guided(a, true):
            error = (a.result - true).abs() * (-a.log_uncertainty).exp()
            return float((error + a.log_uncertainty).mean())

        fooled = [
            (game.critic_forth(forth.result) - 1) ** 2,
            (game.critic_back(back.result) - 1) ** 2,
        ]
        known = [
            ((critic(true) - 1) ** 2).mean() / 2 + (critic(way.result) ** 2).mean() / 2
            for critic, true, way in ((game.critic_forth, y, forth), (game.critic_back, x, back))
        ]
        expected = {
            "gen": guided(forth, y) + guided(back, x),
            "coarse": 2 * (l1(forth.coarse, y) + l1(back.coarse, x)),
            "recon": 3 * (l1(game.forth(y).result, y) + l1(game.back(x).result, x)),
            "adv": 4 * float(sum(part.mean() for part in fooled)),
            "cycle": 5
            * (l1(game.back(forth.result).result, x) + l1(game.forth(back.result).result, y)),
            "critic": float(sum(known)),
        }
    found = {name: float(value) for name, value in losses.items()}
    assert found == pytest.approx(expected, rel=1e-4)


def test_pix2pix_has_a_conditional_critic_and_a_hundred_times_l1(task, pairs):
    losses = Losses(gen=100, adv=1, kind="logistic")
    made = task(pairs, "pix2pix", both=False, conditional=True, losses=losses)
    made.meet(pairs)
    batch = batch_of(made, pairs)
    game = made.model.eval()
    with torch.no_grad():
        found = made.step(batch).losses
        result = game(batch["x"]).result
        judged = game.critic_forth(result, batch["x"])
    assert float(found["gen"]) == pytest.approx(100 * float((result - batch["y"]).abs().mean()))
    softplus = float(torch.nn.functional.softplus(-judged).mean())
    assert float(found["adv"]) == pytest.approx(softplus, rel=1e-5)


def test_only_the_terms_of_whose_turn_it_is_are_computed(task, pairs):
    made = task(pairs, losses=Losses(adv=0.1), every=3)
    made.meet(pairs)
    batch = batch_of(made, pairs)
    first, second = stages(made.phases(), made.model, QUICK)
    assert (first.phase.name, second.phase.name) == ("translate", "criticise")
    assert (first.phase.steps, second.phase.steps) == (3, 1)
    made.model.train()
    for stage, terms in ((first, {"gen", "adv"}), (second, {"critic"})):
        focus(stage, (first, second))
        step = made.step(batch)
        assert set(step.losses) == terms
        made.model.zero_grad()
        stage.loss(step).backward()
        moved = {n.split(".")[0] for n, p in made.model.named_parameters() if p.grad is not None}
        assert moved == {prefix.rstrip(".") for prefix in stage.phase.parameters}
    made.model.eval()
    assert set(made.step(batch).losses) == {"gen", "adv", "critic"}


def test_without_a_critic_there_is_one_phase(task, pairs):
    made = task(pairs)
    assert [phase.name for phase in made.phases()] == ["translate"]
    assert not any(p.requires_grad for p in made.model.critic_forth.parameters())


def test_a_judge_is_looked_at_and_left_alone(task, kit, pairs, tmp_path):
    judge = kit.Sign()
    made = task(pairs, both=False, losses=Losses(gen=0, same=1, features=1), judge=judge)
    result = fit(made, pairs, pairs, QUICK, tmp_path)
    assert float(judge.gain.detach()) == 20
    assert judge.gain.grad is None
    assert not any("gain" in name for name in made.model.state_dict())
    assert {"valid/same", "valid/features", "valid/agreement"} <= result.logs.keys()


def test_the_answers_on_true_partners_are_what_it_learns(task, kit, tmp_path):
    pairs = kit.toy(32)
    made = task(pairs, both=False, losses=Losses(gen=0, same=1), judge=kit.Sign())
    result = fit(
        made,
        pairs,
        kit.toy(32, seed=1),
        TrainConfig(steps=80, batch=8, device="cpu", lr=1e-2, valid_every=0, keep="last"),
        tmp_path,
    )
    assert result.logs["valid/agreement"] > 0.9


def test_raw_signals_go_in_and_the_old_sensor_comes_out(task, kit, tmp_path):
    pairs = kit.toy(24)
    made = task(pairs, both=False)
    old, new = kit.old_and_new(8, 2, seed=5)
    fit(made, pairs, None, TrainConfig(steps=150, batch=8, device="cpu", lr=1e-2), tmp_path)
    translated = np.stack([made.translated(x)[0] for x in new])
    assert np.abs(new - old).mean() > 2
    assert np.abs(translated - old).mean() < 0.35


@pytest.mark.parametrize("floor", [False, True])
@pytest.mark.parametrize("scaling", ["each", "shared", "none"])
def test_both_sides_are_scaled_and_brought_back(task, maps, scaling, floor):
    made = task(maps, maps=1, scaling=scaling, floor=floor)
    made.meet(maps)
    for index, pair in enumerate(maps.pairs):
        arrays = made.prepare(maps[index])
        assert arrays["x"].shape == arrays["y"].shape == (1, 16, TIME)
        for side, x, given in zip(("source", "target"), arrays.values(), pair, strict=True):
            own = getattr(made.reading, side)
            moved = (np.median(given) - own.level) if floor else 0
            np.testing.assert_allclose(own.out_of(x[0]), given - moved, atol=1e-4)
    if scaling == "each":
        assert np.quantile(np.abs(arrays["x"]), 0.99) <= 1
    if scaling == "shared":
        assert made.reading.source.spread == made.reading.target.spread
    if scaling == "none":
        assert made.reading.target.spread == 1


def test_a_floor_is_taken_off_each_item():
    side = Side(floor=True, centre=1, spread=2, level=7)
    x = np.array([[10.0, 10.0, 10.0, 15.0]], np.float32)
    assert side.into(x).tolist() == side.into(x + 100).tolist() == [[-0.5, -0.5, -0.5, 2.0]]
    assert side.out_of(side.into(x)).tolist() == [[7.0, 7.0, 7.0, 12.0]]


def test_a_slower_source_is_brought_to_the_targets_rate_where_that_is_asked(task):
    t = np.arange(2 * TIME)
    waves = [np.sin(0.1 * (k + 1) * t)[None].astype(np.float32) for k in range(4)]
    sides = {"source": Sensor(2 * RATE_HZ, 1), "target": Sensor(RATE_HZ, 1)}
    pairs = Pairs(waves, [wave[:, ::2] for wave in waves], **sides)
    made = task(pairs, resample=True, scaling="none")
    made.meet(pairs)
    arrays = made.prepare(pairs[0])
    inner = slice(20, -20)
    np.testing.assert_allclose(arrays["x"][:, inner], arrays["y"][:, inner], atol=2e-2)
    with pytest.raises(RateError, match="resample: true"):
        task(pairs).meet(pairs)


NOISE = np.random.default_rng(1).normal(size=(2, TIME)).astype(np.float32)


@pytest.mark.parametrize(
    ("source", "target", "error", "said"),
    [
        (NOISE, NOISE[:, :-3], InputError, "40 and 37 samples"),
        (NOISE[:1], NOISE, ChannelError, "1 channels, the translator takes 2"),
        (NOISE, np.stack([NOISE[0], 0 * NOISE[0] + 1]), ChannelError, "target, channel 1, is 1 th"),
        (np.where(NOISE > 2, np.nan, NOISE), NOISE, NotFiniteError, "source holds NaN"),
        (NOISE[None], NOISE, InputError, "give .channel, time."),
    ],
)
def test_pairs_that_do_not_fit_are_refused(task, pairs, source, target, error, said):
    with pytest.raises(error, match=said):
        task(pairs).prepare(Pair(np.float32(source), np.float32(target)))


def test_sensors_that_are_swapped_are_noticed(task, kit):
    old, new = kit.old_and_new(4, 2)
    sensors = {"source": Sensor(RATE_HZ, 1, "new"), "target": Sensor(RATE_HZ, 2, "old")}
    right = Pairs(list(new[:, :1]), list(old), **sensors)
    turned = {"source": sensors["target"], "target": sensors["source"]}
    with pytest.raises(ChannelError, match="swapped"):
        task(right).meet(Pairs(list(old), list(new[:, :1]), **turned))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"losses": Losses(same=1)}, "there is no classifier"),
        ({"losses": Losses(cycle=1), "both": False}, "nothing translates back"),
        ({"every": 0}, "must be 1 or more"),
        ({"judge": (3, 50), "classifier": "c"}, "'c' takes 3 channels, the translator gives 2"),
        ({"judge": (2, 10), "classifier": "c"}, "takes 10 Hz, the translator gives 50"),
        ({"judge": None, "classifier": "c"}, "'c' judges no clips"),
    ],
)
def test_options_that_do_not_go_together_are_refused(task, kit, pairs, options, said):
    if "judge" in options:
        known = options["judge"]
        options = options | {"judge": kit.Sign(*known) if known else torch.nn.Linear(1, 1)}
    with pytest.raises(InputError, match=said):
        task(pairs, **options)


@pytest.mark.parametrize("weights", [{"gen": -1}, {"gen": 0}])
def test_weights_are_checked(weights):
    with pytest.raises(InputError, match="losses"):
        Losses(**weights)


def rows_of(made, true, **more):
    count = len(made)
    zero = np.zeros(count)
    rows = {"error": zero, "made": made, "true": true, "bound": zero, "true_bound": zero}
    return rows | {name: np.full(count, value) for name, value in more.items()}


def test_collapse_saturation_and_critics_that_always_know_are_said_when_they_begin(task, pairs):
    made, true = task(pairs), np.random.default_rng(0).normal(size=(6, 4))
    fresh = made.summary(rows_of(0 * true, true))
    assert fresh["spread"] == 0  # of a network that has learnt nothing no word
    good = made.summary(rows_of(true / 2, true, fooled=0.5))
    assert good["spread"] == pytest.approx(0.5)
    assert made.noticed == {}
    with pytest.warns(UserWarning, match="collapse: .* 0.0% of what true ones do"):
        made.summary(rows_of(0 * true, true))
    with pytest.warns(UserWarning, match="saturation: 40% more"):
        made.summary(rows_of(true, true, bound=0.5, true_bound=0.1))
    with pytest.warns(UserWarning, match="critic: .* 0.0% of all patches"):
        made.summary(rows_of(true, true, fooled=0.0))
    assert list(made.noticed) == ["critic"]
    made.summary(rows_of(true, true, fooled=0.0))  # no second word


def test_calibration_is_the_correlation_of_doubt_and_error(task, pairs):
    made = task(pairs, "sig2sig")
    made.meet(pairs)
    batch = batch_of(made, pairs)
    game = made.model.eval()
    with torch.no_grad():
        rows = made.step(batch).rows
        result = game(batch["x"])
    doubt = result.log_uncertainty.exp().expand_as(result.result).flatten(1).numpy()
    error = (result.result - batch["y"]).abs().flatten(1).numpy()
    expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(doubt, error, strict=True)]
    np.testing.assert_allclose(rows["calibration"].numpy(), expected, atol=1e-4)


def test_a_training_in_two_phases_that_was_cut_off_ends_with_the_same_bits(task, pairs, tmp_path):
    config = TrainConfig(
        steps=10,
        batch=4,
        betas=(0.5, 0.999),
        schedule="linear",
        hold=4,
        ema=0.9,
        device="cpu",
        valid_every=5,
        save_every=2,
        keep="last",
    )

    def train(out: Path, *, stop: int = 99, resume: bool = False) -> bytes:
        def progress(step, *_):
            if step == stop:
                raise KeyboardInterrupt

        made = task(pairs, "sig2sig", net={"dropout": 0.5}, losses=Losses(adv=0.5, recon=1))
        result = fit(made, pairs, pairs, config, out, resume=resume, progress=progress)
        return result.weights.read_bytes()

    whole = train(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "broken", stop=5)
    assert train(tmp_path / "broken", resume=True) == whole


def test_betas_reach_the_optimisers(task, pairs):
    from accelerate import Accelerator

    made = task(pairs, losses=Losses(adv=1))
    config = TrainConfig(steps=2, betas=(0.5, 0.99))
    learner = Learner(made, config, Accelerator(cpu=True))
    groups = [stage.optimiser.param_groups[0] for stage in learner._stages]
    assert [group["betas"] for group in groups] == [(0.5, 0.99)] * 2
    assert math.isclose(groups[0]["lr"], config.lr)
