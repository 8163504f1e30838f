"""A training killed at any moment ends with the bytes of one that nothing interrupted."""

import os
import pickle
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ondes.errors import ArtefactError, InputError, RecipeError
from ondes.train import checkpoint, logbook, seeds
from ondes.train.config import TrainConfig
from ondes.train.loop import fit

SCRIPT = Path(__file__).with_name("standin.py")
STEPS = 200


def start(out, *options):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "error", SCRIPT, out, str(STEPS), *options]
    return subprocess.Popen(command, env=environment)


def steps_saved(out):
    newest = checkpoint.latest(out / "checkpoints")
    return int(newest.name.removeprefix("step-")) if newest else 0


def kill_after(process, out, step):
    """Kill -9 at a random moment after that checkpoint; return whether it was still running."""
    while process.poll() is None and steps_saved(out) < step:
        time.sleep(0.005)
    time.sleep(random.uniform(0, 0.05))
    process.kill()
    return process.wait() == -9


def test_kill_9_changes_no_bit(standin, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    kills = [kill_after(start(broken, "--two-phases"), broken, step) for step in (20, 80, 140)]
    assert start(broken, "--two-phases").wait() == 0
    assert all(kills)
    standin.main([str(whole), str(STEPS), "--two-phases"])
    for name in ("weights.safetensors", f"checkpoints/step-{STEPS:08d}/model.safetensors"):
        assert (broken / name).read_bytes() == (whole / name).read_bytes()
    rows = [[{**row, "seconds": 0} for row in logbook.read(out)] for out in (whole, broken)]
    assert rows[0] == rows[1]


@pytest.fixture
def train(standin, tmp_path):
    """Train the stand-in in ``tmp_path``; return the result."""

    def run(config, *, resume=False, seed=3, progress=None, **kind):
        task = standin.Regress(standin.Net(), **kind)
        numbers = standin.Numbers()
        return fit(
            task,
            numbers,
            standin.Numbers(7),
            config,
            tmp_path,
            seed=seed,
            resume=resume,
            progress=progress,
        )

    return run


STAGES = TrainConfig(
    steps=60,
    batch=4,
    optimiser="sgd",
    lr=0.05,
    ema=0.5,
    schedule="stages",
    decay=0.2,
    stages=4,
    patience=1,
    device="cpu",
    log_every=1,
    valid_every=2,
    save_every=1,
)


@pytest.mark.parametrize("kill", [3, 9, 20])
def test_stages_of_learning_rates_resume_bit_for_bit(train, tmp_path, monkeypatch, kill):
    def weights():
        return (tmp_path / "weights.safetensors").read_bytes()

    def interrupt(step, *_):
        if step == kill:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(STAGES, progress=interrupt)
    resumed = train(STAGES, resume=True)
    broken = weights()
    checkpoint.shutil.rmtree(tmp_path / "checkpoints")
    whole = train(STAGES)
    assert broken == weights()
    assert (whole.steps, whole.best_step) == (resumed.steps, resumed.best_step)
    rates = [row["lr"] for row in logbook.read(tmp_path) if row["split"] == "train"]
    assert sorted(set(rates), reverse=True) == pytest.approx([0.05, 0.01, 0.002, 0.0004])


def test_patience_decides_the_weights_of_stages(train):
    train(replace(STAGES, steps=2))
    for change in ({"patience": 2}, {"steps": 8}):
        with pytest.raises(RecipeError, match=next(iter(change))):
            train(replace(STAGES, **({"steps": 2} | change)), resume=True)


CONFIG = TrainConfig(steps=6, batch=4, device="cpu", log_every=2, valid_every=3, save_every=2)


def test_going_on_with_more_steps_equals_training_them_at_once(train, tmp_path):
    train(CONFIG)
    longer = replace(CONFIG, steps=12, keep="last")
    with pytest.raises(RecipeError, match="keep was 'best' and is now 'last'"):
        train(longer, resume=True)
    train(replace(CONFIG, steps=12, workers=1), resume=True)
    parts = (tmp_path / "checkpoints" / "step-00000012" / "model.safetensors").read_bytes()
    (tmp_path / "log.jsonl").unlink()
    checkpoint.shutil.rmtree(tmp_path / "checkpoints")
    train(replace(CONFIG, steps=12))
    again = (tmp_path / "checkpoints" / "step-00000012" / "model.safetensors").read_bytes()
    assert again == parts


def test_a_finished_training_resumes_to_the_same_result(train):
    first = train(CONFIG)
    bytes_before = first.weights.read_bytes()
    again = train(CONFIG, resume=True)
    assert (again.steps, again.best, again.logs) == (first.steps, first.best, first.logs)
    assert again.weights.read_bytes() == bytes_before


def test_a_folder_in_use_is_refused(train):
    train(CONFIG)
    with pytest.raises(InputError, match="--resume"):
        train(CONFIG)


def test_a_schedule_that_ends_with_the_steps_takes_no_more_of_them(train):
    config = replace(CONFIG, schedule="cosine")
    train(config)
    with pytest.raises(RecipeError, match="steps was 6 and is now 9"):
        train(replace(config, steps=9), resume=True)


@pytest.mark.parametrize("change", [{"lr": 0.5}, {"batch": 8}])
def test_a_resume_with_another_config_is_refused(train, change):
    train(CONFIG)
    (name,) = change
    with pytest.raises(RecipeError, match=f"{name} was"):
        train(replace(CONFIG, **change), resume=True)


def test_a_resume_with_another_seed_is_refused(train):
    train(CONFIG)
    with pytest.raises(RecipeError, match="seed was 3 and is now 4"):
        train(CONFIG, resume=True, seed=4)


def test_a_leftover_of_a_killed_save_is_no_checkpoint(tmp_path):
    weights = {"model": {"w": torch.ones(2)}}
    (tmp_path / ".step-00000009.part").mkdir()
    assert checkpoint.latest(tmp_path) is None
    checkpoint.save(tmp_path, 3, weights, {"a": 1})
    newest = checkpoint.save(tmp_path, 9, weights, {"a": 2})
    assert checkpoint.latest(tmp_path) == newest
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000009"]
    assert checkpoint.load(newest)[1] == {"a": 2}


@pytest.mark.parametrize("name", ["model.safetensors", "state.pt"])
def test_a_damaged_checkpoint_is_named(tmp_path, name):
    newest = checkpoint.save(tmp_path, 1, {"model": {"w": torch.ones(99)}}, {"a": 1})
    whole = (newest / name).read_bytes()
    (newest / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ArtefactError, match="step-00000001"):
        checkpoint.load(newest)


class Exploit:
    def __reduce__(self):
        return (print, ("code ran",))


def test_a_checkpoint_runs_no_code(tmp_path, capsys):
    newest = checkpoint.save(tmp_path, 1, {"model": {"w": torch.ones(1)}}, {})
    for payload in (
        lambda f: torch.save(Exploit(), f),
        lambda f: f.write(pickle.dumps(Exploit(), protocol=2)),
    ):
        with (newest / "state.pt").open("wb") as file:
            payload(file)
        with pytest.raises(ArtefactError):
            checkpoint.load(newest)
    assert "code ran" not in capsys.readouterr().out


def test_states_of_all_generators_come_back(tmp_path):
    import random as python

    import numpy as np

    def draw():
        return python.random(), np.random.normal(), torch.rand(1).item()  # noqa: NPY002

    seeds.seed_all(1, 2)
    np.random.normal()  # noqa: NPY002 - the second of a pair now waits inside numpy's state
    newest = checkpoint.save(tmp_path, 1, {}, seeds.states())
    expected = [draw() for _ in range(3)]
    seeds.restore(checkpoint.load(newest)[1])
    assert [draw() for _ in range(3)] == expected
