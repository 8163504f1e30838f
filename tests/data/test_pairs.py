"""Pairs of one's own: brought to one time, or refused with the reason."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ondes.data.pairs import Pairs, parted, together, windows
from ondes.data.sets import ecg_lead_af, ecg_leads
from ondes.data.sets import pairs as own
from ondes.errors import ChannelError, InputError, NotFiniteError, RateError, TooShortError
from ondes.io import write
from ondes.protocols import Sensor
from ondes.signal import Signal
from ondes.testing import check_dataset

NEW, OLD = Sensor(50.0, 1, "new"), Sensor(100.0, 2, "old")


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def some(n: int = 3) -> tuple[list[np.ndarray], list[np.ndarray]]:
    sources = [noise(1, 40, seed=k) for k in range(n)]
    return sources, [noise(2, 80, seed=90 + k) for k in range(n)]


def made(sources: list[np.ndarray], targets: list[np.ndarray]) -> Pairs:
    return Pairs(sources, targets, source=NEW, target=OLD)


def test_the_battery() -> None:
    check_dataset(made(*some()))


@pytest.mark.parametrize("offset_s", [1.25, -0.7, 0.0])
@pytest.mark.parametrize("known", [True, False])
def test_two_recordings_are_brought_to_one_time(offset_s: float, known: bool) -> None:
    x = noise(1, 1200)
    first, second = (3.0, 3.0 + offset_s)
    a = Signal.of(x[:, 300:900], rate_hz=100)
    b = Signal.of(x[:, round(100 * second) :][:, :500], rate_hz=100)
    both = together(a, b, offset_s=offset_s if known else None)
    assert np.array_equal(both.source.samples, both.target.samples)
    assert both.source.start == both.target.start == 0
    assert (both.lag is None) == known
    assert both.source.n_samples == round(100 * (min(first + 6, second + 5) - max(first, second)))


def test_unsure_offsets_and_nothing_in_common_are_refused() -> None:
    a, b = (Signal.of(noise(1, 500, seed=k), rate_hz=100) for k in (1, 2))
    with pytest.raises(InputError, match=r"cannot be told.*offset_s"):
        together(a, b)
    with pytest.raises(TooShortError, match="no time in common"):
        together(a, b, offset_s=9.0)


def test_windows_of_other_rates() -> None:
    a, b = Signal.of(noise(1, 101), rate_hz=50), Signal.of(noise(2, 207), rate_hz=100)
    cut = [*windows(together(a, b, offset_s=0), 0.5)]
    assert [(p.source.shape, p.target.shape) for p in cut] == [((1, 25), (2, 50))] * 4
    assert np.array_equal(np.concatenate([p.source for p in cut], 1), a.samples[:, :100])
    with pytest.raises(TooShortError, match="shorter"):
        next(windows(together(a, b, offset_s=0), 5.0))


def test_two_groups_of_channels() -> None:
    signal = Signal.of(noise(3, 20), rate_hz=10, channels=("I", "II", "V1"))
    both = parted(signal, ["V1"], ["II", "I"])
    assert both.target.channels == ("II", "I")
    assert np.array_equal(both.source.samples, signal.samples[2:])
    with pytest.raises(ChannelError, match="III"):
        parted(signal, ["I"], ["III"])
    with pytest.raises(ChannelError, match="each for one"):
        parted(signal, ["I"], ["I", "II"])


def test_what_is_no_pair_is_refused() -> None:
    sources, targets = some()
    with pytest.raises(InputError, match="3 sources, 2 targets"):
        made(sources, targets[:2])
    with pytest.raises(ChannelError, match=r"pair 1.*swapped"):
        made([sources[0], targets[1], sources[2]], [targets[0], sources[1], targets[2]])
    with pytest.raises(InputError, match="pair 2: the source lasts"):
        made([*sources[:2], sources[2][:, :30]], targets)
    targets[1][1] = 4
    with pytest.raises(ChannelError, match="pair 1, target: channel 1 is 4 throughout"):
        made(sources, targets)
    targets[1][1, 7] = np.nan
    with pytest.raises(NotFiniteError, match=r"pair 1, target: channel 1.*sample 7"):
        made(sources, targets)
    with pytest.raises(TooShortError):
        made([], [])


def test_a_pair_that_is_turned_round_is_noticed() -> None:
    loud, quiet = [[k * noise(1, 60, seed=k + s) for s in range(12)] for k in (9, 1)]
    same = Sensor(10.0, 1)
    Pairs(loud, quiet, source=same, target=same)
    loud[4], quiet[4] = quiet[4], loud[4]
    with pytest.raises(InputError, match=r"pair 4.*turn it round"):
        Pairs(loud, quiet, source=same, target=same)


def folder_of(path: Path, offset: int = 0) -> Path:
    for name, rate_hz in (("new", 100), ("old", 200)):
        (path / name).mkdir(parents=True)
        for k in range(6):
            slow = noise(1, 900, seed=k)
            x = slow if name == "new" else np.repeat(slow, 2, axis=1)[:, offset:]
            write(Signal.of(x / 8, rate_hz=rate_hz), path / name / f"take{k}.wav")
    return path


def test_a_folder_of_pairs(tmp_path: Path) -> None:
    path = str(folder_of(tmp_path / "pairs", offset=240))
    parts = {
        split: own.build(own.Config(path=path, seconds=1.0, offset_s=None), split=split)
        for split in ("train", "valid", "test", "all")
    }
    check_dataset(parts["train"])
    assert len(parts["all"]) == 6 * 7 == sum(len(parts[s]) for s in ("train", "valid", "test"))
    pair = parts["all"][0]
    assert np.corrcoef(pair.source[0], pair.target[0][::2])[0, 1] > 0.99


def test_files_without_partner_or_of_another_rate(tmp_path: Path) -> None:
    path = folder_of(tmp_path / "pairs")
    write(Signal.of(noise(1, 900) / 8, rate_hz=100), path / "old" / "take0.wav")
    with pytest.raises(RateError, match=r"take1.*200"):
        own.build(own.Config(path=str(path), seconds=1.0), split="all")
    (path / "old" / "take3.wav").unlink()
    with pytest.raises(InputError, match="one sensor alone: take3"):
        own.build(own.Config(path=str(path)), split="all")
    with pytest.raises(InputError, match="did you mean 'old'"):
        own.build(own.Config(path=str(path), target="olds"), split="all")


def test_recordings_of_other_lengths_are_no_pairs(tmp_path: Path) -> None:
    path = folder_of(tmp_path / "pairs")
    config = own.Config(path=str(path), seconds=1.0)
    write(Signal.of(noise(1, 1200) / 8, rate_hz=200), path / "old" / "take2.wav")
    with pytest.raises(InputError, match=r"take2\.wav lasts 9 s, .*take2\.wav 6 s: cut both"):
        own.build(config, split="all")
    with pytest.raises(InputError, match="seconds=0: give the length of a pair, above 0"):
        replace(config, seconds=0.0)
    with pytest.raises(InputError, match="source and target are both 'new'"):
        replace(config, target="new")


def test_leads(shared_data: Path) -> None:
    folders = (str(shared_data / "ecg_12lead"), str(shared_data / "ecg_af"))
    config = ecg_leads.Config(folders=folders, most=4)
    parts = [ecg_leads.build(config, split=split) for split in ("train", "valid", "test")]
    check_dataset(parts[0], examples=2)
    persons = [set(part.groups) for part in parts]
    assert not persons[0] & persons[1]
    assert not (persons[0] | persons[1]) & persons[2]
    assert parts[0][0].source.shape == (1, 2000)
    named = ecg_leads.build(replace(config, tested=("101",), valid="within"), split="test")
    assert {*named.groups} == {"101"}
    with pytest.raises(InputError, match="did you mean '101'"):
        ecg_leads.build(replace(config, tested=("1001",)), split="test")
    assert not np.array_equal(*parts[0][0])


def test_labelled_leads_are_those_of_the_pairs(shared_data: Path) -> None:
    folders = (str(shared_data / "ecg_12lead"), str(shared_data / "ecg_af"))
    leads = ecg_leads.Config(folders=folders, most=4)
    for side, fold in (("source", 0), ("target", 1)):
        config = ecg_lead_af.Config(side=side, leads=replace(leads, fold=fold))
        clips, pairs = (
            module.build(c, split="train")
            for module, c in ((ecg_lead_af, config), (ecg_leads, config.leads))
        )
        check_dataset(clips, examples=2)
        place = pairs.names.index(clips.names[-1])
        assert np.array_equal(clips[len(clips) - 1].x, getattr(pairs[place], side))
    every = ecg_lead_af.build(ecg_lead_af.Config(leads=leads), split="all")
    told = dict(zip(every.groups, every.classes, strict=True))
    assert told["84"] == "AF"  # persistent, after the header
    assert told["21"] == "other"  # none, after the header
