"""``ondes data``: the data sets there are, and tone banks made from sound banks."""

import re
from collections.abc import Sequence
from dataclasses import MISSING, Field, asdict, fields, is_dataclass
from inspect import getdoc
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ondes.cli import _console, _options
from ondes.errors import InputError

if TYPE_CHECKING:
    from ondes.data.plans import Take

_TAKE = re.compile(r"(\d+):(\d+(?:,\d+)*)(?::(\w+))?")


class _OrShow(TyperGroup):
    """A group whose unknown words are names to show."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - click's or typer's
        known = args[0] in self.commands
        return super().resolve_command(ctx, args if known else ["show", *args])


data = typer.Typer(
    cls=_OrShow,
    invoke_without_command=True,
    subcommand_metavar="[NAME | banks ...]",
    help="List the data sets; with a name, show that one and its options.",
)
banks = typer.Typer(invoke_without_command=True, help="List the banks; build makes a new one.")
data.add_typer(banks, name="banks")


@data.callback()
def _list(context: typer.Context, *, json: _options.Json = False) -> None:
    context.obj = json  # `data --json NAME` asks as `data NAME --json` does
    if context.invoked_subcommand is None:
        from ondes.data import find, level, names

        rows = [
            {"name": name, "tells of": f"{level(name)}s", "about": find(name).ABOUT}
            for name in names()
        ]
        _show_rows(rows, json=json)


@data.command(hidden=True)
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of a data set.")],
    *,
    json: _options.Json = False,
) -> None:
    """Show a data set: what it is, and its options with their defaults."""
    from ondes.data import find, level

    module = find(name)
    described = {
        "name": name,
        "tells of": f"{level(name)}s",
        "about": module.ABOUT,
        "notes": getdoc(module),
        "about options": getdoc(module.Config),
        "options": {field.name: _default(field) for field in fields(module.Config)},
    }
    (_console.show_json if json or context.obj else _console.show_yaml)(described)


@banks.callback()
def _list_banks(context: typer.Context, *, json: _options.Json = False) -> None:
    if context.invoked_subcommand is None:
        from ondes.data.banks import names

        _show_rows([_bank(name) for name in names()], json=json or context.obj)


@banks.command()
def build(
    sf2: Annotated[
        str,
        typer.Argument(metavar="SF2|BANK", help="Sound bank (.sf2, .sf3), or a bank of ondes."),
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Folder of the bank; its name without."),
    ] = None,
    take: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PRESET:VELOCITY,...[:SPLIT]",
            help="What to render, may be repeated, as 0:50,100 or 0:84:test; without it 0:60,100.",
        ),
    ] = None,
    licence: Annotated[str, typer.Option(metavar="TEXT", help="Licence of the sounds.")] = "",
    rate: Annotated[int, typer.Option(metavar="HZ", help="Sampling rate.")] = 48_000,
    codec: Annotated[str, typer.Option(metavar="flac|vorbis", help="How to store.")] = "flac",
) -> None:
    """Render the tones A0 to A7 of a sound bank, with FluidSynth, to a bank to train on.

    The name of a bank of ondes stands for all that it was made from.
    """
    from ondes.data import banks as room
    from ondes.data import plans

    if sf2 in plans.PLANS:
        plan = plans.plan(sf2)
    else:
        chosen = tuple(one for text in take or ["0:60,100"] for one in _takes(text))
        plan = plans.Plan(sf2=Path(sf2), takes=chosen, licence=licence, rate_hz=rate, codec=codec)
    folder = out or Path(Path(sf2).stem)
    done = count()
    with _console.progress(len(plan.takes)) as advance:
        room.build(plan, folder, progress=lambda one: advance(next(done), str(one)))
    print(f"{folder}: {len(plan.takes)} takes. Train on it with --set data.options.bank={folder}")


def _takes(text: str) -> "list[Take]":
    """Read takes as they are written on the command line.

    >>> [(take.velocity, take.split) for take in _takes("0:50,100:test")]
    [(50, 'test'), (100, 'test')]
    """
    from ondes.data.plans import Take

    parts = _TAKE.fullmatch(text)
    if parts is None:
        raise InputError(
            f"--take {text}: write PRESET:VELOCITY,...[:SPLIT], as 0:50,100 or 0:84:test"
        )
    preset, velocities, split = parts.groups()
    return [
        Take(preset=int(preset), velocity=int(velocity), split=split or "train")
        for velocity in velocities.split(",")
    ]


def _bank(name: str) -> dict[str, str]:
    """Return what a shipped bank was made of."""
    from ondes.data.plans import plan

    made = plan(name)
    return {"name": name, "about": f"{len(made.takes)} takes of {made.sf2.name}; {made.licence}"}


def _default(field: Field[Any]) -> object:
    """Return the default of an option, as plain values."""
    if field.default is not MISSING:
        value = field.default
    elif field.default_factory is not MISSING:
        value = field.default_factory()
    else:
        return "required"
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def _show_rows(rows: Sequence[dict[str, str]], *, json: bool) -> None:
    if json:
        _console.show_json(rows)
    else:
        _console.show_table(tuple(rows[0]), [tuple(row.values()) for row in rows])
