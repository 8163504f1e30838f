"""From the INPUT words of a call to the recordings that are meant, and names of their results."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import BinaryIO

from ondes.errors import FormatError, InputError
from ondes.io import expand

STDIN = "-"
_SIGNS = {
    b"RIFF": ".wav",
    b"RF64": ".wav",
    b"fLaC": ".flac",
    b"OggS": ".ogg",
    b"ID3": ".mp3",
    b"\xff\xfb": ".mp3",
    b"\x93NUMPY": ".npy",
}


@dataclass(frozen=True)
class Take:
    """One recording: where it lies, and its name, which is its path below the INPUT folder."""

    path: Path
    name: str

    def result(self, folder: Path, suffix: str) -> Path:
        """Return where a result of this recording belongs.

        >>> Take(Path("in/day1/a.wav"), "day1/a.wav").result(Path("out"), ".csv").as_posix()
        'out/day1/a.csv'
        """
        name = Path("stdin" if self.name == STDIN else self.name)
        return folder / name.with_name(name.stem + suffix)


@dataclass(frozen=True)
class Failure:
    """An input that could not be used, and why."""

    name: str
    reason: str

    @property
    def told(self) -> str:
        """What to print of it: the name, then the reason."""
        said = self.reason.startswith(f"{self.name}: ")
        return self.reason if said else f"{self.name}: {self.reason}"


def gather(
    inputs: Sequence[str], suffixes: Sequence[str], *, writes: bool, ways: bool = False
) -> tuple[list[Take], list[Failure]]:
    """Return the recordings that files, folders and globs mean, and the inputs that mean none.

    With `ways` recordings are called by their whole paths where two would have the same name.
    Raises `InputError` when there is not one recording, when two have the same name, or when the
    call `writes` files and two would write the same ones.
    """
    takes: dict[Path, Take] = {}
    failures = []
    for name in inputs:
        try:
            takes |= {take.path: take for take in _meant(name, suffixes)}
        except InputError as error:
            failures.append(Failure(name, str(error)))
    if not takes:
        raise InputError("\n".join(failure.reason for failure in failures))
    found = list(takes.values())
    if ways and len({take.name for take in found}) < len(found):
        found = [Take(take.path, take.path.as_posix()) for take in found]
    _refuse_clashes(found, writes=writes)
    return found, failures


def _meant(name: str, suffixes: Sequence[str]) -> Iterator[Take]:
    if not name:
        raise InputError("an INPUT is empty: name a file, a folder (. is this one) or a glob")
    root = Path(name) if Path(name).is_dir() else None
    for path in expand([name], suffixes):
        yield Take(path, (path.relative_to(root) if root else Path(path.name)).as_posix())


def _refuse_clashes(takes: Sequence[Take], *, writes: bool) -> None:
    owners: dict[str, Take] = {}
    for take in takes:
        result = take.result(Path(), ".*").as_posix() if writes else take.name
        other = owners.setdefault(result, take)
        if other is not take:
            apart = "name the folder above them, whose results keep their way below it, or "
            raise InputError(
                f"{other.path} and {take.path} would both give {result}: "
                + ("rename one, or " if other.path.parent == take.path.parent else apart)
                + "take them in two calls"
                + (" with an -o each" if writes else "")
            )


@contextmanager
def recordings(
    inputs: Sequence[str],
    suffixes: Sequence[str],
    *,
    raw: bool,
    writes: bool = False,
    ways: bool = False,
) -> Iterator[tuple[list[Take], list[Failure]]]:
    """Lend the recordings that a call names, stdin among them, and the inputs that name none.

    `raw`: stdin brings raw samples; else as `gather`, whose errors it raises.
    """
    if STDIN not in inputs:
        yield gather(inputs, suffixes, writes=writes, ways=ways)
    elif len(inputs) > 1:
        raise InputError(f"{' '.join(inputs)}: take stdin (-) in its own call")
    else:
        with from_stdin(raw=raw) as take:
            yield [take], []


@contextmanager
def from_stdin(stream: BinaryIO | None = None, *, raw: bool) -> Iterator[Take]:
    """Lend what comes on stdin as a recording; raw samples when ``raw``, else by its first bytes.

    Raises `FormatError` when there is nothing, or nothing known.
    """
    stream = stream or sys.stdin.buffer
    head = stream.read(16)
    suffix = ".raw" if raw else _suffix(head)
    with TemporaryDirectory() as folder:
        path = Path(folder, f"stdin{suffix}")
        with path.open("wb") as file:
            file.write(head)
            copyfileobj(stream, file, 1 << 20)
        yield Take(path, STDIN)


def _suffix(head: bytes) -> str:
    for sign, suffix in _SIGNS.items():
        if head.startswith(sign):
            return suffix
    what = "empty" if not head else "neither WAV, FLAC, Ogg, MP3 nor NPY"
    raise FormatError(f"stdin is {what}; raw samples need --rate, --dtype and --channels")
