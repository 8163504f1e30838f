"""A network in an ONNX file, run by ONNX Runtime; no torch."""

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ondes.errors import ArtefactError, InputError, MissingExtraError
from ondes.io import atomic_write
from ondes.run import onnxfile
from ondes.run.card import Card
from ondes.run.predictors import Floats, Precision

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


@dataclass(frozen=True)
class Session:
    """A file opened by ONNX Runtime, whose first output is the answer; `content` are its bytes."""

    content: bytes
    session: Any

    def __call__(self, x: Floats) -> Floats:
        """Return the answer to samples [b, channel, time], see `Predictor`.

        x is copied to where numpy aligns its memory.

        Raises:
            ArtefactError: ONNX Runtime fails on it.
        """
        first = self.session.get_outputs()[0].name
        try:
            answer: Floats = self.session.run([first], {"signal": np.array(x, order="C")})[0]
        except Exception as error:
            raise ArtefactError(
                f"ONNX Runtime cannot compute the network for samples of shape {list(x.shape)}: "
                f"{error}. Export the model again, by other versions of torch and onnxscript"
            ) from error
        return answer

    def save(self, path: str | os.PathLike[str], card: Card) -> None:
        """Write the file with another card.

        Raises:
            InputError: `path` does not end in .onnx.
        """
        if not onnxfile.is_named(Path(path)):
            raise InputError(
                f"save({os.fspath(path)!r}) of a model in an ONNX file: name a file that ends in "
                f"{onnxfile.SUFFIX}; its weights cannot become a folder again"
            )
        with atomic_write(path) as temporary:
            temporary.write_bytes(onnxfile.packed(self.content, card))


def load(
    content: bytes, *, source: object, device: str, precision: Precision, threads: int
) -> Session:
    """Return the network in an ONNX file's bytes, on so many threads (0: as many as there are).

    Raises:
        MissingExtraError: ONNX Runtime is not installed.
        InputError: there is no such device here, or the precision is not the file's own.
        ArtefactError: this ONNX Runtime cannot run it.
    """
    if not find_spec("onnxruntime"):
        raise MissingExtraError(
            f"{source} needs the package onnxruntime; install it with: pip install 'ondes[onnx]'"
        )
    import onnxruntime

    if precision == "bfloat16":
        raise InputError(f"{source} in precision='bfloat16': an ONNX file has its own, float32")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    providers = _providers(device, onnxruntime.get_available_providers())
    try:
        session = onnxruntime.InferenceSession(content, options, providers=providers)
    except Exception as error:
        raise ArtefactError(
            f"{source} cannot be run by ONNX Runtime {onnxruntime.__version__}: {error}. Install "
            "a newer onnxruntime, or export the model again"
        ) from error
    return Session(content, session)


def _providers(device: str, available: list[str]) -> list[str]:
    if device == "auto":
        return [name for name in (PROVIDERS["cuda"], PROVIDERS["cpu"]) if name in available]
    wanted = PROVIDERS.get(device)
    if wanted not in available:
        raise InputError(
            f"device={device!r} (--device) cannot be used here: this ONNX Runtime knows "
            f"{', '.join(available)}; take cpu, cuda where there is a GPU and onnxruntime-gpu, "
            "or auto, which finds out"
        )
    return [wanted]
