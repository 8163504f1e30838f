"""Networks as ONNX files, which run without torch."""

import importlib
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from ondes.errors import InputError, MissingExtraError
from ondes.io.atomic import atomic_write
from ondes.spec import ClipSpec, Spec, TranslatorSpec

EXAMPLE_FRAMES = 8
EXAMPLE_SIZE = 521  # of translators, whose sizes are free
EXAMPLE_SAMPLES = 2**18  # of clips, nothing is computed of them: all strides leave several entries


class Probabilities(nn.Module):
    """A network that answers with probabilities, the sigmoid of another's logits."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.spec = network.spec

    def forward(self, x: Tensor) -> Tensor:
        """Map samples [b, channels, t] to probabilities [b, head, class, frame]."""
        return torch.sigmoid(self.network(x))


class Answering(nn.Module):
    """A network of clips that gives its logits and, besides, what `answer` makes of them."""

    def __init__(self, network: nn.Module, answer: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.network, self.answer = network, answer
        self.spec = network.spec

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map samples [b, channels, t] to logits and answers, both [b, output]."""
        logits = self.network(x)
        return logits, self.answer(logits)


def to_onnx(
    module: nn.Module,
    path: str | Path,
    *,
    output: str = "logits",
    besides: Sequence[str] = (),
) -> None:
    """Write `module`, in evaluation mode, to the ONNX file `path`.

    The input ``signal`` is [batch, channel, time] and the `output` is [batch, head, class,
    frame], or of a network of clips [batch, output], all float32; batch and time may have any
    size from one item and one frame, or the shortest clip, on. Of a translator the input is as its
    `TranslatorSpec` says, the outputs are of the same size, and so may bins be of any number if it
    names none. The network itself is left as it was.

    Args:
        module: a network with a `Spec`, `ClipSpec` or `TranslatorSpec` as its ``spec``.
        path: file to write, whole or not at all; one that is there is replaced.
        output: what the output is called.
        besides: what further outputs are called, of a module that gives several.

    Raises:
        MissingExtraError: the packages of ``ondes[onnx]`` are not installed.
        InputError: the network cannot be written for signals of any length, and torch says why;
            or there is no such folder.
    """
    for package in ("onnx", "onnxscript"):
        _require(package)
    training = module.training
    try:
        program = _traced(module.eval())
    finally:
        module.train(training)
    with _quiet(), atomic_write(path) as temporary:
        torch.onnx.export(
            program,
            f=str(temporary),
            dynamic_shapes=(_axes(module.spec),),
            input_names=["signal"],
            output_names=[output, *besides],
            external_data=False,
            optimize=False,  # it drops small terms, as the 1e-9 that keeps silence from 0 / 0
            verbose=False,
        )


def _require(package: str) -> None:
    try:
        importlib.import_module(package)
    except ImportError as error:
        raise MissingExtraError(
            f"to_onnx needs the package {package}; install it with: pip install 'ondes[onnx]'"
        ) from error


def _traced(module: nn.Module) -> ExportedProgram:
    spec = module.spec
    assert isinstance(spec, Spec | ClipSpec | TranslatorSpec)
    like = next(module.parameters())
    x = torch.zeros(2, spec.channels, *_example_size(spec), dtype=like.dtype)
    axes = dict.fromkeys(_axes(spec), Dim.DYNAMIC)
    try:
        with _quiet(), torch.no_grad():
            return torch.export.export(
                module,
                (x.to(like.device),),
                dynamic_shapes=(axes,),
                prefer_deferred_runtime_asserts_over_guards=True,
            )
    except (RuntimeError, ValueError) as error:
        raise InputError(
            f"to_onnx: {type(module).__module__} cannot be exported for signals of any length: "
            f"{error}"
        ) from error


def _axes(spec: object) -> dict[int, str]:
    """Return the axes of the input that may have any size, and what they are called."""
    if not isinstance(spec, TranslatorSpec) or spec.dims == 1:
        return {0: "batch", 2: "time"}
    return {0: "batch", 3: "time"} if spec.bins else {0: "batch", 2: "bin", 3: "time"}


def _example_size(spec: Spec | ClipSpec | TranslatorSpec) -> tuple[int, ...]:
    if isinstance(spec, Spec):
        return (EXAMPLE_FRAMES * spec.hop,)
    if isinstance(spec, ClipSpec):
        return (max(EXAMPLE_SAMPLES, EXAMPLE_FRAMES * spec.least),)
    return (EXAMPLE_SIZE,) if spec.dims == 1 else (spec.bins or EXAMPLE_SIZE, EXAMPLE_SIZE)


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back what torch's exporter says about itself and about packages it could also use."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        logger.setLevel(level)
