"""Sets of labelled clips: what files hold comes back, and what is tested was never learnt."""

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from ondes import data
from ondes.data.clips import Clips
from ondes.data.sets import archive, csi, digits, esc10, tagged, uwb, wrist
from ondes.errors import FormatError, InputError, RecipeError
from ondes.protocols import ClipDataset
from ondes.testing import check_dataset

PARTS = ("train", "valid", "test")
FOLDERS = {
    archive: "tsc_archive",
    digits: "digits",
    esc10: "esc10",
    wrist: "har_wrist",
    uwb: "uwb_cir",
    csi: "wifi_csi_loc",
}
SETS = list(FOLDERS)
HELD_OUT = [digits, esc10, wrist, uwb]


def config_of(module: Any, shared_data: Path, **more: Any) -> Any:
    if module is esc10:
        more.setdefault("rate_hz", 8000.0)  # one rate for all tests: it is read once
    return module.Config(folder=str(shared_data / FOLDERS[module]), **more)


def parts_of(module: Any, config: Any) -> list[Clips]:
    return [module.build(config, split=split, seed=0) for split in PARTS]


def classes(clips: ClipDataset) -> list[str]:
    return [clips.labels[int(clips[k].y.argmax())] for k in range(len(clips))]


def name_of(module: Any) -> str:
    return module.__name__.rpartition(".")[2]


@pytest.mark.parametrize("module", SETS, ids=name_of)
def test_the_battery(module: Any, shared_data: Path) -> None:
    config = config_of(module, shared_data)
    assert data.find(name_of(module)).LEVEL == "clip"
    for part in parts_of(module, config):
        check_dataset(part, examples=2)


@pytest.mark.parametrize("module", SETS, ids=name_of)
def test_nothing_stands_on_two_sides(module: Any, shared_data: Path) -> None:
    for valid in ("group", "within") if module is not archive else ("group",):
        config = config_of(module, shared_data)
        config = config if module is archive else replace(config, valid=valid)
        train, held, test = parts_of(module, config)
        contents = [set(part.digests) for part in (train, held, test)]
        assert not contents[0] & contents[1]
        assert not (contents[0] | contents[1]) & contents[2]
        if module is not archive:
            groups = [set(part.groups) for part in (train, held, test)]
            assert not (groups[0] | groups[1]) & groups[2]
            apart = valid == "group" or module is esc10  # whose groups are sources
            assert bool(groups[0] & groups[1]) != apart


@pytest.mark.parametrize("module", HELD_OUT, ids=name_of)
def test_folds_test_every_clip_once(module: Any, shared_data: Path) -> None:
    whole = module.build(config_of(module, shared_data), split="all", seed=0)
    folds = {digits: range(4), esc10: range(1, 4), wrist: range(9), uwb: range(6)}[module]
    tested = [
        place
        for fold in folds
        for place in module.build(
            config_of(module, shared_data, fold=fold), split="test", seed=0
        ).digests
    ]
    assert sorted(tested) == sorted(whole.digests)


@pytest.mark.parametrize("module", HELD_OUT, ids=name_of)
def test_nothing_need_be_tested(module: Any, shared_data: Path) -> None:
    config = config_of(module, shared_data, fold=None)
    train, held, whole = (module.build(config, split=s, seed=0) for s in ("train", "valid", "all"))
    assert len(train) + len(held) == len(whole)
    with pytest.raises(InputError, match="leaves nothing for 'test'"):
        module.build(config, split="test", seed=0)


