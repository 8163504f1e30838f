"""The command line, floor 7: one file per verb, found by its name.

A verb's file holds a function of the same name, or a ``typer.Typer`` of that name where the verb
has verbs of its own. It parses, calls the rooms below and prints; heavy imports wait inside the
function, so that ``ondes --help`` stays quick.
"""

import errno
import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated

import typer

from ondes import __version__
from ondes.errors import OndesError


def verbs() -> list[str]:
    """Return the names of all verbs: the public modules of this folder.

    >>> "detect" in verbs()
    True
    """
    return [module.name for module in iter_modules(__path__) if not module.name.startswith("_")]


def app() -> typer.Typer:
    """Return the command line with every verb on it."""
    line = typer.Typer(
        name="ondes",
        callback=_ondes,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for name in verbs():
        verb = getattr(import_module(f"ondes.cli.{name}"), name)
        if isinstance(verb, typer.Typer):
            line.add_typer(verb, name=name)
        else:
            line.command(name)(verb)
    return line


def main() -> None:
    """Run the command line; exit with 0 all done, 1 some inputs failed, 2 the call is wrong.

    What the machine refuses, as a full disk does, is told without a traceback; the status is 1.
    """
    try:
        app()(prog_name="ondes")
    except (OndesError, OSError) as error:
        print(f"ondes: {why(error)}", file=sys.stderr)
        sys.exit(2 if isinstance(error, OndesError) else 1)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        print(f"ondes: this needs torch ({error}): pip install torch", file=sys.stderr)
        sys.exit(2)


def why(error: Exception) -> str:
    """Return what an error says, of a full disk with its cure.

    >>> why(OSError(28, "No space left on device", "out/a.csv"))
    "[Errno 28] No space left on device: 'out/a.csv'; make room and start again"
    """
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return f"{error}; make room and start again" if full else str(error)


def _say_version(asked: bool) -> None:  # noqa: FBT001 - as typer calls it
    if asked:
        print(__version__)
        raise typer.Exit


def _ondes(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say it and leave."),
    ] = False,
) -> None:
    """Turn one-dimensional signals into answers with neural networks."""
