"""A task, a model and a data set that train within a second; run as a script, one training.

``python standin.py OUT STEPS [--batch N] [--accumulate N] [--workers N] [--two-phases]``
"""

import argparse
import os
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ondes.events import EventList
from ondes.protocols import Example, Phase, Step
from ondes.train import devices
from ondes.train.config import TrainConfig
from ondes.train.loop import fit

WIDTH = 8


class Numbers:
    """``length`` noise vectors; the last sample of each is its index."""

    rate_hz, labels, n_channels = 32.0, ("a",), 1

    def __init__(self, length=24, broken=None):
        self.length, self.broken = length, broken

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        x = np.random.default_rng([5, index]).normal(size=(1, WIDTH + 1)).astype(np.float32)
        x[0, -1] = index
        if index == self.broken:
            x[0, 0] = np.nan
        return Example(x, EventList.empty(32.0))


class Net(nn.Module):
    def __init__(self, dropout=0.2):
        super().__init__()
        torch.manual_seed(7)
        self.front = nn.Linear(WIDTH, 16)
        self.norm = nn.BatchNorm1d(16) if dropout else nn.Identity()
        self.drop = nn.Dropout(dropout)
        self.back = nn.Linear(16, 1)

    def forward(self, x):
        return self.back(self.drop(torch.tanh(self.norm(self.front(x)))))


class Regress:
    """Learn the sum of the squares, from inputs to which each visit adds other noise."""

    def __init__(self, model, *, two_phases=False, noise=0.1, record=None):
        self.model, self.two_phases, self.noise, self.record = model, two_phases, noise, record

    def prepare(self, example):
        x, index = example.x[0, :-1], example.x[0, -1:]
        noise = self.noise * np.random.normal(size=x.shape)  # noqa: NPY002 - a careless task
        return {"x": (x + noise).astype(np.float32), "y": (x**2).sum(keepdims=True), "i": index}

    def step(self, batch):
        if self.record and self.model.training:
            with self.record.open("a") as file:
                file.writelines(f"{int(index)}\n" for index in batch["i"])
        error = self.model(batch["x"]).float() - batch["y"]
        losses = {"square": (error**2).mean(), "absolute": error.abs().mean()}
        rows = {"error": error.detach(), "index": batch["i"]}
        return Step(losses, {"bias": float(error.detach().mean())}, rows)

    def summary(self, rows):
        middle = float(np.median(rows["error"]))
        return {"median": middle, "indices": len(np.unique(rows["index"]))}

    def phases(self):
        if not self.two_phases:
            return (Phase("all", terms=("square",)),)
        return (
            Phase("front", parameters=("front.", "norm."), terms=("square",), steps=2),
            Phase("back", parameters=("back.",), terms=("absolute",)),
        )


def main(arguments=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("steps", type=int)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--accumulate", type=int, default=1)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--two-phases", action="store_true")
    args = parser.parse_args(arguments)
    args.out.mkdir(parents=True, exist_ok=True)
    record = args.out / f"seen-{os.environ.get('RANK', '0')}.txt"
    task = Regress(Net(args.dropout), two_phases=args.two_phases, record=record)
    fit(task, Numbers(), Numbers(7), config(args), args.out, seed=3, resume=True)


def config(args):
    return TrainConfig(
        steps=args.steps,
        batch=args.batch,
        accumulate=args.accumulate,
        workers=args.workers,
        lr=0.01,
        schedule="cosine",
        warmup=5,
        clip=1.0,
        ema=0.9 if args.dropout else 0.0,
        log_every=10,
        valid_every=25,
        save_every=20,
        device="cpu",
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
    devices.leave()