@pytest.mark.parametrize("module", SETS, ids=name_of)
def test_what_is_not_there_is_refused(module: Any, shared_data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        module.build(module.Config(folder=str(tmp_path)), split="train", seed=0)
    with pytest.raises(RecipeError, match="did you mean 'train'"):
        module.build(config_of(module, shared_data), split="trian", seed=0)


# ---------------------------------------------------------------- archive


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("ArrowHead", (27, 9, 175)),
        ("BasicMotions", (32, 8, 40)),
        ("GunPoint", (39, 11, 150)),
        ("OSULeaf", (158, 42, 242)),
    ],
)
def test_archive_learns_from_train_alone(
    shared_data: Path, name: str, sizes: tuple[int, ...]
) -> None:
    config = config_of(archive, shared_data, name=name)
    train, held, test = parts_of(archive, config)
    assert (len(train), len(held), len(test)) == sizes
    assert set(classes(held)) == set(classes(train)) == set(classes(test))
    other = archive.build(replace(config, fold=1), split="valid", seed=0)
    assert set(other.digests) != set(held.digests)
    every = replace(config, parts=0)
    assert len(archive.build(every, split="train")) == len(train) + len(held)
    assert len(archive.build(every, split="valid")) == len(train) + len(held)
    assert archive.build(every, split="test").digests == test.digests


def test_archive_without_a_test_file(shared_data: Path) -> None:
    config = config_of(archive, shared_data, name="JapaneseVowels")
    train = archive.build(config, split="train")
    assert (len(train), train.n_channels) == (216, 12)
    assert len({clip.shape[1] for clip in train.arrays}) > 10
    with pytest.raises(InputError, match=r"no JapaneseVowels_TEST\.ts.*inside"):
        archive.build(config, split="test")
    tested = [
        digest
        for fold in range(5)
        for digest in archive.build(replace(config, inside=True, fold=fold), split="test").digests
    ]
    assert len(tested) == len(set(tested)) == 270
    with pytest.raises(InputError, match="leave inside out"):
        archive.build(config_of(archive, shared_data, inside=True), split="test")
    with pytest.raises(InputError, match="3 with inside"):
        archive.Config(parts=2, inside=True)
    with pytest.raises(InputError, match="did you mean 'GunPoint'"):
        archive.build(config_of(archive, shared_data, name="GunPiont"), split="train")


def test_archive_files_of_two_sets_are_refused(tmp_path: Path) -> None:
    (tmp_path / "A_TRAIN.ts").write_text("@classLabel true a b\n@data\n1,2:a\n3,4:b\n")
    (tmp_path / "A_TEST.ts").write_text("@classLabel true a c\n@data\n1,2:a\n3,4:c\n")
    with pytest.raises(FormatError, match="TRAIN and TEST differ"):
        archive.build(archive.Config(folder=str(tmp_path), name="A"), split="train")


# ---------------------------------------------------------------- digits


def test_digits_are_what_the_files_hold(shared_data: Path) -> None:
    clips = digits.build(config_of(digits, shared_data), split="all")
    assert (len(clips), clips.rate_hz, clips.labels) == (2000, 8000, tuple("0123456789"))
    for place in range(0, 2000, 97):
        x, rate_hz = soundfile.read(shared_data / "digits" / "wav" / clips.names[place])
        assert rate_hz == 8000
        np.testing.assert_array_equal(clips[place].x[0], x.astype("f4"))
        digit, speaker, _ = clips.names[place].split("_")
        assert (classes(clips)[place], clips.groups[place]) == (digit, speaker)


def test_digits_hold_a_speaker_out(shared_data: Path) -> None:
    train, held, test = parts_of(digits, config_of(digits, shared_data, fold=1))
    assert [set(part.groups) for part in (held, test)] == [{"lucas"}, {"jackson"}]
    assert set(train.groups) == {"george", "nicolas"}
    within = config_of(digits, shared_data, fold=1, valid="within")
    assert [len(part) for part in parts_of(digits, within)] == [1200, 300, 500]


def test_digits_of_another_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "wav").mkdir()
    soundfile.write(tmp_path / "wav" / "seven.wav", np.ones(9), 8000)
    with pytest.raises(FormatError, match="DIGIT_SPEAKER_TAKE"):
        digits.build(digits.Config(folder=str(tmp_path)), split="train")


# ---------------------------------------------------------------- esc10


