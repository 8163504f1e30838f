"""``ondes recipes``: the experiments that come with ondes."""

from typing import Annotated

import typer

from ondes.cli import _console, _options

HEADINGS = ("recipe", "about", "tells of", "published")


def recipes(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME|FILE]", help="A recipe to show in full.")
    ] = None,
    *,
    json: _options.Json = False,
) -> None:
    """List the recipes; with a name, show that one in full, as YAML."""
    from ondes import data
    from ondes import recipe as room

    if name is not None:
        document = room.outline(name).document()
        (_console.show_json if json else _console.show_yaml)(document)
        return
    found = [room.outline(one) for one in room.names()]
    if json:
        _console.show_json([{"name": one.name, "about": one.about} for one in found])
        return
    rows = [
        (
            one.name,
            one.about,
            f"{data.level(one.data.set)}s",
            _console.telling(one.published.scores if one.published else {}),
        )
        for one in found
    ]
    _console.show_table(HEADINGS, rows)
