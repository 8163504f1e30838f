"""Warners: trained on normal beats and strangers' filters, they tell the first abnormal beat."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import ondes
from ondes import recipe
from ondes.cli import app
from ondes.errors import ArtefactError, ChannelError, InputError, RateError
from ondes.events import EventList
from ondes.metrics.advance import advance, watch
from ondes.ops.beats import quickness, shapes
from ondes.recipe import run
from ondes.run.warner import Warner

RATE = 360
MINUTES = 7


def heart(name: str, width: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Samples in counts of 5 uV, peaks, and which are wide, upside down and early."""
    rng, n = np.random.default_rng(int(name)), MINUTES * 60
    peaks = np.arange(n) * RATE + RATE // 2 + rng.integers(-8, 9, n)
    pvc = np.arange(n) % 12 == 11
    peaks[pvc] -= 120
    ecg, at = 4 * rng.normal(size=n * RATE), np.arange(-100, 100)
    for peak, wide in zip(peaks, pvc, strict=True):
        shape = np.exp(-0.5 * (at / (width * (1 + wide))) ** 2)
        ecg[peak - 100 : peak + 100] += (-200 if wide else 200) * shape
    return ecg, peaks, pvc


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hearts")
    for name, width in {"300": 6.0, "301": 8.0, "302": 10.0}.items():
        ecg, peaks, pvc = heart(name, width)
        np.savez(
            path / f"{name}.npz", ecg=ecg.astype(np.int16), gain=200.0, fs=RATE, beat=peaks, pvc=pvc
        )
    return path


@pytest.fixture(scope="module")
def model(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    changes = [
        f"data.options.folder={folder}", "data.options.patient='301'", "data.options.donors=''",
        "data.options.clips=2048", "members=2", "train.steps=50",
    ]  # fmt: skip
    out = tmp_path_factory.mktemp("warner")
    return run.train(recipe.load("ecg/warning", overrides=changes), out)


@pytest.fixture(scope="module")
def patient() -> tuple[ondes.Signal, EventList]:
    ecg, peaks, pvc = heart("301", 8.0)
    signal = ondes.Signal.of(ecg / 200, rate_hz=RATE, unit="mV", channels=("MLII",))
    rows = [(int(p), int(p) + 1, "V" if v else "N") for p, v in zip(peaks, pvc, strict=True)]
    return signal, EventList.of(rows, rate_hz=RATE)


def test_the_first_abnormal_beat_is_warned_of(model: Path, patient: tuple) -> None:
    signal, truth = patient
    judged = Warner.load(model).warn(signal, truth)
    seen = watch(truth, judged, duration_s=MINUTES * 60)
    assert len(seen.caught) == 10
    assert advance([seen], beats=1).first.tolist() == [1.0]
    assert seen.caught.mean() >= 0.9
    assert seen.false_alarms == 0
    assert (judged.score[judged.label == "V"] > 0.7).all()
    assert judged.onset.tolist() == truth.onset.tolist()


def test_a_second_look_lets_quick_beats_on_time_pass(model: Path, patient: tuple) -> None:
    signal, truth = patient
    warner = Warner.load(model)
    one_look = replace(warner, second_look=False)
    first, second = (each.evidence(signal, truth) for each in (one_look, warner))
    assert (second[truth.label == "V"] == first[truth.label == "V"]).all()
    passed = np.isneginf(second)
    assert passed.mean() > 0.8
    assert np.isfinite(first).all()
    assert (second[~passed] == first[~passed]).all()
    facts = dict(warner.classifier.card.facts)
    ecg, peaks, pvc = heart("301", 8.0)
    own = shapes(ecg / 200, peaks[(peaks < 300 * RATE) & ~pvc])
    assert facts == {"quickness": pytest.approx(float(np.median(quickness(own))), rel=1e-2)}


def test_labels_of_the_beats_do_not_matter(model: Path, patient: tuple) -> None:
    signal, truth = patient
    blind = EventList.of([(e.onset, e.offset, "beat") for e in truth], rate_hz=RATE)
    warner = Warner.load(model)
    assert warner.warn(signal, blind).score.tolist() == warner.warn(signal, truth).score.tolist()


def test_what_a_beat_is_depends_on_nothing_after_the_next(model: Path, patient: tuple) -> None:
    signal, truth = patient
    warner, cut = Warner.load(model), 200
    start = int(truth.onset[cut]) + RATE // 2
    before = ondes.Signal.of(signal.samples[:, :start], rate_hz=RATE, channels=("MLII",))
    some = warner.warn(before, truth[np.arange(len(truth)) <= cut])
    whole = warner.warn(signal, truth)
    assert some.score[:cut] == pytest.approx(whole.score[:cut], abs=1e-5)


def test_a_lower_threshold_warns_more_often(model: Path, patient: tuple) -> None:
    counts = [
        int((Warner.load(model, threshold=at).warn(*patient).label != "N").sum())
        for at in (-20, 1, 20)
    ]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[2]


def test_another_rate_is_converted_when_asked(model: Path, patient: tuple) -> None:
    signal, truth = patient
    slow = ondes.resample(signal, 250)
    with pytest.raises(RateError, match="resample=True"):
        Warner.load(model).warn(slow, truth.resample(250))
    judged = Warner.load(model).warn(slow, truth.resample(250), resample=True)
    assert judged.rate_hz == 250
    assert (judged.label == Warner.load(model).warn(signal, truth).label).mean() > 0.99


def test_what_does_not_fit_is_named(model: Path, patient: tuple, tmp_path: Path) -> None:
    signal, truth = patient
    warner = Warner.load(model)
    with pytest.raises(RateError, match=r"beats\.resample"):
        warner.warn(signal, truth.resample(500))
    with pytest.raises(ChannelError, match="there are MLII"):
        warner.warn(signal, truth, lead="V5")
    with pytest.raises(InputError, match="no beats"):
        warner.warn(signal, EventList.empty(RATE))
    with pytest.raises(ArtefactError, match="ecg/warning"):
        Warner.load("piano-tones")


def test_the_command_line(model: Path, folder: Path, patient: tuple, tmp_path: Path) -> None:
    signal, truth = patient
    ondes.write(signal, tmp_path / "me.hea")
    runner, record = CliRunner(), str(tmp_path / "me.hea")
    missing = runner.invoke(app(), ["warn", record, "--model", str(model)])
    assert isinstance(missing.exception, InputError)
    ondes.write_events(truth, tmp_path / "me.atr")
    done = runner.invoke(
        app(), ["warn", record, "--model", str(model), "--json", "-o", str(tmp_path / "out.csv")]
    )
    document = json.loads(done.stdout)
    expected = Warner.load(model).warn(record, truth)
    early = expected[expected.label != "N"].onset / RATE
    assert [row["onset_s"] for row in document["warnings"]] == pytest.approx(early.tolist())
    assert document["beats"] == len(truth)
    assert "not a medical device" in document["limits"]
    assert len(ondes.read_events(tmp_path / "out.csv", rate_hz=RATE)) == len(truth)
    listed = runner.invoke(app(), ["warn", record, "--model", str(model)])
    assert len(listed.stdout.splitlines()) == 1 + len(early)
    assert "not a medical device" in listed.output
