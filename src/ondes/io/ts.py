"""`.ts`: labelled series of the UCR, UEA and TSER archives, as aeon and sktime write them.

A header of `@key value` lines, then `@data` and one case a line: its channels, separated by
colons, each a list of numbers separated by commas, and its label (or its target value) at the
end. Channels of one case are of one length; cases may differ. Comments begin with #. What the
header says is held against the data. Missing values and time stamps are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ondes.errors import FormatError, InputError, NotFiniteError, nearest
from ondes.io.formats import AnyPath, existing
from ondes.io.text import Line

SUFFIXES = (".ts",)
MISSING = ("?", "nan", "")
FLAGS = ("timestamps", "missing", "univariate", "equallength")
SIZES = ("dimension", "dimensions", "serieslength")
LABELS = ("classlabel", "targetlabel")
KEYS = ("problemname", *FLAGS, *SIZES, *LABELS, "data")


@dataclass(frozen=True)
class Series:
    """The cases of a file: float32 [channel, time] each, and the label at its end.

    `classes` are those that the header lists, in its order; empty where labels are numbers to be
    found (`@targetLabel`).
    """

    name: str
    cases: tuple[NDArray[np.float32], ...]
    labels: tuple[str, ...]
    classes: tuple[str, ...]


def read_ts(path: AnyPath) -> Series:
    """Read a `.ts` file.

    Raises:
        InputError: there is no such file; its values are missing or carry time stamps.
        NotFiniteError: a value is infinite.
        FormatError: the file is damaged, or its header says otherwise than its data.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "steps.ts"
    >>> _ = path.write_text("@univariate false\\n@classLabel true up down\\n@data\\n"
    ...                     "1,2,3:5,6,7:up\\n9,8:7,5:down\\n")
    >>> steps = read_ts(path)
    >>> steps.labels, [case.shape for case in steps.cases]
    (('up', 'down'), [(2, 3), (2, 2)])
    """
    file = existing(path)
    rows = _rows(file)
    header = _header(file, rows)
    cases, labels = [], []
    for line, text in rows:
        case, label = _case(line, text, header)
        cases.append(case)
        labels.append(label)
    if not cases:
        raise FormatError(f"{file} holds no case after @data: it was cut off; get it again")
    _check(file, header, cases)
    return Series(header.name or file.stem, tuple(cases), tuple(labels), header.classes)


@dataclass(frozen=True)
class _Header:
    """What the header says; None where it says nothing."""

    name: str
    flags: dict[str, bool]
    sizes: dict[str, int]
    classes: tuple[str, ...]
    target: bool  # labels are numbers to be found

    @property
    def channels(self) -> int | None:
        """How many channels there must be."""
        told = self.sizes.get("dimensions", self.sizes.get("dimension"))
        return 1 if told is None and self.flags.get("univariate") else told


def _rows(file: Path) -> Iterator[tuple[Line, str]]:
    """Yield the lines that hold something else than comments, which may be in any encoding."""
    for number, row in enumerate(file.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        line = Line(file, number)
        if not row.strip() or row.lstrip().startswith(b"#"):
            continue
        try:
            yield line, row.decode().strip()
        except UnicodeDecodeError:
            raise line.error("this is not UTF-8 text: save it as UTF-8") from None


def _header(file: Path, rows: Iterator[tuple[Line, str]]) -> _Header:
    told: dict[str, tuple[Line, list[str]]] = {}
    for line, text in rows:
        words = text.split()
        key = words[0].lower()
        if not key.startswith("@"):
            raise line.error("data before the line @data: this is no .ts file, or its header broke")
        if key[1:] not in KEYS:
            raise line.error(f"unknown {words[0]}{nearest(key[1:], KEYS)}")
        if key == "@data":
            return _told(file, told)
        if key[1:] in told:
            raise line.error(f"{words[0]} comes twice: remove one")
        told[key[1:]] = line, words[1:]
    raise FormatError(f"{file} has no line @data: it is no .ts file, or it was cut off")


def _told(file: Path, told: dict[str, tuple[Line, list[str]]]) -> _Header:
    flags = {key: _flag(*told[key]) for key in FLAGS if key in told}
    sizes = {key: _size(*told[key]) for key in SIZES if key in told}
    if flags.get("timestamps"):
        line = told["timestamps"][0]
        raise line.error("the values carry time stamps: bring them to one rate, save without")
    ends = [key for key in LABELS if key in told and _flag(told[key][0], told[key][1][:1])]
    if len(ends) != 1:
        raise InputError(
            f"{file} has no labels: its header must say @classLabel true and name the classes, or "
            "@targetLabel true"
        )
    line, words = told[ends[0]]
    target = ends[0] == "targetlabel"
    if not target and len(set(words[1:])) != max(len(words[1:]), 1):
        raise line.error(f"the classes are {words[1:]}: name at least one, all different")
    name = " ".join(told["problemname"][1]) if "problemname" in told else ""
    return _Header(name, flags, sizes, () if target else tuple(words[1:]), target)


def _flag(line: Line, words: list[str]) -> bool:
    if [word.lower() for word in words] not in (["true"], ["false"]):
        raise line.error(f"{' '.join(words)!r}: write true or false")
    return words[0].lower() == "true"


def _size(line: Line, words: list[str]) -> int:
    return line.whole(" ".join(words), "the size")


def _case(line: Line, text: str, header: _Header) -> tuple[NDArray[np.float32], str]:
    *texts, label = text.split(":")
    if not texts:
        raise line.error("no colon before the label: the case was cut off")
    channels = [_channel(line, part) for part in texts]
    lengths = sorted({len(channel) for channel in channels})
    if len(lengths) > 1:
        raise line.error(f"channels of {lengths} values: those of one case are of one length")
    return np.stack(channels), _label(line, label.strip(), header)


def _channel(line: Line, text: str) -> NDArray[np.float32]:
    cells = text.split(",")
    try:
        values = np.array([float(cell) for cell in cells])
    except ValueError:
        values = np.array([np.nan])
    if np.isnan(values).any():
        raise _unread(line, cells)
    if not np.isfinite(values).all():
        raise NotFiniteError(f"{line.path}, line {line.number}: a value is infinite: repair it")
    return values.astype(np.float32)


def _unread(line: Line, cells: list[str]) -> InputError:
    """Return the error for a channel that is not all numbers."""
    if any("(" in cell for cell in cells):
        return line.error("the values carry time stamps, as in (0,1.5): save them without")
    for place, cell in enumerate(cells):
        if cell.strip().lower() in MISSING:
            return InputError(
                f"{line.path}, line {line.number}: value {place + 1} is missing ({cell!r}): fill "
                "it in, or leave the case out"
            )
    return line.error(f"{','.join(cells)[:40]!r} are not numbers separated by commas")


def _label(line: Line, label: str, header: _Header) -> str:
    if header.target:
        try:
            finite = np.isfinite(float(label))
        except ValueError:
            finite = False
        if not finite:
            raise line.error(f"the target is {label!r}: write a number")
    elif label not in header.classes:
        raise line.error(
            f"the label is {label!r}, @classLabel names {', '.join(header.classes)}"
            f"{nearest(label, header.classes)}"
        )
    return label


def _check(file: Path, header: _Header, cases: list[NDArray[np.float32]]) -> None:
    channels, lengths = ({case.shape[axis] for case in cases} for axis in (0, 1))
    if len(channels) > 1:
        raise FormatError(f"{file}: cases have {sorted(channels)} channels, which must be one")
    lies: list[tuple[str, int | None, int]] = [
        ("univariate", header.flags.get("univariate"), channels == {1}),
        ("dimensions", header.channels, next(iter(channels))),
        ("equalLength", header.flags.get("equallength"), len(lengths) == 1),
    ]
    if len(lengths) == 1:
        lies.append(("seriesLength", header.sizes.get("serieslength"), max(lengths)))
    for key, said, found in lies:
        if said is not None and said != found:
            shape = f"{len(cases)} cases of {sorted(channels)[0]} channels, {_range(lengths)} long"
            raise FormatError(
                f"{file}: the header says @{key} {str(said).lower()}, the data are {shape}: get "
                "the file again, or correct the header"
            )


def _range(lengths: set[int]) -> str:
    least, most = min(lengths), max(lengths)
    return str(least) if least == most else f"{least} to {most}"
