"""INPUT words become recordings."""

import io
import struct
from pathlib import Path

import pytest

from ondes.cli._takes import STDIN, from_stdin, gather
from ondes.errors import FormatError, InputError

SUFFIXES = (".wav", ".flac")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.wav", "sub/b.flac", "sub/c.WAV", "notes.txt", ".hidden/d.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_a_folder_keeps_its_shape(folder: Path) -> None:
    takes, failures = gather([str(folder)], SUFFIXES, writes=True)
    assert [take.name for take in takes] == ["a.wav", "sub/b.flac", "sub/c.WAV"]
    assert failures == []
    assert takes[1].result(Path("out"), ".csv") == Path("out/sub/b.csv")


def test_a_file_named_twice_is_taken_once(folder: Path) -> None:
    takes, _ = gather(
        [str(folder / "a.wav"), str(folder / "*.wav"), str(folder)], SUFFIXES, writes=True
    )
    assert len(takes) == 3


def test_an_input_that_is_missing_does_not_stop_the_others(folder: Path) -> None:
    takes, failures = gather([str(folder / "a.wax"), str(folder / "a.wav")], SUFFIXES, writes=True)
    assert [take.name for take in takes] == ["a.wav"]
    assert failures[0].name.endswith("a.wax")
    assert "did you mean 'a.wav'" in failures[0].reason


def test_no_recording_at_all_is_an_error(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty holds no file"):
        gather([str(tmp_path / "empty")], SUFFIXES, writes=True)


def test_results_never_overwrite_each_other(folder: Path) -> None:
    (folder / "a.flac").touch()
    with pytest.raises(InputError, match=r"a\.flac and .*a\.wav would both give a\.\*.* -o each"):
        gather([str(folder)], SUFFIXES, writes=True)


def test_where_nothing_is_written_names_alone_must_differ(folder: Path) -> None:
    (folder / "a.flac").touch()
    takes, _ = gather([str(folder)], SUFFIXES, writes=False)
    assert [take.name for take in takes][:2] == ["a.flac", "a.wav"]
    (folder / "sub" / "a.wav").touch()
    with pytest.raises(InputError, match=r"both give a\.wav: name the folder above"):
        gather([str(folder / "a.wav"), str(folder / "sub" / "a.wav")], SUFFIXES, writes=False)


@pytest.mark.parametrize(
    ("head", "suffix"), [(b"RIFF" + bytes(40), ".wav"), (b"fLaC", ".flac"), (b"OggS", ".ogg")]
)
def test_stdin_is_known_by_its_first_bytes(head: bytes, suffix: str) -> None:
    with from_stdin(io.BytesIO(head), raw=False) as take:
        assert take.name == STDIN
        assert take.path.suffix == suffix
        assert take.path.read_bytes() == head
        assert take.result(Path("out"), ".csv") == Path("out/stdin.csv")
    assert not take.path.exists()


def test_raw_samples_on_stdin(tmp_path: Path) -> None:
    samples = struct.pack("<4h", 1, 2, 3, 4)
    with from_stdin(io.BytesIO(samples), raw=True) as take:
        assert take.path.suffix == ".raw"
        assert take.path.read_bytes() == samples


@pytest.mark.parametrize(("content", "reason"), [(b"", "empty"), (b"<html>", "neither WAV")])
def test_stdin_with_nothing_known(content: bytes, reason: str) -> None:
    with (
        pytest.raises(FormatError, match=f"{reason}.*--rate"),
        from_stdin(io.BytesIO(content), raw=False),
    ):
        pass
