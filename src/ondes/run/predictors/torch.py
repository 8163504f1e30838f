"""A network in torch, on any device."""

import os
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ondes.errors import InputError
from ondes.nn.translator import Translation
from ondes.run import artefact
from ondes.run.card import Card
from ondes.run.predictors import Floats, Precision
from ondes.spec import ClipSpec, Spec


@dataclass(frozen=True)
class Network:
    """A module that gives logits or translations, in float32 or, on `precision`, in bfloat16."""

    model: nn.Module
    precision: Precision = "float32"

    def __call__(self, x: Floats) -> Floats:
        """Return the answer to samples [b, channel, time], see `Predictor`.

        The module answers in eval mode and is left as it was. torch.tensor copies x to where
        torch aligns its memory.
        """
        training, device = self.model.training, next(self.model.parameters()).device
        half = self.precision == "bfloat16"
        try:
            with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=half):
                found = self.model.eval()(torch.tensor(x).to(device))
                answer: Floats = _answer(found, self.model.spec).cpu().numpy()
                return answer
        finally:
            self.model.train(training)

    def save(self, path: str | os.PathLike[str], card: Card) -> None:
        """Write weights and card to a folder."""
        artefact.save(path, self.model, card)


def load(folder: Path, card: Card, *, device: str, precision: Precision, threads: int) -> Network:
    """Return the network in a folder; `threads` are torch's, for the whole process (0: as it is).

    Raises:
        ArtefactError: it is damaged.
        InputError: there is no such device here.
    """
    if threads:
        torch.set_num_threads(threads)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    network = _moved(artefact.read_model(folder, card), device)
    return Network(network, _chosen(precision, device, network))


def _answer(found: Tensor | Translation, spec: object) -> Tensor:
    """Return what a network gives as a `Predictor` does."""
    if isinstance(found, Translation):
        return found.stacked().float()
    return found.float() if isinstance(spec, ClipSpec) else torch.sigmoid(found.float())


def _moved(network: nn.Module, device: str) -> nn.Module:
    try:
        return network.to(device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise InputError(
            f"device={device!r} (--device) cannot be used here ({reason}): take cpu, cuda where "
            "there is a GPU, or auto, which finds out"
        ) from error


def _chosen(precision: Precision, device: str, network: nn.Module) -> Precision:
    if precision != "auto":
        return precision
    if not isinstance(network.spec, Spec):  # a saved model answers what it answered, anywhere
        return "float32"
    matrix_units = device == "cpu" and torch.cpu.get_capabilities().get("amx_bf16", False)
    return "bfloat16" if matrix_units else "float32"
