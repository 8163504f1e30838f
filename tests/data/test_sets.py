"""The data sets by name: splits that share nothing, labels that agree."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from ondes import data
from ondes.data.banks import Bank
from ondes.data.mixtures import Mixing
from ondes.data.sets import office, sounds, tones
from ondes.errors import InputError, RecipeError
from ondes.testing import check_dataset

SHORT = Mixing(n_samples=16_384)


def test_every_set_is_found_by_name() -> None:
    for name in data.names():
        module = data.find(name)
        assert module.ABOUT
        assert module.Config
    with pytest.raises(RecipeError, match="tones"):
        data.find("tone")


@pytest.mark.parametrize("split", list(tones.CLIPS))
def test_tones(split: str) -> None:
    config = tones.Config(rate_hz=24_000, mixing=SHORT)
    check_dataset(tones.build(config, split=split, seed=0))


def test_the_seed_moves_training_alone() -> None:
    config = tones.Config(rate_hz=24_000, mixing=SHORT)
    first = {s: [tones.build(config, split=s, seed=k)[0].x for k in (0, 1)] for s in tones.CLIPS}
    assert not np.array_equal(*first.pop("train"))
    assert all(np.array_equal(*pair) for pair in first.values())


def test_an_unknown_split_names_the_nearest() -> None:
    with pytest.raises(RecipeError, match="train"):
        tones.build(tones.Config(), split="tran", seed=0)


@pytest.fixture
def own_sounds(tmp_path: Path) -> Path:
    for label in ("tick", "tock"):
        (tmp_path / "events" / label).mkdir(parents=True)
        for number in range(10):
            tone = np.sin(np.arange(800) * (0.1 + 0.01 * number))
            soundfile.write(tmp_path / "events" / label / f"{number}.wav", tone, 8000)
    soundfile.write(tmp_path / "room.wav", np.random.default_rng(0).normal(0, 0.01, 80_000), 8000)
    return tmp_path


@pytest.mark.parametrize("split", list(sounds.CLIPS))
def test_own_sounds(own_sounds: Path, split: str) -> None:
    config = sounds.Config(
        folder=str(own_sounds / "events"),
        background=str(own_sounds / "room.wav"),
        rate_hz=8000,
        mixing=Mixing(n_samples=8000, most=4),
    )
    built = sounds.build(config, split=split, seed=0)
    assert built.labels == ("tick", "tock")
    check_dataset(built)


def test_a_background_too_short_is_refused(own_sounds: Path) -> None:
    config = sounds.Config(
        folder=str(own_sounds / "events"),
        background=str(own_sounds / "room.wav"),
        rate_hz=8000,
        mixing=Mixing(n_samples=40_000),
    )
    with pytest.raises(InputError, match="longer background"):
        sounds.build(config, split="test", seed=0)


@pytest.mark.parametrize("split", [*office.CLIPS, "annotated"])
def test_office(shared_data: Path, split: str) -> None:
    config = office.Config(folder=str(shared_data / "events_office"))
    built = office.build(config, split=split, seed=0)
    assert len(built.labels) == 11
    check_dataset(built)


def test_office_scenes_keep_the_annotated_onsets(shared_data: Path) -> None:
    folder = shared_data / "events_office"
    scenes = office.build(office.Config(folder=str(folder)), split="annotated", seed=0)
    rows = sorted(folder.glob("scene_annotation/*.txt"))[0].read_text().split("\n")
    onsets = [float(row.split("\t")[0]) for row in rows if row]
    np.testing.assert_allclose(np.sort(scenes[0].events.onset_s), np.sort(onsets), atol=1e-4)


def test_office_folds_hear_every_recording_once(shared_data: Path) -> None:
    folder = str(shared_data / "events_office")
    heard: list[bytes] = []
    for fold in range(office.FOLDS):
        scenes = office.build(office.Config(folder=folder, fold=fold), split="annotated", seed=0)
        heard += [sound.samples.tobytes() for sound in scenes.bank.sounds]
    assert len(heard) == len(set(heard)) == 154


def test_office_splits_share_no_recording(shared_data: Path) -> None:
    files = sorted((shared_data / "events_office" / "flac").glob("*.flac"))
    bank = Bank.of_recordings([(path, path.stem[:4]) for path in files], rate_hz=8000, fold=2)
    groups = [{s.group for s in bank.of_split(name).sounds} for name in ("train", "valid", "test")]
    assert sum(map(len, groups)) == len(set.union(*groups)) == len(files)


def test_office_scenes_keep_the_annotated_ratio(shared_data: Path) -> None:
    folder = shared_data / "events_office"
    scenes = office.build(office.Config(folder=str(folder)), split="annotated", seed=0)
    names = [path.name for path in sorted(folder.glob("scene_annotation/*.txt"))]
    for ratio_db in (-6, 0, 6):
        index = names.index(f"dev_1_ebr_{ratio_db}_nec_1_poly_0.txt")
        x, events = scenes[index]
        sounding = np.zeros(x.shape[1], bool)
        for event in events:
            sounding[event.onset : event.offset] = True
        power = np.square(x[0, sounding]).mean() / np.square(x[0, ~sounding]).mean()
        assert 10 * np.log10(power - 1) == pytest.approx(ratio_db, abs=1.5)  # the room swells


def test_office_is_found_where_the_variable_says(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONDES_DATA", str(shared_data))
    assert len(office.build(office.Config(), split="annotated", seed=0)) == 12


def test_an_office_fold_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="fold 5"):
        office.Config(fold=5)


def test_too_few_sounds_of_a_label_are_refused(own_sounds: Path) -> None:
    for path in sorted((own_sounds / "events" / "tock").iterdir())[4:]:
        path.unlink()
    with pytest.raises(InputError, match=r"4 sounds of 'tock'; give 5"):
        sounds.build(sounds.Config(folder=str(own_sounds / "events")), split="test", seed=0)


def test_sounds_without_a_folder_of_their_label_are_refused(own_sounds: Path) -> None:
    with pytest.raises(InputError, match="into a folder"):
        sounds.build(sounds.Config(folder=str(own_sounds)), split="test", seed=0)


def test_office_without_its_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="folder"):
        office.build(office.Config(folder=str(tmp_path)), split="test", seed=0)
