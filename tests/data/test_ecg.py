"""Electrocardiograms: beats stay where they are annotated, persons stay apart."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import ondes
from ondes.data.ecg import protocols, records
from ondes.data.ecg.clips import Cutting
from ondes.data.sets import ecg_af, ecg_beats
from ondes.data.splits import Span
from ondes.errors import ChannelError, FormatError, InputError, LeakageError, RateError, RecipeError
from ondes.io import read_events, write, write_events
from ondes.ops import vary
from ondes.recipe.options import typed
from ondes.testing import check_dataset

RATE = 100
SHORT = Cutting(n_samples=1000)


def put(
    folder: Path,
    name: str,
    *,
    seconds: int = 60,
    rate: int = RATE,
    leads: tuple[str, ...] = ("II",),
) -> None:
    """A record whose beats are steps of one sample: a normal one each second, a V after ten."""
    x = np.zeros((len(leads), seconds * rate), np.float32)
    x[:, rate // 2 :: rate] = np.arange(1, len(leads) + 1)[:, None]
    write(ondes.Signal(x, rate, unit="mV", channels=leads), folder / f"{name}.hea")
    places = range(rate // 2, seconds * rate, rate)
    rows = [(place, place + 1, "V" if k % 10 == 9 else "L") for k, place in enumerate(places)]
    write_events(ondes.EventList.of([*rows, (0, 900, "(N")], rate_hz=rate), folder / f"{name}.atr")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("100", "101", "106", "108", "109", "201", "202"):
        put(tmp_path, name, leads=("MLII", "V1"))
    return tmp_path


@pytest.fixture
def config(folder: Path) -> ecg_beats.Config:
    return ecg_beats.Config(folder=str(folder), cutting=SHORT)


def sources(data: object) -> list[str]:
    whole = getattr(data, "whole", data)
    return sorted({span.source for span in whole.spans})


@pytest.mark.parametrize("split", ["train", "valid", "test", "all"])
def test_beats_stand_where_they_are_annotated(config: ecg_beats.Config, split: str) -> None:
    data = ecg_beats.build(config, split=split, seed=0)
    assert (data.rate_hz, data.labels, data.n_channels) == (100.0, ("N", "S", "V", "F", "Q"), 1)
    check_dataset(data)
    for k in range(min(len(data), 4)):
        x, events = data[k]
        beats = events[events.onset > 0]
        assert x[0, beats.onset].tolist() == [1.0] * len(beats)
        assert set(np.unique(events.offset - events.onset)) <= {*range(1, 11)}


def test_one_person_is_left_out(config: ecg_beats.Config) -> None:
    tested = []
    for fold in range(6):
        parts = [
            sources(ecg_beats.build(replace(config, fold=fold), split=split, seed=0))
            for split in ("train", "valid", "test")
        ]
        assert sum(map(len, parts)) == len({name for part in parts for name in part}) == 7
        tested.append(parts[2])
    assert ["201", "202"] in tested  # one person
    with pytest.raises(InputError, match="fold 6 of 6 groups"):
        ecg_beats.build(replace(config, fold=6), split="test", seed=0)


def test_de_chazals_division_leaves_out_who_is_tested(config: ecg_beats.Config) -> None:
    chazal = replace(config, protocol="de-chazal")
    published = replace(chazal, as_published=True)

    def learnt(config: ecg_beats.Config) -> list[str]:
        return sources(ecg_beats.build(config, split="train", seed=0)) + sources(
            ecg_beats.build(config, split="valid", seed=0)
        )

    assert sorted(learnt(chazal)) == ["101", "106", "108", "109"]
    assert sorted(learnt(published)) == ["101", "106", "108", "109", "201"]
    assert sources(ecg_beats.build(chazal, split="test", seed=0)) == ["100", "202"]


def test_the_lists_are_those_of_the_paper() -> None:
    assert len(protocols.DS1) == len(protocols.DS2) == 22
    assert not {*protocols.DS1} & {*protocols.DS2}
    assert not {*protocols.DS1, *protocols.DS2, *protocols.COMMON} & {*protocols.PACED}
    assert len({*protocols.DS1, *protocols.DS2, *protocols.PACED}) == 48
    assert len(protocols.COMMON) == 20


def test_a_patients_own_minutes(config: ecg_beats.Config) -> None:
    own = replace(config, protocol="own-minutes", patient="106", minutes=0.5)
    test, valid = (ecg_beats.build(own, split=split, seed=0) for split in ("test", "valid"))
    assert test.spans == (Span("106", 3000, 6000),)
    assert valid.whole.spans == (Span("106", 2400, 3000),)
    assert len(test[0].events) == 30
    train = ecg_beats.build(own, split="train", seed=0)
    assert Span("106", 0, 2400) in train.whole.spans
    assert len(train.whole.spans) == 7
    few = ecg_beats.build(replace(own, common=("100", "101")), split="train", seed=0)
    assert sources(few) == ["100", "101", "106"]
    with pytest.raises(InputError, match="leave nothing to test"):
        ecg_beats.build(replace(own, minutes=1), split="test", seed=0)
    with pytest.raises(InputError, match="no record '107'; there are 10"):
        ecg_beats.build(replace(own, patient="107"), split="test", seed=0)
    with pytest.raises(InputError, match="is of the person of 201"):
        ecg_beats.build(replace(own, patient="201", common=("202",)), split="test", seed=0)


def test_recipes_may_name_records_by_number(folder: Path) -> None:
    options = {
        "folder": str(folder),
        "protocol": "own-minutes",
        "patient": 106,
        "records": [100, 106, "109"],
        "minutes": 0.5,
        "cutting": {"n_samples": 1000, "leads": ["V1"]},
    }
    config = ecg_beats.Config(**typed(ecg_beats.Config, options, ("data", "options")))
    assert sources(ecg_beats.build(config, split="train", seed=0)) == ["100", "106", "109"]


def test_a_leak_is_found(folder: Path) -> None:
    two = records.found(folder, ["201", "202"])
    spans = [(Span(r.name, 0, r.n_samples),) for r in two]
    with pytest.raises(LeakageError, match="group '201' is in train"):
        protocols._apart(protocols.Parts(spans[0], (), spans[1]), two)
    overlap = protocols.Parts((Span("201", 0, 900),), (), (Span("201", 800, 2000),))
    with pytest.raises(LeakageError, match="overlap from sample 800"):
        protocols._apart(overlap, two, own="201")


@pytest.mark.parametrize(
    ("leads", "heard"), [((), [1]), (("V1",), [2]), (("V1", "II|MLII"), [2, 1])]
)
def test_leads_go_by_name(
    config: ecg_beats.Config, leads: tuple[str, ...], heard: list[int]
) -> None:
    data = ecg_beats.build(
        replace(config, cutting=replace(SHORT, leads=leads)), split="test", seed=0
    )
    x, events = data[0]
    assert x[:, events.onset[3]].tolist() == heard
    with pytest.raises(ChannelError, match="record 100 has no lead V5; its leads are MLII, V1"):
        ecg_beats.build(
            replace(config, cutting=replace(SHORT, leads=("V5",))), split="test", seed=0
        )


def test_any_lead_and_either_side_up_in_training(config: ecg_beats.Config) -> None:
    free = replace(SHORT, any_lead=True, vary=vary.Config(p_flip=0.5))
    data = ecg_beats.build(replace(config, cutting=free), split="train", seed=0)
    assert data.n_channels == 1
    peaks = {float(data[k].x[0, data[k].events.onset[2]]) for k in range(30)}
    assert peaks == {-2.0, -1.0, 1.0, 2.0}


def test_clips_are_played_faster_with_their_beats(config: ecg_beats.Config) -> None:
    fast = replace(config, cutting=replace(SHORT, speed=(0.5, 2.0)))
    data = ecg_beats.build(fast, split="train", seed=0)
    counts = set()
    for k in range(12):
        x, events = data[k]
        inner = events[(events.onset > 20) & (events.onset < 980)]
        assert x.shape == (1, 1000)
        assert all(x[0, p - 8 : p + 9].argmax() in {7, 8, 9} for p in inner.onset)
        counts.add(len(inner))
    assert min(counts) < 8 < 12 < max(counts)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"speed": (0.0, 1.0)}, "above 0"), ({"vary": vary.Config(p_warp=0.5)}, "vary.p_warp would")],
)
def test_what_would_tear_beats_off_is_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        Cutting(**wrong)


def test_records_of_other_rates_are_brought_to_one(folder: Path) -> None:
    put(folder, "800", rate=128, leads=("ECG1",))
    mixed = ecg_beats.Config(folder=str(folder), cutting=SHORT, fold=6)
    with pytest.raises(RateError, match=r"records at 100, 128 Hz: say data\.options\.cutting"):
        ecg_beats.build(mixed, split="test", seed=0)
    data = ecg_beats.build(
        replace(mixed, cutting=replace(SHORT, rate_hz=250)), split="test", seed=0
    )
    x, events = data[0]
    assert (sources(data), x.shape, data.rate_hz) == (["800"], (1, 15_000), 250)
    assert events.onset.tolist() == list(range(125, 15_000, 250))
    assert all(abs(x[0, k - 5 : k + 6]).argmax() == 5 for k in events.onset)


def test_a_set_goes_to_other_processes(config: ecg_beats.Config) -> None:
    data = ecg_beats.build(config, split="train", seed=0)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(data))[3].x, data[3].x)


def test_what_is_missing_is_named(folder: Path, config: ecg_beats.Config) -> None:
    with pytest.raises(RecipeError, match="no split 'tests'; did you mean 'test'"):
        ecg_beats.build(config, split="tests", seed=0)
    with pytest.raises(InputError, match="no record '1o0'; it holds 10"):
        ecg_beats.build(replace(config, records=("1o0",)), split="test", seed=0)
    with pytest.raises(InputError, match="name it"):
        replace(config, protocol="own-minutes")
    (folder / "100.atr").unlink()
    with pytest.raises(InputError, match=r"put 100.atr there"):
        ecg_beats.build(config, split="test", seed=0)
    assert len(ecg_beats.build(replace(config, records=("101", "106")), split="all", seed=0)) == 2
    (folder / "bad.npz").write_bytes(b"nothing")
    with pytest.raises(FormatError, match="get it again"):
        ecg_beats.build(config, split="test", seed=0)


def patient_of(folder: Path, text: str) -> str:
    put(folder, "I01")
    header = folder / "I01.hea"
    header.write_text(header.read_text() + text)
    return records.found(folder)[0].person


def test_headers_tell_whose_heart_it_is(tmp_path: Path) -> None:
    assert patient_of(tmp_path, "# patient 1\n") == "1"
    assert patient_of(tmp_path, "# 69 M\n") == "I01"


@pytest.fixture
def real(shared_data: Path) -> ecg_beats.Config:
    return ecg_beats.Config(folder=str(shared_data / "ecg_mitbih"), rest="N", cutting=SHORT)


def test_the_real_records_are_of_one_person_each(real: ecg_beats.Config) -> None:
    data = ecg_beats.build(real, split="all", seed=0)
    names = sources(data)
    assert {"100", "102", "106", "200"} <= {*names}
    counts = {span.source: len(data[k].events) for k, span in enumerate(data.spans)}
    assert (counts["100"], counts["106"], counts["200"]) == (2273, 2027, 2601)
    index = names.index("200")
    assert len(data[index].events.filter(label="V")) == 826


def test_a_cut_and_its_record_agree(real: ecg_beats.Config, shared_data: Path) -> None:
    path = shared_data / "ecg_mitbih" / "100"
    (cut,) = records._records_of_cut(path.with_suffix(".npz"))
    (record,) = records.found(path.parent, ["100"])
    assert record.path.suffix == ".hea"
    np.testing.assert_allclose(cut.signal().samples[0], record.signal().samples[0], atol=1e-6)
    np.testing.assert_array_equal(cut.beats(rest="N").onset, record.beats().onset)
    assert (cut.leads, cut.rate_hz) == (("MLII",), 360)


def test_a_cut_asks_what_its_beats_count_as(real: ecg_beats.Config) -> None:
    unsaid = ecg_beats.build(replace(real, rest=""), split="all", seed=0)
    with pytest.raises(InputError, match="without their class: say"):
        unsaid[sources(unsaid).index("106")]
    plain = replace(real, rest="", classes="beat")
    data = ecg_beats.build(plain, split="test", seed=0)
    assert data.labels == ("beat",)
    check_dataset(data)


def test_short_real_recordings(shared_data: Path) -> None:
    noisy = ecg_beats.Config(
        folder=str(shared_data / "ecg_qrs10s"),
        classes="beat",
        cutting=replace(SHORT, rate_hz=250, n_samples=2500),
    )
    data = ecg_beats.build(noisy, split="all", seed=0)
    real = np.load(shared_data / "ecg_qrs10s" / "qrs.npz")
    assert sum(len(data[k].events) for k in range(len(data))) == len(real["beat"])
    check_dataset(ecg_beats.build(noisy, split="train", seed=0))


@pytest.fixture
def episodes(shared_data: Path) -> ecg_af.Config:
    return ecg_af.Config(folder=str(shared_data / "ecg_af"))


@pytest.mark.parametrize("split", ["train", "valid", "test", "all"])
def test_episodes_have_onset_and_offset(episodes: ecg_af.Config, split: str) -> None:
    data = ecg_af.build(replace(episodes, fold=1), split="all", seed=0)
    assert (data.labels, data.n_channels, data.rate_hz) == (("(AFIB",), 2, 200)
    spans = {
        s.source: [(e.onset, e.offset) for e in data[k].events] for k, s in enumerate(data.spans)
    }
    for name, rows in spans.items():
        told = read_events(Path(episodes.folder) / f"{name}.atr").filter(label="(AFIB")
        assert rows == [(e.onset, e.offset) for e in told]
    tested = ecg_af.build(episodes, split=split, seed=0)
    persons = {record.person for name, record in data.records.items() if name in sources(tested)}
    assert len(persons) == (3 if split == "all" else 1)


def test_records_of_who_is_learnt_from_may_validate(episodes: ecg_af.Config) -> None:
    parts = [
        sources(ecg_af.build(replace(episodes, valid="within"), split=split, seed=0))
        for split in ("train", "valid", "test")
    ]
    assert [len(part) for part in parts] == [4, 2, 3]
    assert len({name for part in parts for name in part}) == 9
    assert {name.split("_")[1] for name in parts[2]} == {"101"}
