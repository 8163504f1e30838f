"""Files that appear whole or not at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import NoReturn
from uuid import uuid4

from ondes.errors import InputError

FULL = (errno.ENOSPC, errno.EDQUOT)  # no fault of the call


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Lend a temporary path beside `path`; its file takes the place of `path` at the end.

    The temporary name is hidden and keeps the suffix. The content reaches the disk before the
    name does (fsync, then rename), so a crash leaves the old file or the new one; when the body
    raises, the old file stays and nothing else is left behind. A link is followed: the file it
    points to is replaced.

    Raises:
        InputError: the folder is missing or cannot be written to, or `path` is a folder.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "note.txt"
    >>> with atomic_write(target) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    target = _writable(path)
    temporary = target.with_name(f".{target.stem}.{uuid4().hex}{target.suffix}")
    _try_out(temporary, path)
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    if os.name == "posix":
        _sync(target.parent)


def make_folder(path: str | os.PathLike[str]) -> Path:
    """Return the folder of this name, made with all above it where there is none.

    Raises:
        InputError: a file is in its place, or nothing can be written there.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(f"{folder} cannot be a folder, where a file is: name another") from error
    except OSError as error:
        _raise_unwritable(folder, error)
    return folder


def _writable(path: str | os.PathLike[str]) -> Path:
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise InputError(f"cannot write {path}: make the folder {target.parent} first")
    if target.is_dir():
        raise InputError(f"cannot write {path}: it is a folder; name a file inside it")
    return target


def _try_out(temporary: Path, path: str | os.PathLike[str]) -> None:
    """Raise InputError where no file can be made, before any work is done for it."""
    try:
        temporary.touch()
    except OSError as error:
        _raise_unwritable(path, error)


def _raise_unwritable(path: str | os.PathLike[str], error: OSError) -> NoReturn:
    if error.errno in FULL:
        raise error
    said = f"{path} cannot be written to ({error.strerror}): name another place"
    raise InputError(said) from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
