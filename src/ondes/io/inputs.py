"""From what a user names to the files that are meant."""

import os
from collections.abc import Iterable, Iterator, Sequence
from glob import glob
from pathlib import Path

from ondes.errors import InputError
from ondes.io.formats import AnyPath, existing, suffix_of
from ondes.io.signals import signal_suffixes


def expand(inputs: Iterable[AnyPath], suffixes: Sequence[str] | None = None) -> list[Path]:
    """Return the files that are meant by files, folders and globs, each once, in that order.

    A folder stands for all files below it that have one of the suffixes, in order of their
    names; names that begin with a dot are left out. The default suffixes are those of the
    signal formats that describe themselves (WAV, FLAC, ...). A file is taken whatever its
    suffix, and a glob (`**` runs through folders) means what it would mean in a shell.

    Raises:
        InputError: an input is missing, or nothing is found under it.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("b.wav", "a.FLAC", "notes.txt"):
    ...     (folder / name).touch()
    >>> [path.name for path in expand([folder])]
    ['a.FLAC', 'b.wav']
    """
    wanted = signal_suffixes() if suffixes is None else tuple(s.lower() for s in suffixes)
    found = [file for name in inputs for file in _files(name, wanted)]
    return list(dict.fromkeys(found))


def _files(name: AnyPath, suffixes: Sequence[str]) -> list[Path]:
    if os.path.lexists(name):
        return _below(Path(name), suffixes)
    matches = sorted(glob(os.fspath(name), recursive=True))  # noqa: PTH207 - Path.glob is relative
    if not matches:
        _complain(name)
    return [file for match in matches for file in _below(Path(match), suffixes)]


def _below(path: Path, suffixes: Sequence[str]) -> list[Path]:
    if not path.is_dir():
        return [existing(path)]
    found = sorted(file for file in _walk(path) if suffix_of(file, suffixes))
    if not found:
        raise InputError(f"{path} holds no file that ends with one of {', '.join(suffixes)}")
    return found


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(root, name) for name in files if not name.startswith("."))


def _complain(name: AnyPath) -> None:
    if any(mark in os.fspath(name) for mark in "*?["):
        raise InputError(f"{name}: no file matches; check the pattern and the folder it starts in")
    existing(name)
