"""Labelled clips of one's own: folders, tables, arrays; how they are parted; what is refused."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import ondes
from ondes.data.files import Files
from ondes.data.folders import Recorded, read_folder
from ondes.data.found import Reading
from ondes.data.sets import clips as own
from ondes.errors import (
    ChannelError,
    FormatError,
    InputError,
    LeakageError,
    NotFiniteError,
    RateError,
    RecipeError,
)
from ondes.testing import check_dataset

RATE_HZ = 8000
RNG = np.random.default_rng(0)


def sound(n: int = 400, channels: int = 1, rate_hz: float = RATE_HZ) -> ondes.Signal:
    return ondes.Signal.of(0.1 * RNG.standard_normal((channels, n)), rate_hz=rate_hz)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for label in ("cough", "door"):
        (tmp_path / "sounds" / label).mkdir(parents=True)
        for number in range(10):
            path = tmp_path / "sounds" / label / f"s{number % 5}-{number}.wav"
            ondes.write(sound(400 + 10 * number), path)
    return tmp_path / "sounds"


def table(folder: Path, header: str, *rows: str) -> Path:
    path = folder.parent / "labels.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


# ---------------------------------------------------------------- what is read


def test_a_folder_a_class(folder: Path) -> None:
    found = read_folder(folder)
    assert (len(found.clips), found.clips.labels) == (20, ("cough", "door"))
    assert (found.clips.rate_hz, found.clips.n_channels) == (RATE_HZ, 1)
    check_dataset(found.clips)
    paths = sorted(folder.rglob("*.wav"))
    for index, path in enumerate(paths):
        x, y = found.clips[index]
        np.testing.assert_array_equal(x, ondes.read(path).samples)
        assert found.clips.labels[int(y.argmax())] == path.parent.name
    assert not found.grouped
    assert (found.folds, found.parts) == ((), ())


def test_labels_may_be_told_and_then_hold(folder: Path) -> None:
    found = read_folder(folder, labels=["door", "bell", "cough"])
    assert found.clips.labels == ("door", "bell", "cough")
    assert found.clips[0].y.tolist() == [0, 0, 1]
    with pytest.raises(InputError, match="'cough', which is none of coughs, door; did you mean"):
        read_folder(folder, labels=["coughs", "door"])


def test_recordings_are_resampled_and_mixed_when_asked(folder: Path) -> None:
    ondes.write(sound(200, channels=2, rate_hz=4000), folder / "door" / "x.wav")
    with pytest.raises(RateError, match=r"x\.wav is at 4000 Hz, others are at 8000 Hz"):
        read_folder(folder)
    with pytest.raises(ChannelError, match=r"x\.wav has 2 channels, others have 1"):
        read_folder(folder, reading=Reading(rate_hz=4000))
    found = read_folder(folder, reading=Reading(rate_hz=4000, mix=True))
    expected = ondes.read(folder / "door" / "x.wav").samples.mean(axis=0)
    np.testing.assert_array_equal(found.clips[20].x[0], expected)
    first = ondes.read(sorted(folder.rglob("*.wav"))[0])
    np.testing.assert_array_equal(found.clips[0].x, ondes.resample(first, 4000).samples)


def test_a_table_cuts_tags_and_groups(folder: Path) -> None:
    ondes.write(sound(8000), folder.parent / "long.wav")
    path = table(
        folder,
        "file,label,group,onset,offset",
        "long.wav,a;b,ann,0,0.25",
        'long.wav,"b; c",ann,0.25,0.5',
        "long.wav,,ben,0.5,",
    )
    found = read_folder(path, target="tags")
    whole = ondes.read(folder.parent / "long.wav").samples
    assert found.clips.labels == ("a", "b", "c")
    assert [found.clips[k].y.tolist() for k in range(3)] == [[1, 1, 0], [0, 1, 1], [0, 0, 0]]
    for k, (start, stop) in enumerate([(0, 2000), (2000, 4000), (4000, 8000)]):
        np.testing.assert_array_equal(found.clips[k].x, whole[:, start:stop])
        assert found.spans[k][1:] == (start, stop)
    assert found.groups == ("ann", "ann", "ben")
    assert found.grouped


def test_a_table_of_numbers(folder: Path) -> None:
    rows = [f"sounds/cough/s{k % 5}-{k}.wav,{0.5 * k};{-k}" for k in range(4)]
    found = read_folder(table(folder, "file,label", *rows), target="number", labels=["mm", "s"])
    assert found.clips.labels == ("mm", "s")
    assert found.clips[3].y.tolist() == [1.5, -3.0]


def test_parts_of_hdf5_files(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    x = RNG.standard_normal((4, 2, 300)).astype("f4")
    with h5py.File(tmp_path / "all.h5", "w") as file:
        file.attrs["rate_hz"] = 100
        for k in range(4):
            file[f"take{k}"] = x[k]
    path = tmp_path / "labels.csv"
    path.write_text("file,label,part\n" + "".join(f"all.h5,c{k % 2},take{k}\n" for k in range(4)))
    found = read_folder(path)
    assert found.clips.rate_hz == 100
    np.testing.assert_array_equal(found.clips[3].x, x[3])
    assert len({span.source for span in found.spans}) == 4


@pytest.mark.parametrize("y", [[3, 10, 3], ["3", "10", "3"], [3.0, 10.0, 3.0]])
def test_arrays_of_npz_files(tmp_path: Path, y: list[object]) -> None:
    x = RNG.standard_normal((3, 2, 50))
    np.savez(tmp_path / "a.npz", x=x, y=np.array(y), length=[50, 20, 30], rate_hz=32.0)
    found = read_folder(tmp_path / "a.npz")
    assert (found.clips.labels, found.clips.rate_hz) == (("3", "10"), 32)
    assert [found.clips[k].x.shape for k in range(3)] == [(2, 50), (2, 20), (2, 30)]
    np.testing.assert_array_equal(found.clips[1].x, x[1, :, :20].astype("f4"))
    assert found.clips[1].y.tolist() == [0, 1]


def test_arrays_of_npy_files_and_their_table(tmp_path: Path) -> None:
    x = RNG.integers(-99, 99, (4, 30), dtype=np.int16)
    np.save(tmp_path / "a.npy", x)
    (tmp_path / "a.csv").write_text("label,group\n0.5,ann\n1,ann\n2,ben\n-3,ben\n")
    reading = Reading(files=Files(rate_hz=10))
    found = read_folder(tmp_path / "a.npy", target="number", reading=reading)
    assert found.groups == ("ann", "ann", "ben", "ben")
    assert [found.clips[k].y.item() for k in range(4)] == [0.5, 1, 2, -3]
    np.testing.assert_array_equal(found.clips[2].x[0], x[2])
    with pytest.raises(InputError, match="does not say its rate"):
        read_folder(tmp_path / "a.npy")


def test_tags_and_numbers_in_columns(tmp_path: Path) -> None:
    x = RNG.standard_normal((3, 1, 9))
    np.savez(tmp_path / "a.npz", x=x, y=[[1, 0], [1, 1], [0, 0]], rate_hz=1)
    assert read_folder(tmp_path / "a.npz", target="tags").clips.labels == ("0", "1")
    assert read_folder(tmp_path / "a.npz", target="number").clips.labels == ("value0", "value1")
    with pytest.raises(InputError, match="one class for each clip"):
        read_folder(tmp_path / "a.npz")


def test_ts_files(tmp_path: Path) -> None:
    (tmp_path / "a.ts").write_text("@classLabel true b a\n@data\n1,2:3,4:a\n5:6:b\n")
    found = read_folder(tmp_path / "a.ts")
    assert (found.clips.labels, found.clips.rate_hz) == (("b", "a"), 1)
    assert found.clips[0].x.tolist() == [[1, 2], [3, 4]]
    assert found.clips[0].y.tolist() == [0, 1]


def test_what_is_too_large_for_memory_is_read_when_asked_for(folder: Path) -> None:
    here, there = (read_folder(folder, memory_mb=size) for size in (1, 0.001))
    assert isinstance(there.clips, Recorded)
    check_dataset(there.clips)
    for index in range(20):
        np.testing.assert_array_equal(here.clips[index].x, there.clips[index].x)
    assert len(set(there.content)) == 20
    config = own.Config(path=str(folder), memory_mb=0.001)
    parts = [own.build(config, split=name) for name in ("train", "valid", "test")]
    assert sum(map(len, parts)) == 20
    (folder / "door" / "copy.wav").write_bytes((folder / "door" / "s0-0.wav").read_bytes())
    assert len(set(read_folder(folder, memory_mb=0.001).content)) == 20


# ---------------------------------------------------------------- how it is parted


def names(config: own.Config, split: str) -> set[str]:
    return {Path(name).name for name in own.build(config, split=split).names}


@pytest.mark.parametrize("split", ["train", "valid", "test", "all"])
def test_each_class_is_dealt_alike(folder: Path, split: str) -> None:
    built = own.build(own.Config(path=str(folder)), split=split)
    counts = np.sum([built[k].y for k in range(len(built))], axis=0)
    share = {"train": 6, "valid": 2, "test": 2, "all": 10}[split]
    assert counts.tolist() == [share, share]


def test_folds_test_every_clip_once(folder: Path) -> None:
    tested: Counter[str] = Counter()
    for fold in range(5):
        config = own.Config(path=str(folder), fold=fold)
        tested.update(own.build(config, split="test").names)
        parts = [set(own.build(config, split=s).names) for s in ("train", "valid", "test")]
        assert len(set.union(*parts)) == sum(map(len, parts)) == 20
    assert len(tested) == sum(tested.values()) == 20


def test_groups_by_the_name_of_a_file(folder: Path) -> None:
    config = own.Config(path=str(folder), group=r"/(s\d)-")
    speakers = [{name[:2] for name in names(config, s)} for s in ("train", "valid", "test")]
    assert [len(part) for part in speakers] == [3, 1, 1]
    assert len(set.union(*speakers)) == 5
    within = replace(config, valid="within")
    assert {name[:2] for name in names(within, "test")} == speakers[2]
    learnt = {name[:2] for split in ("train", "valid") for name in names(within, split)}
    assert learnt == speakers[0] | speakers[1]
    assert [len(own.build(within, split=s)) for s in ("train", "valid")] == [12, 4]
    with pytest.raises(InputError, match="finds no group"):
        own.build(replace(config, group="speaker-(.)"), split="train")
    with pytest.raises(InputError, match="no regular expression"):
        own.build(replace(config, group="("), split="train")


def test_folders_of_splits(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    folder.rename(tmp_path / "parts" / "train")
    for label in ("cough", "door"):
        (tmp_path / "parts" / "test" / label).mkdir(parents=True)
        ondes.write(sound(), tmp_path / "parts" / "test" / label / "new.wav")
    config = own.Config(path=str(tmp_path / "parts"))
    assert names(config, "test") == {"new.wav"}
    assert [len(own.build(config, split=s)) for s in ("train", "valid", "test")] == [16, 4, 2]


def rows_of(folder: Path, *columns: list[str]) -> list[str]:
    paths = sorted(folder.rglob("*.wav"))
    return [
        ",".join([f"{path.relative_to(folder.parent)}", path.parent.name, *more])
        for path, *more in zip(paths, *columns, strict=True)
    ]


def test_folds_of_a_table(folder: Path) -> None:
    folds = ["x", "y", "z", "y"] * 5
    path = table(folder, "file,label,fold", *rows_of(folder, folds))
    config = own.Config(path=str(path), fold=0)
    assert [len(own.build(config, split=s)) for s in ("train", "valid", "test")] == [10, 5, 5]


def test_splits_of_a_table(folder: Path) -> None:
    words = ["train"] * 7 + ["valid", "test", "test"]
    path = table(folder, "file,label,split", *rows_of(folder, 2 * words))
    config = own.Config(path=str(path))
    assert [len(own.build(config, split=s)) for s in ("train", "valid", "test")] == [14, 2, 4]
    path = table(folder, "file,label,split", *rows_of(folder, [*words, "", *words[1:]]))
    with pytest.raises(InputError, match="has no split, others have"):
        own.build(config, split="train")


# ---------------------------------------------------------------- what is refused


def test_a_copy_on_two_sides_is_a_leak(folder: Path) -> None:
    for label in ("cough", "door"):
        for k in range(10):
            target = folder / label / f"copy{k}.wav"
            target.write_bytes((folder / label / f"s{k % 5}-{k}.wav").read_bytes())
    with pytest.raises(LeakageError, match="the same samples are in"):
        own.build(own.Config(path=str(folder)), split="train")


def test_overlapping_windows_on_two_sides_are_a_leak(folder: Path) -> None:
    ondes.write(sound(8000), folder.parent / "long.wav")
    rows = [
        f"long.wav,{'ab'[k % 2]},{0.1 * k:.1f},{0.1 * k + 0.1 + 0.05 * (k == 4):.2f}"
        for k in range(9)
    ]
    words = ["train"] * 5 + ["valid"] * 2 + ["test"] * 2
    split = [f"{row},{word}" for row, word in zip(rows, words, strict=True)]
    path = table(folder, "file,label,onset,offset,split", *split)
    with pytest.raises(LeakageError, match=r"long\.wav at 0\.\d s \(.*overlap from sample 4000"):
        own.build(own.Config(path=str(path)), split="train")
    split[4] = split[4].replace("0.55", "0.50")
    path = table(folder, "file,label,onset,offset,split", *split)
    assert len(own.build(own.Config(path=str(path)), split="train")) == 5
    path = table(folder, "file,label,onset,offset", *rows)
    with pytest.raises(InputError, match="5 folds of 1 groups"):  # one recording stays whole
        own.build(own.Config(path=str(path)), split="train")


def test_groups_on_two_sides_are_a_leak(folder: Path) -> None:
    words = (["train"] * 6 + ["valid"] * 2 + ["test"] * 2) * 2
    people = [f"p{k}" for k in range(19)] + ["p0"]
    path = table(folder, "file,label,split,group", *rows_of(folder, words, people))
    with pytest.raises(LeakageError, match="group 'p0' is in train"):
        own.build(own.Config(path=str(path)), split="test")


def test_a_channel_that_never_moves_is_refused(tmp_path: Path) -> None:
    x = np.stack([RNG.standard_normal((20, 30)), np.full((20, 30), 7.0)], axis=1)
    np.savez(tmp_path / "a.npz", x=x, y=[0, 1] * 10, rate_hz=1.0)
    with pytest.raises(ChannelError, match="channel 1 of 2 is 7 throughout"):
        own.build(own.Config(path=str(tmp_path / "a.npz")), split="train")
    assert len(own.build(own.Config(path=str(tmp_path / "a.npz")), split="test")) == 4


@pytest.mark.parametrize(
    ("header", "row", "error", "message"),
    [
        ("file,name", "a.wav,x", FormatError, "it needs file,label"),
        ("file,label,grup", "a.wav,x,y", FormatError, "did you mean 'group'"),
        ("file,label,label", "a.wav,x,y", FormatError, "each column once"),
        ("file,label", "a.wav,x,y", FormatError, "3 fields under 2 columns"),
        ("file,label", "a.wav,x", InputError, "no such file"),
        ("file,label", "sounds/cough/s0-0.wav,", InputError, "s0-0.wav has no label"),
        ("file,label,onset", "sounds/cough/s0-0.wav,x,late", FormatError, "late"),
        ("file,label,onset", "sounds/cough/s0-0.wav,x,3", InputError, "within it"),
        ("file,label,offset", "sounds/cough/s0-0.wav,x,3", InputError, "within it"),
    ],
)
def test_tables_that_do_not_fit_are_refused(
    folder: Path, header: str, row: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        read_folder(table(folder, header, row))


def test_numbers_that_are_none_are_refused(folder: Path) -> None:
    row = "sounds/cough/s0-0.wav,large"
    with pytest.raises(InputError, match="'large': with target number write numbers"):
        read_folder(table(folder, "file,label", row), target="number")


def test_folders_that_are_none_are_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="no folder of classes"):
        read_folder(folder / "cough" / "s0-0.wav")
    with pytest.raises(InputError, match="in no folder of its class"):
        read_folder(folder / "cough")
    (folder.parent / "empty").mkdir()
    with pytest.raises(InputError, match="holds no file"):
        read_folder(folder.parent / "empty")
    with pytest.raises(RecipeError, match="did you mean 'train'"):
        own.build(own.Config(path=str(folder)), split="trian")


def test_a_file_with_nan_is_refused_by_name(folder: Path) -> None:
    x = np.zeros(100, "f4")
    x[7] = np.nan
    np.save(folder / "door" / "bad.npy", x)
    with pytest.raises(NotFiniteError, match=r"bad\.npy: channel 0, sample 7"):
        read_folder(folder, reading=Reading(files=Files(rate_hz=RATE_HZ)))


@pytest.mark.parametrize(
    ("arrays", "error", "message"),
    [
        ({"y": [1, 2]}, FormatError, "needs x and y"),
        ({"x": np.ones((2, 9)), "y": [1, 2], "z": [1]}, FormatError, "unknown 'z'"),
        ({"x": np.ones((2, 9)), "y": [1, 2, 3]}, InputError, "2 clips in x and 3 in y"),
        ({"x": np.ones((2, 9)), "y": [1, 2], "length": [9, 10]}, InputError, "1 to 9"),
        ({"x": np.ones((2, 1, 1, 9)), "y": [1, 2]}, FormatError, r"\[clip, channel, time\]"),
        ({"x": np.ones((2, 100, 3)), "y": [1, 2]}, ChannelError, "swap the axes"),
        ({"x": np.full((2, 9), np.nan), "y": [1, 2]}, NotFiniteError, "clip 0"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    tmp_path: Path, arrays: dict[str, object], error: type[Exception], message: str
) -> None:
    np.savez(tmp_path / "a.npz", rate_hz=1.0, **arrays)
    with pytest.raises(error, match=message):
        read_folder(tmp_path / "a.npz")


def test_pickled_arrays_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.ones((2, 9)), y=np.array([{}, {}], object), rate_hz=1)
    with pytest.raises(FormatError, match="no NPZ file"):
        read_folder(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", x=np.ones((2, 9)), y=[0, 1], rate_hz=1)
    with pytest.raises(RateError, match="is at 1 Hz, the call says 2"):
        read_folder(tmp_path / "b.npz", reading=Reading(files=Files(rate_hz=2)))
