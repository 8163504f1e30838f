"""Advance warning: nobody learns from an abnormal beat of their own, and nobody else's is lost."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ondes import data
from ondes.data.ecg import donors, records
from ondes.data.ecg.hearts import heart
from ondes.data.sets import ecg_warning
from ondes.errors import ChannelError, FormatError, InputError, RecipeError
from ondes.ops.beats import SIZE, WEIGHT
from ondes.testing import check_dataset

RATE = 360
SHAPES = {"300": 6.0, "301": 8.0, "302": 10.0}  # widths of normal beats, in samples


def put(folder: Path, name: str, *, width: float, abnormal: bool = True, minutes: int = 7) -> None:
    """A record with a beat each second; every tenth is twice as wide, upside down and early."""
    rng, n = np.random.default_rng(int(name)), minutes * 60
    peaks = np.arange(n) * RATE + RATE // 2
    pvc = (np.arange(n) % 10 == 9) & abnormal
    peaks[pvc] -= 120
    ecg = 4 * rng.normal(size=n * RATE)
    at = np.arange(-100, 100)
    for peak, wide in zip(peaks, pvc, strict=True):
        sigma = 2 * width if wide else width
        around = slice(max(peak - 100, 0), peak + 100)
        shape = (-200 if wide else 200) * np.exp(-0.5 * (at / sigma) ** 2)
        ecg[around] += shape[-(around.stop - around.start) :][: len(ecg[around])]
    np.savez(
        folder / f"{name}.npz", ecg=ecg.astype(np.int16), gain=200.0, fs=RATE, beat=peaks, pvc=pvc
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hearts")
    for name, width in SHAPES.items():
        put(path, name, width=width)
    put(path, "303", width=7.0, abnormal=False)
    return path


@pytest.fixture
def config(folder: Path) -> ecg_warning.Config:
    return ecg_warning.Config(folder=str(folder), patient="301", rest="N")


# --- libraries -----------------------------------------------------------------------------------


def test_a_library_is_learnt_of_all_who_have_such_beats(folder: Path) -> None:
    library = donors.learn(records.found(folder), rest="N", most=15)
    assert sorted(set(library.donor.tolist())) == ["300", "301", "302"]
    assert len(library) == 45
    assert set(library.label.tolist()) == {"V"}
    assert np.exp(library.rhythm).mean(0) == pytest.approx([2 / 3, 4 / 3], rel=0.02)
    with pytest.raises(InputError, match="no donors"):
        donors.learn(records.found(folder, ["303"]), rest="N")


def test_a_library_comes_back_from_its_folder(folder: Path, tmp_path: Path) -> None:
    library = donors.learn(records.found(folder), rest="N", most=15)
    donors.keep(library, tmp_path / "kept", about="made up", licence="CC0")
    back = donors.kept(str(tmp_path / "kept"))
    assert back.filters == pytest.approx(library.filters, abs=1e-6)
    for name in ("label", "donor", "error", "rhythm"):
        assert getattr(back, name).tolist() == getattr(library, name).tolist()
    said = json.loads((tmp_path / "kept" / "library.json").read_text())
    assert said["classes"]["V"]["filters"] == {"300": 15, "301": 15, "302": 15}
    assert said["licence"] == "CC0"


def test_a_flipped_bit_is_caught(folder: Path, tmp_path: Path) -> None:
    donors.keep(donors.learn(records.found(folder), rest="N", most=2), tmp_path)
    path = tmp_path / "filters.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(FormatError, match="damaged"):
        donors.kept(str(tmp_path))
    (tmp_path / "library.json").unlink()
    with pytest.raises(FormatError, match="holds no library"):
        donors.kept(str(tmp_path))
    with pytest.raises(InputError, match=r"did you mean 'mit-bih'"):
        donors.kept("mit-bhi")


def test_the_shipped_library_fits_the_beats_it_was_made_of(shared_data: Path) -> None:
    library = donors.kept("mit-bih")
    assert np.median(library.error) < 0.007
    folder = shared_data / "ecg_mitbih"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    own = heart(records.found(folder, ["106"])[0], rest="N")
    learnt = donors.learnt(own, ["V"])
    assert learnt is not None
    mine = library.without("100").without("105").without("114").without("123").without("200")
    assert mine.filters == pytest.approx(learnt.at_most(100).filters, abs=1e-5)


# --- the set -------------------------------------------------------------------------------------


def test_the_battery(config: ecg_warning.Config) -> None:
    assert data.find("ecg_warning").LEVEL == "clip"
    for split in ("train", "valid", "test"):
        part = ecg_warning.build(config, split=split, seed=0)
        assert (part.labels, part.rate_hz, part.n_channels) == (("N", "V"), 360.0, 3)
        check_dataset(part)
    with pytest.raises(RecipeError, match="did you mean 'train'"):
        ecg_warning.build(config, split="trian", seed=0)


def test_real_beats_are_learnt_validated_and_tested_apart(config: ecg_warning.Config) -> None:
    plain = replace(
        config,
        clips=400,
        variation=ecg_warning.Variation(
            spread=0, gain=0, shift=0, noise=0, hiss=0, wander=0, jitter=0
        ),
    )
    whole = heart(ecg_warning.patient(config), rest="N")
    made, valid, test = (
        ecg_warning.build(plain, split=split, seed=0) for split in ("train", "valid", "test")
    )

    def places(clips: list[np.ndarray]) -> list[int]:
        """Which beats of the record these are; -1 for none."""
        away = [np.abs(whole.shapes - clip[0]).max(1) for clip in clips]
        return [int(a.argmin()) if a.min() < 1e-5 else -1 for a in away]

    normal = places([made[k].x for k in range(200)])
    assert min(normal) >= 0
    assert max(normal) < 240
    seen = places([valid[k].x for k in range(len(valid)) if valid[k].y[0]])
    assert (min(seen), max(seen), len(seen)) == (240, 298, 54)  # the 300th is a V
    tested = places([test[k].x for k in range(len(test))])
    assert tested == list(range(300, 420))
    invented = [made[len(made) - 1 - k].x for k in range(50)]
    assert np.asarray(made.y).sum(0).tolist() == [200, 200]
    invented += [valid[k].x for k in range(len(valid)) if valid[k].y[1]]
    assert set(places(invented)) == {-1}


def test_synthetic_beats_come_early_and_upside_down_as_the_donors_do(
    config: ecg_warning.Config,
) -> None:
    valid = ecg_warning.build(config, split="valid", seed=0)
    normal, abnormal = (
        np.mean([valid[k].x for k in range(len(valid)) if valid[k].y[place]], axis=0)
        for place in (0, 1)
    )
    assert normal[0, SIZE // 2] > 0.8
    assert abnormal[0, SIZE // 2] < -0.8
    assert np.exp(abnormal[1:, 0] / WEIGHT) == pytest.approx([2 / 3, 4 / 3], rel=0.02)


def test_nobody_is_their_own_donor(config: ecg_warning.Config, tmp_path: Path) -> None:
    alone = replace(config, without=("300", "302"))
    with pytest.raises(InputError, match="no donors"):
        ecg_warning.build(alone, split="train", seed=0)
    only = donors.learn(records.found(Path(config.folder), ["301"]), rest="N")
    donors.keep(only, tmp_path)
    with pytest.raises(InputError, match="no donor but 301"):
        ecg_warning.build(replace(config, donors=str(tmp_path)), split="train", seed=0)


def test_donors_may_come_from_a_library(config: ecg_warning.Config) -> None:
    shipped = replace(config, donors="mit-bih", without=("200",))
    valid = ecg_warning.build(shipped, split="valid", seed=0)
    assert np.asarray(valid.y).sum(0).tolist() == [54, 54]


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"patient": "3001"}, InputError, "it holds"),
        ({"patient": "nowhere/me.hea"}, InputError, "holds no record: give a folder"),
        ({"abnormal": ("S",)}, InputError, "class S"),
        ({"minutes": 0.4}, InputError, "give more minutes"),
        ({"leads": ("V9",)}, ChannelError, "no lead V9"),
        ({"rest": ""}, InputError, "rest=N"),
    ],
)
def test_what_is_wrong_is_named(
    config: ecg_warning.Config, changes: dict, error: type, says: str
) -> None:
    with pytest.raises(error, match=says):
        ecg_warning.build(replace(config, **changes), split="train", seed=0)
    with pytest.raises(InputError, match="each once"):
        replace(config, abnormal=())
    with pytest.raises(InputError, match="more than zero"):
        replace(config, minutes=0)
