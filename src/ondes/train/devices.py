"""What a training runs on, through Accelerate."""

import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import torch
from accelerate import Accelerator, PartialState
from accelerate.state import AcceleratorState
from accelerate.utils import GradientAccumulationPlugin

from ondes.errors import RecipeError
from ondes.train.config import TrainConfig


def steady_kernels() -> AbstractContextManager[None]:
    """Let cuDNN take only kernels that repeat their results."""
    return torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True)


def accelerator(config: TrainConfig, out: Path) -> Accelerator:
    """Return what carries devices, precision, accumulation, processes and trackers.

    Raises:
        RecipeError: the precision or a tracker cannot be had here.
    """
    # One process may train several times, with another precision each.
    alone = not torch.distributed.is_initialized()
    AcceleratorState._reset_state(reset_partial_state=alone)  # noqa: SLF001 - no public way
    try:
        made = Accelerator(
            mixed_precision=config.precision,
            gradient_accumulation_plugin=GradientAccumulationPlugin(num_steps=config.accumulate),
            cpu=config.device == "cpu",
            log_with=["tensorboard", *config.trackers],
            project_dir=out,
        )
    except ValueError as error:
        raise RecipeError(f"train: Accelerate refuses {config}: {error}") from error
    if config.precision == "fp16" and made.device.type == "cpu":
        raise RecipeError("train.precision: fp16 needs a GPU; here bf16 or no will do")
    return made


def leave() -> None:
    """End this process at once if it is one of a launch's; return if it is alone.

    DistributedDataParallel never lets go of its process group, nor does gloo of its threads: one
    that frees a tensor of Python's while the interpreter is torn down aborts the process.
    """
    state = PartialState()
    if state.num_processes > 1:
        state.destroy_process_group()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
