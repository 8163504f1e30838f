"""Checkpoints: a folder that is either whole or not there, and that runs no code when read.

Weights are safetensors; the optimisers', loop's and generators' states are one file for
``torch.load(weights_only=True)``. A folder is written under another name, synced and renamed, so
that a process killed at any moment leaves the last whole one.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ondes.errors import ArtefactError, InputError, RecipeError

Weights = dict[str, Tensor]


def snapshot(weights: Mapping[str, Tensor]) -> Weights:
    """Copy weights and buffers to the host's memory."""
    return {
        name: value.detach().to("cpu", copy=True).contiguous() for name, value in weights.items()
    }


def save(folder: Path, step: int, weights: Mapping[str, Weights], state: Mapping[str, Any]) -> Path:
    """Write ``folder/step-N`` and then remove the older checkpoints; return the new one."""
    whole = folder / f"step-{step:08d}"
    part = folder / f".{whole.name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for name, tensors in weights.items():
        save_file(tensors, part / f"{name}.safetensors")
    torch.save(dict(state), part / "state.pt")
    for path in (*part.iterdir(), part):
        _sync(path)
    part.rename(whole)
    _sync(folder)
    for older in _wholes(folder)[:-1]:
        shutil.rmtree(older)
    return whole


def folder_in(out: Path) -> Path:
    """Return where a training in ``out`` keeps its checkpoints."""
    return out / "checkpoints"


def latest(folder: Path) -> Path | None:
    """Return the newest whole checkpoint in ``folder``, or None."""
    return next(reversed(_wholes(folder)), None)


def begun(out: Path, *, resume: bool) -> Path | None:
    """Return the last checkpoint of a training in ``out``, or None if there is no training.

    Raises:
        InputError: there is one, and ``resume`` is off.
    """
    newest = latest(folder_in(out))
    if newest and not resume:
        raise InputError(
            f"{out} holds a training already; resume=True (--resume) goes on with it, "
            "another folder begins afresh"
        )
    return newest


def load(checkpoint: Path) -> tuple[dict[str, Weights], dict[str, Any]]:
    """Return the weights by name and the state of ``checkpoint``.

    Raises:
        ArtefactError: if a file is damaged.
    """
    try:
        weights = {path.stem: load_file(path) for path in checkpoint.glob("*.safetensors")}
        state = torch.load(checkpoint / "state.pt", map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, SafetensorError, UnpicklingError) as error:
        raise ArtefactError(
            f"{checkpoint}: the checkpoint is damaged ({error}); remove it and start again"
        ) from error
    return weights, state


def refuse_change(newest: Path, *, before: Mapping[str, object], now: Mapping[str, object]) -> None:
    """Raise RecipeError if what decides the weights is no longer what it was.

    What the checkpoint does not know is newer than it, and as it was before.
    """
    changes = [
        f"{name} was {before[name]!r} and is now {now[name]!r}"
        for name in now
        if before.get(name, now[name]) != now[name]
    ]
    if changes:
        raise RecipeError(
            f"{newest} cannot be resumed: {'; '.join(changes)}. Put that back, or train into "
            "another folder"
        )


def _wholes(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*"))


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no folders
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