def test_esc10_is_what_the_files_hold(shared_data: Path) -> None:
    clips = esc10.build(config_of(esc10, shared_data), split="all")
    with (shared_data / "esc10" / "labels.csv").open() as file:
        told = {row["file"]: row for row in csv.DictReader(file)}
    assert clips.names == tuple(sorted(told))
    assert classes(clips) == [told[name]["label"] for name in clips.names]
    for place in (0, 7, 100):
        info = soundfile.info(shared_data / "esc10" / "ogg" / clips.names[place])
        assert clips[place].x.shape[1] == pytest.approx(info.duration * 8000, abs=1)
    longest = max(clip.shape[1] for clip in clips.arrays) / 8000
    assert 7 < longest < 8


@pytest.mark.parametrize(("fold", "next_fold"), [(1, "2"), (2, "3"), (3, "1")])
def test_esc10_goes_by_its_folds(shared_data: Path, fold: int, next_fold: str) -> None:
    _, held, test = parts_of(esc10, config_of(esc10, shared_data, fold=fold))
    assert {name[0] for name in test.names} == {str(fold)}
    assert {name[0] for name in held.names} == {next_fold}
    assert set(Counter(classes(test)).values()) == {8}


def test_esc10_without_silence_is_shorter(shared_data: Path) -> None:
    path = shared_data / "esc10" / "ogg" / "1-110389-A.ogg"
    x, _ = soundfile.read(path)
    whole, bare = (esc10._sound(path, 44_100.0, bare=bare) for bare in (False, True))
    loud = np.flatnonzero(np.abs(x) > 1e-4)
    assert whole.shape[1] == len(x)
    assert bare.shape[1] == loud[-1] - loud[0] + 1 < len(x)


def test_esc10_leaves_out_what_it_is_told(shared_data: Path) -> None:
    names = ("1-40730-A.ogg", "2-96460-A.ogg")
    every = esc10.build(config_of(esc10, shared_data), split="all").names
    parts = parts_of(esc10, config_of(esc10, shared_data, without=names))
    assert sorted(name for part in parts for name in part.names) == sorted({*every} - {*names})
    with pytest.raises(InputError, match=r"holds no 1-40730-B\.ogg; did you mean '1-40730-A"):
        esc10.build(config_of(esc10, shared_data, without=("1-40730-B.ogg",)), split="all")


def test_esc10_refuses_folds_that_are_none(shared_data: Path) -> None:
    with pytest.raises(InputError, match="no fold 4: give one of 1, 2, 3"):
        esc10.build(config_of(esc10, shared_data, fold=4), split="test")


