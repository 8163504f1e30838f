"""What is done to electrocardiograms in training: noise, rhythms, shares, several folders."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import find_peaks

import ondes
from ondes.data.ecg import rhythm
from ondes.data.ecg.artefacts import Artefacts, disturbed
from ondes.data.ecg.clips import Cutting
from ondes.data.sets import ecg_af, ecg_beats
from ondes.errors import InputError
from ondes.io import write, write_events
from ondes.testing import check_dataset

RATE = 100
SHORT = Cutting(n_samples=1000)


def put(folder: Path, name: str, *, marks: tuple[tuple[int, int, str], ...] = ()) -> None:
    """A minute of a record: a step of one sample each second, and further annotations."""
    folder.mkdir(exist_ok=True)
    x = np.zeros((2, 6000), np.float32)
    x[:, 50::100] = 1
    write(ondes.Signal(x, RATE, unit="mV", channels=("I", "II")), folder / f"{name}.hea")
    rows = [(place, place + 1, "N") for place in range(50, 6000, 100)]
    write_events(ondes.EventList.of([*rows, *marks], rate_hz=RATE), folder / f"{name}.atr")


def test_bursts_have_the_band_and_the_level_that_are_asked_for() -> None:
    rng, tone = np.random.default_rng(0), np.sin(np.arange(4000) / 3, dtype=np.float32)[None]
    config = Artefacts(
        p=1.0, bursts=1, length_s=(40, 40), snr_db=(6, 6), low_hz=(5, 5), high_hz=(10, 10)
    )
    added = disturbed(tone, rng, config, rate_hz=RATE) - tone
    power = np.abs(np.fft.rfft(added[0])) ** 2
    hz = np.fft.rfftfreq(4000, 1 / RATE)
    assert power[(hz > 4.5) & (hz < 10.5)].sum() > 0.99 * power.sum()
    middle = added[0, 1800:2200].var() / tone.var()
    assert 10 * np.log10(middle) == pytest.approx(-6, abs=2.5)


def test_a_constant_gets_no_bursts() -> None:
    flat = np.full((2, 500), 5, np.float32)
    always = Artefacts(p=1.0)
    np.testing.assert_array_equal(
        disturbed(flat, np.random.default_rng(0), always, rate_hz=RATE), flat
    )


@pytest.mark.parametrize("wrong", [{"p": 2.0}, {"bursts": 0}, {"low_hz": (0.0, 50.0)}])
def test_artefacts_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match="artefacts"):
        Artefacts(**wrong)


def test_fibrillation_is_as_irregular_as_it_is_and_breath_is_not() -> None:
    rng = np.random.default_rng(0)
    for irregular, (low, high) in ((True, (0.1, 0.32)), (False, (0.0, 0.06))):
        drawn = [rhythm.intervals(rng, 400, 0.8, irregular=irregular) for _ in range(20)]
        spread = [float(one.std() / one.mean()) for one in drawn]
        assert low < min(spread)
        assert max(spread) < high
        assert np.mean(drawn) == pytest.approx(0.8, rel=0.05)


def test_beats_come_when_they_shall_with_their_waves() -> None:
    wave = np.hanning(21).astype(np.float32)
    x, beats = np.zeros((1, 1000), np.float32), np.arange(100, 1000, 90)
    for beat in beats[:-1]:
        x[0, beat - 10 : beat + 11] = wave
    new_s = np.array([1.2, 0.7, 0.9, 1.1, 0.8])
    made = rhythm.retimed(x, beats, new_s, rate_hz=RATE, n=520)
    for beat in 100 + np.append(0, np.cumsum(new_s[:-1] * RATE)).astype(int):
        np.testing.assert_allclose(made[0, beat - 10 : beat + 11], wave, atol=1e-5)


def test_a_clip_in_another_rhythm_tells_where(tmp_path: Path) -> None:
    for person in "123":
        put(tmp_path / "af", f"data_{person}_1", marks=((0, 3000, "(AFIB"), (3000, 6000, "(N")))
    config = ecg_af.Config(
        folder=str(tmp_path / "af"), cutting=replace(SHORT, leads=("I", "II")), p_retimed=1.0
    )
    data = ecg_af.build(config, split="train", seed=0)
    check_dataset(data)
    shares = []
    for k in range(40):
        x, events = data[k]
        assert set(events.labels) <= {"(AFIB"}
        gaps = np.diff(find_peaks(x[0], 0.4)[0])
        shares.append(float((events.offset - events.onset).sum()) / 1000)
        if shares[-1] == 0.0:
            assert gaps.std() / gaps.mean() < 0.1
        if shares[-1] == 1.0:
            assert gaps.std() / gaps.mean() > 0.05
        assert gaps.max() < 250  # there are beats to the end
    assert 0.25 < np.mean(shares) < 0.75
    assert data.whole.told(0).labels == ("(AFIB",)


def test_early_beats_come_with_a_pause_or_without() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        drawn = rhythm.ectopic(rng, np.full(100, 0.8))
        early = drawn < 0.72
        assert 0 < early.sum() < 60
        assert drawn.max() < 1.3
        after = drawn[1:][early[:-1] & ~early[1:]]
        assert np.ptp(after) < 1e-9  # always a pause, or never


def test_records_without_a_rhythm_are_learnt_from_and_never_tested(tmp_path: Path) -> None:
    for person in "123":
        put(tmp_path / "af", f"data_{person}_1", marks=((0, 3000, "(AFIB"), (3000, 6000, "(N")))
    put(tmp_path / "free", "9")
    config = ecg_af.Config(
        folder=str(tmp_path / "af"),
        free=(str(tmp_path / "free"),),
        p_free=0.25,
        cutting=replace(SHORT, leads=("I", "II")),
    )
    data = ecg_af.build(config, split="train", seed=0)
    weights = np.diff(data._chances, prepend=0)
    free = [span.source == "9" for span in data.whole.spans]
    assert weights[free].sum() / weights.sum() == pytest.approx(0.25)
    assert "9" not in ecg_af.build(config, split="valid", seed=0).whole.records
    assert "9" not in ecg_af.build(config, split="all", seed=0).records
    put(tmp_path / "free", "data_1_1")
    with pytest.raises(InputError, match="holds a record 'data_1_1'"):
        ecg_af.build(config, split="train", seed=0)
    with pytest.raises(InputError, match="p_free"):
        replace(config, p_free=1.0)


def test_half_of_the_clips_are_of_ones_own_minutes(tmp_path: Path) -> None:
    for name in ("1", "2", "3"):
        put(tmp_path / "a", name)
    config = ecg_beats.Config(
        folder=str(tmp_path / "a"), protocol="own-minutes", patient=2, minutes=0.5, cutting=SHORT
    )
    data = ecg_beats.build(config, split="train", seed=0)
    weights = np.diff(data._chances, prepend=0)
    mine = [span.source == "2" for span in data.whole.spans]
    assert weights[mine].sum() / weights.sum() == pytest.approx(0.5)
    with pytest.raises(InputError, match="between 0 and 1"):
        replace(config, own=1.0)


def test_records_of_several_folders_are_one_set(tmp_path: Path) -> None:
    put(tmp_path / "a", "1")
    put(tmp_path / "b", "2")
    folders = (str(tmp_path / "a"), str(tmp_path / "b"))
    both = ecg_beats.Config(folder=folders, cutting=SHORT)
    data = ecg_beats.build(both, split="all", seed=0)
    assert [span.source for span in data.spans] == ["1", "2"]
    one = ecg_beats.build(replace(both, records=(2,)), split="all", seed=0)
    assert [span.source for span in one.spans] == ["2"]
    with pytest.raises(InputError, match="no folder holds a record '3'"):
        ecg_beats.build(replace(both, records=(3,)), split="all", seed=0)
    put(tmp_path / "b", "1")
    with pytest.raises(InputError, match="of the same name"):
        ecg_beats.build(both, split="all", seed=0)


def test_what_annotations_tell_is_told(tmp_path: Path, shared_data: Path) -> None:
    put(tmp_path / "a", "1", marks=((1000, 1001, "["), (2000, 2001, "]")))
    whole = ecg_beats.build(
        ecg_beats.Config(folder=str(tmp_path / "a"), cutting=SHORT), split="all", seed=0
    )
    name, labels, apart = whole.told(0)
    assert (name, labels) == ("1", ("N", "S", "V", "F", "Q"))
    assert [tuple(event)[:2] for event in apart] == [(1000, 2001)]
    cuts = ecg_beats.Config(folder=str(shared_data / "ecg_mitbih"), rest="N", records=(106,))
    assert ecg_beats.build(cuts, split="all", seed=0).told(0).labels == ("V",)
    noisy = ecg_beats.Config(folder=str(shared_data / "ecg_qrs10s"), classes="beat")
    assert ecg_beats.build(noisy, split="all", seed=0).told(0).labels == ()
