"""Pitch names against MIDI's definition; files that appear whole or not at all."""

import errno
import os
import stat
from pathlib import Path

import mido
import pytest

from ondes.errors import InputError
from ondes.io import atomic_write, make_folder, pitch


def test_names_walk_the_keyboard_in_semitones():
    keys = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
    expected = [f"{key}{octave}" for octave in range(-1, 10) for key in keys][:128]
    assert [pitch.name(number) for number in range(128)] == expected
    assert [pitch.midi(name) for name in expected] == list(range(128))
    assert all(map(pitch.is_name, expected))


@pytest.mark.parametrize(("name", "number"), [("C4", 60), ("A4", 69), ("A0", 21), ("A7", 105)])
def test_anchors(name, number):
    assert pitch.midi(name) == number


@pytest.mark.parametrize(("flat", "sharp"), [("Bb3", "A#3"), ("Cb4", "B3"), ("E#4", "F4")])
def test_enharmonic_names_sound_alike_and_are_not_written(flat, sharp):
    assert pitch.midi(flat) == pitch.midi(sharp)
    assert not pitch.is_name(flat)


@pytest.mark.parametrize("name", ["", "H4", "c4", "C", "C##4", "C4 ", "60", "C99", "C٤"])
def test_what_is_no_pitch_is_refused(name):
    with pytest.raises(InputError, match=r"pitch\.midi"):
        pitch.midi(name)
    assert not pitch.is_name(name)


@pytest.mark.parametrize("number", [-1, 128])
def test_numbers_beyond_midi_are_refused(number):
    with pytest.raises(InputError, match=r"0 .* to 127"):
        pitch.name(number)
    with pytest.raises(ValueError, match="0"):
        mido.Message("note_on", note=number)


def test_a_file_replaces_the_old_one_at_the_end(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with atomic_write(target) as temporary:
        assert temporary.suffix == ".txt"
        assert temporary.name.startswith(".")
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")

    def fail_half_way():
        with atomic_write(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError("power")

    with pytest.raises(RuntimeError, match="power"):
        fail_half_way()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_rights_are_those_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    with atomic_write(tmp_path / "atomic") as temporary:
        temporary.touch()
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "atomic")}
    assert len(modes) == 1


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.txt").write_text("old")
    link = tmp_path / "link.txt"
    link.symlink_to("real.txt")
    with atomic_write(link) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


def test_a_missing_folder_and_a_folder_are_named(tmp_path: Path):
    with pytest.raises(InputError, match="make the folder"), atomic_write(tmp_path / "no" / "a"):
        pass
    with pytest.raises(InputError, match="is a folder"), atomic_write(tmp_path):
        pass


def test_what_cannot_be_written_to_is_told_before_any_work(tmp_path, monkeypatch):
    def refuse(*_: object, **__: object):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    with (
        pytest.raises(InputError, match=r"a\.txt cannot be written to \(Permission denied\): name"),
        atomic_write(tmp_path / "a.txt"),
    ):
        pytest.fail("work was done")
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(InputError, match=r"out cannot be written to \(Permission denied\): name"):
        make_folder(tmp_path / "out")


def test_a_full_disk_is_no_wrong_call(tmp_path, monkeypatch):
    def full(*_: object, **__: object):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(OSError, match="No space left"):
        make_folder(tmp_path / "out")