def test_esc10_refuses_a_table_of_other_folds(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("file,fold,label\n2-11-A.ogg,1,rain\n")
    (tmp_path / "ogg").mkdir()
    soundfile.write(tmp_path / "ogg" / "2-11-A.ogg", np.ones(4000) / 9, 8000)
    with pytest.raises(FormatError, match="into fold 1"):
        esc10.build(esc10.Config(folder=str(tmp_path)), split="train")


# ---------------------------------------------------------------- wrist


def test_wrist_is_what_the_files_hold(shared_data: Path) -> None:
    clips = wrist.build(config_of(wrist, shared_data), split="all")
    codes = np.load(shared_data / "har_wrist" / "signals.npz")["x"]
    with (shared_data / "har_wrist" / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert (len(clips), clips.rate_hz, len(clips.labels)) == (644, 32, 14)
    for place in range(0, 644, 37):
        start, length = int(rows[place]["start"]), int(rows[place]["length"])
        g = -1.5 + 3 * codes[start : start + length].astype("f8") / 63
        np.testing.assert_allclose(clips[place].x, g.T, atol=1e-7)
        assert clips.groups[place] == rows[place]["person"]
        assert classes(clips)[place] == rows[place]["activity"]
    assert min(clip.min() for clip in clips.arrays) >= -1.5
    assert max(clip.max() for clip in clips.arrays) <= 1.5


def test_wrist_tests_each_person_and_never_validates_by_the_largest(shared_data: Path) -> None:
    tested = []
    for fold in range(9):
        train, held, test = parts_of(wrist, config_of(wrist, shared_data, fold=fold))
        tested += sorted(set(test.groups))
        assert "f1" not in held.groups
        assert 0.1 * (len(train) + len(held)) <= len(held) < 0.25 * (len(train) + len(held))
    assert tested == ["f1", "f2", "f3", "m1", "m2", "m3", "m4", "m9", "m11"]


def test_wrist_can_leave_out_what_one_person_does(shared_data: Path) -> None:
    config = config_of(wrist, shared_data, without=("eat_meat", "eat_soup"))
    train, _, test = parts_of(wrist, config)
    assert set(test.labels) == set(classes(train)) == set(wrist.LABELS) - set(config.without)
    assert len(wrist.build(config, split="all")) == 644 - 5 - 3
    with pytest.raises(InputError, match="did you mean 'eat_soup'"):
        wrist.Config(without=("eat_soop",))


def test_wrist_refuses_tables_beyond_the_signals(tmp_path: Path) -> None:
    np.savez(tmp_path / "signals.npz", x=np.ones((100, 3), np.int8), fs=32)
    (tmp_path / "labels.csv").write_text("file,activity,person,start,length\na,walk,f1,90,20\n")
    with pytest.raises(FormatError, match="at 90 to 110 of 100"):
        wrist.build(wrist.Config(folder=str(tmp_path)), split="all")
    np.savez(tmp_path / "signals.npz", x=np.full((100, 3), 64, np.int8), fs=32)
    with pytest.raises(FormatError, match="no codes 0 to 63"):
        wrist.build(wrist.Config(folder=str(tmp_path)), split="all")


# ---------------------------------------------------------------- uwb


def test_uwb_is_what_the_files_hold(shared_data: Path) -> None:
    config = config_of(uwb, shared_data, part="complex")
    whole = uwb.build(config, split="all")
    file = np.load(shared_data / "uwb_cir" / "cir.npz")
    assert classes(whole) == file["label"].tolist()
    np.testing.assert_array_equal(np.stack(whole.arrays), file["cir"])
    size = uwb.build(replace(config, part="magnitude"), split="all")
    expected = np.abs(file["cir"][:, 0] + 1j * file["cir"][:, 1])
    np.testing.assert_allclose(np.stack(size.arrays)[:, 0], expected, rtol=1e-5)
    levels = uwb.build(replace(config, part="levels"), split="all")
    decibels = 20 * np.log10(np.maximum(expected, 1e-9) / expected.max(1, keepdims=True))
    wanted = (np.maximum(decibels, -40) + 40) / 20
    np.testing.assert_allclose(np.stack(levels.arrays)[:, 0], wanted, atol=1e-5)


def test_uwb_tests_whole_placements_of_all_classes(shared_data: Path) -> None:
    with (shared_data / "uwb_cir" / "configs.csv").open() as file:
        told = {row["config"]: row for row in csv.DictReader(file)}
    sizes = []
    for fold in range(6):
        train, held, test = parts_of(uwb, config_of(uwb, shared_data, fold=fold))
        for part in (train, held, test):
            assert set(classes(part)) == set(uwb.LABELS)
        for placement, count in Counter(test.groups).items():
            assert count == int(told[placement]["n_cir"])
        sizes.append(len(test))
    assert max(sizes) < 1.5 * min(sizes)


def test_uwb_in_two_classes(shared_data: Path) -> None:
    clips = uwb.build(config_of(uwb, shared_data, two=True), split="all")
    assert Counter(classes(clips)) == {"LOS": 1647, "NLOS": 2536 + 2468}


def test_uwb_refuses_labels_that_differ(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "cir.npz",
        cir=np.ones((2, 2, 9), np.int16),
        label=["LOS", "NLOS"],
        config=[1, 2],
    )
    (tmp_path / "configs.csv").write_text("config,label\n1,LOS\n2,LOS\n")
    with pytest.raises(FormatError, match=r"placement 2 is labelled NLOS, configs\.csv"):
        uwb.build(uwb.Config(folder=str(tmp_path)), split="all")


# ---------------------------------------------------------------- csi


def test_csi_is_what_the_files_hold(shared_data: Path) -> None:
    file = np.load(shared_data / "wifi_csi_loc" / "csi.npz")
    raw = file["amp"].astype("f4")
    whole = csi.build(config_of(csi, shared_data, level=False), split="all")
    np.testing.assert_array_equal(np.stack(whole.arrays).reshape(raw.shape), raw)
    assert classes(whole) == [str(k) for k in file["location"]]
    levelled = csi.build(config_of(csi, shared_data), split="all")
    power = np.square(np.stack(levelled.arrays), dtype="f8").mean(axis=1)
    np.testing.assert_allclose(power, 1, rtol=1e-4)
    seen = csi.build(config_of(csi, shared_data, level=False, view="subcarriers"), split="all")
    np.testing.assert_allclose(seen[5].x[:3], raw[5].mean(axis=2), rtol=1e-4)
    np.testing.assert_allclose(seen[5].x[3:], raw[5].std(axis=2), rtol=1e-3, atol=1e-4)


def test_csi_tells_how_subcarriers_vary_together(shared_data: Path) -> None:
    file = np.load(shared_data / "wifi_csi_loc" / "csi.npz")
    seen = csi.build(config_of(csi, shared_data, level=False, view="joint"), split="all")
    assert seen.n_channels == 6 + 9 * 3
    raw = file["amp"][5].astype("f8")
    third = raw[1, 20:].mean(axis=0)  # the upper third of the second antenna, the sixth of nine
    expected = [np.corrcoef(third, packets)[0, 1] for packets in raw[2]]
    np.testing.assert_allclose(seen[5].x[6 + 5 * 3 + 2], expected, atol=1e-4)


def test_csi_tests_later_days_and_other_rounds_of_the_same(shared_data: Path) -> None:
    config = config_of(csi, shared_data, until=8)
    train, held, test = parts_of(csi, config)
    same = csi.build(config, split="same")
    assert set(map(int, test.groups)) == set(range(9, 15))
    assert set(map(int, (*train.groups, *held.groups))) == set(map(int, same.groups))
    assert min(map(int, held.groups)) > max(map(int, train.groups))
    assert not set(same.digests) & set(train.digests + held.digests)
    early = len(train) + len(held) + len(same)
    assert early + len(test) == 448
    assert set(Counter(classes(same)).values()) == {len(same) // 8}


def test_csi_can_leave_one_day_out(shared_data: Path) -> None:
    tested = []
    for fold in range(13):
        config = config_of(csi, shared_data, until=None, fold=fold)
        tested.append(csi.build(config, split="test"))
        assert len(set(tested[-1].groups)) == 1
    assert sum(map(len, tested)) == 448
    with pytest.raises(InputError, match="leaves nothing"):
        csi.build(config_of(csi, shared_data, until=None), split="same")
    with pytest.raises(InputError, match="begins on day 2"):
        csi.build(config_of(csi, shared_data, until=1), split="train")


# ---------------------------------------------------------------- tagged


@pytest.fixture
def mixing(shared_data: Path) -> tagged.Config:
    return tagged.Config(sounds=config_of(esc10, shared_data), seconds=2.0)


@pytest.mark.parametrize("split", list(tagged.CLIPS))
def test_tagged(mixing: tagged.Config, split: str) -> None:
    mixtures = tagged.build(mixing, split=split, seed=0)
    check_dataset(mixtures)
    counts = [int(mixtures[k].y.sum()) for k in range(40)]
    assert set(counts) == {2, 3}
    assert mixtures[0].x.shape == (1, 16_000)


def test_tags_of_a_mixture_are_known_without_it(mixing: tagged.Config) -> None:
    mixtures = tagged.build(mixing, split="train", seed=3)
    assert all(np.array_equal(mixtures[k].y, mixtures.y_of(k)) for k in range(3))


def test_the_seed_moves_training_alone(mixing: tagged.Config) -> None:
    def same(split: str) -> bool:
        a, b = (tagged.build(mixing, split=split, seed=k)[0].x for k in (0, 1))
        return np.array_equal(a, b)

    assert [split for split in tagged.CLIPS if not same(split)] == ["train"]


def test_mixtures_are_of_sounds_of_their_folds(mixing: tagged.Config) -> None:
    folds = [
        {name[0] for name in tagged.build(mixing, split=split, seed=0).clips.names}
        for split in tagged.CLIPS
    ]
    assert folds == [{"3"}, {"2"}, {"1"}]


def test_a_mixture_is_the_sum_of_its_sounds(mixing: tagged.Config) -> None:
    alone = tagged.build(replace(mixing, least=1, most=1), split="test", seed=0)
    for index in range(10):
        x, y = alone[index]
        spectrum = np.abs(np.fft.rfft(x[0]))  # which turning in time leaves as it is
        own = [
            alone.clips.arrays[place][0, :16_000]
            for place in np.flatnonzero(alone.clips.y[:, int(y.argmax())])
        ]
        spectra = [np.abs(np.fft.rfft(clip, 16_000)) for clip in own]
        likeness = [
            float(spectrum @ other / np.linalg.norm(spectrum) / (np.linalg.norm(other) + 1e-12))
            for other in spectra
        ]
        assert max(likeness) == pytest.approx(1, abs=1e-4)


def test_levels_lie_in_their_range(mixing: tagged.Config) -> None:
    alone = tagged.build(replace(mixing, least=1, most=1, range_db=6.0), split="test", seed=0)
    clips = alone.clips
    dense = [clips.labels.index(name) for name in ("sea_waves", "helicopter")]
    levels = [
        20 * np.log10(np.sqrt(np.square(clip.x, dtype="f8").mean()) / tagged.RMS)
        for clip in (alone[k] for k in range(200))
        if int(clip.y.argmax()) in dense
    ]
    assert -3.1 < min(levels) < -1
    assert 1 < max(levels) < 3.1


def test_mixtures_that_cannot_be_are_refused(mixing: tagged.Config) -> None:
    with pytest.raises(InputError, match="least=4, most=3"):
        replace(mixing, least=4)
    with pytest.raises(InputError, match="most=11 of 10 classes"):
        tagged.build(replace(mixing, most=11), split="test", seed=0)
    with pytest.raises(RecipeError, match="did you mean 'test'"):
        tagged.build(mixing, split="tests", seed=0)


# ---------------------------------------------------------------- parts of the public sets


def test_one_speaker_alone_can_judge(tmp_path: Path) -> None:
    (tmp_path / "wav").mkdir()
    for name in ("3_ann_0", "4_ann_0"):
        soundfile.write(tmp_path / "wav" / f"{name}.wav", np.ones(9) / 9, 8000)
    config = digits.Config(folder=str(tmp_path))
    clips = digits.build(config, split="all")
    assert (clips.labels, classes(clips)) == (tuple("0123456789"), ["3", "4"])
    with pytest.raises(InputError):
        digits.build(config, split="train")


def test_two_persons_alone_can_judge(tmp_path: Path) -> None:
    np.savez(tmp_path / "signals.npz", x=np.ones((100, 3), np.int8), fs=32)
    table = "file,activity,person,start,length\na,walk,m5,0,50\nb,brush_teeth,m6,50,50\n"
    (tmp_path / "labels.csv").write_text(table)
    clips = wrist.build(wrist.Config(folder=str(tmp_path)), split="all")
    assert (clips.labels, classes(clips)) == (wrist.LABELS, ["walk", "brush_teeth"])
    (tmp_path / "labels.csv").write_text(table.replace("walk", "fly"))
    again = wrist.Config(folder=f"{tmp_path}/.")
    wrist._read.cache_clear()
    with pytest.raises(InputError, match="labelled 'fly'"):
        wrist.build(again, split="all")


def test_one_placement_alone_can_judge(tmp_path: Path) -> None:
    cir = np.ones((2, 2, 9), np.int16)
    np.savez(tmp_path / "cir.npz", cir=cir, label=["LOS", "LOS"], config=[7, 7])
    (tmp_path / "configs.csv").write_text("config,label\n7,LOS\n")
    clips = uwb.build(uwb.Config(folder=str(tmp_path)), split="all")
    assert (clips.labels, classes(clips)) == (uwb.LABELS, ["LOS", "LOS"])
