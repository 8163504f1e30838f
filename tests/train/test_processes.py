"""Two processes train as one does: the same examples, the same weights."""

import os
import socket
import subprocess
import sys
from argparse import Namespace
from itertools import chain
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ondes.train import logbook
from ondes.train.loop import fit

SCRIPT = Path(__file__).with_name("standin.py")


def launch(processes, *arguments):
    """Run the stand-in by ``accelerate launch``, whose processes talk through gloo."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = str(door.getsockname()[1])
    options = ("--multi_gpu", "--num_processes", str(processes), "--main_process_port", port)
    done = subprocess.run(
        [sys.executable, "-m", "accelerate.commands.launch", *options, SCRIPT, *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def seen(path):
    """Return the indices that a process trained on, four at a time."""
    indices = list(map(int, path.read_text().split()))
    return [indices[at : at + 4] for at in range(0, len(indices), 4)]


def test_two_processes_train_as_one(standin, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    options = {"steps": 30, "batch": 8, "accumulate": 1, "workers": 0, "dropout": 0}
    record = tmp_path / "seen.txt"
    task = standin.Regress(standin.Net(dropout=0), record=record)
    config = standin.config(Namespace(**options))
    fit(task, standin.Numbers(), standin.Numbers(7), config, one, seed=3)
    launch(2, two, "30", "--batch", "8", "--dropout", "0")

    weights = [load_file(out / "weights.safetensors") for out in (one, two)]
    assert weights[0].keys() == weights[1].keys()
    for name in weights[0]:
        torch.testing.assert_close(weights[1][name], weights[0][name], rtol=1e-4, atol=1e-6)
    rows = [[row for row in logbook.read(out) if row["split"] == "valid"] for out in (one, two)]
    assert {row["indices"] for row in chain(*rows)} == {7}
    for ours, theirs in zip(*rows, strict=True):
        assert theirs["median"] == pytest.approx(ours["median"], rel=1e-3)
    parts = zip(seen(two / "seen-0.txt"), seen(two / "seen-1.txt"), strict=True)
    dealt = list(chain.from_iterable(first + second for first, second in parts))
    whole = list(chain.from_iterable(seen(record)))
    assert dealt == whole
    assert sorted(whole[:24]) == list(range(24))
