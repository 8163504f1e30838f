"""Sections of a Markdown page between markers, and tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from ondes.io import atomic_write


def keep(path: Path, name: str, section: str) -> None:
    """Write a section between its markers in a file; a file or markers that lack are made."""
    page = path.read_text(encoding="utf-8") if path.exists() else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        temporary.write_text(with_section(page, name, section), encoding="utf-8")


def with_section(page: str, name: str, section: str) -> str:
    """The page with this section between its markers, at the end where it has none.

    All other text stays as it is.
    """
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    block = f"{begin}\n{section.strip()}\n{end}"
    place = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if place.search(page):
        return place.sub(lambda _: block, page, count=1)
    return f"{page.rstrip()}\n\n{block}\n".lstrip()


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int = 1) -> str:
    """A Markdown table; the first columns are texts, the others numbers."""
    ruler = ["---"] * texts + ["--:"] * (len(head) - texts)
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ruler, *rows))


def spread(values: ArrayLike, digits: int = 3) -> str:
    """The mean of some values and, of two or more, their standard deviation; nothing of none."""
    found = np.asarray(values, np.float64)
    if not found.size:
        return ""
    about = f" ± {np.std(found, ddof=1):.{digits}f}" if found.size > 1 else ""
    return f"{np.mean(found):.{digits}f}{about}"
