"""``ondes export``: a trained model as one ONNX file that runs without torch."""

from pathlib import Path
from typing import Annotated

import typer

from ondes.cli import _console, _options


def export(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="One of `ondes models`, or a folder.")
    ],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="What to write, .onnx.")],
    json: _options.Json = False,
    threads: _options.Threads = 1,
) -> None:
    """Write a model to one ONNX file: network, rate, classes, decoder or reading, and card.

    The file answers for signals of any length, and has been compared with the model it was made
    of. `--model FILE` runs it by ONNX Runtime.
    """
    whole = _options.trained(model, device="cpu", threads=threads)
    differs = whole.export(out)
    size = out.stat().st_size
    if json:
        _console.show_json({"model": model, "file": out, "bytes": size, "differs": differs})
        return
    print(f"{out}: {size / 1e6:.2f} MB, within {differs:.1g} of the model's answers")
