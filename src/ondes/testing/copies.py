"""What becomes of a network elsewhere: saved and loaded, and in ONNX Runtime."""

import copy
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ondes.errors import InputError
from ondes.nn.export import to_onnx
from ondes.spec import ClipSpec
from ondes.testing.require import require_equal


def saved_and_loaded(module: nn.Module) -> nn.Module:
    """Return another network of the same kind with the weights of this one, by way of a file."""
    fresh = _fresh(module)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        save_file({k: v.contiguous().clone() for k, v in module.state_dict().items()}, path)
        fresh.load_state_dict(load_file(path))
    return fresh.eval()


def _fresh(module: nn.Module) -> nn.Module:
    """Return another network of the same kind: built anew from its config where it has one."""
    if hasattr(module, "config"):
        spec: Any = module.spec
        classes = spec.outputs if isinstance(spec, ClipSpec) else spec.classes
        build: Any = type(module)
        new: nn.Module = build(
            module.config, rate_hz=spec.rate_hz, channels=spec.channels, classes=classes
        )
        return new
    new = copy.deepcopy(module)
    for tensor in new.state_dict().values():
        tensor.zero_()
    return new


def check_in_onnx(module: nn.Module, batches: Iterable[Tensor], *, at_most: float) -> None:
    """Check that ONNX Runtime gives the logits of the network, also where half of a batch is 0."""
    run = onnx_session(module)
    for x in batches:
        x[..., : x.shape[-1] // 2] = 0  # where a small term is all there is
        with torch.no_grad():
            expected = module(x)
        require_equal(
            torch.from_numpy(run(x.numpy())),
            expected,
            f"ONNX Runtime gives other logits for a batch of {len(x)} with {x.shape[-1]} samples",
            at_most=at_most,
        )


def onnx_session(module: nn.Module) -> Callable[[Any], Any]:
    """Return what maps samples to logits, both as NumPy arrays, without torch."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        try:
            to_onnx(module, path)
        except InputError as error:
            raise AssertionError(str(error)) from error
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda x: session.run(["logits"], {"signal": x})[0]
