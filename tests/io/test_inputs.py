"""From what a user names to files, and from names to formats."""

import subprocess
import sys
from pathlib import Path

import pytest

import ondes.io
from ondes.errors import FormatError, InputError
from ondes.io import expand, formats


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "a.wav",
        "b.FLAC",
        "c[1].ogg",
        "notes.txt",
        "x.npy",
        ".hidden.wav",
        "deep/d.mp3",
        "deep/er/e.wav",
        ".cache/f.wav",
        "empty/readme.md",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def names(paths, tree):
    return [path.relative_to(tree).as_posix() for path in paths]


def test_a_folder_means_the_sound_files_below_it(tree):
    found = ["a.wav", "b.FLAC", "c[1].ogg", "deep/d.mp3", "deep/er/e.wav"]
    assert names(expand([tree]), tree) == found


def test_suffixes_choose_what_a_folder_means(tree):
    assert names(expand([tree], [".NPY"]), tree) == ["x.npy"]


def test_a_named_file_is_taken_whatever_its_suffix(tree):
    assert names(expand([tree / "notes.txt", str(tree / ".hidden.wav")]), tree) == [
        "notes.txt",
        ".hidden.wav",
    ]


def test_a_glob_means_what_a_shell_means(tree):
    assert names(expand([f"{tree}/*.wav"]), tree) == ["a.wav"]
    assert names(expand([f"{tree}/**/*.wav"]), tree) == ["a.wav", "deep/er/e.wav"]
    assert names(expand([f"{tree}/dee*"]), tree) == ["deep/d.mp3", "deep/er/e.wav"]


def test_brackets_in_a_name_are_no_pattern(tree):
    assert names(expand([tree / "c[1].ogg"]), tree) == ["c[1].ogg"]


def test_each_file_comes_once_in_the_order_named(tree):
    found = expand([tree / "deep", tree / "a.wav", f"{tree}/**/*.wav"])
    assert names(found, tree) == ["deep/d.mp3", "deep/er/e.wav", "a.wav"]


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("a.waw", "did you mean 'a.wav'"),
        ("*.aif", "no file matches"),
        ("empty", r"holds no file that ends with one of .*\.wav"),
        ("nowhere/a.wav", "no such file"),
    ],
)
def test_nothing_found_is_an_error(tree, name, cure):
    with pytest.raises(InputError, match=cure):
        expand([tree / "a.wav", tree / name])


def test_formats_are_the_files_of_their_folders():
    source = Path(ondes.io.__file__).parent
    for room, listed in (
        ("signals", ondes.io.signal_formats()),
        ("events", ondes.io.event_formats()),
    ):
        files = {path.stem for path in (source / room).glob("*.py")} - {"__init__"}
        assert set(listed) == files


def test_a_new_file_is_a_new_format(tmp_path, monkeypatch):
    (tmp_path / "lines.py").write_text(
        "from ondes.events import EventList\n"
        "SUFFIXES = ('.lines',)\n"
        "RESOLUTION_S = 1.0\n"
        "CARRIES = frozenset()\n"
        "def read(path, *, rate_hz):\n"
        "    rows = [(k, k + 1, x) for k, x in enumerate(path.read_text().split())]\n"
        "    return {'': EventList.of(rows, rate_hz=rate_hz)}\n"
        "def write(lists, path):\n"
        "    (events,) = lists.values()\n"
        "    path.write_text(' '.join(events.label))\n"
    )
    package = sys.modules["ondes.io.events"]
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    formats.names.cache_clear()
    try:
        events = ondes.EventList.of([(0, 1, "a"), (1, 2, "b")], rate_hz=1)
        ondes.io.write_events(events, tmp_path / "x.lines")
        assert ondes.io.read_events(tmp_path / "x.lines", rate_hz=1) == events
        assert "lines" in ondes.io.event_formats()
    finally:
        formats.names.cache_clear()
        sys.modules.pop("ondes.io.events.lines", None)


def test_an_unknown_suffix_and_format_name_the_known(tmp_path):
    path = tmp_path / "a.xyz"
    path.touch()
    with pytest.raises(FormatError, match="one of csv, edf, flac"):
        ondes.io.read(path)
    with pytest.raises(FormatError, match="did you mean 'flac'"):
        ondes.io.read(path, format="flaq")
    with pytest.raises(FormatError, match="one of audacity, csv"):
        ondes.io.read_events(path, rate_hz=1)
    with pytest.raises(FormatError, match="did you mean 'raven'"):
        ondes.io.event_suffix("ravn")


def test_a_folder_of_raw_files_is_meant_only_where_asked():
    plain = ondes.io.signal_suffixes()
    assert {".wav", ".flac", ".ogg", ".mp3"} <= set(plain)
    assert set(ondes.io.signal_suffixes(headerless=True)) - set(plain) >= {".raw", ".npy"}


def test_every_format_has_a_suffix_of_its_own():
    own = [ondes.io.event_suffix(name) for name in ondes.io.event_formats()]
    assert len(set(own)) == len(own)
    for name, suffix in zip(ondes.io.event_formats(), own, strict=True):
        assert formats.by_suffix("ondes.io.events", f"x{suffix}")[0] == name


def test_importing_and_naming_formats_loads_no_codec():
    code = (
        "import sys, ondes.io as io; io.signal_suffixes(); io.event_suffix('midi');"
        "io.event_suffix('jams'); print(*sys.modules)"
    )
    env = {"PYTHONPATH": str(Path(ondes.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=True)
    heavy = {"torch", "scipy", "soundfile", "mido", "jams", "pandas"}
    assert not heavy.intersection(done.stdout.decode().split())
